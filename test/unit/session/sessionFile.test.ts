import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  AssistantMessage,
  Message,
  ToolResultMessage,
  UserMessage,
} from '../../../src/events/message';
import { noUsage } from '../../../src/events/usageTotal';
import { toolOk } from '../../../src/events/toolCall';
import type { ResumeLink } from '../../../src/runtime/resumeLink';
import { ArrivedCalls, signCutAnswers } from '../../../src/session/cutAnswer';
import { SessionFile } from '../../../src/session/sessionFile';
import type { OpenedSession } from '../../../src/session/sessionManager';
import { readSession } from '../../../src/session/sessionRecord';
import {
  createSessionStore,
  type SessionStoreDependencies,
} from '../../../src/session/sessionStore';
import { FakeClock } from '../../fakes/fakeClock';
import { MemorySessionStorage } from '../../fakes/memorySessionStorage';
import { agentModel, answer, networkModel, sessionBench } from '../../fakes/sessionBench';

describe('session file', () => {
  it('[R203] what was written comes back: title, model, mode and every message, in order', async () => {
    const { store, storage } = setUp();
    const session = store.create();
    session.log.titled('Rename the button');
    session.log.modelChosen('openai/gpt');
    session.log.modeChosen('plan');
    playTurn(session, 'turn-1', 'rename it');
    session.log.modelChosen('anthropic/claude');
    playTurn(session, 'turn-2', 'once more');
    await session.log.flush();

    const again = await store.open('session-1');
    expect(again?.stored).toEqual({
      id: 'session-1',
      spentElsewhere: noUsage,
      privateCommands: [],
      queued: [],
      title: 'Rename the button',
      turnIds: ['turn-1', 'turn-2'],
      messages: [...messagesOf('turn-1', 'rename it'), ...messagesOf('turn-2', 'once more')],
      modelId: 'anthropic/claude',
      mode: 'plan',
      interrupted: false,
    });
    const lines = linesOf(storage);
    expect(lines.every((line) => line.schema === 'patchbay.session/1')).toBe(true);
    expect(lines[0]).toMatchObject({
      type: 'head',
      session: 'session-1',
      title: 'Rename the button',
      modelId: 'openai/gpt',
      mode: 'plan',
      preview: 'rename it',
    });
    // The model is another one than the first head says: behind the turn stands a new one.
    expect(lines.at(-1)).toMatchObject({ type: 'head', modelId: 'anthropic/claude' });
    const entries = lines.filter(({ type }) => type === 'entry');
    expect(entries.map((line) => line.parent)).toEqual([
      null,
      ...entries.slice(0, -1).map((line) => line.id),
    ]);
  });

  it('writes nothing before the first message', async () => {
    const { store, storage, clock } = setUp();
    const session = store.create();
    session.log.titled('Nothing yet');
    session.log.modelChosen('m');
    session.log.turnStarted('turn-1');
    session.log.partial('turn-1', 'text', 'early text ');
    await clock.advance(1000);
    await session.log.flush();
    expect(storage.appends).toEqual([]);
  });

  it('writes in groups of 20 ms, and at once when flushed', async () => {
    const { store, storage, clock } = setUp();
    const session = store.create();
    playTurn(session, 'turn-1', 'hello');
    await clock.advance(19);
    expect(storage.appends).toHaveLength(0);
    await clock.advance(1);
    expect(storage.appends).toHaveLength(1);
    session.log.turnStarted('turn-2');
    await session.log.flush();
    expect(storage.appends).toHaveLength(2);
    expect(clock.pendingCount).toBe(0);
  });

  it('[R203] a torn last line, damaged lines and lines of another version cost themselves only, and are told', async () => {
    const { store, storage, notices } = setUp();
    const session = store.create();
    playTurn(session, 'turn-1', 'first');
    await session.log.flush();
    const whole = storage.files.get('session-1')?.text ?? '';
    const lines = whole.split('\n');
    storage.files.set('session-1', {
      updatedAtMs: 0,
      text: [
        lines[0],
        '{"schema":"patchbay.dream/9","type":"dream"}',
        '{"schema":',
        ...lines.slice(1, -1),
        (lines[2] ?? '').slice(0, 40),
      ].join('\n'),
    });
    const again = await store.open('session-1');
    expect(again?.stored.messages).toEqual(messagesOf('turn-1', 'first'));
    expect(notices).toEqual([
      'The last entry of this session was cut off while it was written and was left out. The rest is complete.',
      '1 damaged entry of this session could not be read and was left out.',
      '1 entry of this session was written by another version of Patchbay and left out.',
    ]);

    again!.log.turnStarted('turn-2');
    again!.log.message('turn-2', user('after the tear'));
    await again!.log.flush();
    const third = await store.open('session-1');
    expect(third?.stored.messages.at(-1)).toEqual(user('after the tear'));
  });

  it('[R203] cut at any byte, what comes back is a beginning of the conversation with whole call/result pairs', async () => {
    const { store, storage } = setUp();
    const session = store.create();
    playTurn(session, 'turn-1', 'eins 😀');
    playTurn(session, 'turn-2', 'zwei');
    await session.log.flush();
    const text = storage.files.get('session-1')?.text ?? '';
    const all = [...messagesOf('turn-1', 'eins 😀'), ...messagesOf('turn-2', 'zwei')];
    const bytes = new TextEncoder().encode(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const record = readSession(bytes.subarray(0, cut));
      const messages = record?.messages ?? [];
      const open = new Set<string>();
      messages.forEach((message, index) => {
        const isSynthetic = message.role === 'tool' && !message.result.ok;
        expect(isSynthetic ? undefined : message).toEqual(isSynthetic ? undefined : all[index]);
        if (message.role === 'assistant') {
          message.content.forEach((block) => block.kind === 'tool_call' && open.add(block.call.id));
        } else if (message.role === 'tool') {
          open.delete(message.callId);
        }
      });
      expect(open.size).toBe(0);
    }
  });

  it('[R203] without its head line the deepest branch is shown, and the head is written again with the next entry', async () => {
    const { store, storage } = setUp();
    const session = store.create();
    playTurn(session, 'turn-1', 'first');
    const file = fileOf(session);
    const fork = file.leafId;
    playTurn(session, 'turn-2', 'deep');
    playTurn(session, 'turn-3', 'deeper');
    file.branchFrom(fork);
    playTurn(session, 'turn-4', 'short branch');
    await session.log.flush();
    const lines = (storage.files.get('session-1')?.text ?? '')
      .split('\n')
      .filter((line) => !line.includes('"type":"head"'));
    storage.files.set('session-1', { text: lines.join('\n'), updatedAtMs: 0 });
    const again = await store.open('session-1');
    expect(userTexts(again?.stored.messages)).toEqual(['first', 'deep', 'deeper']);
    playTurn(again!, 'turn-5', 'on top');
    await again!.log.flush();
    const third = await store.open('session-1');
    expect(userTexts(third?.stored.messages)).toEqual(['first', 'deep', 'deeper', 'on top']);
  });

  it('[R204] branching repoints the leaf and rewrites nothing; the active branch is the parent chain', async () => {
    const { store, storage } = setUp();
    const session = store.create();
    playTurn(session, 'turn-1', 'first');
    const file = fileOf(session);
    const fork = file.leafId;
    playTurn(session, 'turn-2', 'abandoned');
    await session.log.flush();
    const before = storage.files.get('session-1')?.text ?? '';
    expect(file.branchFrom('no such entry')).toBe(false);
    expect(file.branchFrom(fork)).toBe(true);
    await session.log.flush();
    expect(userTexts((await store.open('session-1'))?.stored.messages)).toEqual(['first']);
    playTurn(session, 'turn-3', 'kept');
    await session.log.flush();
    expect(storage.files.get('session-1')?.text.startsWith(before)).toBe(true);
    expect(userTexts((await store.open('session-1'))?.stored.messages)).toEqual(['first', 'kept']);
  });

  it('[R205] entries of our own live on the branch and are no messages', async () => {
    const { store, storage } = setUp();
    const session = store.create();
    playTurn(session, 'turn-1', 'first');
    fileOf(session).custom('note', { text: 'ours' });
    await session.log.flush();
    const again = await store.open('session-1');
    expect(again?.stored.messages).toEqual(messagesOf('turn-1', 'first'));
    expect(linesOf(storage).at(-1)).toMatchObject({
      kind: 'custom',
      tag: 'note',
      data: { text: 'ours' },
    });
  });

  it.each([networkModel, agentModel])(
    '[R205] entries of our own are in no request to $name, those of an earlier window and those of this one',
    async ({ id: modelId }) => {
      const { manager, store, storage, runtime } = sessionBench([answer('one')], {}, modelId);
      const first = store.create();
      const link = { source: 'patchbay', bridge: 'b', resumeToken: 'a token of ours', at: 'now' };
      playTurn(first, 'turn-1', 'first');
      fileOf(first).custom('note', { text: 'a note of ours' });
      await first.resume.save(link);
      playTurn(first, 'turn-2', 'second');
      await first.log.flush();
      await first.close?.();
      const { id } = first.stored;
      expect(await manager.open(id)).toBe(true);
      const session = manager.current;
      session.submit('third');
      await session.whenIdle();
      await manager.resumeStore(id)?.save({ ...link, resumeToken: 'a later token of ours' });
      session.submit('fourth');
      await session.whenIdle();

      const file = storage.files.get(id)?.text;
      for (const data of ['a note of ours', 'a token of ours', 'a later token of ours']) {
        expect(file).toContain(data);
      }
      expect(runtime.contexts).toHaveLength(2);
      expect(userTexts(runtime.contexts[1]?.messages)).toEqual([
        'first',
        'second',
        'third',
        'fourth',
      ]);
      expect(JSON.stringify(runtime.contexts)).not.toContain('of ours');
    },
  );

  it('a line that is lost in the middle costs that line only, not what came before it', async () => {
    const { store, storage } = setUp();
    const session = store.create();
    playTurn(session, 'turn-1', 'first');
    playTurn(session, 'turn-2', 'second');
    await session.log.flush();
    const lines = (storage.files.get('session-1')?.text ?? '').split('\n');
    lines[6] = '{"broken';
    storage.files.set('session-1', { text: lines.join('\n'), updatedAtMs: 0 });
    expect(userTexts((await store.open('session-1'))?.stored.messages)).toEqual([
      'first',
      'second',
    ]);
  });

  it('a turn without an end is recognised, its streamed text is kept, and a call without a result is closed as interrupted', async () => {
    const { store, clock } = setUp();
    const session = store.create();
    session.log.turnStarted('turn-1');
    session.log.message('turn-1', user('go'));
    session.log.message('turn-1', calling('call-1'));
    session.log.partial('turn-1', 'thinking', 'hm, let me ');
    session.log.partial('turn-1', 'text', 'The answer ');
    await clock.advance(20);
    session.log.partial('turn-1', 'text', 'is forty-');
    await clock.advance(20);

    const again = await store.open('session-1');
    expect(again?.stored.interrupted).toBe(true);
    expect(again?.stored.messages).toMatchObject([
      { role: 'user' },
      { role: 'assistant', stopReason: 'toolUse' },
      { role: 'tool', callId: 'call-1', result: { ok: false, details: { outcome: 'aborted' } } },
      {
        role: 'assistant',
        stopReason: 'aborted',
        content: [
          { kind: 'thinking', text: 'hm, let me ' },
          { kind: 'text', text: 'The answer is ' },
        ],
      },
    ]);
    playTurn(again!, 'turn-2', 'go on');
    await again!.log.flush();
    const third = await store.open('session-1');
    expect(third?.stored.interrupted).toBe(false);
    expect(third?.stored.messages.slice(0, 4)).toEqual(again?.stored.messages);
    expect(userTexts(third?.stored.messages)).toEqual(['go', 'go on']);
  });

  it('[R202] what an agent had done in a turn that was cut is kept, in its order, and void once the answer is there', async () => {
    const { store, storage, clock } = setUp();
    const session = store.create();
    const call = {
      id: 'c1',
      name: 'Bash',
      arguments: { command: 'ls' },
      executedBy: 'child',
    } as const;
    const later = { ...call, arguments: { command: 'ls -l' } };
    session.log.turnStarted('turn-1');
    session.log.message('turn-1', user('go'));
    const calls = new ArrivedCalls((what) => session.log.arrived?.('turn-1', what));
    session.log.partial('turn-1', 'text', 'I look. ');
    calls.call(call);
    calls.call(later);
    calls.result('c1', toolOk('x'.repeat(100_000)));
    calls.call({ ...call, id: 'c2' });
    session.log.partial('turn-1', 'text', 'And then');
    await clock.advance(20);
    await session.log.flush();

    const again = await store.open('session-1');
    expect(again?.stored.interrupted).toBe(true);
    expect(again?.stored.messages).toMatchObject([
      { role: 'user' },
      {
        stopReason: 'aborted',
        content: [
          { kind: 'text', text: 'I look. ' },
          { kind: 'tool_call', call: later },
          { kind: 'tool_call', call: { id: 'c2' } },
          { kind: 'text', text: 'And then' },
        ],
      },
      { role: 'tool', callId: 'c1', toolName: 'Bash', result: { ok: true } },
      { role: 'tool', callId: 'c2', result: { ok: false, details: { outcome: 'aborted' } } },
    ]);
    expect(storage.files.get('session-1')?.text.length).toBeLessThan(10_000);

    session.log.message('turn-1', saying('all of it'));
    session.log.turnEnded('turn-1');
    await session.log.flush();
    expect((await store.open('session-1'))?.stored.messages).toEqual([
      user('go'),
      saying('all of it'),
    ]);
  });

  it('a cut answer is of the model that was asked, whatever was chosen after it', async () => {
    const { store, clock } = setUp();
    const session = store.create();
    session.log.modelChosen('codex-cli/default');
    session.log.turnStarted('turn-1');
    session.log.message('turn-1', user('go'));
    session.log.modelChosen('openai/m');
    session.log.partial('turn-1', 'text', 'The answer ');
    await clock.advance(20);
    session.log.partial('turn-1', 'text', 'is');
    await clock.advance(20);

    const { messages, modelId } = (await store.open('session-1'))?.stored ?? { messages: [] };
    expect(modelId).toBe('openai/m');
    expect(messages.at(-1)).toMatchObject({ api: '', provider: '', model: 'codex-cli/default' });
    const signed = signCutAnswers(messages, (id) =>
      id === 'codex-cli/default'
        ? { api: 'external', provider: 'codex-cli', model: 'default', toolSource: 'patchbay' }
        : undefined,
    );
    expect(signed.at(-1)).toMatchObject({
      api: 'external',
      provider: 'codex-cli',
      model: 'default',
      toolSource: 'patchbay',
      stopReason: 'aborted',
    });
    expect(signed.slice(0, -1)).toEqual(messages.slice(0, -1));
    expect(signCutAnswers(messages, () => undefined)).toEqual(messages);
  });

  it('streamed text is void once the answer is there', async () => {
    const { store, clock } = setUp();
    const session = store.create();
    session.log.turnStarted('turn-1');
    session.log.message('turn-1', user('go'));
    session.log.partial('turn-1', 'text', 'half an ');
    await clock.advance(20);
    session.log.partial('turn-1', 'text', 'answer');
    session.log.message('turn-1', saying('half an answer'));
    await session.log.flush();
    expect((await store.open('session-1'))?.stored.messages).toEqual([
      user('go'),
      saying('half an answer'),
    ]);
  });

  it('arguments and results pass through redaction whatever their fields are called', async () => {
    const { store, storage } = setUp({ redact: (text) => text.replaceAll('sk-secret', '[key]') });
    const created = store.create();
    const call = {
      id: 'c1',
      name: 'run',
      arguments: {
        code: 'sk-secret',
        id: { name: 'sk-secret' },
        source: { mediaType: 'image/png', data: 'sk-secret' },
      },
      executedBy: 'host' as const,
    };
    created.log.turnStarted('t');
    created.log.message('t', {
      ...saying(''),
      content: [{ kind: 'tool_call', call }],
    });
    created.log.message('t', {
      role: 'tool',
      callId: 'c1',
      toolName: 'run',
      result: { ok: true, output: '', details: { summary: 'sk-secret', outcome: 'cache_hit' } },
      createdAtMs: 1,
    });
    created.log.turnEnded('t');
    await created.log.flush();
    const written = storage.files.get('session-1')?.text ?? '';
    expect(written).not.toContain('sk-secret');
    expect(written).toContain('"c1"');
    expect(written).toContain('cache_hit');
  });

  it('texts pass through redaction before they are written, streamed ones by whole words', async () => {
    const { store, storage, clock } = setUp({
      redact: (text) => text.replaceAll('sk-secret', '[key]'),
    });
    const session = store.create();
    session.log.titled('about sk-secret');
    session.log.turnStarted('turn-1');
    session.log.message('turn-1', user('my key is sk-secret'));
    session.log.partial('turn-1', 'text', 'it is sk-');
    await clock.advance(20);
    session.log.partial('turn-1', 'text', 'secret, yes');
    await clock.advance(20);
    session.log.message('turn-1', {
      ...calling('call-1'),
      content: [
        {
          kind: 'tool_call',
          call: {
            id: 'call-1',
            name: 'run_command',
            arguments: { command: 'curl -H sk-secret', nested: [{ a: 'sk-secret' }] },
            executedBy: 'host',
          },
        },
      ],
    });
    session.log.message('turn-1', result('call-1', 'sk-secret was used'));
    fileOf(session).custom('note', { text: 'sk-secret' });
    await session.log.flush();
    const text = storage.files.get('session-1')?.text ?? '';
    expect(text).not.toContain('secret');
    expect(text.match(/\[key\]/g)).toHaveLength(8);
  });

  it('lines of a failed write are kept, reported once, and written with the next', async () => {
    const failures: string[] = [];
    const { store, storage, clock } = setUp({ onDidFail: (message) => failures.push(message) });
    const session = store.create();
    storage.failure = new Error('disk full');
    playTurn(session, 'turn-1', 'first');
    await session.log.flush();
    session.log.turnStarted('turn-2');
    await clock.advance(20);
    expect(failures).toEqual([
      "This session could not be saved (disk full). It is kept in memory and tried again; free some disk space or check the folder's permissions.",
    ]);
    storage.failure = undefined;
    storage.tearAfterChars = 300;
    await session.log.flush();
    await session.log.flush();
    const again = await store.open('session-1');
    expect(again?.stored.messages).toEqual(messagesOf('turn-1', 'first'));
    expect(again?.stored.interrupted).toBe(true);
  });

  it('[R206] lists the title and the model of now, however much was said since they were chosen', async () => {
    const { store } = setUp();
    const session = store.create();
    session.log.modelChosen('first');
    playTurn(session, 'turn-1', 'one');
    session.log.titled('My own title');
    session.log.modelChosen('second');
    playTurn(session, 'turn-2', `two ${'x'.repeat(9000)}`);
    playTurn(session, 'turn-3', `three ${'x'.repeat(9000)}`);
    await session.log.flush();
    expect(await store.list()).toMatchObject([{ title: 'My own title', modelId: 'second' }]);

    const again = await store.open(session.stored.id);
    if (again !== undefined) {
      playTurn(again, 'turn-4', `four ${'x'.repeat(9000)}`);
      await again.log.flush();
    }
    expect(await store.list()).toMatchObject([{ title: 'My own title', modelId: 'second' }]);
  });

  it('lists newest first from the beginning of each file, with the newest title, and skips what is no session', async () => {
    const { store, storage, clock } = setUp();
    expect(await store.list()).toEqual([]);
    const old = store.create();
    old.log.modelChosen('m');
    playTurn(old, 'turn-1', `long ${'x'.repeat(6000)}`);
    await old.log.flush();
    await clock.advance(1000);
    const newer = store.create();
    newer.log.titled('Second');
    playTurn(newer, 'turn-1', 'two');
    await newer.log.flush();
    old.log.titled('Renamed');
    await old.log.flush();
    storage.files.set('foreign', { text: 'not ours\n', updatedAtMs: 5 });
    storage.reads.length = 0;
    const list = await store.list();
    expect(list.map(({ id, title, modelId }) => ({ id, title, modelId }))).toEqual([
      { id: 'session-1', title: 'Renamed', modelId: 'm' },
      { id: 'session-2', title: 'Second', modelId: undefined },
    ]);
    expect(list[0]?.preview).toHaveLength(160);
    expect(storage.reads).toEqual([]);
    expect(new Set(storage.ranges.map(({ sessionId }) => sessionId))).toEqual(new Set(['foreign'])); // what has no head line is looked at whole
    await store.remove('session-1');
    await store.remove('session-1');
    expect((await store.list()).map(({ id }) => id)).toEqual(['session-2']);
    expect(await store.open('session-1')).toBeUndefined();
    expect(await store.open('foreign')).toBeUndefined();
  });
});

describe('resume links of a session file', () => {
  const link: ResumeLink = {
    source: 'patchbay',
    bridge: 'claude-cli',
    model: 'sonnet',
    resumeToken: 'token-1',
    at: '2026-01-02T03:04:05.000Z',
    cwd: '/w',
  };
  const query = { source: 'patchbay', bridge: 'claude-cli', model: 'sonnet', cwd: '/w' };

  it('[R96][R97] a link is a custom entry under its tag on the active branch and survives a reload whole', async () => {
    const { store, storage } = setUp();
    const session = store.create();
    playTurn(session, 'turn-1', 'first');
    const leaf = fileOf(session).leafId;
    await session.resume.save({ ...link, cliVersion: '2.1.329' });
    await session.log.flush();
    expect(linesOf(storage).at(-1)).toMatchObject({
      type: 'entry',
      kind: 'custom',
      tag: 'external-runtime-link',
      parent: leaf,
    });
    const again = await store.open('session-1');
    expect(await again?.resume.find(query)).toEqual({
      ...link,
      cliVersion: '2.1.329',
      entryId: leaf,
    });
  });

  it('[R97] a record without model, folder and version is still read', async () => {
    const { store, storage } = setUp();
    const session = store.create();
    playTurn(session, 'turn-1', 'first');
    fileOf(session).custom('external-runtime-link', {
      source: 'patchbay',
      bridge: 'claude-cli',
      resumeToken: 'old',
      at: link.at,
    });
    await session.log.flush();
    expect(linesOf(storage).at(-1)?.kind).toBe('custom');
    expect((await (await store.open('session-1'))?.resume.find(query))?.resumeToken).toBe('old');
  });

  it('[R98] the newest link of the same source, model and bridge wins; another of any of them is no match', async () => {
    const session = setUp().store.create();
    playTurn(session, 'turn-1', 'first');
    expect(await session.resume.find(query)).toBeUndefined();
    await session.resume.save(link);
    await session.resume.save({ ...link, resumeToken: 'token-2' });
    await session.resume.save({ ...link, model: 'opus', resumeToken: 'token-3' });
    expect((await session.resume.find(query))?.resumeToken).toBe('token-2');
    expect((await session.resume.find({ ...query, model: 'opus' }))?.resumeToken).toBe('token-3');
    expect(await session.resume.find({ ...query, bridge: 'codex-cli' })).toBeUndefined();
    expect(await session.resume.find({ ...query, source: 'other' })).toBeUndefined();
  });

  it('[R99] a link of an abandoned branch is not found, also after a reload', async () => {
    const { store } = setUp();
    const session = store.create();
    playTurn(session, 'turn-1', 'first');
    await session.resume.save(link);
    const file = fileOf(session);
    const fork = file.leafId;
    playTurn(session, 'turn-2', 'second');
    await session.resume.save({ ...link, resumeToken: 'abandoned' });
    file.branchFrom(fork);
    playTurn(session, 'turn-3', 'third');
    expect((await session.resume.find(query))?.resumeToken).toBe('token-1');
    await session.log.flush();
    expect((await (await store.open('session-1'))?.resume.find(query))?.resumeToken).toBe(
      'token-1',
    );
  });

  it('[R107] a link that the agent went on from on the branch that was left is not used, so that it does not remember what this branch does not have', async () => {
    const { store } = setUp();
    const session = store.create();
    playTurn(session, 'turn-1', 'first');
    await session.resume.save(link);
    playTurn(session, 'turn-2', 'second');
    const file = fileOf(session);
    const fork = file.leafId;
    playTurn(session, 'turn-3', 'third');
    const end = file.leafId;
    file.branchFrom(fork);
    expect(await session.resume.find(query)).toBeUndefined();
    playTurn(session, 'turn-4', 'another third');
    expect(await session.resume.find(query)).toBeUndefined();
    await session.log.flush();
    expect(await (await store.open('session-1'))?.resume.find(query)).toBeUndefined();
    // The new branch has an agent session of its own, and the old branch still has the old one.
    await session.resume.save({ ...link, resumeToken: 'token-2' });
    playTurn(session, 'turn-5', 'fourth');
    expect((await session.resume.find(query))?.resumeToken).toBe('token-2');
    file.branchFrom(end);
    expect((await session.resume.find(query))?.resumeToken).toBe('token-1');
    // Before the first link there is none.
    file.branchFrom(null);
    expect(await session.resume.find(query)).toBeUndefined();
  });

  it('a branch that was left and wrote the same token again went on from it all the same', async () => {
    const { store } = setUp();
    const first = store.create();
    playTurn(first, 'turn-1', 'first');
    fileOf(first).custom('external-runtime-link', {
      source: 'patchbay',
      bridge: 'claude-cli',
      resumeToken: 'token-1',
      at: link.at,
    });
    const fork = fileOf(first).leafId;
    await first.log.flush();
    const session = await store.open('session-1');
    if (session === undefined) {
      throw new Error('the session is gone');
    }
    expect((await session.resume.find(query))?.resumeToken).toBe('token-1');
    await session.resume.save(link);
    playTurn(session, 'turn-2', 'second');
    fileOf(session).branchFrom(fork);
    expect(await session.resume.find(query)).toBeUndefined();
  });

  it('[R102] each new token is written, the same token again is not', async () => {
    const { store, storage } = setUp();
    const session = store.create();
    playTurn(session, 'turn-1', 'first');
    await session.resume.save(link);
    await session.resume.save({ ...link, at: '2026-01-02T03:05:00.000Z' });
    await session.resume.save({ ...link, resumeToken: 'token-2' });
    await session.log.flush();
    expect(linesOf(storage).filter((line) => line.kind === 'custom')).toHaveLength(2);
    expect((await session.resume.find(query))?.resumeToken).toBe('token-2');
  });

  it('[R109] another folder than the one of the newest link means no reuse', async () => {
    const session = setUp().store.create();
    playTurn(session, 'turn-1', 'first');
    await session.resume.save({ ...link, cwd: '/w', resumeToken: 'here' });
    expect(await session.resume.find({ ...query, cwd: '/elsewhere' })).toBeUndefined();
    await session.resume.save({ ...link, cwd: '/elsewhere', resumeToken: 'there' });
    expect(await session.resume.find(query)).toBeUndefined();
    expect((await session.resume.find({ ...query, cwd: '/elsewhere' }))?.resumeToken).toBe('there');
  });

  it('a token is written as it is, whatever redaction does to texts', async () => {
    const { store, storage } = setUp({ redact: () => '[gone]' });
    const session = store.create();
    playTurn(session, 'turn-1', 'first');
    await session.resume.save(link);
    await session.log.flush();
    expect(linesOf(storage).at(-1)).toMatchObject({ data: { resumeToken: 'token-1' } });
  });
});

describe('readSession', () => {
  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json()), { maxLength: 8 }), (lines) => {
        readSession(
          lines.map((line) => line.replace(/^\{/, '{"schema":"patchbay.session/1",')).join('\n'),
        );
      }),
      { numRuns: 500, seed: 11 },
    );
  });
});

function setUp(options: Partial<SessionStoreDependencies> = {}) {
  const clock = new FakeClock();
  const storage = new MemorySessionStorage(clock);
  const notices: string[] = [];
  let sessions = 0;
  let entries = 0;
  const store = createSessionStore({
    storage,
    clock,
    redact: (text) => text,
    createSessionId: () => `session-${String(++sessions)}`,
    createEntryId: () => `entry-${String(++entries)}`,
    onNotice: (_id, text) => notices.push(text),
    ...options,
  });
  return { store, storage, clock, notices };
}

function fileOf(session: OpenedSession): SessionFile {
  if (!(session.log instanceof SessionFile)) {
    throw new Error('not a session file');
  }
  return session.log;
}

function playTurn(session: OpenedSession, turnId: string, text: string): void {
  session.log.turnStarted(turnId);
  for (const message of messagesOf(turnId, text)) {
    session.log.message(turnId, message);
  }
  session.log.turnEnded(turnId);
}

function messagesOf(turnId: string, text: string): readonly Message[] {
  return [
    user(text),
    calling(`call-${turnId}`),
    result(`call-${turnId}`, 'contents'),
    saying(`done with ${text}`),
  ];
}

function user(text: string): UserMessage {
  return { role: 'user', text, createdAtMs: 1 };
}

function calling(id: string): AssistantMessage {
  return {
    ...saying(''),
    content: [
      {
        kind: 'tool_call',
        call: { id, name: 'read_file', arguments: { path: 'a.ts' }, executedBy: 'host' },
      },
    ],
    stopReason: 'toolUse',
  };
}

function saying(text: string): AssistantMessage {
  return {
    role: 'assistant',
    content: [{ kind: 'text', text }],
    api: 'anthropic-messages',
    provider: 'anthropic',
    model: 'claude',
    stopReason: 'stop',
    createdAtMs: 2,
  };
}

function result(callId: string, output: string): ToolResultMessage {
  return { role: 'tool', callId, toolName: 'read_file', result: toolOk(output), createdAtMs: 3 };
}

function userTexts(messages: readonly Message[] | undefined): readonly string[] {
  return (messages ?? []).flatMap((message) => (message.role === 'user' ? [message.text] : []));
}

function linesOf(storage: MemorySessionStorage): readonly Record<string, unknown>[] {
  return (storage.files.get('session-1')?.text ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Record<string, unknown> => {
      const value: unknown = JSON.parse(line);
      return { ...(value as Record<string, unknown>) };
    });
}
