import { Deferred } from '../../src/base/deferred';
import type { SessionItem } from '../../src/events/sessionItem';
import type { ModelRef } from '../../src/runtime/contract';
import type { ChatSessionDeps } from '../../src/session/chatSession';
import type { LedgerEntry } from '../../src/session/costLedger';
import { SessionManager, type SignalOfSession } from '../../src/session/sessionManager';
import { createSessionStore } from '../../src/session/sessionStore';
import { FakeClock } from './fakeClock';
import { MemorySessionStorage } from './memorySessionStorage';
import { ScriptedExchange, type ScriptStep } from './scriptedExchange';
import { ScriptedOrchestrator } from './scriptedOrchestrator';
import { TokenFactors } from '../../src/transcript/tokenFactors';

export const networkModel: ModelRef = {
  id: 'net/one',
  api: 'openai-chat',
  provider: 'net',
  model: 'one',
  name: 'One',
};
export const agentModel: ModelRef = {
  id: 'claude-cli/default',
  api: 'external',
  provider: 'claude-cli',
  model: 'default',
  name: 'Claude Code',
  runtime: { adapter: 'claude-cli', authMode: 'external-cli' },
};

/** Sessions as a window has them: the real files' lines in memory, a scripted runtime below. */
export function sessionBench(
  scripts: (readonly ScriptStep[])[],
  overrides: Partial<ChatSessionDeps> = {},
  modelId = networkModel.id,
  record: (entry: LedgerEntry) => void = () => undefined,
) {
  const clock = new FakeClock();
  const storage = new MemorySessionStorage(clock);
  const runtime = new ScriptedExchange(scripts);
  const orchestrator = new ScriptedOrchestrator();
  let count = 0;
  const store = createSessionStore({
    storage,
    clock,
    redact: (text) => text,
    createEntryId: () => `e${++count}`,
    createSessionId: () => `session-${++count}`,
  });
  const manager = new SessionManager({
    store,
    defaults: () => ({ modelId, mode: 'ask' }),
    session: {
      exchange: runtime.exchange,
      orchestrator,
      findModel: (id) => [networkModel, agentModel].find((model) => model.id === id),
      guard: () => Promise.resolve(undefined),
      keyFor: () => Promise.resolve(undefined),
      systemPrompt: () => Promise.resolve({ text: '', files: [] }),
      cwd: () => '/ws',
      turnOptions: () => ({}),
      window: (messages) => messages,
      context: {
        factors: new TokenFactors(),
        onDidLearn: () => undefined,
        ledger: { record },
        partRules: { isMcpTool: () => false, isFileReader: () => false },
        nowMs: () => clock.nowMs(),
      },
      runtimeName: (model) => model.name,
      relativize: (path) => path,
      nowMs: () => clock.nowMs(),
      withdraw: () => undefined,
      ...overrides,
    },
  });
  const signals: SignalOfSession[] = [];
  manager.onDidSignal((signal) => signals.push(signal));
  return { manager, store, storage, runtime, orchestrator, clock, signals };
}

/** A step that waits until the test lets it go on, or the turn is stopped. */
export function holdStep(): {
  readonly step: ScriptStep;
  readonly reached: Promise<void>;
  readonly letGo: () => void;
} {
  const reached = new Deferred<void>();
  const gone = new Deferred<void>();
  return {
    reached: reached.promise,
    letGo: () => gone.resolve(),
    step: {
      kind: 'do',
      run: (opts) => {
        opts.signal.addEventListener('abort', () => gone.resolve(), { once: true });
        reached.resolve();
        return gone.promise;
      },
    },
  };
}

export const answer = (text: string): readonly ScriptStep[] => [
  { kind: 'text', delta: text },
  { kind: 'finish', reason: 'stop' },
];

/** The conversation as short lines. */
export function outline(items: readonly SessionItem[]): readonly string[] {
  return items.map((item) => {
    switch (item.kind) {
      case 'tool':
        return `${item.ranBy ?? 'tool'} ${item.object} ${item.state}`;
      case 'plan':
      case 'usage':
        return item.kind;
      case 'error':
        return `error ${item.code}`;
      case 'user':
        return [
          `user ${item.text}`,
          ...(item.isQueued === true ? ['(queued)'] : []),
          ...(item.wasSteered === true ? ['(steered)'] : []),
          ...(item.branch === undefined
            ? []
            : [`(${item.branch.index + 1} of ${item.branch.count})`]),
        ].join(' ');
      default:
        return `${item.kind} ${item.text}`;
    }
  });
}
