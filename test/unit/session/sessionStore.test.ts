import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { AssistantMessage, Message } from '../../../src/events/message';
import { toolOk } from '../../../src/events/toolCall';
import { SessionFiles } from '../../../src/node/sessionFiles';
import { exportFormats, exportSession } from '../../../src/session/exportSession';
import type { OpenedSession } from '../../../src/session/sessionManager';
import { createSessionStore } from '../../../src/session/sessionStore';
import { exportStored } from '../../../src/session/storedExport';
import { verifySession } from '../../../src/session/verifySession';
import { FakeClock } from '../../fakes/fakeClock';
import { MemorySessionStorage } from '../../fakes/memorySessionStorage';
import { Workbench } from '../../fakes/realChildren';
import { ScriptedOrchestrator } from '../../fakes/scriptedOrchestrator';
import { answer, networkModel, outline, sessionBench } from '../../fakes/sessionBench';

const bench = new Workbench();
afterAll(() => bench.remove());
let folders = 0;

describe('two windows on one session', () => {
  it('[R211] the second sees the conversation, and what it sends goes to a copy without the agents’ own sessions', async () => {
    const { window, folder } = setUp();
    const [one, two] = [window('a'), window('b')];
    const first = one.store.create();
    play(first, 'turn-1', 'hello');
    await first.resume.save({ source: 's', bridge: 'b', resumeToken: 'token-1', at: 'now' });
    await first.log.flush();
    const id = first.stored.id;

    const second = await two.store.open(id);
    expect(second).toMatchObject({ copyOf: id, stored: { messages: conversation('hello') } });
    expect(second?.stored.id).not.toBe(id);
    expect(two.notices[0]).toContain('open in another window');
    expect(second?.resume.find({ source: 's', bridge: 'b', model: 'm', cwd: '/' })).toBeUndefined();
    const copyPath = join(folder, `${String(second?.stored.id)}.ndjson`);
    expect(existsSync(copyPath)).toBe(false);

    play(second!, 'turn-2', 'from the second');
    play(first, 'turn-2', 'from the first');
    await Promise.all([first.log.flush(), second!.log.flush()]);
    await first.close?.();
    expect((await two.store.open(id))?.stored).toMatchObject({
      id,
      messages: [...conversation('hello'), ...conversation('from the first')],
    });
    await second?.close?.();
    const copy = await one.store.open(String(second?.stored.id));
    expect(copy?.stored.messages).toEqual([
      ...conversation('hello'),
      ...conversation('from the second'),
    ]);
    expect(readFileSync(copyPath, 'utf8')).not.toContain('token-1');
    expect(readFileSync(copyPath, 'utf8').split('\n')[0]).toContain(`"forkedFrom":"${id}"`);
    expect(await verifyText(String(second?.stored.id), readFileSync(copyPath, 'utf8'))).toEqual([]);
  });

  it('[R211] what waits to be sent stays with the original, and no copy sends it again', async () => {
    const { window } = setUp();
    const [one, two] = [window('a'), window('b')];
    const first = one.store.create();
    play(first, 'turn-1', 'hello');
    const queued = [{ id: 'q1', kind: 'followUp', text: 'next', images: [] }] as const;
    first.log.queueChanged?.(queued);
    await first.log.flush();
    const second = await two.store.open(first.stored.id);
    expect(second?.stored.queued).toEqual([]);
    const forked = await one.store.fork(first.stored.id);
    expect((await one.store.open(String(forked)))?.stored.queued).toEqual([]);
    await first.close?.();
    expect((await one.store.open(first.stored.id))?.stored.queued).toEqual(queued);
  });

  it('[R211] a copy of an interrupted session has what had arrived of its answer', async () => {
    const { window } = setUp();
    const [one, two] = [window('a'), window('b')];
    const first = one.store.create();
    first.log.turnStarted('turn-1');
    first.log.message('turn-1', { role: 'user', text: 'hello', createdAtMs: 1 });
    first.log.partial('turn-1', 'text', 'half an ans');
    await first.log.flush();
    const forked = String(await one.store.fork(first.stored.id));
    const copy = await one.store.open(forked);
    const half = { role: 'assistant', content: [{ kind: 'text', text: 'half an ans' }] };
    expect(copy?.stored).toMatchObject({
      messages: [{ text: 'hello' }, half],
      interrupted: false,
    });
    const second = await two.store.open(first.stored.id);
    expect(second?.stored.messages).toMatchObject([{ text: 'hello' }, half]);
    if (second !== undefined) {
      play(second, 'turn-2', 'more');
      await second.log.flush();
      await second.close?.();
      const again = await one.store.open(second.stored.id);
      expect(again?.stored.messages.slice(0, 2)).toMatchObject([{ text: 'hello' }, half]);
    }
  });

  it('[R202] [R204] a copy keeps the half answers in its middle, in their places, also when it is copied again', async () => {
    const { window, folder } = setUp();
    const { store } = window('a');
    const first = store.create();
    const broken = async (turn: string, text: string): Promise<void> => {
      first.log.turnStarted(turn);
      first.log.message(turn, { role: 'user', text, createdAtMs: 1 });
      first.log.partial(turn, 'text', `half of ${text}`);
      await first.log.flush();
    };
    await broken('turn-1', 'one');
    await broken('turn-2', 'two');
    play(first, 'turn-3', 'three');
    await broken('turn-4', 'four');
    await first.log.flush();
    const said = async (id: string) =>
      ((await store.open(id))?.stored.messages ?? []).flatMap((message) =>
        message.role === 'user'
          ? [message.text]
          : message.role === 'assistant'
            ? message.content.flatMap((block) => (block.kind === 'text' ? [block.text] : []))
            : [],
      );
    const whole = await said(first.stored.id);
    expect(whole.slice(0, 5)).toEqual(['one', 'half of one', 'two', 'half of two', 'three']);
    expect(whole.at(-1)).toBe('half of four');
    const copy = String(await store.fork(first.stored.id));
    expect(await said(copy)).toEqual(whole);
    expect(await said(String(await store.fork(copy)))).toEqual(whole);
    const text = readFileSync(join(folder, `${copy}.ndjson`), 'utf8');
    expect(await verifyText(copy, text)).toEqual([]);

    // The entry that the second turn's beginning follows.
    const begin = text.split('\n').find((line) => line.includes('"turnStart","turn":"turn-2"'));
    const early = String(await store.fork(copy, /"parent":"([^"]+)"/.exec(begin ?? '')?.[1]));
    expect(await said(early)).toEqual(['one', 'half of one']);
  });

  it('[R204] a copy up to an entry has the half answer behind it', async () => {
    const { window } = setUp();
    const { store } = window('a');
    const first = store.create();
    first.log.turnStarted('turn-1');
    first.log.message('turn-1', { role: 'user', text: 'one', createdAtMs: 1 });
    first.log.partial('turn-1', 'text', 'half');
    await first.log.flush();
    const place = first.branches.leafId ?? undefined;
    play(first, 'turn-2', 'two');
    await first.log.flush();
    const copy = await store.open(String(await store.fork(first.stored.id, place)));
    expect(copy?.stored.messages).toMatchObject([
      { text: 'one' },
      { stopReason: 'aborted', content: [{ text: 'half' }] },
    ]);
  });

  it('[R211] a window that closes gives its session up at once, and the next one waits for that', async () => {
    const { window } = setUp();
    const [one, two] = [window('a'), window('b', 6000)];
    const first = one.store.create();
    play(first, 'turn-1', 'hello');
    await first.log.flush();
    const opening = two.store.open(first.stored.id);
    while (two.clock.pendingCount === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    one.files.dispose();
    await two.clock.advance(200);
    expect((await opening)?.stored.id).toBe(first.stored.id);
    expect(two.notices).toEqual([]);
    two.files.dispose();
  });

  it('[R211] a copy made while a turn streams keeps what had arrived of its answer', async () => {
    const { window } = setUp();
    const [one, two] = [window('a'), window('b')];
    const first = one.store.create();
    play(first, 'turn-1', 'hello');
    first.log.turnStarted('turn-2');
    first.log.message('turn-2', { role: 'user', text: 'go on', createdAtMs: 0 });
    first.log.partial('turn-2', 'text', 'half an answer, and the ');
    await first.log.flush();
    const half = { stopReason: 'aborted', content: [{ text: 'half an answer, and the ' }] };

    const second = await two.store.open(first.stored.id);
    expect(second?.stored).toMatchObject({ isCopy: true, interrupted: true });
    expect(second?.stored.messages.at(-1)).toMatchObject(half);
    play(second!, 'turn-3', 'from the second');
    await second!.log.flush();
    await second!.close?.();
    const again = await one.store.open(second!.stored.id);
    const tail = conversation('from the second');
    expect(again?.stored.messages.at(-tail.length - 1)).toMatchObject(half);
    expect(again?.stored.messages.slice(-tail.length)).toEqual(tail);
    expect(again?.stored).not.toHaveProperty('isCopy');
  });

  it('[R211] nobody renames or removes a session that another window has', async () => {
    const { window } = setUp();
    const [one, two] = [window('a'), window('b')];
    const first = one.store.create();
    play(first, 'turn-1', 'hello');
    await first.log.flush();
    await expect(two.store.remove(first.stored.id)).rejects.toMatchObject({
      code: 'session_taken',
    });
    await expect(two.store.rename(first.stored.id, 'other')).rejects.toMatchObject({
      code: 'session_taken',
    });
    expect(await two.store.open(first.stored.id, { isOwn: true })).toBeUndefined();
    expect(two.notices).toEqual([]);
    await first.close?.();
    expect((await two.store.open(first.stored.id, { isOwn: true }))?.stored.id).toBe(
      first.stored.id,
    );
    await two.store.remove(first.stored.id);
    await two.store.remove(first.stored.id);
    expect(await one.store.list()).toEqual([]);
  });
});

describe('the session store', () => {
  it('[R204] a fork has the branch up to an entry and leaves the original as it is', async () => {
    const { window, folder } = setUp();
    const { store } = window('a');
    const session = store.create();
    play(session, 'turn-1', 'one');
    play(session, 'turn-2', 'two');
    await session.log.flush();
    const path = join(folder, `${session.stored.id}.ndjson`);
    const before = readFileSync(path, 'utf8');
    const end = before
      .split('\n')
      .find((line) => line.includes('"turnEnd"') && line.includes('turn-1'));
    const forked = await store.fork(session.stored.id, /"id":"([^"]+)"/.exec(end ?? '')?.[1]);
    expect((await store.open(String(forked)))?.stored).toMatchObject({
      title: 'one',
      messages: conversation('one'),
      interrupted: false,
    });
    const whole = await store.fork(session.stored.id);
    expect((await store.open(String(whole)))?.stored.messages).toHaveLength(8);
    expect(readFileSync(path, 'utf8')).toBe(before);
    expect(await store.fork(session.stored.id, 'no such entry')).toBeUndefined();
    expect(await store.fork('nothing')).toBeUndefined();
  });

  it('[R206] lists newest first from the ends of the files; deep counts entries; without its head line a session is listed too', async () => {
    const { window, folder } = setUp();
    expect(await window('a').store.list()).toEqual([]);
    const { store, clock } = window('a');
    const session = store.create();
    play(session, 'turn-1', 'question');
    await session.log.flush();
    const id = session.stored.id;
    expect(await store.list()).toMatchObject([{ id, title: 'question', preview: 'question' }]);
    expect((await store.list())[0]).not.toHaveProperty('entryCount');
    expect(await store.list({ isDeep: true })).toMatchObject([
      { id, title: 'question', entryCount: 6, messageCount: 4 },
    ]);
    const path = join(folder, `${id}.ndjson`);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(text.indexOf('\n') + 1));
    expect(await store.list()).toMatchObject([{ id, title: 'question', entryCount: 6 }]);
    expect(clock.pendingCount).toBeLessThanOrEqual(1);
  });

  it('[R203][R206] what only a newer version can read is in the list, is neither shown nor given a title, and stays as it is', async () => {
    const { manager, storage } = sessionBench([answer('hello')]);
    const session = manager.current;
    session.submit('hi');
    await session.whenIdle();
    const text = '{"schema":"patchbay.session/99","type":"head","session":"later"}\n';
    await storage.append('later', text);
    const [listed] = (await manager.list()).filter(({ id }) => id === 'later');
    expect(listed).toMatchObject({
      title: 'Written by a newer version of Patchbay',
      isNewer: true,
    });
    for (const refused of [manager.open('later'), manager.rename('later', 'Mine')]) {
      await expect(refused).rejects.toThrow(/^This session was written by a newer version/);
    }
    expect(manager.current).toBe(session);
    expect(storage.files.get('later')?.text).toBe(text);
  });

  it('[R202] what is evicted from the window of a model is not sent, and stays on disk and in the view', async () => {
    const model = { ...networkModel, contextWindowTokens: 6000 };
    const output = 'line of the file that is read\n'.repeat(300);
    const { manager, storage, store, runtime } = sessionBench(
      [
        answer(`the first answer ${'word '.repeat(1200)}`),
        [
          {
            kind: 'tool_call',
            call: { id: 'c1', name: 'read_file', arguments: { path: 'a' }, executedBy: 'host' },
          },
          { kind: 'finish', reason: 'toolUse' },
        ],
        answer('the last answer'),
      ],
      {
        findModel: () => model,
        orchestrator: new ScriptedOrchestrator(undefined, () => Promise.resolve(toolOk(output))),
      },
    );
    const session = manager.current;
    for (const text of ['the old question', 'the new question']) {
      session.submit(text);
      await session.whenIdle();
    }
    const sent = runtime.contexts.map(({ messages }) => JSON.stringify(messages));
    expect(sent).toHaveLength(3);
    expect(sent[1]).toContain('the old question');
    expect(sent[2]).not.toContain('the old question');
    expect(sent[2]).not.toContain('the first answer');
    expect(sent[2]).toContain('the new question');
    const said = ['the old question', 'the first answer', 'the new question', 'the last answer'];
    const kept = JSON.stringify((await store.open(session.id, { isOwn: true }))?.stored.messages);
    const file = storage.files.get(session.id)?.text ?? '';
    const view = JSON.stringify(session.snapshot().items);
    for (const text of said) {
      expect(file).toContain(text);
      expect(kept).toContain(text);
      expect(view).toContain(text);
    }
    expect(outline(session.snapshot().items).some((line) => line.startsWith('compaction'))).toBe(
      false,
    );
  });
});

describe('verifying a session file', () => {
  it('finds nothing in a whole file, and each damage by its line', async () => {
    const { window, folder } = setUp();
    const { store } = window('a');
    const session = store.create();
    play(session, 'turn-1', 'question');
    await session.log.flush();
    const id = session.stored.id;
    const path = join(folder, `${id}.ndjson`);
    const whole = readFileSync(path, 'utf8');
    const lines = whole.split('\n');
    const problems = (text: string) => verifyText(id, text);
    expect(await problems(whole)).toEqual([]);
    expect(await problems(lines.slice(1).join('\n'))).toEqual([
      { line: 0, why: 'there is no head line' },
    ]);
    expect(await problems(`${whole}{"schema":`)).toEqual([
      { line: 8, why: 'the last line was cut off while it was written' },
    ]);
    expect(await problems(whole.replace(lines[4]!, lines[4]!.slice(0, 50)))).toMatchObject([
      { line: 4, why: 'the call "call-question" has no result' },
      { line: 5, why: 'this line is damaged: it is no line of a session' },
      { line: 6, why: expect.stringContaining('its parent') as string },
    ]);
    expect(await verifyText('another', whole)).toMatchObject([{ line: 1 }]);
    expect(await problems(`${whole}${lines[2]!.replace('question', 'changed')}\n`)).toMatchObject([
      { line: 8, why: expect.stringContaining('is on line 3 already') as string },
    ]);
    expect(await problems(`${whole}${lines[2]!}\n`)).toEqual([]);
    expect(await problems(`${whole}{"schema":"patchbay.session/9"}\n`)).toMatchObject([
      { line: 8 },
    ]);
    appendFileSync(path, 'x');
  });
});

describe('an exported session', () => {
  it('[R110] has no resume token in any form, also not in that of a turn that failed over it', async () => {
    const token = '0b7c3a52-5a0e-4a86-9c1d-1f0f5a1c7a11';
    const { window, folder } = setUp();
    const { store, files } = window('a');
    const session = store.create();
    play(session, 'turn-1', 'hello');
    await session.resume.save({ source: 's', bridge: 'b', resumeToken: token, at: 'now' });
    session.log.message('turn-2', {
      role: 'assistant',
      content: [{ kind: 'text', text: 'half an answer' }],
      api: 'external',
      provider: 'claude-cli',
      model: 'default',
      stopReason: 'error',
      errorMessage: 'Claude Code no longer knows this session.',
      failure: {
        code: 'resume_rejected',
        message: 'Claude Code no longer knows this session.',
        detail: `No conversation found with session ID: ${token}`,
      },
      createdAtMs: 9,
    });
    await session.log.flush();
    const { id } = session.stored;
    expect(readFileSync(join(folder, `${id}.ndjson`), 'utf8')).toContain(token);
    for (const format of exportFormats) {
      const cleaning = { redact: (text: string) => text, plain: (text: string) => text };
      const file = (await exportStored(files, id, format, cleaning)) ?? [];
      let text = '';
      for await (const piece of file) {
        text += piece;
      }
      expect(text).toContain('half an answer');
      expect(text).toContain('no longer knows this session');
      expect(text).not.toContain(token);
      expect(text).not.toContain('resumeToken');
    }
  });

  const nasty =
    '</pre><script>alert(1)</script>\u001b[31mred\u001b[0m sk-abcdefghijklmnopqrstu ```';
  const cleaning = {
    redact: (text: string) => text.replace(/sk-\w+/g, '[redacted]'),
    // eslint-disable-next-line no-control-regex -- what it takes out
    plain: (text: string) => text.replace(/\u001b\[\d+m/g, ''),
  };
  const messages: readonly Message[] = conversation(nasty).map((message) =>
    message.role === 'tool' ? { ...message, result: toolOk(nasty, { diff: nasty }) } : message,
  );
  const exported = (format: 'markdown' | 'json' | 'html') =>
    exportSession({ id: 's', title: nasty, messages }, format, cleaning);

  it('has no secret and no escape sequence in any form', () => {
    for (const format of ['markdown', 'json', 'html'] as const) {
      expect(exported(format)).not.toContain('\u001b');
      expect(exported(format)).not.toContain('sk-abc');
      expect(exported(format)).toContain('[redacted]');
    }
  });

  it('as HTML is one file without script or address, every text escaped', () => {
    const html = exported('html');
    expect(html.match(/<script|<\/pre><script|src=|href=|http:|https:|javascript:/gi)).toBeNull();
    expect(
      html
        .match(/<([a-z0-9]+)/gi)
        ?.every((tag) =>
          /^<(?:html|head|meta|title|style|body|h1|h2|section|time|div|pre|p)$/i.test(tag),
        ),
    ).toBe(true);
    expect(html).toContain("default-src 'none'");
    expect(html).toContain('&#60;script&#62;');
  });

  it('as Markdown keeps what tools printed inside its fence; as JSON it is an object', () => {
    expect(exported('markdown')).toContain('````\n');
    expect(JSON.parse(exported('json'))).toMatchObject({
      schema: 'patchbay.export/1',
      parts: [{ kind: 'user' }, { kind: 'call', tool: 'read_file' }, { kind: 'result' }, {}],
    });
  });
});

function setUp() {
  const folder = join(bench.path, `sessions-${String((folders += 1))}`);
  let ids = 0;
  return {
    folder,
    window: (name: string, patienceMs?: number) => {
      const clock = new FakeClock();
      const notices: string[] = [];
      const files = new SessionFiles(folder, { clock });
      const store = createSessionStore({
        storage: files,
        clock,
        ...(patienceMs === undefined ? {} : { claimPatienceMs: patienceMs }),
        redact: (text) => text,
        createSessionId: () => `${name}-${String((ids += 1))}`,
        onNotice: (_id, text) => notices.push(text),
      });
      return { store, files, clock, notices };
    },
  };
}

function play(session: OpenedSession, turnId: string, text: string): void {
  session.log.turnStarted(turnId);
  conversation(text).forEach((message) => session.log.message(turnId, message));
  session.log.turnEnded(turnId);
}

function conversation(text: string): readonly Message[] {
  const callId = `call-${text.slice(0, 12)}`;
  const assistant: AssistantMessage = {
    role: 'assistant',
    content: [],
    api: 'openai-chat',
    provider: 'openai',
    model: 'gpt',
    stopReason: 'stop',
    createdAtMs: 2,
  };
  return [
    { role: 'user', text, createdAtMs: 1 },
    {
      ...assistant,
      stopReason: 'toolUse',
      content: [
        {
          kind: 'tool_call',
          call: { id: callId, name: 'read_file', arguments: { path: text }, executedBy: 'host' },
        },
      ],
    },
    { role: 'tool', callId, toolName: 'read_file', result: toolOk(text), createdAtMs: 3 },
    { ...assistant, content: [{ kind: 'text', text: `answer to ${text}` }] },
  ];
}

function verifyText(id: string, text: string): ReturnType<typeof verifySession> {
  const storage = new MemorySessionStorage({ nowMs: () => 0 });
  storage.files.set(id, { text, updatedAtMs: 0 });
  return verifySession(storage, id);
}
