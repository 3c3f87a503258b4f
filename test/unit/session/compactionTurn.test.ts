import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import type { Message } from '../../../src/events/message';
import type { SessionItem } from '../../../src/events/sessionItem';
import type { Usage } from '../../../src/events/usage';
import type { ModelRef } from '../../../src/runtime/contract';
import {
  ChatSession,
  type ChatSessionDeps,
  type StoredSession,
} from '../../../src/session/chatSession';
import { summaryLimit } from '../../../src/session/compactionSummary';
import { totalOfEntries, type LedgerEntry } from '../../../src/session/costLedger';
import { summaryHeadings } from '../../../src/transcript/summary';
import { TokenFactors } from '../../../src/transcript/tokenFactors';
import { ScriptedExchange, type ScriptStep } from '../../fakes/scriptedExchange';
import { ScriptedOrchestrator } from '../../fakes/scriptedOrchestrator';

const network: ModelRef = {
  id: 'net/one',
  api: 'openai-chat',
  provider: 'net',
  model: 'one',
  name: 'One',
  contextWindowTokens: 20_000,
};
const agent: ModelRef = {
  id: 'claude-cli/default',
  api: 'external',
  provider: 'claude-cli',
  model: 'default',
  name: 'Claude Code',
  runtime: { adapter: 'claude-cli', authMode: 'external-cli' },
};

const words = summaryHeadings.map((heading) => `## ${heading}\nAbout ${heading}.`).join('\n');
const usage = (fields: Partial<Usage> = {}): ScriptStep => ({
  kind: 'observation',
  observation: {
    kind: 'usage',
    usage: { inputTokens: 1000, outputTokens: 100, reportedBy: 'provider', ...fields },
  },
});
const says = (text: string, ...more: readonly ScriptStep[]): readonly ScriptStep[] => [
  { kind: 'text', delta: text },
  ...more,
  { kind: 'finish', reason: 'stop' },
];

const asked = (text: string): Message => ({ role: 'user', text, createdAtMs: 1 });
const said = (text: string): Message => ({
  role: 'assistant',
  content: [{ kind: 'text', text }],
  api: 'openai-chat',
  provider: 'net',
  model: 'one',
  stopReason: 'stop',
  createdAtMs: 1,
});
const longTalk = (chars: number): readonly Message[] => [
  asked('Paint the fence'),
  said('word '.repeat(chars / 5)),
  asked('And the gate?'),
  said('Same colour.'),
];

function setUp(
  scripts: (readonly ScriptStep[])[],
  messages: readonly Message[],
  options: Partial<ChatSessionDeps> & { readonly modelId?: string } = {},
) {
  const runtime = new ScriptedExchange(scripts);
  const log: Message[] = [];
  const ledger: LedgerEntry[] = [];
  const { modelId = network.id, ...overrides } = options;
  const deps: ChatSessionDeps = {
    exchange: runtime.exchange,
    orchestrator: new ScriptedOrchestrator(),
    log: {
      turnStarted: () => undefined,
      message: (_turnId, message) => void log.push(message),
      partial: () => undefined,
      turnEnded: () => undefined,
      titled: () => undefined,
      modelChosen: () => undefined,
      modeChosen: () => undefined,
      flush: () => Promise.resolve(),
    },
    findModel: (id) => [network, agent].find((model) => model.id === id),
    guard: () => Promise.resolve(undefined),
    keyFor: () => Promise.resolve(undefined),
    systemPrompt: () => Promise.resolve({ text: 'Be brief.', files: [] }),
    cwd: () => '/ws',
    turnOptions: () => ({}),
    window: (all) => all,
    context: {
      factors: new TokenFactors(),
      onDidLearn: () => undefined,
      ledger: { record: (entry) => void ledger.push(entry) },
      partRules: { isMcpTool: () => false, isFileReader: () => false },
      nowMs: () => 1000,
    },
    runtimeName: (model) => model.name,
    relativize: (path) => path,
    nowMs: () => 1000,
    withdraw: () => undefined,
    ...overrides,
  };
  const stored: StoredSession = { id: 's1', title: 'T', messages, interrupted: false };
  const session = new ChatSession(deps, stored, { modelId, mode: 'ask' });
  const items = (): readonly SessionItem[] => session.snapshot().items;
  return { session, runtime, log, ledger, items, deps };
}

const kindsOf = (items: readonly SessionItem[]): readonly string[] =>
  items.map((item) => (item.kind === 'notice' ? `notice ${item.text}` : item.kind));

describe('/compact with a model whose requests we make', () => {
  it('[R207] [R209] has the model summarise all but the last turn; nothing is removed', async () => {
    const before = longTalk(4000);
    const { session, runtime, log, items } = setUp([says(words, usage()), says('On.')], before);
    const phases: string[] = [];
    session.onDidChange(({ snapshot }) => phases.push(snapshot.phase));
    expect(session.submit('/compact')).toEqual({ accepted: true, how: 'started' });
    await session.whenIdle();
    expect(phases).toContain('condensing');
    expect(session.snapshot().phase).toBe('idle');
    const [request] = runtime.contexts;
    expect(request?.messages.slice(0, -1)).toEqual(before.slice(0, 2));
    expect(request?.systemPrompt).toBe('Be brief.');
    expect(log).toHaveLength(1);
    expect(log[0]).toMatchObject({
      role: 'user',
      compaction: { keptMessages: 2, trigger: 'manual', writtenBy: 'model' },
    });
    expect(kindsOf(items())).toEqual(['user', 'text', 'user', 'text', 'compaction', 'usage']);

    const { context } = session.snapshot();
    expect(context?.basis).toBe('estimated');
    expect(context?.usedTokens).toBeLessThan(500);

    session.submit('Go on');
    await session.whenIdle();
    const sent = runtime.contexts.at(-1)?.messages ?? [];
    expect(sent).toEqual([
      log[0],
      before[2],
      before[3],
      expect.objectContaining({ text: 'Go on' }),
    ]);
  });

  it('[R208] does nothing, and says so, when only the last turn is there', async () => {
    const { session, runtime, log, items } = setUp([], longTalk(4000).slice(2));
    session.submit('/compact');
    await session.whenIdle();
    expect(runtime.contexts).toEqual([]);
    expect(log).toEqual([]);
    expect(kindsOf(items()).at(-1)).toMatch(/^notice There is nothing to summarise yet/);
  });

  it.each([
    [
      'an error',
      [{ kind: 'failed', failure: { code: 'network', message: 'no network' } }],
      'no network',
    ],
    ['nothing', [{ kind: 'finish', reason: 'stop' }], 'The model gave an empty summary.'],
    [
      'thinking alone',
      [{ kind: 'thinking', delta: 'hm' }, usage(), { kind: 'finish', reason: 'length' }],
      'The model wrote nothing but its thinking before it reached its limit.',
    ],
  ] satisfies readonly (readonly [string, readonly ScriptStep[], string])[])(
    '[R207] fails when the model gives %s: nothing is changed, the user sees why and tries again',
    async (_what, failing, why) => {
      const { session, runtime, log, items } = setUp([failing, says(words)], longTalk(4000));
      session.submit('/compact');
      await session.whenIdle();
      expect(log).toEqual([]);
      expect(session.snapshot().phase).toBe('faulted');
      const error = items().find(({ kind }) => kind === 'error');
      expect(error).toMatchObject({
        message: `The conversation was not summarised, and is as it was. ${why}`,
        actions: expect.arrayContaining(['retry']) as unknown,
      });
      expect(session.retry()).toBe(true);
      await session.whenIdle();
      expect(log).toMatchObject([{ compaction: { writtenBy: 'model' } }]);
      expect(runtime.contexts).toHaveLength(2);
      expect(kindsOf(items())).not.toContain('error');
    },
  );

  it('leaves a model room to think before it writes, within its window', () => {
    expect(summaryLimit({ supportsReasoning: false, contextWindowTokens: 200_000 })).toBe(3000);
    expect(summaryLimit({ supportsReasoning: true, contextWindowTokens: 200_000 })).toBe(16_000);
    expect(summaryLimit({ contextWindowTokens: 20_000 })).toBe(5000);
    expect(summaryLimit({})).toBe(8000);
  });

  it('leaves all as it is when it would not become smaller', async () => {
    const { session, log } = setUp([says(words.repeat(3))], longTalk(100));
    session.submit('/compact');
    await session.whenIdle();
    expect(log).toEqual([]);
  });

  it('carries the earlier summary on to the next', async () => {
    const scripts = [says(words, usage()), says('word '.repeat(2000)), says('end'), says(words)];
    const { session, runtime, log } = setUp(scripts, longTalk(4000));
    for (const text of ['/compact', 'More', 'Last', '/compact']) {
      session.submit(text);
      await session.whenIdle();
    }
    expect(runtime.contexts.at(-1)?.messages[0]).toBe(log[0]);
    expect(log.filter((message) => message.role === 'user' && message.compaction)).toHaveLength(2);
  });

  it('waits its turn behind a running one', async () => {
    const gate = new Deferred<undefined>();
    const first: readonly ScriptStep[] = [
      {
        kind: 'do',
        run: async () => {
          await gate.promise;
        },
      },
      ...says('done'),
    ];
    const { session, items } = setUp([first, says(words)], longTalk(4000));
    session.submit('One more');
    session.submit('/compact');
    gate.resolve(undefined);
    await session.whenIdle();
    expect(kindsOf(items()).slice(4)).toEqual(['user', 'text', 'compaction']);
  });

  it('[R214] ends with a stop: nothing is summarised then', async () => {
    const started = new Deferred<undefined>();
    const waiting: readonly ScriptStep[] = [
      {
        kind: 'do',
        run: async ({ signal }) => {
          started.resolve(undefined);
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        },
      },
      ...says(words),
    ];
    const { session, log, items } = setUp([waiting], longTalk(4000));
    session.submit('/compact');
    await started.promise;
    session.stop();
    await session.whenIdle();
    expect(log).toEqual([]);
    expect(kindsOf(items()).at(-1)).toBe('notice Stopped. Nothing was summarised.');
  });
});

describe('automatic compaction', () => {
  it('[R209] falls back to the local digest when the model fails, says why, and never throws', async () => {
    const failure = { code: 'network', message: 'no network' } as const;
    const failing: readonly ScriptStep[] = [{ kind: 'failed', failure }];
    const { session, log, items } = setUp([failing, says('Yes.')], longTalk(100_000));
    session.submit('Is it dry?');
    await session.whenIdle();
    const summary = log.find((message) => message.role === 'user' && message.compaction);
    expect(summary).toMatchObject({ compaction: { writtenBy: 'digest' } });
    expect(summary?.role === 'user' ? summary.text : '').toContain('## Objective\nPaint the fence');
    expect(kindsOf(items()).slice(4)).toEqual([
      'user',
      'compaction',
      'notice One wrote no summary, so this one was made without it. no network',
      'text',
    ]);
    expect(session.snapshot().phase).toBe('idle');

    let asked = 0;
    const throwing: ChatSessionDeps['exchange'] = (...args) => {
      asked += 1;
      if (asked === 1) {
        throw new Error('broken bridge');
      }
      return new ScriptedExchange([says('Yes.')]).exchange(...args);
    };
    const other = setUp([], longTalk(100_000), { exchange: throwing });
    other.session.submit('Is it dry?');
    await other.session.whenIdle();
    expect(kindsOf(other.items()).at(-1)).toBe('text');
    expect(JSON.stringify(other.log)).toContain('"writtenBy":"digest"');
  });

  it('[R207] comes before the turn that would be too large, and keeps the question', async () => {
    const { session, runtime, items } = setUp([says(words), says('Yes.')], longTalk(100_000));
    session.submit('Is it dry?');
    await session.whenIdle();
    expect(runtime.contexts).toHaveLength(2);
    const sent = runtime.contexts[1]?.messages ?? [];
    expect(sent[0]).toMatchObject({ compaction: { trigger: 'auto' } });
    expect(sent.at(-1)).toMatchObject({ text: 'Is it dry?' });
    expect(JSON.stringify(sent).length).toBeLessThan(5000);
    expect(kindsOf(items()).slice(4)).toEqual(['user', 'compaction', 'text']);
  });

  it('[R207] does not come while the conversation fits', async () => {
    const { session, runtime } = setUp([says('Yes.')], longTalk(20_000));
    session.submit('Is it dry?');
    await session.whenIdle();
    expect(runtime.contexts).toHaveLength(1);
  });

  it('[R210] is not ours for an agent, which keeps its own context', async () => {
    const { session, runtime } = setUp([says('Yes.')], longTalk(100_000), { modelId: agent.id });
    session.submit('Is it dry?');
    await session.whenIdle();
    expect(runtime.contexts).toHaveLength(1);
  });
});

describe('/compact with an agent', () => {
  it('[R210] goes to an agent that takes it, as a prompt', async () => {
    const { session, runtime, items } = setUp([[{ kind: 'finish', reason: 'stop' }]], [], {
      modelId: agent.id,
      takesCompact: () => true,
    });
    session.submit('/compact');
    await session.whenIdle();
    expect(runtime.contexts[0]?.messages).toMatchObject([{ text: '/compact' }]);
    expect(kindsOf(items())).toEqual(['user']);
  });

  it('[R210] is refused, with the reason, where the agent has no such command', () => {
    const { session } = setUp([], [], { modelId: agent.id, takesCompact: () => false });
    expect(session.submit('/compact')).toEqual({
      accepted: false,
      problem: 'Claude Code keeps its own context and has no command to make it smaller.',
    });
  });
});

describe('what a conversation uses', () => {
  it('is in the ledger once per exchange, and the conversation’s total is the ledger’s', async () => {
    const scripts = [
      says('one', usage({ costUsd: 0.25, cacheReadTokens: 50 })),
      says('two'),
      says(words, usage({ outputTokens: 7 })),
    ];
    const { session, ledger, deps, log } = setUp(scripts, []);
    for (const text of ['word '.repeat(3000), 'b', '/compact']) {
      session.submit(text);
      await session.whenIdle();
    }
    expect(ledger.map(({ purpose, usage: told }) => [purpose, told?.outputTokens])).toEqual([
      ['turn', 100],
      ['turn', undefined],
      ['compaction', 7],
    ]);
    expect(ledger[0]).toMatchObject({ sessionId: 's1', modelId: 'net/one', runtime: 'net' });
    expect(session.snapshot().spent).toEqual(totalOfEntries(ledger));

    const stored: StoredSession = { id: 's1', title: 'T', messages: log, interrupted: false };
    const again = new ChatSession(deps, stored, { modelId: network.id, mode: 'ask' });
    expect(again.snapshot().spent).toEqual(totalOfEntries(ledger));
    expect(kindsOf(again.snapshot().items)).toEqual(kindsOf(session.snapshot().items));
    const usages = (items: readonly SessionItem[]) =>
      items.flatMap((item) => (item.kind === 'usage' ? [item.total] : []));
    expect(usages(again.snapshot().items)).toEqual(usages(session.snapshot().items));
  });

  it('[R201] [R214] is what the gauge shows: parts that sum up to what the provider counted', async () => {
    const { session } = setUp([says('one', usage({ cacheReadTokens: 500 }))], []);
    expect(session.snapshot().context).toMatchObject({ windowTokens: 20_000 });
    session.submit('Hello');
    await session.whenIdle();
    const { context } = session.snapshot();
    expect(context).toMatchObject({ usedTokens: 1600, basis: 'reported', reserveTokens: 2048 });
    expect(Object.values(context?.parts ?? {}).reduce((sum, part) => sum + part, 0)).toBe(1600);
  });

  it('[R198] may be more than the window holds, and is not cut to it', async () => {
    const { session } = setUp([says('one', usage({ inputTokens: 25_000 }))], []);
    session.submit('Hello');
    await session.whenIdle();
    expect(session.snapshot().context).toMatchObject({ usedTokens: 25_100, windowTokens: 20_000 });
  });

  it('of an agent is what it tells, and unknown what it does not', async () => {
    const told = usage({ contextTokens: 900, contextWindowTokens: 200_000, reportedBy: 'child' });
    const { session } = setUp([says('one'), says('two', told)], [], { modelId: agent.id });
    session.submit('a');
    await session.whenIdle();
    expect(session.snapshot().context).toBeUndefined();
    session.submit('b');
    await session.whenIdle();
    expect(session.snapshot().context).toEqual({
      usedTokens: 900,
      windowTokens: 200_000,
      basis: 'reported',
    });
  });

  it('is not written down for a request that failed with nothing to show', async () => {
    const failure = { code: 'auth_required', message: 'no key' } as const;
    const { session, ledger } = setUp([[{ kind: 'failed', failure }]], []);
    session.submit('a');
    await session.whenIdle();
    expect(ledger).toEqual([]);
    expect(session.snapshot().spent).toBeUndefined();
  });
});
