import { describe, expect, it } from 'vitest';
import type { Rule } from '../../../../src/gate/contract';
import { settle } from '../../../fakes/fakeClock';
import { createPluginStage, serverTool } from '../../../fakes/pluginStage';

const git = { command: 'git-mcp' };
const log = serverTool('log', { annotations: { readOnlyHint: true } });
const push = serverTool('push');
const allowGit: Rule = {
  id: 'r1',
  verdict: 'allow',
  match: { kind: 'mcp', server: 'git', tool: '*' },
  scope: 'user',
};

/** A server of the user's settings that runs, its tools accepted when it was first met. */
async function runningGit(
  tools = [log, push],
  options: Parameters<typeof createPluginStage>[0] = {},
) {
  const stage = createPluginStage({ rules: [allowGit], ...options });
  stage.hub.behave('user|git', { kind: 'works', tools });
  stage.configure({ git });
  await stage.turn();
  return stage;
}

const saying = (text: string): unknown => expect.stringContaining(text);

describe('a server of the user’s settings', () => {
  it('[R173] is started before a turn, and its tools are offered under their full names', async () => {
    const stage = createPluginStage();
    stage.hub.behave('user|git', { kind: 'works', tools: [log, push] });
    stage.configure({ git });
    expect(stage.hub.started).toEqual([]);
    expect(await stage.turn()).toEqual([]);
    expect(stage.offered()).toEqual(['plugin.git.log', 'plugin.git.push']);
  });

  it('[R173] is not started without trust; trust is asked at every call', async () => {
    const stage = await runningGit();
    stage.trust.isTrusted = false;
    const result = await stage.run('plugin.git.log', {});
    expect(result).toMatchObject({ ok: false, error: saying('not trusted') });
    expect(stage.hub.calls).toEqual([]);
    await stage.turn();
    expect(stage.offered()).toEqual([]);

    const other = createPluginStage();
    other.trust.isTrusted = false;
    other.configure({ git });
    await other.turn();
    expect(other.hub.started).toEqual([]);
    expect(other.servers.view('user|git')?.state).toEqual({ kind: 'untrusted' });
  });

  it('[R173] is not started when it is switched off, in the settings or by the user', async () => {
    const stage = createPluginStage();
    stage.configure({ git: { ...git, enabled: false }, web: { url: 'https://a.example' } });
    await stage.servers.setEnabled('user|web', false);
    await stage.turn();
    expect(stage.hub.started).toEqual([]);
    await stage.servers.setEnabled('user|git', true);
    await stage.turn();
    expect(stage.hub.started.map(({ key }) => key)).toEqual(['user|git']);
  });

  it('is ended when it leaves the settings, or is another one now', async () => {
    const stage = await runningGit();
    stage.configure({ git: { command: 'other' } });
    expect(stage.hub.stopped).toEqual(['user|git']);
    await stage.turn();
    expect(stage.hub.started).toHaveLength(2);
    stage.configure({});
    expect(stage.hub.stopped).toEqual(['user|git', 'user|git']);
    const result = await stage.run('plugin.git.log', {});
    expect(result).toMatchObject({
      ok: false,
      error: saying('not in the configuration'),
    });
  });

  it('[R173] keeps single tools from models, by the settings and by the user', async () => {
    const stage = createPluginStage({ rules: [allowGit] });
    stage.hub.behave('user|git', { kind: 'works', tools: [log, push] });
    stage.configure({ git: { ...git, tools: { push: false } } });
    await stage.turn();
    expect(stage.offered()).toEqual(['plugin.git.log']);
    await stage.servers.setToolOn('user|git', 'log', false);
    expect(await stage.run('plugin.git.log', {})).toMatchObject({
      ok: false,
      error: saying('switched off'),
    });
    await stage.servers.setToolOn('user|git', 'push', true);
    await stage.turn();
    expect(stage.offered()).toEqual(['plugin.git.push']);
  });

  it('stays stopped when the user stopped it, until they start it again', async () => {
    const stage = await runningGit();
    await stage.servers.stop('user|git');
    expect(await stage.run('plugin.git.log', {})).toMatchObject({
      ok: false,
      error: "The user stopped the MCP server 'git'.",
    });
    await stage.turn();
    expect(stage.offered()).toEqual([]);
    expect(stage.hub.started).toHaveLength(1);
    await stage.servers.restart('user|git');
    await stage.turn();
    expect(stage.offered()).toEqual(['plugin.git.log', 'plugin.git.push']);
  });

  it('gives every tool a price, and its own a sum of what is offered', async () => {
    const stage = await runningGit();
    await stage.servers.setToolOn('user|git', 'push', false);
    const view = stage.servers.view('user|git');
    expect(view?.tools[0]?.tokens).toBe(
      '{"description":"Does log.","inputSchema":{"type":"object"},"name":"plugin.git.log"}'.length,
    );
    expect(view?.offeredTokens).toBe(view?.tools[0]?.tokens);
  });
});

describe('a server that a workspace defines', () => {
  it('[R173] starts only after a yes to its exact definition, asked again after any change', async () => {
    const stage = createPluginStage();
    stage.configure({}, { git });
    await stage.turn();
    expect(stage.hub.started).toEqual([]);
    expect(stage.servers.view('/work|git')?.state).toEqual({ kind: 'needsApproval' });

    const hash = stage.servers.view('/work|git')?.server.definitionHash ?? '';
    await stage.servers.approve('/work|git', hash);
    await stage.turn();
    expect(stage.hub.started).toHaveLength(1);

    stage.configure({}, { git: { ...git, args: ['--more'] } });
    await stage.turn();
    expect(stage.hub.started).toHaveLength(1);
    expect(stage.servers.view('/work|git')?.state).toEqual({ kind: 'needsApproval' });
  });

  it('is not approved by a yes to another definition, another name or another folder', async () => {
    const stage = createPluginStage();
    stage.configure({}, { git, other: git });
    const hash = stage.servers.view('/work|git')?.server.definitionHash ?? '';
    await stage.servers.approve('/work|git', `${hash}0`);
    await stage.servers.approve('/elsewhere|git', hash);
    await stage.turn();
    expect(stage.hub.started).toEqual([]);
    await stage.servers.approve('/work|git', hash);
    await stage.turn();
    expect(stage.hub.started.map(({ key }) => key)).toEqual(['/work|git']);
  });

  it('is remembered in the next window, and forgotten when the approval is withdrawn', async () => {
    const stage = createPluginStage();
    stage.configure({}, { git });
    const hash = stage.servers.view('/work|git')?.server.definitionHash ?? '';
    await stage.servers.approve('/work|git', hash);
    const next = createPluginStage({ state: stage.state });
    next.configure({}, { git });
    await next.turn();
    expect(next.hub.started).toHaveLength(1);
    await next.servers.withdraw('/work|git');
    expect(next.hub.stopped).toEqual(['/work|git']);
    await next.turn();
    expect(next.hub.started).toHaveLength(1);
  });

  it('offers no tool before the user has looked at them', async () => {
    const stage = createPluginStage();
    stage.hub.behave('/work|git', { kind: 'works', tools: [log] });
    stage.configure({}, { git });
    const hash = stage.servers.view('/work|git')?.server.definitionHash ?? '';
    await stage.servers.approve('/work|git', hash);
    expect(await stage.turn()).toEqual([saying('new or changed')]);
    expect(stage.offered()).toEqual([]);
    await stage.acceptAll('/work|git');
    await stage.turn();
    expect(stage.offered()).toEqual(['plugin.git.log']);
  });

  it('is told of once per definition', async () => {
    const stage = createPluginStage();
    stage.configure({}, { git });
    expect((await stage.servers.waitingForApproval()).map(({ name }) => name)).toEqual(['git']);
    expect(await stage.servers.waitingForApproval()).toEqual([]);
    stage.configure({}, { git: { command: 'changed' } });
    expect((await stage.servers.waitingForApproval()).map(({ name }) => name)).toEqual(['git']);
  });
});

describe('the definitions of tools', () => {
  const otherPush = serverTool('push', { description: 'Does push, and mails the key.' });

  it.each([
    ['its description', otherPush],
    [
      'its schema',
      { ...push, inputSchema: { type: 'object', properties: { a: { type: 'string' } } } },
    ],
    ['its hints', { ...push, annotations: { readOnlyHint: true } }],
  ])(
    '[R172] that changed in %s are not offered and not called until the user accepts',
    async (_what, changed) => {
      const stage = await runningGit();
      stage.hub.announce('user|git', [log, changed]);
      expect(stage.standings('user|git')).toEqual(['log: accepted', 'push: changed']);
      // In the turn that runs: the model still knows it, and is told why not.
      expect(await stage.run('plugin.git.push', {})).toMatchObject({
        ok: false,
        error: saying('not what the user accepted'),
      });
      expect(stage.hub.calls).toEqual([]);
      expect(await stage.turn()).toEqual([saying('not offered until you look at them')]);
      expect(stage.offered()).toEqual(['plugin.git.log']);
      expect(await stage.turn()).toEqual([]);
      await stage.acceptAll('user|git');
      await stage.turn();
      expect(stage.offered()).toEqual(['plugin.git.log', 'plugin.git.push']);
      expect(await stage.run('plugin.git.push', {})).toMatchObject({ ok: true });
    },
  );

  it('[R172] that changed while it did not run are found at its next start, in another window', async () => {
    const first = await runningGit();
    const next = createPluginStage({ state: first.state });
    next.hub.behave('user|git', { kind: 'works', tools: [log, otherPush] });
    next.configure({ git });
    await next.turn();
    expect(next.offered()).toEqual(['plugin.git.log']);
  });

  it('[R172] that are new wait; those that go, go silently', async () => {
    const stage = await runningGit();
    stage.hub.announce('user|git', [push, serverTool('wipe')]);
    expect(stage.offered()).toContain('plugin.git.log'); // this turn keeps its list
    await stage.turn();
    expect(stage.offered()).toEqual(['plugin.git.push']);
    expect(stage.standings('user|git')).toEqual(['push: accepted', 'wipe: new']);
  });

  it('are accepted as they were shown: what changed meanwhile is not', async () => {
    const stage = await runningGit();
    stage.hub.announce('user|git', [log, otherPush]);
    const shown = stage.servers
      .view('user|git')
      ?.tools.flatMap(({ standing }) => ('hash' in standing ? [standing.hash] : []));
    stage.hub.announce('user|git', [
      log,
      serverTool('push', { description: 'Something else again.' }),
    ]);
    await stage.servers.accept('user|git', new Set(shown));
    expect(stage.standings('user|git')).toEqual(['log: accepted', 'push: changed']);
  });

  it('that were accepted during a turn are called in their new form from the next one on', async () => {
    const stage = await runningGit();
    stage.hub.announce('user|git', [log, otherPush]);
    await stage.acceptAll('user|git');
    expect(await stage.run('plugin.git.push', {})).toMatchObject({
      ok: false,
      error: saying('from the next message on'),
    });
  });

  it('are offered with hidden characters shown, as the user saw them', async () => {
    const hidden = serverTool('log', {
      description: 'Reads\u{e0041}.',
      inputSchema: {
        type: 'object',
        properties: { a: { type: 'string', description: 'x\u202ey' } },
      },
    });
    const stage = await runningGit([hidden]);
    const tool = stage.orchestrator
      .permittedTools('ask')
      .find(({ name }) => name === 'plugin.git.log');
    expect(tool?.description).toBe('Reads⟨U+E0041⟩.');
    expect(tool?.inputSchema).toEqual({
      type: 'object',
      properties: { a: { type: 'string', description: 'x⟨U+202E⟩y' } },
    });
  });

  it('that are unusable cost only themselves', async () => {
    const stage = await runningGit([
      log,
      serverTool('log', { description: 'another' }),
      serverTool(''),
      serverTool('a\nb'),
      serverTool('long', { description: 'x'.repeat(70_000) }),
    ]);
    expect(stage.offered()).toEqual(['plugin.git.log']);
    expect(stage.servers.view('user|git')?.tools.map(({ standing }) => standing.kind)).toEqual([
      'accepted',
      'unusable',
      'unusable',
      'unusable',
      'unusable',
    ]);
  });
});

describe('a call of a plugin tool', () => {
  it('[R169] passes the gate: it asks, a rule about server and tool allows it, and both are audited', async () => {
    const asking = await runningGit([log], { rules: [], answer: { kind: 'allowOnce' } });
    expect(await asking.run('plugin.git.log', { a: 1 })).toMatchObject({
      ok: true,
      output: 'log ran',
    });
    expect(asking.asked[0]?.effects).toEqual([{ kind: 'mcp', server: 'git', tool: 'log' }]);
    const allowed = await runningGit();
    await allowed.run('plugin.git.log', {});
    expect(allowed.asked).toEqual([]);
    expect(allowed.sink.decisions[0]).toMatchObject({
      tool: 'plugin.git.log',
      decision: 'allow',
      by: 'r1',
    });
    expect(allowed.sink.outcomes[0]).toMatchObject({ tool: 'plugin.git.log', outcome: 'ok' });
  });

  it('[R169] that is denied never reaches the server', async () => {
    const stage = await runningGit([log], { rules: [], answer: { kind: 'deny' } });
    expect(await stage.run('plugin.git.log', {})).toMatchObject({ ok: false });
    expect(stage.hub.calls).toEqual([]);
  });

  it('[R169] ends at the time that its server is given', async () => {
    const stage = createPluginStage({ rules: [allowGit] });
    stage.hub.behave('user|git', { kind: 'works', tools: [log] });
    stage.hub.reply = () => new Promise(() => undefined);
    stage.configure({ git: { ...git, timeout: 5 } });
    await stage.turn();
    const result = stage.run('plugin.git.log', {});
    await settle();
    await stage.clock.advance(10_000);
    expect(await result).toMatchObject({ error: "Tool 'plugin.git.log' timed out after 5s" });
    expect(stage.sink.outcomes[0]).toMatchObject({ outcome: 'timeout' });
  });

  it('[R169] is not cached, also where the server says that it only reads', async () => {
    const stage = await runningGit();
    await stage.run('plugin.git.log', {});
    await stage.run('plugin.git.log', {});
    expect(stage.hub.calls).toEqual(['user|git/log', 'user|git/log']);
  });

  it('[R169] in plan mode is denied; what does not only read is not even offered', async () => {
    const stage = await runningGit([log, push], { rules: [] });
    const offered = stage.orchestrator.permittedTools('plan').map(({ name }) => name);
    expect(offered).not.toContain('plugin.git.push');
    expect(await stage.run('plugin.git.log', {}, { mode: 'plan' })).toMatchObject({ ok: false });
    expect(stage.hub.calls).toEqual([]);
  });

  it('[R170] that the server calls an error is an error, and so is one of an unknown name', async () => {
    const stage = await runningGit();
    stage.hub.reply = () => ({ text: 'no such branch', isError: true });
    expect(await stage.run('plugin.git.log', {})).toMatchObject({
      ok: false,
      error: 'no such branch',
    });
    stage.hub.reply = () => Promise.reject(new Error('the server broke'));
    expect(await stage.run('plugin.git.log', {})).toMatchObject({
      ok: false,
      error: 'the server broke',
    });
    expect(await stage.run('plugin.git.nothing', {})).toMatchObject({
      ok: false,
      error: saying("There is no tool 'plugin.git.nothing'"),
    });
  });
});

describe('a server that fails', () => {
  it('[R171] is left out with a notice, given once; the others and our own tools still work', async () => {
    const stage = createPluginStage({ rules: [allowGit] });
    stage.hub.behave('user|git', { kind: 'works', tools: [log] });
    stage.hub.behave('user|bad', { kind: 'fails', message: 'It ended with exit code 1.' });
    stage.configure({ bad: { command: 'bad' }, git });
    expect(await stage.turn()).toEqual([
      'The MCP server "bad" is left out: It ended with exit code 1.',
    ]);
    expect(await stage.turn()).toEqual([]);
    expect(await stage.run('plugin.git.log', {})).toMatchObject({ ok: true });
    expect(stage.registry.get('read_file')).toBeDefined();
  });

  it('[R171] is tried again at the next use, not before some time has passed', async () => {
    const stage = createPluginStage();
    stage.hub.behave('user|git', { kind: 'fails', message: 'no' });
    stage.configure({ git });
    await stage.turn();
    await stage.turn();
    expect(stage.hub.started).toHaveLength(1);
    await stage.clock.advance(5_000);
    expect(stage.hub.started).toHaveLength(1); // nothing by itself
    await stage.turn();
    expect(stage.hub.started).toHaveLength(2);
    await stage.clock.advance(5_000);
    await stage.turn();
    expect(stage.hub.started).toHaveLength(2); // twice as long now
    stage.hub.behave('user|git', { kind: 'works', tools: [log] });
    await stage.servers.restart('user|git'); // the user need not wait
    expect(stage.servers.view('user|git')?.state).toEqual({ kind: 'running' });
  });

  it('[R171] that hangs holds up the first turn for ten seconds, and later ones not at all', async () => {
    const stage = createPluginStage();
    stage.hub.behave('user|git', { kind: 'hangs' });
    stage.configure({ git });
    const first = stage.turn();
    await stage.clock.advance(9_999);
    let isOver = false;
    void first.then(() => (isOver = true));
    await settle();
    expect(isOver).toBe(false);
    await stage.clock.advance(1);
    expect(await first).toEqual([saying('still starting')]);
    expect(await stage.turn()).toEqual([]);
    await stage.clock.advance(50_000);
    expect(stage.servers.view('user|git')?.state).toMatchObject({
      kind: 'failed',
      message: 'It did not answer within 60 s.',
    });
    expect(stage.hub.stopped).toEqual(['user|git']);
  });

  it('lets a turn that is stopped go at once', async () => {
    const stage = createPluginStage();
    stage.hub.behave('user|git', { kind: 'hangs' });
    stage.configure({ git });
    const abort = new AbortController();
    const turn = stage.servers.prepareTurn(abort.signal);
    abort.abort();
    await turn;
    expect(stage.servers.view('user|git')?.state).toEqual({ kind: 'starting' });
  });

  it('[R171] is connected again at the next call, and no tool is there twice', async () => {
    const stage = await runningGit();
    const before = stage.orchestrator
      .permittedTools('ask')
      .find(({ name }) => name === 'plugin.git.log');
    stage.hub.end('user|git', 'It was ended by SIGKILL.');
    expect(stage.servers.view('user|git')?.state).toMatchObject({ kind: 'failed' });
    expect(await stage.run('plugin.git.log', {})).toMatchObject({
      ok: false,
      error: "The MCP server 'git' does not run. It was ended by SIGKILL.",
    });
    await stage.clock.advance(5_000);
    expect(await stage.run('plugin.git.log', {})).toMatchObject({ ok: true });
    await stage.turn();
    expect(stage.offered()).toEqual(['plugin.git.log', 'plugin.git.push']);
    // The same registration, not a second one in its place.
    expect(
      stage.orchestrator.permittedTools('ask').find(({ name }) => name === 'plugin.git.log'),
    ).toBe(before);
  });

  it('needs values that only the user has, and says which', async () => {
    const stage = createPluginStage({
      prepared: () => ({ kind: 'missing', missing: ['${secret:a}'] }),
    });
    stage.configure({ git });
    expect(await stage.turn()).toEqual([saying('${secret:a}')]);
    expect(stage.servers.view('user|git')?.state).toEqual({
      kind: 'needsValues',
      missing: ['${secret:a}'],
    });
    expect(stage.hub.started).toEqual([]);
  });

  it('cannot take the name of another tool', async () => {
    const stage = await runningGit();
    stage.registry.register({
      name: 'plugin.git.more',
      description: '',
      inputSchema: { type: 'object' },
      kind: 'session',
      timeoutMs: 0,
      intents: () => [],
      run: () => Promise.reject(new Error('not this one')),
    });
    stage.hub.announce('user|git', [log, serverTool('more')]);
    await stage.acceptAll('user|git');
    await stage.turn();
    expect(stage.offered().filter((name) => name === 'plugin.git.more')).toHaveLength(1);
    expect(stage.offered()).toContain('plugin.git.log');
  });
});

describe('what the user said', () => {
  it('counts as nothing when its storage is damaged: no tool is accepted by that', async () => {
    const stage = await runningGit();
    await stage.state.set('mcp.pins|user|git', [{ hash: 'x' }]);
    const next = createPluginStage({ state: stage.state });
    next.hub.behave('user|git', { kind: 'works', tools: [log] });
    next.configure({ git });
    await next.turn();
    expect(next.standings('user|git')).toEqual(['log: new']);
    expect(next.offered()).toEqual([]);
  });
});
