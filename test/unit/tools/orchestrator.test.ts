import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import { stringField } from '../../../src/base/guard';
import { silentLogger } from '../../../src/base/logger';
import { toolError, toolOk, type ToolCall, type ToolResult } from '../../../src/events/toolCall';
import { AuditLog } from '../../../src/gate/audit';
import { permissionModes, type Rule } from '../../../src/gate/contract';
import { memoryRuleStore, RuleBook } from '../../../src/gate/ruleBook';
import { defaultRunLimits, RunLimits } from '../../../src/gate/runLimits';
import { anthropicBody } from '../../../src/runtime/network/anthropicRequest';
import { chatBody } from '../../../src/runtime/network/chatRequest';
import { responsesBody } from '../../../src/runtime/network/responsesRequest';
import { Orchestrator } from '../../../src/tools/orchestrator';
import { ToolRegistry } from '../../../src/tools/registry';
import type { OrchestratorServices } from '../../../src/tools/services';
import { exited } from '../../fakes/fakeRunner';
import { settle } from '../../fakes/fakeClock';
import { exchangeOptions, networkModel, turnContext } from '../../fakes/networkTurn';
import { createBench, toolOf } from '../../fakes/orchestratorBench';
import { createTestAnalyzer } from '../../fakes/shellParsing';

const containing = (text: string): unknown => expect.stringContaining(text);
const files = { '/w/app/a.ts': 'one\ntwo\n', '/w/app/b.ts': 'b\n', '/etc/passwd': 'root' };

describe('a call of the host', () => {
  it('[R120] takes the fixed order: gate, decision, cache, run, outcome, cache again', async () => {
    const order: string[] = [];
    const bench = createBench({ files, answer: { kind: 'allowOnce' } });
    const { cache, sink, registry, permissions } = bench;
    registry.register(toolOf('probe', () => Promise.resolve(toolOk(''))));
    permissions.onDidChange((list) => order.push(list.length > 0 ? 'asked' : 'answered'));
    const write = sink.write.bind(sink);
    sink.write = (record) => {
      order.push(record.kind);
      return write(record);
    };
    const lookup = cache.lookup.bind(cache);
    cache.lookup = (...args) => {
      order.push('look-up');
      return lookup(...args);
    };
    const store = cache.store.bind(cache);
    cache.store = (...args) => {
      order.push('store');
      return store(...args);
    };
    bench.files.onRead = () => void order.push('run');
    await bench.run('read_file', { path: '/etc/passwd' });
    expect(order).toEqual(['asked', 'answered', 'decision', 'look-up', 'run', 'outcome', 'store']);
  });

  it('[R120] takes the fixed order for a write: review, decision, write, outcome, invalidation, hooks', async () => {
    const order: string[] = [];
    const bench = createBench({ files });
    bench.reviewer.whileOpen = () => void order.push('review');
    bench.files.beforeWrite = () => void order.push('write');
    const write = bench.sink.write.bind(bench.sink);
    bench.sink.write = (record) => {
      order.push(record.kind);
      return write(record);
    };
    bench.cache.invalidate = () => {
      if (order.at(-1) !== 'invalidate') {
        order.push('invalidate');
      }
    };
    bench.hooks.add({ name: 'h', begin: () => () => Promise.resolve(void order.push('hook')) });
    await bench.run('write_file', { path: 'a.ts', content: 'new\n' });
    expect(order).toEqual([
      'review',
      'decision',
      'write',
      'invalidate',
      'outcome',
      'invalidate',
      'hook',
      'invalidate',
    ]);
  });

  it('[R122] is denied with the reason, audited so, and neither run nor looked up', async () => {
    const bench = createBench({ files, answer: { kind: 'deny', reason: 'use the other file' } });
    const result = await bench.run('read_file', { path: '/etc/passwd' });
    expect(result).toMatchObject({
      ok: false,
      error: "Tool 'read_file' denied: the user said no: use the other file",
      details: { outcome: 'denied' },
    });
    expect(bench.sink.decisions).toMatchObject([
      { decision: 'deny', by: 'user', reason: 'the user said no: use the other file' },
    ]);
    expect(bench.sink.outcomes).toMatchObject([{ outcome: 'denied' }]);
    expect(bench.cache.stats()).toMatchObject({ hits: 0, misses: 0 });
  });

  it('[R122] is denied by a rule or a mode without a question', async () => {
    const denyRule: Rule = {
      id: 'mine',
      verdict: 'deny',
      scope: 'user',
      match: { kind: 'read', target: '/w/app' },
    };
    const bench = createBench({ files, rules: [denyRule] });
    expect((await bench.run('read_file', { path: 'a.ts' })).ok).toBe(false);
    expect((await bench.run('run_command', { command: 'ls' }, { mode: 'plan' })).ok).toBe(false);
    expect(bench.asked).toEqual([]);
    expect(bench.runner.commands).toEqual([]);
    expect(bench.sink.decisions.map(({ by }) => by)).toEqual(['mine', 'mode.plan']);
  });

  it('[R123] is judged before the cache: what was cached while allowed is not served after', async () => {
    const rules: Rule[] = [];
    const bench = createBench({ files, rules });
    expect((await bench.run('read_file', { path: 'a.ts' })).ok).toBe(true);
    expect((await bench.run('read_file', { path: 'a.ts' })).details?.outcome).toBe('cache_hit');
    rules.push({
      id: 'r',
      verdict: 'deny',
      scope: 'user',
      match: { kind: 'read', target: '/w/app/a.ts' },
    });
    const denied = await bench.run('read_file', { path: 'a.ts' });
    expect(denied).toMatchObject({ ok: false, output: '' });
    expect(bench.cache.stats()).toMatchObject({ hits: 1, misses: 1 });
  });

  it('[R124] caches neither errors nor denials', async () => {
    const bench = createBench({ files, answer: { kind: 'deny' } });
    await bench.run('read_file', { path: '/etc/passwd' });
    bench.files.setBinary('/w/app/b.ts');
    await bench.run('read_file', { path: 'b.ts' });
    expect(bench.cache.stats().size).toBe(0);
  });

  it('[R126] of an unknown tool is an error, audited', async () => {
    const bench = createBench();
    const result = await bench.run('teleport', {});
    expect(result).toMatchObject({
      ok: false,
      error: containing("There is no tool 'teleport'. Use one of: read_file"),
    });
    expect(bench.sink.records.map(({ kind, tool }) => [kind, tool])).toEqual([
      ['decision', 'teleport'],
      ['outcome', 'teleport'],
    ]);
    expect(bench.sink.decisions[0]?.decision).toBe('deny');
  });

  it('[R144] with wrong arguments is told what to change, before the gate', async () => {
    const bench = createBench({ files });
    expect(await bench.run('read_file', { startLine: 'two' })).toMatchObject({
      ok: false,
      error:
        "Tool 'read_file' was not run: `path` is missing (a string); `startLine` must be an integer, not a string.",
    });
    expect(bench.asked).toEqual([]);
    expect(bench.sink.decisions).toMatchObject([
      { decision: 'deny', by: 'default.invalid-arguments' },
    ]);
  });

  it('[R165] takes file_path for path, and only one of them after that', async () => {
    const bench = createBench({ files });
    expect(await bench.run('read_file', { file_path: 'a.ts' })).toMatchObject({
      ok: true,
      output: 'one\ntwo\n',
    });
    expect((await bench.run('read_file', { path: 'a.ts', file_path: 'a.ts' })).ok).toBe(true);
    expect(await bench.run('read_file', { path: 'a.ts', file_path: 'b.ts' })).toMatchObject({
      ok: false,
      error: containing('give only `path`'),
    });
    expect(bench.sink.decisions[0]?.arguments).toBe('{"path":"a.ts"}');
    await bench.run('edit_file', { file_path: 'a.ts', edits: [{ search: 'one', replace: '1' }] });
    expect(bench.files.disk('/w/app/a.ts')).toBe('1\ntwo\n');
  });

  it('runs what was judged: arguments are frozen and apart from the caller’s', async () => {
    const given = { list: [{ word: 'judged' }] };
    let seen: unknown;
    const bench = createBench({
      answer: { kind: 'allowOnce' },
      tools: [
        toolOf(
          'probe',
          (args) => {
            seen = args;
            return Promise.resolve(toolOk(''));
          },
          { intents: () => [{ kind: 'unknown', description: 'x' }] },
        ),
      ],
    });
    bench.permissions.onDidChange(() => {
      given.list[0] = { word: 'changed' };
    });
    await bench.run('probe', given);
    expect(seen).toEqual({ list: [{ word: 'judged' }] });
    expect(Object.isFrozen(seen)).toBe(true);
  });

  it('[R127] times out with its name and seconds, audited as timeout', async () => {
    const bench = createBench({
      tools: [
        toolOf('slow', () => new Promise(() => undefined)),
        toolOf('quick', () => new Promise(() => undefined), { timeoutMs: 2500 }),
      ],
    });
    const slow = bench.run('slow', {});
    const quick = bench.run('quick', {});
    await bench.clock.advance(29_000);
    expect(bench.sink.outcomes.map(({ tool }) => tool)).toEqual(['quick']);
    await bench.clock.advance(2000);
    expect(await slow).toMatchObject({
      ok: false,
      error: "Tool 'slow' timed out after 30s",
      details: { outcome: 'timeout' },
    });
    expect(await quick).toMatchObject({ error: "Tool 'quick' timed out after 2.5s" });
    expect(bench.sink.outcomes.map(({ outcome }) => outcome)).toEqual(['timeout', 'timeout']);
  });

  it('[R127] times out as the user set it, from the next call on, unless the tool has a limit of its own', async () => {
    let toolTimeoutMs = 5000;
    const { timeoutMs: _none, ...slow } = toolOf('slow', () => new Promise(() => undefined));
    const bench = createBench({
      services: { toolTimeoutMs: () => toolTimeoutMs },
      tools: [slow, toolOf('own', () => new Promise(() => undefined), { timeoutMs: 60_000 })],
    });
    const first = bench.run('slow', {});
    await bench.clock.advance(6000);
    expect(await first).toMatchObject({ error: "Tool 'slow' timed out after 5s" });
    toolTimeoutMs = 2500;
    const [second, own] = [bench.run('slow', {}), bench.run('own', {})];
    await bench.clock.advance(59_000);
    expect(await second).toMatchObject({ error: "Tool 'slow' timed out after 2.5s" });
    await bench.clock.advance(2000);
    expect(await own).toMatchObject({ error: "Tool 'own' timed out after 60s" });
  });

  it('[R128] really stops what has timed out, and keeps what it had to say', async () => {
    const bench = createBench({ answer: { kind: 'allowOnce' } });
    bench.runner.outcomeOf = () => 'pending';
    const result = bench.run('run_command', { command: 'sleep 999' });
    await bench.clock.advance(700_000);
    expect(bench.runner.runs[0]?.signal.aborted).toBe(true);
    expect(await result).toMatchObject({
      ok: false,
      output: 'partial\n',
      details: { outcome: 'timeout' },
    });
  });

  it('[R129] does not count the time that the user takes', async () => {
    const bench = createBench({
      tools: [
        toolOf('probe', () => Promise.resolve(toolOk('done')), {
          intents: () => [{ kind: 'unknown', description: 'x' }],
        }),
      ],
    });
    const result = bench.run('probe', {});
    await bench.clock.advance(3_600_000);
    const [question] = bench.permissions.list();
    bench.permissions.answer(question?.id ?? '', question?.digest ?? '', { kind: 'allowOnce' });
    expect(await result).toMatchObject({ ok: true, output: 'done' });
  });

  it('[R130] does not count the time in which it waits for a slot', async () => {
    const gates = Array.from({ length: 5 }, () => new Deferred<ToolResult>());
    let started = 0;
    const slow = toolOf('slow', () => gates[started++]?.promise ?? Promise.resolve(toolOk('')), {
      kind: 'read',
      timeoutMs: 30_000,
    });
    const bench = createBench({ tools: [slow] });
    const results = Array.from({ length: 5 }, () => bench.run('slow', {}));
    await bench.clock.advance(25_000);
    expect(started).toBe(4);
    gates[0]?.resolve(toolOk('first'));
    await bench.clock.advance(20_000);
    expect(started).toBe(5);
    gates[4]?.resolve(toolOk('fifth'));
    expect(await results[4]).toMatchObject({ ok: true, output: 'fifth' });
    expect(await results[1]).toMatchObject({ details: { outcome: 'timeout' } });
  });

  it('[R132] reports a timeout error of the tool itself as an error', async () => {
    const own = Object.assign(new Error('upstream timed out'), { name: 'TimeoutError' });
    const bench = createBench({ tools: [toolOf('probe', () => Promise.reject(own))] });
    const result = await bench.run('probe', {});
    expect(result).toMatchObject({ ok: false, error: 'upstream timed out' });
    expect(result.details?.outcome).toBeUndefined();
    expect(bench.sink.outcomes).toMatchObject([{ outcome: 'error' }]);
  });

  it('never runs twice under one id, and never when the agent runs it itself', async () => {
    const bench = createBench({ answer: { kind: 'allowOnce' } });
    const call = bench.call('run_command', { command: 'make' }, 'same');
    const results = await Promise.all([
      bench.orchestrator.execute(call, bench.context()),
      bench.orchestrator.execute(call, bench.context()),
    ]);
    expect(results.map(({ ok }) => ok)).toEqual([true, false]);
    expect((await bench.orchestrator.execute(call, bench.context())).ok).toBe(false);
    const reported: ToolCall = {
      id: 'other',
      name: 'run_command',
      arguments: { command: 'make' },
      executedBy: 'child',
    };
    expect((await bench.orchestrator.execute(reported, bench.context())).ok).toBe(false);
    expect(bench.runner.commands).toEqual(['make']);
    // Ids are unique in a conversation only.
    expect((await bench.orchestrator.execute(call, bench.context({ sessionId: 's2' }))).ok).toBe(
      true,
    );
  });

  it('asks again when a path leads elsewhere after the question', async () => {
    const bench = createBench({
      files: { ...files, '/w/other': 'x' },
      links: { '/w/app/l': '/w/other' },
    });
    const result = bench.run('read_file', { path: 'l' });
    await settle();
    bench.files.link('/w/app/l', '/etc/passwd');
    const [question] = bench.permissions.list();
    expect(question?.effects).toMatchObject([{ target: '/w/other', pathClass: 'outside' }]);
    bench.permissions.answer(question?.id ?? '', question?.digest ?? '', { kind: 'allowOnce' });
    expect(await result).toMatchObject({
      ok: false,
      output: '',
      error: containing('leads elsewhere'),
    });
  });

  it('runs a command that a rule about its family covers, and asks for one that goes beyond [R140]', async () => {
    const rule: Rule = {
      id: 'family',
      verdict: 'allow',
      match: { kind: 'family', words: ['git', 'status'] },
      scope: 'user',
    };
    const bench = createBench({
      rules: [rule],
      answer: { kind: 'deny' },
      services: { analyze: createTestAnalyzer() },
    });
    expect((await bench.run('run_command', { command: 'git status --short' })).ok).toBe(true);
    expect(bench.asked).toEqual([]);
    expect((await bench.run('run_command', { command: 'git status; git push' })).ok).toBe(false);
    expect((await bench.run('run_command', { command: 'git status > .env' })).ok).toBe(false);
    expect(bench.asked.map(({ reason }) => reason)).toEqual([
      'commands always ask',
      'the command contains a redirect',
    ]);
  });

  it('shows the question complete, with hidden characters visible, and offers a rule for the exact command', async () => {
    const bench = createBench({
      answer: ({ offers: [offer] = [] }) =>
        offer === undefined
          ? { kind: 'deny' }
          : { kind: 'allowAlways', offerId: offer.id, scope: 'session' },
      services: { analyze: createTestAnalyzer() },
    });
    await bench.run('run_command', { command: 'npm test' });
    await bench.run('run_command', { command: 'npm test' });
    expect(JSON.stringify([bench.asked, bench.sink.records])).not.toContain('analysis');
    await bench.run('run_command', { command: 'npm test', cwd: '/tmp' }, { sessionId: 's1' });
    expect(bench.asked[0]).toMatchObject({
      toolName: 'run_command',
      asker: 'Test model',
      reason: 'commands always ask',
      effects: [{ kind: 'command', command: 'npm test', cwd: '/w/app', cwdClass: 'inside' }],
      inputText: '',
      offers: [
        { id: 'exact', text: 'exactly `npm test` in /w/app' },
        { id: 'family', text: 'commands that begin with `npm test`' },
      ],
    });
    expect(bench.asked).toHaveLength(2);
    expect(bench.asked[1]).toMatchObject({ reason: 'outside the workspace' });
    expect(bench.asked[1]?.offers).toBeUndefined();
    const hidden = createBench({ answer: { kind: 'deny' } });
    await hidden.run('run_command', { command: 'ls \u202e# txt.exe' });
    expect(hidden.asked[0]?.effects).toMatchObject([{ command: 'ls ⟨U+202E⟩# txt.exe' }]);
    expect(hidden.asked[0]?.offers).toBeUndefined();
    bench.orchestrator.endSession('s1');
    expect(bench.rules.rulesFor({ sessionId: 's1', folder: '/w/app' })).toEqual([]);
  });

  it('runs no command in a folder that is not trusted, and asks at every call', async () => {
    let isTrusted = false;
    const bench = createBench({
      answer: { kind: 'allowOnce' },
      services: { isTrusted: () => isTrusted },
    });
    expect(await bench.run('run_command', { command: 'ls' })).toMatchObject({
      ok: false,
      error: containing('not trusted'),
    });
    isTrusted = true;
    expect((await bench.run('run_command', { command: 'ls' })).ok).toBe(true);
    expect(bench.runner.commands).toEqual(['ls']);
  });

  it('[R137] gives ok exactly when there is no error', async () => {
    const bench = createBench({ files, answer: { kind: 'allowOnce' } });
    bench.runner.outcomeOf = () => exited('out', 3);
    const results = [
      await bench.run('read_file', { path: 'a.ts' }),
      await bench.run('read_file', { path: 'missing.ts' }),
      await bench.run('run_command', { command: 'false' }),
      await bench.run('teleport', {}),
    ];
    expect(results.map((result) => [result.ok, 'error' in result, typeof result.output])).toEqual([
      [true, false, 'string'],
      [false, true, 'string'],
      [false, true, 'string'],
      [false, true, 'string'],
    ]);
    expect(results[2]).toMatchObject({
      output: 'out',
      error: 'The command ended with exit code 3.',
      details: { summary: 'exit 3' },
    });
  });

  it('[R174] leaves one decision and one outcome for each call, however it ends', async () => {
    const bench = createBench({
      files,
      answer: { kind: 'allowOnce' },
      tools: [toolOf('broken', () => Promise.reject(new Error('no')))],
    });
    await bench.run('read_file', { path: 'a.ts' });
    await bench.run('read_file', { path: 'a.ts' });
    await bench.run('broken', {});
    await bench.run('run_command', { command: 'ls' }, { mode: 'plan' });
    await bench.run('write_file', { path: 'n.ts', content: 'x' });
    await bench.run('write_file', { path: 'n.ts', content: 'x' });
    expect(
      bench.sink.records.map((record) => [
        record.callId,
        record.tool,
        record.modelId,
        record.kind,
        record.kind === 'decision' ? record.decision : record.outcome,
      ]),
    ).toEqual(
      [
        ['call-1', 'read_file', 'allow', 'ok'],
        ['call-2', 'read_file', 'allow', 'cache_hit'],
        ['call-3', 'broken', 'allow', 'error'],
        ['call-4', 'run_command', 'deny', 'denied'],
        ['call-5', 'write_file', 'allow', 'ok'],
        ['call-6', 'write_file', 'allow', 'ok'],
      ].flatMap(([id, tool, decision, outcome]) => [
        [id, tool, 'test/model', 'decision', decision],
        [id, tool, 'test/model', 'outcome', outcome],
      ]),
    );
  });

  it('[R175] is recorded with how it was permitted, how it ended, how long it took and what came of it', async () => {
    const bench = createBench({ answer: { kind: 'allowOnce' } });
    bench.runner.outcomeOf = () => exited('abc', 1);
    await bench.run('run_command', { command: 'false' }, { bridge: 'acp' });
    const head = {
      at: '2026-01-02T03:04:05.000Z',
      sessionId: 's1',
      turnId: 't1',
      callId: 'call-1',
      tool: 'run_command',
      modelId: 'test/model',
      executedBy: 'host',
      bridge: 'acp',
    };
    expect(bench.sink.records).toEqual([
      {
        ...head,
        kind: 'decision',
        decision: 'allow',
        by: 'user',
        reason: 'allowed by you',
        effects: [{ kind: 'command', command: 'false', cwd: '/w/app', cwdClass: 'inside' }],
        arguments: '{"command":"false"}',
        mode: 'ask',
      },
      {
        ...head,
        kind: 'outcome',
        outcome: 'error',
        durationMs: 0,
        resultChars: 3,
        resultDigest: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
        detail: 'The command ended with exit code 1.',
      },
    ]);
  });

  it('[R174] leaves both records also when it is refused before the gate, or fails where nobody expects it', async () => {
    const bench = createBench({
      tools: [
        toolOf('trap', () => Promise.resolve(toolOk('')), {
          intents: () => {
            throw new Error('intents');
          },
        }),
      ],
    });
    const call = bench.call('read_output', { id: 'x' }, 'same');
    await bench.orchestrator.execute(call, bench.context());
    await bench.orchestrator.execute(call, bench.context());
    await bench.orchestrator.execute(
      { ...call, id: 'theirs', executedBy: 'child' },
      bench.context(),
    );
    await bench.run('trap', {});
    await bench.orchestrator.shutdown();
    await bench.run('read_output', { id: 'x' });
    expect(
      bench.sink.records
        .slice(2)
        .map((record) =>
          record.kind === 'decision'
            ? [record.callId, record.decision, record.by]
            : [record.callId, record.outcome],
        ),
    ).toEqual([
      ['same', 'deny', 'default.repeated-id'],
      ['same', 'error'],
      ['theirs', 'deny', 'default.run-by-child'],
      ['theirs', 'error'],
      ['call-1', 'deny', 'default.failed'],
      ['call-1', 'error'],
      ['call-2', 'deny', 'host.closing'],
      ['call-2', 'error'],
    ]);
  });

  it('[R179] does not run, in any way, when the audit log is strict and cannot be written', async () => {
    const bench = createBench({ files, answer: { kind: 'allowOnce' } });
    const strict = new AuditLog({
      sink: bench.sink,
      clock: bench.clock,
      redact: (text) => text,
      onFirstFailure: () => undefined,
      isStrict: () => true,
    });
    const {
      orchestrator,
      runner,
      files: memory,
    } = createBench({
      files,
      answer: { kind: 'allowOnce' },
      services: { audit: strict },
    });
    bench.sink.behaviour = 'fails';
    const calls = [
      bench.call('read_file', { path: 'a.ts' }),
      bench.call('write_file', { path: 'a.ts', content: 'new\n' }),
      bench.call('write_file', { path: 'a.ts', content: 'one\ntwo\n' }),
      bench.call('run_command', { command: 'ls' }),
    ];
    for (const call of calls) {
      expect(await orchestrator.execute(call, bench.context())).toMatchObject({
        ok: false,
        output: '',
        error: containing('denied: the audit log cannot be written, and patchbay.audit.strict'),
        details: { outcome: 'denied' },
      });
    }
    const answer = await orchestrator.authorize(
      {
        requestId: 'r',
        callId: 'child',
        toolName: 'Bash',
        input: { command: 'ls' },
        intents: [{ kind: 'command', command: 'ls' }],
        reply: () => undefined,
      },
      bench.context({ bridge: 'claude-cli' }),
    );
    expect(answer).toMatchObject({ kind: 'deny', message: containing('patchbay.audit.strict') });
    expect(runner.commands).toEqual([]);
    expect(memory.writes).toEqual([]);
    bench.sink.behaviour = 'works';
    const read = bench.call('read_file', { path: 'a.ts' });
    expect(await orchestrator.execute(read, bench.context())).toMatchObject({ ok: true });
  });

  it('[R179] goes on when the audit log fails', async () => {
    const bench = createBench({ files });
    bench.sink.behaviour = 'fails';
    expect((await bench.run('read_file', { path: 'a.ts' })).ok).toBe(true);
    expect(bench.shownFailures).toHaveLength(1);
    expect(bench.audit.failureCount).toBe(2);
  });

  it('is denied when its turn is stopped while it asks', async () => {
    const bench = createBench({ files });
    const controller = new AbortController();
    const result = bench.run('run_command', { command: 'ls' }, { signal: controller.signal });
    await settle();
    expect(bench.permissions.list()).toHaveLength(1);
    controller.abort();
    expect(await result).toMatchObject({
      ok: false,
      error: containing('denied'),
      details: { outcome: 'aborted' },
    });
    expect(bench.permissions.list()).toEqual([]);
    expect(bench.runner.commands).toEqual([]);
    expect(
      await bench.run('read_file', { path: 'a.ts' }, { signal: controller.signal }),
    ).toMatchObject({ ok: false, output: '' });
  });

  it('is stopped by its turn while it runs, and keeps what it had to say', async () => {
    const bench = createBench({ answer: { kind: 'allowOnce' } });
    bench.runner.outcomeOf = () => 'pending';
    const controller = new AbortController();
    const result = bench.run('run_command', { command: 'sleep 9' }, { signal: controller.signal });
    await settle();
    controller.abort();
    expect(await result).toMatchObject({
      ok: false,
      output: 'partial\n',
      error: 'Stopped by the user.',
      details: { outcome: 'aborted' },
    });
    expect(bench.sink.outcomes).toMatchObject([{ outcome: 'aborted' }]);
  });

  it('[R121] never rejects, whatever fails around it', async () => {
    const broken = (): never => {
      throw new Error('broken');
    };
    const brokenRules = new RuleBook({
      userRules: broken,
      store: memoryRuleStore(),
      nowMs: () => 0,
    });
    const failing: Partial<OrchestratorServices>[] = [
      {},
      { rules: brokenRules },
      { isTrusted: broken },
      {
        probe: {
          realPath: () => Promise.reject(new Error('EIO')),
          readLink: broken,
          entriesOf: broken,
        },
      },
    ];
    const args = fc.oneof(
      fc.constant({ path: 'a.ts' }),
      fc.constant({
        path: 'a.ts',
        content: 'x',
        edits: [{ search: 'one', replace: 'x' }],
        command: 'ls',
        question: 'q',
        items: [],
        pattern: 'x',
      }),
      fc.constant({ command: 'ls' }),
      fc.dictionary(
        fc.constantFrom(
          'path',
          'command',
          'content',
          'edits',
          'items',
          'id',
          '__proto__',
          'toJSON',
        ),
        fc.jsonValue(),
      ),
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withNullPrototype: true,
        maxDepth: 3,
      }),
    );
    const name = fc.constantFrom(
      'read_file',
      'write_file',
      'edit_file',
      'run_command',
      'list_files',
      'find_files',
      'read_output',
      'update_plan',
      'nothing',
      'throwing',
      'rejecting',
      '',
      '__proto__',
    );
    await fc.assert(
      fc.asyncProperty(
        name,
        args,
        fc.constantFrom(...failing),
        fc.constantFrom('works' as const, 'fails' as const),
        fc.constantFrom(...permissionModes),
        fc.boolean(),
        async (tool, raw, services, auditBehaviour, mode, throwsProgress) => {
          const bench = createBench({
            files,
            answer: { kind: 'allowOnce' },
            services,
            tools: [
              toolOf('throwing', broken),
              toolOf('rejecting', () => Promise.reject(new Error('no')), { intents: broken }),
            ],
          });
          bench.sink.behaviour = auditBehaviour;
          // What a model sends is typed as JSON and need not be.
          const call: ToolCall = JSON.parse('{"id":"x","executedBy":"host"}') as ToolCall;
          const made = Object.assign(call, { name: tool, arguments: raw });
          const onProgress = throwsProgress ? broken : () => undefined;
          const result = await bench.orchestrator.execute(
            made,
            bench.context({ mode, onProgress }),
          );
          expect(result.ok).toBe(!('error' in result));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('[R121] gives an error after shutdown, and a denial to a child', async () => {
    const bench = createBench({ files });
    await bench.orchestrator.shutdown();
    expect(await bench.run('read_file', { path: 'a.ts' })).toMatchObject({
      ok: false,
      error: containing('shutting down'),
    });
    expect(await bench.authorize('Read', [{ kind: 'read', path: 'a.ts' }])).toMatchObject({
      kind: 'deny',
    });
  });
});

describe('the calls of one message', () => {
  it('[R134] run reads in parallel, at most four, and writes and commands alone in their order', async () => {
    const log: string[] = [];
    const waiting = new Map<string, Deferred<ToolResult>>();
    const step = (kind: 'read' | 'command') =>
      toolOf(
        kind === 'read' ? 'r' : 'w',
        (args) => {
          const id = stringField(args, 'id') ?? '';
          log.push(`start ${id}`);
          const done = new Deferred<ToolResult>();
          waiting.set(id, done);
          return done.promise;
        },
        { kind, inputSchema: { type: 'object', properties: { id: { type: 'string' } } } },
      );
    const bench = createBench({ tools: [step('read'), step('command')] });
    const finish = async (id: string): Promise<void> => {
      log.push(`end ${id}`);
      waiting.get(id)?.resolve(toolOk(id));
      await settle();
    };
    const calls = ['r1', 'r2', 'r3', 'r4', 'r5', 'w1', 'w2', 'r6'].map((id) =>
      bench.call(id.charAt(0), { id }),
    );
    const results = bench.orchestrator.executeAll(calls, () => bench.context());
    await settle();
    expect(log).toEqual(['start r1', 'start r2', 'start r3', 'start r4']);
    await finish('r2');
    expect(log.slice(-2)).toEqual(['end r2', 'start r5']);
    for (const id of ['r1', 'r3', 'r4', 'r5', 'w1', 'w2', 'r6']) {
      await finish(id);
    }
    expect(log.slice(6)).toEqual([
      'end r1',
      'end r3',
      'end r4',
      'end r5',
      'start w1',
      'end w1',
      'start w2',
      'end w2',
      'start r6',
      'end r6',
    ]);
    expect((await results).map(({ output }) => output)).toEqual([
      'r1',
      'r2',
      'r3',
      'r4',
      'r5',
      'w1',
      'w2',
      'r6',
    ]);
  });

  it('[R121] gives a result for each call even when its context cannot be made', async () => {
    const bench = createBench({ files });
    const results = await bench.orchestrator.executeAll(
      [
        bench.call('read_file', { path: 'a.ts' }),
        bench.call('write_file', { path: 'n', content: '' }),
      ],
      () => {
        throw new Error('no context');
      },
    );
    expect(results.map(({ ok }) => ok)).toEqual([false, false]);
  });

  it('does not let one session’s long command keep another session waiting', async () => {
    const bench = createBench({ files, answer: { kind: 'allowOnce' } });
    bench.runner.outcomeOf = () => 'pending';
    const controller = new AbortController();
    const long = bench.run('run_command', { command: 'build' }, { signal: controller.signal });
    await settle();
    expect((await bench.run('read_file', { path: 'a.ts' }, { sessionId: 's2' })).ok).toBe(true);
    controller.abort();
    await long;
  });
});

describe('the host’s end', () => {
  it('[R135] takes no new calls, cancels what waits and signals what runs, within its deadline', async () => {
    const bench = createBench({
      tools: [toolOf('deaf', () => new Promise(() => undefined), { kind: 'read' })],
      files,
      answer: { kind: 'allowOnce' },
    });
    bench.runner.outcomeOf = () => 'pending';
    const running = bench.run('run_command', { command: 'build' });
    await settle();
    const waiting = bench.run('run_command', { command: 'never' });
    const deaf = bench.run('deaf', {}, { sessionId: 's2' });
    await settle();
    const done = bench.orchestrator.shutdown();
    await bench.clock.advance(1500);
    await done;
    expect(bench.runner.commands).toEqual(['build']);
    expect(bench.runner.runs[0]?.signal.aborted).toBe(true);
    expect((await running).details?.outcome).toBe('aborted');
    expect((await waiting).details?.outcome).toBe('aborted');
    expect((await deaf).details?.outcome).toBe('aborted');
    expect((await bench.run('read_file', { path: 'a.ts' })).ok).toBe(false);
  });
});

describe('the tools a model is offered', () => {
  it('[R138] leave out only what the mode always denies, and ask nobody', () => {
    const bench = createBench({ files });
    const names = (mode: (typeof permissionModes)[number]) =>
      bench.orchestrator.permittedTools(mode).map(({ name }) => name);
    const all = bench.registry
      .list()
      .filter((tool) => tool.isDelegatedOnly !== true)
      .map(({ name }) => name);
    expect(names('ask')).toEqual(all);
    expect(names('accept-edits')).toEqual(all);
    expect(names('auto')).toEqual(all);
    const registryKinds = new Map(
      bench.registry.list().map(({ name, kind }) => [name, kind] as const),
    );
    expect(names('plan')).toEqual(
      all.filter((name) => registryKinds.get(name) !== 'write' && name !== 'run_command'),
    );
    expect(bench.asked).toEqual([]);
    expect(bench.sink.records).toEqual([]);
  });

  it('[R136] are these, each with a schema that says what it takes', () => {
    const tools = createBench().registry.list();
    expect(tools.map(({ name, kind, timeoutMs }) => [name, kind, timeoutMs])).toEqual([
      ['read_file', 'read', undefined],
      ['list_files', 'read', undefined],
      ['find_files', 'read', undefined],
      ['search_text', 'read', undefined],
      ['write_file', 'write', undefined],
      ['edit_file', 'write', undefined],
      ['apply_patch', 'write', undefined],
      ['delete_file', 'write', undefined],
      ['rename_file', 'write', undefined],
      ['run_command', 'command', 610_000],
      ['read_output', 'read', undefined],
      ['ask_user', 'session', 0],
      ['update_plan', 'session', undefined],
      ['read_text', 'read', undefined],
    ]);
    for (const tool of tools) {
      expect(tool.inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(tool.description.length).toBeGreaterThan(tool.isDelegatedOnly === true ? 0 : 40);
    }
  });

  it('[R145] cannot miss one that the cache counts on', () => {
    const bench = createBench();
    const services = {
      registry: new ToolRegistry(),
      files: bench.files,
      probe: bench.files,
      rules: bench.rules,
      limits: new RunLimits(() => defaultRunLimits),
      permissions: bench.permissions,
      reviewer: bench.reviewer,
      asker: { askUser: () => Promise.resolve(undefined) },
      audit: bench.audit,
      cache: bench.cache,
      outputs: bench.outputs,
      hooks: bench.hooks,
      clock: bench.clock,
      logger: silentLogger,
      isTrusted: () => true,
      readDisk: () => Promise.resolve(undefined),
      saveDocument: () => Promise.resolve(true),
      onUnexpectedChange: () => undefined,
    };
    expect(() => new Orchestrator(services)).toThrow(
      'cacheable tools that do not exist: read_file',
    );
  });

  it('[R139] hold those of plugins, and can be told to the OpenAI and the Anthropic interfaces', () => {
    const inputSchema = {
      type: 'object',
      properties: { query: { type: 'string' } },
      required: ['query'],
    } as const;
    const plugin = toolOf('plugin_docs_lookup', () => Promise.resolve(toolOk('')), {
      description: 'Looks something up',
      inputSchema,
    });
    const bench = createBench();
    const registration = bench.registry.register(plugin);
    const tools = bench.orchestrator.permittedTools('ask');
    expect(tools.map(({ name }) => name)).toContain(plugin.name);
    const [context, options] = [turnContext({ tools }), exchangeOptions()];
    const [anthropic, responses, chat] = [
      anthropicBody(networkModel('anthropic-messages'), context, options).tools,
      responsesBody(networkModel('openai-responses'), context, options).tools,
      chatBody(networkModel('openai-chat'), context, options, true).tools,
    ];
    expect([anthropic, responses, chat].map((form) => form?.length)).toEqual([
      tools.length,
      tools.length,
      tools.length,
    ]);
    expect(anthropic?.at(-1)).toEqual({
      name: plugin.name,
      description: plugin.description,
      input_schema: inputSchema,
    });
    expect(chat?.at(-1)).toEqual({
      type: 'function',
      function: { name: plugin.name, description: plugin.description, parameters: inputSchema },
    });
    expect(responses?.at(-1)).toMatchObject({
      type: 'function',
      name: plugin.name,
      description: plugin.description,
      parameters: inputSchema,
    });
    registration.dispose();
    expect(bench.orchestrator.permittedTools('ask').map(({ name }) => name)).not.toContain(
      plugin.name,
    );
    expect(bench.asked).toEqual([]);
  });

  it('take a name only once, and give it back', () => {
    const { registry } = createBench();
    const tool = toolOf('extra', () => Promise.resolve(toolError('')));
    const registration = registry.register(tool);
    expect(() => registry.register(tool)).toThrow('already registered');
    registration.dispose();
    expect(registry.get('extra')).toBeUndefined();
  });
});
