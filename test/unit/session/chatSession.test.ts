import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import type { Message } from '../../../src/events/message';
import type { PermissionAnswer, PermissionRequest } from '../../../src/events/observation';
import type { SessionDelta, SessionItem } from '../../../src/events/sessionItem';
import { toolError, toolOk, type ToolCall } from '../../../src/events/toolCall';
import type { ModelRef } from '../../../src/runtime/contract';
import {
  ChatSession,
  type ChatSessionDeps,
  type StoredSession,
} from '../../../src/session/chatSession';
import type { CallContext } from '../../../src/tools/contract';
import { ScriptedExchange, type ScriptStep } from '../../fakes/scriptedExchange';
import { ScriptedOrchestrator } from '../../fakes/scriptedOrchestrator';

const network: ModelRef = {
  id: 'net/one',
  api: 'openai-chat',
  provider: 'net',
  model: 'one',
  name: 'One',
};
const second: ModelRef = { ...network, id: 'net/two', model: 'two' };
const agent: ModelRef = {
  id: 'claude-cli/default',
  api: 'external',
  provider: 'claude-cli',
  model: 'default',
  name: 'Claude Code',
  runtime: { adapter: 'claude-cli', authMode: 'external-cli' },
};

const call = (id: string, executedBy: ToolCall['executedBy'], name = 'read_file'): ToolCall => ({
  id,
  name,
  arguments: { path: 'a.ts' },
  executedBy,
});

function setUp(
  scripts: (readonly ScriptStep[])[],
  overrides: Partial<ChatSessionDeps> = {},
  stored?: Partial<StoredSession>,
) {
  const runtime = new ScriptedExchange(scripts);
  const orchestrator = new ScriptedOrchestrator();
  const messages: Message[] = [];
  const log: string[] = [];
  const queues: (readonly string[])[] = [];
  const deps: ChatSessionDeps = {
    exchange: runtime.exchange,
    orchestrator,
    log: {
      turnStarted: () => log.push('start'),
      message: (_turnId, message) => {
        log.push(message.role);
        messages.push(message);
      },
      partial: (_turnId, _kind, delta) => log.push(`partial:${delta}`),
      turnEnded: () => log.push('end'),
      titled: (title) => log.push(`title:${title}`),
      modelChosen: () => undefined,
      modeChosen: () => undefined,
      queueChanged: (prompts) => queues.push(prompts.map(({ text }) => text)),
      flush: () => Promise.resolve(),
    },
    findModel: (id) => [network, second, agent].find((model) => model.id === id),
    guard: () => Promise.resolve(undefined),
    keyFor: () => Promise.resolve(undefined),
    systemPrompt: () => Promise.resolve({ text: '', files: [] }),
    cwd: () => '/ws',
    turnOptions: () => ({}),
    window: (all) => all,
    runtimeName: (model) => model.name,
    relativize: (path) => path.replace('/ws/', ''),
    nowMs: () => 1000,
    withdraw: () => undefined,
    ...overrides,
  };
  const session = new ChatSession(
    deps,
    { id: 's1', title: '', messages: [], interrupted: false, ...stored },
    { modelId: network.id, mode: 'ask' },
  );
  return { session, runtime, orchestrator, messages, log, queues };
}

/** Replays deltas as a panel does, to hold them against the host's own list. */
function follow(session: ChatSession): { items: SessionItem[] } {
  const view = { items: [...session.snapshot().items] };
  session.onDidChange(({ deltas }) => deltas.forEach((delta) => applyDelta(view.items, delta)));
  return view;
}

function applyDelta(items: SessionItem[], delta: SessionDelta): void {
  switch (delta.op) {
    case 'add':
      items.splice(delta.index ?? items.length, 0, delta.item);
      return;
    case 'remove':
      items.splice(
        items.findIndex((item) => item.id === delta.id),
        1,
      );
      return;
    case 'replace':
      items.splice(
        items.findIndex((item) => item.id === delta.item.id),
        1,
        delta.item,
      );
      return;
    case 'close': {
      const index = items.findIndex((item) => item.id === delta.id);
      const item = items[index];
      if (item?.kind === 'text') {
        items[index] = { ...item, isOpen: false };
      } else if (item?.kind === 'thinking') {
        const { durationMs } = delta;
        items[index] = {
          ...item,
          isOpen: false,
          ...(durationMs === undefined ? {} : { durationMs }),
        };
      }
      return;
    }
    case 'text': {
      const index = items.findIndex((item) => item.id === delta.id);
      const item = items[index];
      if (item?.kind === 'text' || item?.kind === 'thinking') {
        items[index] = { ...item, text: item.text + delta.delta };
      }
    }
  }
}

const outline = (items: readonly SessionItem[]): readonly string[] =>
  items.map((item) => {
    switch (item.kind) {
      case 'tool':
        return `tool ${item.id} ${item.state}`;
      case 'plan':
        return 'plan';
      case 'error':
        return `error ${item.code} [${item.actions.join(' ')}]`;
      case 'user':
        return `user ${item.text}${item.isQueued === true ? ' (queued)' : ''}`;
      case 'usage':
        return `usage of ${item.total.exchanges} exchanges`;
      default:
        return `${item.kind} ${item.text}`;
    }
  });

describe('a chat session', () => {
  it('[R219] shows the whole answer, the first delta included, and deltas lead to the same items', async () => {
    const { session } = setUp([
      [
        { kind: 'thinking', delta: 'hm' },
        { kind: 'text', delta: 'Hel' },
        { kind: 'text', delta: 'lo' },
        { kind: 'finish', reason: 'stop' },
      ],
    ]);
    const view = follow(session);
    expect(session.submit('Hi there')).toEqual({ accepted: true, how: 'started' });
    await session.whenIdle();
    expect(outline(session.snapshot().items)).toEqual([
      'user Hi there',
      'thinking hm',
      'text Hello',
    ]);
    expect(view.items).toEqual(session.snapshot().items);
    expect(session.snapshot().title).toBe('Hi there');
  });

  it('refuses an empty prompt and keeps the session as it was', () => {
    const { session } = setUp([]);
    expect(session.submit(' \n')).toEqual({ accepted: false, problem: 'The message is empty.' });
    expect(session.snapshot().items).toEqual([]);
  });

  it('runs our tools and asks the model again with every call beside its result', async () => {
    const { session, runtime, orchestrator, messages } = setUp([
      [
        { kind: 'tool_call', call: call('c1', 'host') },
        { kind: 'tool_call', call: call('c2', 'host') },
        { kind: 'finish', reason: 'toolUse' },
      ],
      [
        { kind: 'text', delta: 'done' },
        { kind: 'finish', reason: 'stop' },
      ],
    ]);
    session.submit('go');
    await session.whenIdle();
    expect(orchestrator.executed.map((item) => item.id)).toEqual(['c1', 'c2']);
    expect(runtime.contexts[1]?.messages.map((message) => message.role)).toEqual([
      'user',
      'assistant',
      'tool',
      'tool',
    ]);
    expect(messages.map((message) => message.role)).toEqual([
      'user',
      'assistant',
      'tool',
      'tool',
      'assistant',
    ]);
    expect(outline(session.snapshot().items)).toEqual([
      'user go',
      'tool c1 ok',
      'tool c2 ok',
      'text done',
    ]);
  });

  it('[R40] never executes a call that a child reports, even when its turn ends in toolUse', async () => {
    const { session, runtime, orchestrator, messages } = setUp(
      [
        [
          { kind: 'tool_call', call: call('c1', 'child', 'Read') },
          {
            kind: 'observation',
            observation: { kind: 'tool_result', callId: 'c1', result: toolOk('text') },
          },
          { kind: 'finish', reason: 'toolUse' },
        ],
      ],
      {},
      { modelId: agent.id },
    );
    session.submit('go');
    await session.whenIdle();
    expect(orchestrator.executed).toEqual([]);
    expect(runtime.models).toHaveLength(1);
    expect(orchestrator.noted.map(({ call: noted }) => noted.id)).toEqual(['c1']);
    expect(messages.map((message) => message.role)).toEqual(['user', 'assistant', 'tool']);
  });

  it('puts a child’s question before the gate and replies once, also when the check itself fails', async () => {
    const replies: PermissionAnswer[] = [];
    const request = (id: string): PermissionRequest => ({
      requestId: id,
      callId: `call-${id}`,
      toolName: 'Bash',
      input: { command: 'ls' },
      intents: [{ kind: 'command', command: 'ls' }],
      reply: (answer) => replies.push(answer),
    });
    const orchestrator = new ScriptedOrchestrator((asked) =>
      asked.requestId === 'bad'
        ? Promise.reject(new Error('broken gate'))
        : Promise.resolve({ kind: 'allow' }),
    );
    const { session } = setUp(
      [
        [
          {
            kind: 'observation',
            observation: { kind: 'permission_request', request: request('good') },
          },
          {
            kind: 'observation',
            observation: { kind: 'permission_request', request: request('bad') },
          },
          { kind: 'do', run: () => Promise.resolve() },
          { kind: 'finish', reason: 'stop' },
        ],
      ],
      { orchestrator },
      { modelId: agent.id },
    );
    session.submit('go');
    await session.whenIdle();
    expect(replies.map((answer) => answer.kind).sort()).toEqual(['allow', 'deny']);
  });

  it('[R176] notes an outcome for every call of an agent, also when it reported none', async () => {
    const orchestrator = new ScriptedOrchestrator();
    const call = (id: string) =>
      ({ id, name: 'Bash', arguments: { command: 'ls' }, executedBy: 'child' }) as const;
    const { session } = setUp(
      [
        [
          { kind: 'tool_call', call: call('told') },
          { kind: 'tool_call', call: call('silent') },
          {
            kind: 'observation',
            observation: { kind: 'tool_result', callId: 'told', result: toolOk('done') },
          },
          {
            kind: 'observation',
            observation: {
              kind: 'permission_request',
              request: {
                requestId: 'q',
                callId: 'asked',
                toolName: 'Bash',
                input: {},
                intents: [],
                reply: () => undefined,
              },
            },
          },
          { kind: 'finish', reason: 'stop' },
        ],
      ],
      { orchestrator },
      { modelId: agent.id },
    );
    session.submit('go');
    await session.whenIdle();
    expect(
      orchestrator.noted.map(({ call: { id }, result }) => [id, result.details?.outcome]),
    ).toEqual([
      ['told', undefined],
      ['silent', 'aborted'],
      ['asked', 'aborted'],
    ]);
  });

  it('[R227][R229] tells what came of edits with the next words, once, and not before a command of the agent', async () => {
    const waiting = [['a.ts: approved'], [], ['b.ts: denied']];
    const { session, messages } = setUp([[], [], []], {
      takeNotes: () => waiting.shift() ?? [],
    });
    for (const text of ['go on', '/compact', 'and now', 'more']) {
      session.submit(text);
      await session.whenIdle();
    }
    const notes = messages.flatMap((message) =>
      message.role === 'user' ? [[message.text, message.notes]] : [],
    );
    expect(notes).toEqual([
      ['go on', ['a.ts: approved']],
      ['/compact', undefined],
      ['and now', undefined],
      ['more', ['b.ts: denied']],
    ]);
    expect(
      session.snapshot().items.flatMap((item) => (item.kind === 'user' ? [item.text] : [])),
    ).toEqual(['go on', '/compact', 'and now', 'more']);
  });

  it('[R229] words sent while edits are being written wait for the notes, kept as waiting until then, and shown once', async () => {
    const noted = new Deferred<void>();
    const waiting: string[] = [];
    const { session, messages, runtime, queues } = setUp([[], []], {
      takeNotes: () => waiting.splice(0),
      whenNoted: (_id, signal) => {
        signal.addEventListener('abort', () => noted.resolve(), { once: true });
        return noted.promise;
      },
    });
    session.submit('go on');
    session.submit('and then');
    session.setModel(second.id);
    expect(messages).toEqual([]);
    expect(runtime.contexts).toEqual([]);
    expect(queues.at(-1)).toEqual(['go on', 'and then']);
    waiting.push('a.ts: approved');
    noted.resolve();
    await session.whenIdle();
    expect(
      messages.flatMap((message) =>
        message.role === 'user' ? [[message.text, message.notes]] : [],
      ),
    ).toEqual([
      ['go on', ['a.ts: approved']],
      ['and then', undefined],
    ]);
    expect(queues.at(-1)).toEqual([]);
    expect(runtime.models).toEqual([network, second]);
    expect(
      session.snapshot().items.flatMap((item) => (item.kind === 'user' ? [item.text] : [])),
    ).toEqual(['go on', 'and then']);
  });

  it('[R229] a stop ends the wait for notes and keeps the words', async () => {
    const { session, messages } = setUp([[]], {
      takeNotes: () => [],
      whenNoted: (_id, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
        }),
    });
    session.submit('go on');
    session.stop();
    await session.whenIdle();
    expect(messages[0]).toMatchObject({ role: 'user', text: 'go on' });
    expect(session.isBusy).toBe(false);
  });

  it('withdraws a question when the dialect takes it back', async () => {
    const seen = new Deferred<boolean>();
    const orchestrator = new ScriptedOrchestrator(
      (_request, context) =>
        new Promise((resolve) => {
          context.signal.addEventListener('abort', () => {
            seen.resolve(true);
            resolve({ kind: 'deny', message: 'withdrawn' });
          });
        }),
    );
    const { session } = setUp(
      [
        [
          {
            kind: 'observation',
            observation: {
              kind: 'permission_request',
              request: {
                requestId: 'q',
                callId: 'c',
                toolName: 'Bash',
                input: {},
                intents: [],
                reply: () => undefined,
              },
            },
          },
          { kind: 'observation', observation: { kind: 'permission_withdrawn', requestId: 'q' } },
          { kind: 'do', run: () => seen.promise.then(() => undefined) },
          { kind: 'finish', reason: 'stop' },
        ],
      ],
      { orchestrator },
      { modelId: agent.id },
    );
    session.submit('go');
    await session.whenIdle();
    expect(await seen.promise).toBe(true);
  });

  it('[R217] keeps partial text when stopped, says so, and goes on with the next prompt', async () => {
    const reached = new Deferred<void>();
    const { session } = setUp([
      [
        { kind: 'text', delta: 'half' },
        {
          kind: 'do',
          run: (opts) => {
            reached.resolve();
            return new Promise((resolve) =>
              opts.signal.addEventListener('abort', () => resolve(), { once: true }),
            );
          },
        },
        { kind: 'text', delta: ' never' },
      ],
      [
        { kind: 'text', delta: 'again' },
        { kind: 'finish', reason: 'stop' },
      ],
    ]);
    session.submit('one');
    await reached.promise;
    session.stop();
    await session.whenIdle();
    expect(outline(session.snapshot().items)).toEqual(['user one', 'text half', 'notice Stopped.']);
    expect(session.snapshot().phase).toBe('idle');
    session.submit('two');
    await session.whenIdle();
    expect(outline(session.snapshot().items).slice(-2)).toEqual(['user two', 'text again']);
  });

  it('[R217] what a stopped program still prints after its turn changes nothing', async () => {
    const contexts: CallContext[] = [];
    const orchestrator = new ScriptedOrchestrator(undefined, (_call, context) => {
      contexts.push(context);
      return Promise.resolve(toolError('Stopped by the user.', { outcome: 'aborted' }));
    });
    const { session } = setUp([], { orchestrator });
    session.submit('!sleep 5');
    await session.whenIdle();
    const before = session.snapshot();
    expect(before.phase).toBe('idle');
    contexts[0]?.onProgress({ kind: 'output', text: 'late' });
    expect(session.snapshot()).toEqual(before);
  });

  it('[R217] a stop in the last moment of a turn holds the queue', async () => {
    const ended = new Deferred<void>();
    const reached = new Deferred<void>();
    const { session, runtime } = setUp(
      [
        [
          { kind: 'text', delta: 'done' },
          { kind: 'finish', reason: 'stop' },
        ],
        [{ kind: 'finish', reason: 'stop' }],
      ],
      {
        watchChanges: () =>
          Promise.resolve({
            note: () => undefined,
            callStarted: () => undefined,
            callEnded: () => undefined,
            check: () => Promise.resolve(),
            end: () => {
              reached.resolve();
              return ended.promise;
            },
          }),
      },
      { modelId: agent.id },
    );
    session.submit('one');
    session.submit('two');
    await reached.promise;
    session.stop();
    ended.resolve();
    await session.whenIdle();
    expect(runtime.contexts).toHaveLength(1);
    expect(session.queued.map(({ text }) => text)).toEqual(['two']);
  });

  it('queues prompts behind a running turn, below what it adds, and takes one back on request', async () => {
    const hold = new Deferred<void>();
    const { session, runtime } = setUp([
      [
        { kind: 'do', run: () => hold.promise },
        { kind: 'text', delta: 'first' },
        { kind: 'finish', reason: 'stop' },
      ],
    ]);
    const view = follow(session);
    session.submit('one');
    session.submit('two');
    session.submit('three');
    const queued = session
      .snapshot()
      .items.find((item) => item.kind === 'user' && item.text === 'three');
    expect(session.removeQueued(queued?.id ?? '')).toBe('three');
    expect(session.snapshot().queuedCount).toBe(1);
    hold.resolve();
    await session.whenIdle();
    expect(runtime.models).toHaveLength(2);
    expect(outline(session.snapshot().items)).toEqual([
      'user one',
      'text first',
      'user two',
      'notice The model gave an empty answer.',
    ]);
    expect(view.items).toEqual(session.snapshot().items);
  });

  it('[R13] asks for the route anew every turn: a changed model counts from the next turn on', async () => {
    const { session, runtime } = setUp([]);
    session.submit('one');
    session.setModel(second.id);
    await session.whenIdle();
    session.submit('two');
    await session.whenIdle();
    expect(runtime.models.map((model) => model.id)).toEqual([network.id, second.id]);
  });

  it('takes retracted text out of the view', async () => {
    const { session } = setUp([
      [
        { kind: 'text', delta: 'void', blockId: 'm1:0' },
        { kind: 'observation', observation: { kind: 'retract', blockId: 'm1:0' } },
        { kind: 'text', delta: 'good', blockId: 'm2:0' },
        { kind: 'finish', reason: 'stop' },
      ],
    ]);
    session.submit('go');
    await session.whenIdle();
    expect(outline(session.snapshot().items)).toEqual(['user go', 'text good']);
  });

  it('shows a failure as a card with the action that helps, and runs the turn again on retry', async () => {
    const { session, runtime } = setUp([
      [
        { kind: 'text', delta: 'so far' },
        { kind: 'failed', failure: { code: 'auth_required', message: 'The key was refused.' } },
      ],
      [
        { kind: 'text', delta: 'better' },
        { kind: 'finish', reason: 'stop' },
      ],
    ]);
    session.submit('go');
    await session.whenIdle();
    expect(outline(session.snapshot().items)).toEqual([
      'user go',
      'text so far',
      'error auth_required [setKey retry]',
    ]);
    expect(session.snapshot().phase).toBe('faulted');
    expect(session.retry()).toBe(true);
    await session.whenIdle();
    expect(outline(session.snapshot().items)).toEqual(['user go', 'text so far', 'text better']);
    expect(runtime.contexts[1]?.messages[0]).toMatchObject({ role: 'user', text: 'go' });
  });

  it('does not start a turn that its guard refuses, and says what to do', async () => {
    const { session, runtime } = setUp([], {
      guard: () =>
        Promise.resolve({ code: 'not_trusted', message: 'Trust this folder to start an agent.' }),
    });
    session.submit('go');
    await session.whenIdle();
    expect(runtime.models).toEqual([]);
    expect(outline(session.snapshot().items)).toEqual([
      'user go',
      'error not_trusted [trustFolder]',
    ]);
  });

  it('comes back from storage with the same items, and says when its last turn was interrupted', async () => {
    const stored: Message[] = [
      { role: 'user', text: 'go', createdAtMs: 0 },
      {
        role: 'assistant',
        content: [
          { kind: 'text', text: 'look' },
          { kind: 'tool_call', call: call('c1', 'host') },
        ],
        api: 'openai-chat',
        provider: 'net',
        model: network.id,
        stopReason: 'toolUse',
        createdAtMs: 0,
      },
      { role: 'tool', callId: 'c1', toolName: 'read_file', result: toolOk('text'), createdAtMs: 0 },
    ];
    const { session } = setUp([], {}, { messages: stored, interrupted: true });
    expect(outline(session.snapshot().items)).toEqual([
      'user go',
      'text look',
      'tool c1 ok',
      'notice This turn was interrupted. What had arrived is kept; nothing runs again by itself.',
    ]);
    expect(await session.detail('c1', 'output')).toBe('text');
  });

  it('leaves a turn that the end of the window cuts without its end, as interrupted and not as stopped', async () => {
    const reached = new Deferred<void>();
    const { session, messages, log } = setUp([
      [
        { kind: 'text', delta: 'half' },
        {
          kind: 'do',
          run: (opts) => {
            reached.resolve();
            return new Promise((resolve) =>
              opts.signal.addEventListener('abort', () => resolve(), { once: true }),
            );
          },
        },
        { kind: 'text', delta: ' never' },
      ],
    ]);
    session.submit('one');
    await reached.promise;
    session.interrupt();
    await session.whenIdle();
    expect(log.at(-1)).toBe('assistant');
    const { session: again } = setUp([], {}, { messages, interrupted: true });
    expect(outline(again.snapshot().items)).toEqual([
      'user one',
      'text half',
      'notice This turn was interrupted. What had arrived is kept; nothing runs again by itself.',
    ]);
  });
});

describe('what a turn needs to have ready', () => {
  const finish: ScriptStep = { kind: 'finish', reason: 'stop' };

  it('is waited for before anything is sent, and what is left out is told', async () => {
    const ready = new Deferred<readonly string[]>();
    const asked: string[] = [];
    const { session, runtime } = setUp([[finish]], {
      prepare: (model) => {
        asked.push(model.id);
        return ready.promise;
      },
    });
    session.submit('hi');
    await Promise.resolve();
    expect(runtime.contexts).toEqual([]);
    ready.resolve(['The MCP server "git" is left out: it ended.']);
    await session.whenIdle();
    expect(asked).toEqual([network.id]);
    expect(runtime.contexts).toHaveLength(1);
    const notices = session.snapshot().items.filter((item) => item.kind === 'notice');
    expect(notices.map(({ level, text }) => `${level}: ${text}`)).toContain(
      'warning: The MCP server "git" is left out: it ended.',
    );
  });

  it('hears when the user stops the turn', async () => {
    const asked = new Deferred<void>();
    const { session } = setUp([[finish]], {
      prepare: (_model, signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve([]));
          asked.resolve();
        }),
    });
    session.submit('hi');
    await asked.promise;
    session.stop();
    await session.whenIdle();
    expect(session.isBusy).toBe(false);
  });
});

describe('a turn of an agent', () => {
  const asAgent = { modelId: agent.id };
  const finish: ScriptStep = { kind: 'finish', reason: 'stop' };

  it('[R110] keeps its resume token out of everything that goes to the panel', async () => {
    const token = 'token-that-nobody-shall-see';
    const seen: unknown[] = [];
    const { session } = setUp([
      [{ kind: 'resume', token, agentVersion: '1' }, { kind: 'text', delta: 'hello' }, finish],
    ]);
    session.setModel(asAgent.modelId);
    session.onDidChange((change) => seen.push(change));
    session.submit('hi');
    await session.whenIdle();
    const shown = JSON.stringify([seen, session.snapshot(), session.live()]);
    expect(shown).toContain('hello');
    expect(shown).not.toContain(token);
  });

  it('runs what the agent delegates, under a claim of its own, with its output as it grows', async () => {
    const results: unknown[] = [];
    const output: string[] = [];
    const contexts: CallContext[] = [];
    const orchestrated = new ScriptedOrchestrator(undefined, (_call, context) => {
      contexts.push(context);
      context.onProgress({ kind: 'output', text: 'half' });
      return Promise.resolve(toolOk('done'));
    });
    const delegated = {
      callId: 'agent-call',
      toolName: 'run_command',
      input: { command: 'ls' },
      onOutput: (text: string) => output.push(text),
    };
    const { session } = setUp(
      [
        [
          { kind: 'tool_call', call: call('agent-call', 'child', 'bash') },
          {
            kind: 'do',
            run: async (opts) => {
              results.push(await opts.delegate?.(delegated), await opts.delegate?.(delegated));
            },
          },
          {
            kind: 'observation',
            observation: { kind: 'tool_result', callId: 'agent-call', result: toolOk('done') },
          },
          finish,
        ],
      ],
      { orchestrator: orchestrated },
    );
    session.setModel(asAgent.modelId);
    session.submit('hi');
    await session.whenIdle();
    expect(results).toEqual([toolOk('done'), toolOk('done')]);
    expect(output).toEqual(['half', 'half']);
    expect(orchestrated.executed).toMatchObject([
      { id: 'agent-call', name: 'run_command', executedBy: 'host' },
      { id: 'agent-call', name: 'run_command', executedBy: 'host' },
    ]);
    const claims = contexts.map(({ claimId }) => claimId);
    expect(new Set(claims).size).toBe(2);
    expect(claims).not.toContain(undefined);
    // It was audited when it ran; the agent's report of it is no second outcome.
    expect(orchestrated.noted).toEqual([]);
  });

  it('compares what an agent wrote itself after it asked, also when it read through us for the same call', async () => {
    const orchestrated = new ScriptedOrchestrator(undefined, () => Promise.resolve(toolOk('text')));
    const { session } = setUp(
      [
        [
          { kind: 'tool_call', call: call('edit-1', 'child', 'edit') },
          {
            kind: 'observation',
            observation: {
              kind: 'permission_request',
              request: {
                requestId: 'r',
                callId: 'edit-1',
                toolName: 'edit',
                input: {},
                intents: [],
                reply: () => undefined,
              },
            },
          },
          {
            kind: 'do',
            run: async (opts) => {
              await opts.delegate?.({ callId: 'edit-1', toolName: 'read_text', input: {} });
            },
          },
          {
            kind: 'observation',
            observation: { kind: 'tool_result', callId: 'edit-1', result: toolOk('done') },
          },
          finish,
        ],
      ],
      { orchestrator: orchestrated },
    );
    session.setModel(asAgent.modelId);
    session.submit('hi');
    await session.whenIdle();
    expect(orchestrated.noted).toHaveLength(1);
  });

  it('ends what was delegated with its exchange: nobody waits for it any more', async () => {
    let signal: AbortSignal | undefined;
    const orchestrated = new ScriptedOrchestrator(undefined, (_call, context) => {
      signal = context.signal;
      return new Promise(() => undefined);
    });
    const { session } = setUp(
      [
        [
          {
            kind: 'do',
            run: (opts) => {
              void opts.delegate?.({ callId: 'x', toolName: 'read_text', input: {} });
              return Promise.resolve();
            },
          },
          finish,
        ],
      ],
      { orchestrator: orchestrated },
    );
    session.setModel(asAgent.modelId);
    session.submit('hi');
    await session.whenIdle();
    expect(signal?.aborted).toBe(true);
  });

  it('is watched for changes that nobody was asked about, until its questions are settled', async () => {
    const log: unknown[] = [];
    const { session } = setUp(
      [
        [
          { kind: 'tool_call', call: call('one', 'child', 'bash') },
          {
            kind: 'observation',
            observation: { kind: 'file_change', callId: 'one', paths: ['/ws/a.ts'] },
          },
          { kind: 'observation', observation: { kind: 'file_change', paths: ['/ws/b.ts'] } },
          finish,
        ],
        [finish],
      ],
      {
        watchChanges: (setup) => {
          log.push(['begin', setup.model.id]);
          return Promise.resolve({
            note: (callId, paths) => log.push(['note', callId, ...paths]),
            callStarted: (callId, what) => log.push(['started', callId, what]),
            callEnded: (callId) => log.push(['ended', callId]),
            check: () => Promise.resolve(),
            end: (callId) => {
              log.push(['end', callId]);
              return Promise.resolve();
            },
          });
        },
      },
    );
    session.setModel(asAgent.modelId);
    session.submit('hi');
    await session.whenIdle();
    expect(log).toEqual([
      ['begin', agent.id],
      ['started', 'one', 'bash'],
      ['note', 'one', '/ws/a.ts'],
      ['note', 'one', '/ws/b.ts'],
      ['end', 'one'],
    ]);
    session.setModel(network.id);
    session.submit('over the network');
    await session.whenIdle();
    expect(log).toHaveLength(5);
  });
});
