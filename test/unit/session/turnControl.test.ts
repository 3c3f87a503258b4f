import { describe, expect, it } from 'vitest';
import { toolError, toolOk, type ToolCall } from '../../../src/events/toolCall';
import { plusUsage, totalOfOne } from '../../../src/events/usageTotal';
import { faultOf, faultText, type SessionSignal } from '../../../src/session/signals';
import { commandText, parseUserCommand } from '../../../src/session/userCommand';
import { ScriptedOrchestrator } from '../../fakes/scriptedOrchestrator';
import type { ScriptStep } from '../../fakes/scriptedExchange';
import { agentModel, answer, holdStep, outline, sessionBench } from '../../fakes/sessionBench';

const finish: ScriptStep = { kind: 'finish', reason: 'stop' };
const hostCall = (id: string): ToolCall => ({
  id,
  name: 'read_file',
  arguments: { path: 'a.ts' },
  executedBy: 'host',
});

describe('prompts while a turn runs', () => {
  it('[R212] queues them, shows steering ones first, and sends each as a turn of its own', async () => {
    const hold = holdStep();
    const { manager, runtime } = sessionBench([[hold.step, finish]]);
    const session = manager.current;
    session.submit('one');
    expect(session.submit('two')).toEqual({ accepted: true, how: 'queued' });
    expect(session.submit('now', { kind: 'steer' })).toEqual({ accepted: true, how: 'queued' });
    expect(outline(session.live().items)).toEqual([
      'user one',
      'user now (queued)',
      'user two (queued)',
    ]);
    hold.letGo();
    await session.whenIdle();
    expect(runtime.contexts.map(({ messages }) => messages.at(-1))).toMatchObject([
      { text: 'one' },
      { text: 'now' },
      { text: 'two' },
    ]);
  });

  it('[R212] delivers all of them at once where that is wished', async () => {
    const hold = holdStep();
    const { manager, runtime } = sessionBench([[hold.step, finish]], {
      queueDelivery: () => 'all',
    });
    const session = manager.current;
    session.submit('one');
    session.submit('two');
    session.submit('three');
    hold.letGo();
    await session.whenIdle();
    expect(runtime.contexts).toHaveLength(2);
    expect(runtime.contexts[1]?.messages.at(-1)).toMatchObject({ text: 'two\n\nthree' });
  });

  it('[R212] lets each be edited and removed, and the last be taken back', async () => {
    const hold = holdStep();
    const { manager, runtime } = sessionBench([[hold.step, finish]]);
    const session = manager.current;
    session.submit('one');
    session.submit('two');
    session.submit('three');
    session.submit('four');
    const [two, three] = session.queued;
    expect(session.editQueued(two?.id ?? '', 'two and a half')).toBe(true);
    expect(session.editQueued(two?.id ?? '', '  ')).toBe(false);
    expect(session.removeQueued(three?.id ?? '')).toBe('three');
    expect(session.takeBackQueued()?.text).toBe('four');
    hold.letGo();
    await session.whenIdle();
    expect(runtime.contexts.slice(1).map(({ messages }) => messages.at(-1))).toMatchObject([
      { text: 'two and a half' },
    ]);
  });

  it('holds what waits after a stop, until the user sends it', async () => {
    const hold = holdStep();
    const { manager, runtime, signals } = sessionBench([[hold.step, finish]]);
    const session = manager.current;
    session.submit('one');
    await hold.reached;
    session.submit('two');
    session.stop();
    await session.whenIdle();
    expect(session.live()).toMatchObject({ phase: 'idle', queuedCount: 1, isQueueHeld: true });
    expect(signals.map(({ signal }) => signal)).toContainEqual({
      kind: 'queue',
      count: 1,
      isHeld: true,
    });
    expect(runtime.contexts).toHaveLength(1);
    session.sendQueued();
    await session.whenIdle();
    expect(runtime.contexts[1]?.messages.at(-1)).toMatchObject({ text: 'two' });
  });

  it('finds what waited again after a restart, and sends none of it by itself', async () => {
    const hold = holdStep();
    const bench = sessionBench([[hold.step, finish]]);
    const session = bench.manager.current;
    session.submit('one');
    await hold.reached;
    session.submit('two');
    session.submit('three', { kind: 'steer' });
    session.interrupt();
    await session.whenIdle();
    await bench.manager.flush();

    const again = await bench.store.open(session.id);
    expect(again?.stored.queued?.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      'steer three',
      'followUp two',
    ]);
    expect(again?.stored.interrupted).toBe(true);
  });
});

describe('steering', () => {
  it('[R212] stands behind the tools’ results of the running round of a network model', async () => {
    const hold = holdStep();
    const { manager, runtime } = sessionBench([
      [
        hold.step,
        { kind: 'tool_call', call: hostCall('c1') },
        { kind: 'finish', reason: 'toolUse' },
      ],
      answer('done'),
    ]);
    const session = manager.current;
    session.submit('go');
    await hold.reached;
    expect(session.submit('to the left', { kind: 'steer' }).how).toBe('queued');
    hold.letGo();
    await session.whenIdle();
    expect(runtime.contexts).toHaveLength(2);
    expect(runtime.contexts[1]?.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'user',
    ]);
    expect(outline(session.live().items)).toEqual([
      'user go',
      'tool a.ts ok',
      'user to the left (steered)',
      'text done',
    ]);
  });

  it('[R212] goes to an agent that takes words now, before its answer in the conversation', async () => {
    const hold = holdStep();
    const given: string[] = [];
    const { manager, store } = sessionBench(
      [[{ kind: 'text', delta: 'a' }, hold.step, { kind: 'text', delta: 'b' }, finish]],
      {
        steer: (_sessionId, text) => {
          given.push(text);
          return true;
        },
      },
      agentModel.id,
    );
    const session = manager.current;
    session.submit('go');
    await hold.reached;
    expect(session.submit('left', { kind: 'steer' })).toEqual({ accepted: true, how: 'steered' });
    expect(given).toEqual(['left']);
    hold.letGo();
    await session.whenIdle();
    expect(outline(session.live().items)).toEqual([
      'user go',
      'text a',
      'user left (steered)',
      'text b',
    ]);
    await manager.flush();
    const again = await store.open(session.id);
    expect(again?.stored.messages.map(({ role }) => role)).toEqual(['user', 'user', 'assistant']);
    expect(again?.stored.queued).toEqual([]);
  });

  it('waits as queued while an agent takes no words, and is offered again with its next call', async () => {
    const hold = holdStep();
    let takes = false;
    const { manager } = sessionBench(
      [
        [
          hold.step,
          { kind: 'tool_call', call: { ...hostCall('c1'), executedBy: 'child' } },
          finish,
        ],
      ],
      { steer: () => takes },
      agentModel.id,
    );
    const session = manager.current;
    session.submit('go');
    await hold.reached;
    expect(session.submit('left', { kind: 'steer' }).how).toBe('queued');
    takes = true;
    hold.letGo();
    await session.whenIdle();
    expect(outline(session.live().items)).toContain('user left (steered)');
    expect(session.queued).toEqual([]);
  });

  it('[R212] loses nothing that an agent refuses afterwards: it is sent as a turn of its own', async () => {
    const hold = holdStep();
    const { manager, runtime } = sessionBench(
      [
        [
          hold.step,
          {
            kind: 'observation',
            observation: { kind: 'notice', level: 'warning', code: 'steer_rejected', text: 'no' },
          },
          ...answer('one'),
        ],
      ],
      { steer: () => true },
      agentModel.id,
    );
    const session = manager.current;
    session.submit('go');
    await hold.reached;
    session.submit('left', { kind: 'steer' });
    hold.letGo();
    await session.whenIdle();
    expect(runtime.contexts[1]?.messages.at(-1)).toMatchObject({ role: 'user', text: 'left' });
    expect(session.conversation.filter(({ role }) => role === 'user')).toHaveLength(2);
  });
});

describe('pictures', () => {
  it('[R212] that wait are written once, however often the queue changes, and are there after a reload', async () => {
    const hold = holdStep();
    const data = 'QUJD'.repeat(1000);
    const waiting = [{ mediaType: 'image/png', data }] as const;
    const bench = sessionBench([[hold.step, ...answer('one')]]);
    const session = bench.manager.current;
    session.submit('go');
    await hold.reached;
    session.submit('look', { images: waiting });
    session.submit('look again', { images: waiting });
    session.submit('plain');
    session.editQueued(session.queued[2]?.id ?? '', 'plainer');
    await bench.manager.flush();
    const timesWritten = (): number =>
      (bench.storage.files.get(session.id)?.text ?? '').split(data).length - 1;
    expect(timesWritten()).toBe(1);

    const again = await bench.store.open(session.id);
    expect(again?.stored.queued).toEqual(session.queued);
    again?.log.queueChanged?.(again.stored.queued?.slice(0, 1) ?? []);
    await again?.log.flush();
    expect(timesWritten()).toBe(1);
    expect((await bench.store.open(session.id))?.stored.queued).toEqual(session.queued.slice(0, 1));
    const copy = String(await bench.store.fork(session.id));
    expect(bench.storage.files.get(copy)?.text).not.toContain(data);
    session.stop();
    hold.letGo();
    await session.whenIdle();
  });

  const images = [{ mediaType: 'image/png', data: 'c2stYW50LWFwaTAzLWFiY2RlZmdoaWo=' }] as const;

  it('go with a prompt, alone too, and are there again unchanged after a reload', async () => {
    const { manager, runtime, store } = sessionBench([answer('a cat')]);
    const session = manager.current;
    expect(session.submit('', { images })).toEqual({ accepted: true, how: 'started' });
    await session.whenIdle();
    expect(runtime.contexts[0]?.messages).toMatchObject([{ role: 'user', images }]);
    expect(session.live().items[0]).toMatchObject({ kind: 'user', imageCount: 1 });
    await manager.flush();
    expect((await store.open(session.id))?.stored.messages[0]).toMatchObject({ images });
  });

  it('are refused where the model takes none, and never with a command', () => {
    const { manager } = sessionBench([], { imageProblem: (model) => `${model.name} takes none.` });
    const session = manager.current;
    expect(session.submit('look', { images })).toEqual({
      accepted: false,
      problem: 'One takes none.',
    });
    expect(session.submit('!ls', { images })).toEqual({
      accepted: false,
      problem: 'A command takes no pictures. Remove them first.',
    });
    expect(session.live().items).toEqual([]);
  });
});

describe('a command of the user', () => {
  it.each([
    ['!ls -la', { line: 'ls -la', isShared: true }],
    ['  !! git status ', { line: 'git status', isShared: false }],
    ['!', undefined],
    ['!!', undefined],
    ['!!!x', undefined],
    ['wow!', undefined],
  ])('[R218] %j is read as %j', (text, expected) => {
    expect(parseUserCommand(text)).toEqual(expected);
  });

  it('[R218] passes the gate as a call of the user’s, and its output goes to the model with the next prompt', async () => {
    const { manager, orchestrator, runtime } = sessionBench([answer('I see')]);
    const session = manager.current;
    session.submit('!ls');
    await session.whenIdle();
    expect(orchestrator.executed).toMatchObject([
      { name: 'run_command', arguments: { command: 'ls' }, executedBy: 'host' },
    ]);
    expect(outline(session.live().items)).toEqual(['user ls ok']);
    expect(runtime.contexts).toEqual([]);
    session.submit('what is there?');
    await session.whenIdle();
    expect(runtime.contexts[0]?.messages).toMatchObject([
      { role: 'user', text: 'I ran this command myself: ls\n```\nok:run_command\n```' },
      { role: 'user', text: 'what is there?' },
    ]);
  });

  it('[R218] with two marks is shown and kept, and no model is told of it', async () => {
    const { manager, runtime, store } = sessionBench([answer('fine'), answer('fine')]);
    const session = manager.current;
    session.submit('hello');
    await session.whenIdle();
    session.submit('!!env');
    await session.whenIdle();
    session.submit('and now?');
    await session.whenIdle();
    expect(JSON.stringify(runtime.contexts)).not.toContain('run_command');
    await manager.flush();
    manager.create();
    expect(await manager.open(session.id)).toBe(true);
    expect(outline(manager.current.live().items)).toEqual([
      'user hello',
      'text fine',
      'private env ok',
      'user and now?',
      'text fine',
    ]);
    expect((await store.open(session.id))?.stored.messages).toHaveLength(4);
  });

  it('[R218] that the gate denies is shown as denied, and what waits behind it goes on', async () => {
    const orchestrator = new ScriptedOrchestrator(undefined, () =>
      Promise.resolve(toolError('Denied by a rule.', { outcome: 'denied' })),
    );
    const { manager } = sessionBench([answer('ok')], { orchestrator });
    const session = manager.current;
    session.submit('!rm -rf /');
    session.submit('go on');
    await session.whenIdle();
    expect(outline(session.live().items)).toEqual([
      'user rm -rf / denied',
      'user go on',
      'text ok',
    ]);
  });

  it('fences its output so that nothing in it ends the fence', () => {
    const result = toolOk('a\n```\nb');
    expect(commandText({ callId: 'c', line: 'cat x', isShared: true, result })).toBe(
      'I ran this command myself: cat x\n````\na\n```\nb\n````',
    );
  });
});

describe('what a session tells', () => {
  it('[R213] is a union of its own, in order, up to the turn on disk and the rest', async () => {
    const { manager, signals } = sessionBench([
      [
        { kind: 'thinking', delta: 'hm' },
        { kind: 'tool_call', call: hostCall('c1') },
        { kind: 'finish', reason: 'toolUse' },
      ],
      [
        { kind: 'text', delta: 'done' },
        {
          kind: 'observation',
          observation: { kind: 'usage', usage: { inputTokens: 3, reportedBy: 'provider' } },
        },
        {
          kind: 'observation',
          observation: { kind: 'notice', level: 'info', code: 'compacted', text: 'c' },
        },
        finish,
      ],
    ]);
    const session = manager.current;
    session.submit('go');
    await session.whenIdle();
    await manager.flush();
    await new Promise((resolve) => setImmediate(resolve));
    const told = signals.map(({ signal }) => signal);
    const turnId = told[0]?.kind === 'prompt' ? told[0].turnId : '';
    const expected: readonly SessionSignal[] = [
      { kind: 'prompt', turnId, text: 'go' },
      { kind: 'thinking', delta: 'hm' },
      { kind: 'tool_start', callId: 'c1', toolName: 'read_file' },
      { kind: 'tool_end', callId: 'c1', ok: true },
      { kind: 'text', delta: 'done' },
      { kind: 'compacted', by: 'agent' },
      {
        kind: 'turn_end',
        turnId,
        outcome: 'done',
        // The first of its two requests told nothing.
        usage: plusUsage(
          totalOfOne(undefined),
          totalOfOne({ inputTokens: 3, reportedBy: 'provider' }),
        ),
      },
      { kind: 'queue', count: 0, isHeld: false },
      { kind: 'idle' },
      { kind: 'persisted', turnId },
    ];
    expect(told).toEqual(expected);
  });

  it('[R214] is a snapshot that later turns leave alone: phase, head, usage of all, context of the latest', async () => {
    const usage = (inputTokens: number, outputTokens: number): ScriptStep => ({
      kind: 'observation',
      observation: { kind: 'usage', usage: { inputTokens, outputTokens, reportedBy: 'provider' } },
    });
    const { manager } = sessionBench([
      [usage(5, 1), usage(10, 2), finish],
      [usage(30, 4), finish],
    ]);
    const session = manager.current;
    session.submit('one');
    await session.whenIdle();
    const first = session.snapshot();
    session.submit('two');
    await session.whenIdle();
    const second = session.snapshot();
    expect(first).toMatchObject({
      phase: 'idle',
      modelId: 'net/one',
      spent: totalOfOne({ inputTokens: 10, outputTokens: 2, reportedBy: 'provider' }),
      context: { usedTokens: 12, basis: 'reported' },
    });
    expect(second).toMatchObject({
      spent: { exchanges: 2, inputTokens: { known: 40 }, outputTokens: { known: 6 } },
      context: { usedTokens: 34, basis: 'reported' },
    });
    expect(first.head).not.toBe(second.head);
    expect(first.items.length).toBeLessThan(second.items.length);
  });

  it('[R214] names the fault in phase faulted, and no longer when the next turn runs', async () => {
    const failure = { code: 'overloaded', message: 'Too busy.' } as const;
    const { manager } = sessionBench([[{ kind: 'failed', failure }], answer('better')]);
    const session = manager.current;
    session.submit('go');
    await session.whenIdle();
    expect(session.live()).toMatchObject({
      phase: 'faulted',
      fault: { kind: 'model', failure },
    });
    expect(session.retry()).toBe(true);
    await session.whenIdle();
    expect(session.live().phase).toBe('idle');
    expect(session.live().fault).toBeUndefined();
  });

  it('[R215] has typed faults: the model’s, a tool’s, an overflow, a stop', async () => {
    expect(faultOf({ code: 'timeout', message: 'Late.' })).toMatchObject({ kind: 'model' });
    expect(faultOf({ code: 'context_overflow', message: 'Full.' })).toMatchObject({
      kind: 'overflow',
    });
    expect(faultOf({ code: 'aborted', message: 'x', aborted: true })).toEqual({ kind: 'aborted' });
    expect(faultText({ kind: 'aborted' })).toBeUndefined();
    expect(faultText(faultOf({ code: 'timeout', message: 'Late.' }))).toBe('Late.');

    const orchestrator = new ScriptedOrchestrator();
    orchestrator.executeAll = () => Promise.reject(new Error('broken'));
    const { manager, signals } = sessionBench(
      [
        [
          { kind: 'tool_call', call: hostCall('c') },
          { kind: 'finish', reason: 'toolUse' },
        ],
      ],
      { orchestrator },
    );
    manager.current.submit('go');
    await manager.current.whenIdle();
    expect(signals.map(({ signal }) => signal)).toContainEqual({
      kind: 'fault',
      fault: {
        kind: 'tool',
        message: 'The turn failed: broken. What had arrived is kept.',
      },
    });
  });

  it('[R215] reports a disk that is full as a fault of persistence, and goes on', async () => {
    const { manager, storage, signals } = sessionBench([answer('fine')]);
    storage.failure = new Error('no space left');
    manager.current.submit('go');
    await manager.current.whenIdle();
    await manager.flush();
    await new Promise((resolve) => setImmediate(resolve));
    const faults = signals.flatMap(({ signal }) => (signal.kind === 'fault' ? [signal.fault] : []));
    expect(faults.map(({ kind }) => kind)).toEqual(['persistence']);
    expect(faults.map(faultText)).toEqual([
      "This session could not be saved (no space left). It is kept in memory and tried again; free some disk space or check the folder's permissions.",
    ]);
    expect(manager.current.live().phase).toBe('idle');
  });
});

describe('a wait before it is asked again', () => {
  it('[R216] is shown with its end and its count while it lasts, and leaves nothing behind', async () => {
    const hold = holdStep();
    const { manager, clock } = sessionBench([
      [
        {
          kind: 'observation',
          observation: {
            kind: 'notice',
            level: 'info',
            code: 'retry',
            text: 'Rate limited, trying again in 3 s.',
            retry: { attempt: 2, of: 2, delayMs: 3000, reason: 'Rate limited' },
          },
        },
        hold.step,
        ...answer('there'),
      ],
    ]);
    const session = manager.current;
    session.submit('go');
    await hold.reached;
    expect(session.live().activity).toEqual({
      text: 'Rate limited',
      sinceMs: clock.nowMs(),
      retry: { atMs: clock.nowMs() + 3000, attempt: 2, of: 2 },
    });
    hold.letGo();
    await session.whenIdle();
    expect(outline(session.live().items)).toEqual(['user go', 'text there']);
    expect(session.live().activity).toBeUndefined();
  });
});
