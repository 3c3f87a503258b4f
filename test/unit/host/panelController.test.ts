import { describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/base/redact';
import type { Message } from '../../../src/events/message';
import type { PermissionQuestion } from '../../../src/gate/contract';
import { PanelController, type PanelChoices } from '../../../src/host/panelController';
import { emptySnapshot } from '../../../src/protocol/emptySnapshot';
import type { UntakenChoices } from '../../../src/runtime/choices';
import type { QueuedPrompt } from '../../../src/session/promptQueue';
import { SessionManager, type OpenedSession } from '../../../src/session/sessionManager';
import { ScriptedExchange } from '../../fakes/scriptedExchange';
import { ScriptedOrchestrator } from '../../fakes/scriptedOrchestrator';

const command = 'curl -H "x-api-key: known-secret" example.org';

describe('the panel', () => {
  it('[R178] gets the input of a call whole while it is asked about, and without secrets after it', async () => {
    const { panel, questions } = setUp();
    const input = { callId: 'c1', part: 'input' } as const;
    questions.push(question);
    expect(await detail(panel, input)).toBe(command);
    const [prompt] = panel.content().prompts;
    expect(prompt).toMatchObject({
      inputText: command,
      effects: question.effects,
      description: 'asks with [redacted]',
    });
    questions.pop();
    expect(await detail(panel, input)).toBe('curl -H "x-api-key: [redacted]" example.org');
  });

  it('gets a waiting prompt back with its pictures', async () => {
    const images = [{ mediaType: 'image/png', data: 'AAAA' }] as const;
    const { panel } = setUp([{ id: 'q1', kind: 'followUp', text: 'look', images }]);
    const { signal } = new AbortController();
    expect(await panel.requests['queue/takeBack']({}, signal)).toEqual({ text: 'look', images });
    expect(await panel.requests['queue/takeBack']({}, signal)).toEqual({});
  });

  it('[R178] gets no secret in a whole output', async () => {
    const { panel } = setUp();
    expect(await detail(panel, { callId: 'c1', part: 'output' })).toBe('it said [redacted]');
  });

  it('[R211] says in words when a session of the list is not opened, renamed or deleted', async () => {
    const { panel, told, forgotten } = setUp();
    panel.commands['session/open']({ sessionId: 'gone' });
    panel.commands['session/rename']({ sessionId: 'gone', title: 'Mine' });
    panel.commands['session/remove']({ sessionId: 'taken' });
    await expect.poll(() => told.length).toBe(3);
    expect(told.toSorted()).toEqual([
      'The session keeps its title: another window has it open, or its file is not there any more.',
      'The session was not deleted: another window has it',
      'The session was not opened: its file is not there any more, or nothing of it can be read.',
    ]);
    expect(forgotten).toEqual([]);
    panel.commands['session/remove']({ sessionId: 'other' });
    await expect.poll(() => forgotten).toEqual(['other']);
  });

  it('[R94] is told the chosen effort and what the chosen model does not take, anew when that changes', () => {
    let untaken: UntakenChoices = { effort: 'One takes no effort.', plan: 'One cannot plan.' };
    const { panel, announceSetup } = setUp([], {
      effort: () => 'high',
      chooseEffort: () => Promise.resolve(),
      untaken: () => untaken,
    });
    expect(panel.content().status).toMatchObject({ effort: 'high', untaken });
    const told: unknown[] = [];
    panel.onDidChangeSession(({ status }) =>
      told.push([status?.effort, status?.untaken, status !== undefined && 'untaken' in status]),
    );
    untaken = {};
    announceSetup();
    expect(told).toEqual([['high', undefined, false]]);
  });

  it('[R94] chooses an effort for every model, also back to none, and says when that fails', async () => {
    const chosen: unknown[] = [];
    const { panel, told } = setUp([], {
      effort: () => undefined,
      chooseEffort: (effort) => {
        chosen.push(effort);
        return effort === 'xhigh'
          ? Promise.reject(new Error('the settings are read-only'))
          : Promise.resolve();
      },
      untaken: () => ({}),
    });
    expect(panel.content().status).not.toHaveProperty('effort');
    panel.commands['effort/choose']({ effort: 'low' });
    panel.commands['effort/choose']({});
    panel.commands['effort/choose']({ effort: 'xhigh' });
    await expect.poll(() => told.length).toBe(1);
    expect(chosen).toEqual(['low', undefined, 'xhigh']);
    expect(told).toEqual(['The thinking effort stays as it was: the settings are read-only']);
  });

  it('[R94] does not go to a model that its agent lets nobody choose, whatever the view says', () => {
    const { panel } = setUp([], {
      effort: () => undefined,
      chooseEffort: () => Promise.resolve(),
      untaken: ({ id }) => (id === 'net/fixed' ? { model: 'It cannot be chosen.' } : {}),
    });
    panel.commands['model/choose']({ modelId: 'net/fixed' });
    expect(panel.content().status.modelId).toBe('net/one');
    panel.commands['model/choose']({ modelId: 'net/two' });
    expect(panel.content().status.modelId).toBe('net/two');
  });
});

const question: PermissionQuestion = {
  id: 'q1',
  digest: 'd1',
  sessionId: 's1',
  callId: 'c1',
  asker: 'One',
  toolName: 'run_command',
  effects: [],
  reason: 'commands always ask',
  description: 'asks with known-secret',
  inputText: command,
  createdAtMs: 0,
};

const messages: readonly Message[] = [
  { role: 'user', text: 'go', createdAtMs: 0 },
  {
    role: 'assistant',
    content: [
      {
        kind: 'tool_call',
        call: { id: 'c1', name: 'run_command', arguments: { command }, executedBy: 'host' },
      },
    ],
    api: 'openai-chat',
    provider: 'net',
    model: 'one',
    stopReason: 'toolUse',
    createdAtMs: 0,
  },
  {
    role: 'tool',
    callId: 'c1',
    toolName: 'run_command',
    result: { ok: true, output: 'it said known-secret' },
    createdAtMs: 0,
  },
];

async function detail(
  panel: PanelController,
  params: { readonly callId: string; readonly part: 'input' | 'output' },
): Promise<string> {
  const { text } = await panel.requests['tool/detail'](params, new AbortController().signal);
  return text;
}

function setUp(queued: readonly QueuedPrompt[] = [], choices?: PanelChoices) {
  const nothing = (): void => undefined;
  const never = { dispose: nothing };
  const opened: OpenedSession = {
    stored: { id: 's1', title: '', messages, queued, interrupted: false },
    branches: {
      leafId: null,
      prompts: () => [],
      newestPrompt: () => undefined,
      beforeTurn: () => undefined,
      tipOf: (entryId) => entryId,
      branchFrom: () => false,
    },
    readAt: () => Promise.resolve(undefined),
    resume: { find: () => undefined, save: nothing },
    log: {
      turnStarted: nothing,
      message: nothing,
      partial: nothing,
      turnEnded: nothing,
      titled: nothing,
      modelChosen: nothing,
      modeChosen: nothing,
      flush: () => Promise.resolve(),
    },
  };
  const forgotten: string[] = [];
  const sessions = new SessionManager({
    store: {
      create: () => opened,
      open: (id) => Promise.resolve(id === 'gone' ? undefined : opened),
      list: () => Promise.resolve([]),
      remove: (id) =>
        id === 'taken' ? Promise.reject(new Error('another window has it')) : Promise.resolve(),
      rename: () => Promise.resolve(),
      fork: () => Promise.resolve(undefined),
    },
    forget: (id) => forgotten.push(id),
    defaults: () => ({ modelId: 'net/one', mode: 'ask' }),
    session: {
      exchange: new ScriptedExchange([]).exchange,
      orchestrator: new ScriptedOrchestrator(),
      findModel: () => undefined,
      guard: () => Promise.resolve(undefined),
      keyFor: () => Promise.resolve(undefined),
      systemPrompt: () => Promise.resolve({ text: '', files: [] }),
      cwd: () => undefined,
      turnOptions: () => ({}),
      window: (all) => all,
      runtimeName: () => 'One',
      relativize: (path) => path,
      nowMs: () => 0,
      withdraw: nothing,
    },
  });
  const questions: PermissionQuestion[] = [];
  const told: string[] = [];
  let announceSetup = nothing;
  const panel = new PanelController({
    sessions,
    questions: { list: () => questions, onDidChange: () => never, answer: () => false },
    edits: {
      list: () => [],
      get: () => undefined,
      onDidChange: () => never,
      decide: () => false,
      undoDecision: () => false,
      updateProposal: nothing,
      updateBase: nothing,
    },
    changes: {
      list: () => [],
      get: () => undefined,
      onDidChange: () => never,
      keep: () => false,
      undo: () => Promise.resolve({ undone: 0, problems: [] }),
    },
    actions: {
      run: nothing,
      openFile: nothing,
      openLink: nothing,
      copyText: nothing,
      insertPrompt: () => undefined,
      exportSession: () => undefined,
      tell: (problem) => void told.push(problem),
      insertText: nothing,
      openReview: nothing,
      openChange: nothing,
      undoChanges: nothing,
      restoreTurn: nothing,
      findFiles: () => Promise.reject(new Error('nothing here lists')),
      probeEndpoint: () => Promise.reject(new Error('nothing here probes')),
      addEndpoint: () => Promise.reject(new Error('nothing here adds')),
    },
    setup: {
      current: () => ({
        isTrusted: true,
        hasFolder: true,
        isProbing: false,
        runtimes: [],
        models: [],
        examples: [],
      }),
      onDidChange: (listener) => {
        announceSetup = () => listener(emptySnapshot.setup);
        return never;
      },
    },
    search: () => Promise.resolve({ matches: [], isTruncated: false }),
    findModel: (id) =>
      choices === undefined
        ? undefined
        : { id, api: 'openai-chat', provider: 'net', model: id, name: id },
    ...(choices === undefined ? {} : { choices }),
    runtimeName: () => '',
    bridgeOf: () => undefined,
    redactShown: createRedactor(['known-secret']),
    log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
  });
  return { panel, questions, told, forgotten, announceSetup: () => announceSetup() };
}
