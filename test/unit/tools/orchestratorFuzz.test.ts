import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/json';
import type { Logger } from '../../../src/base/logger';
import { toolError, toolOk, type ToolCall, type ToolResult } from '../../../src/events/toolCall';
import { AuditLog } from '../../../src/gate/audit';
import { permissionModes, type AuditRecord } from '../../../src/gate/contract';
import type { Tool } from '../../../src/tools/contract';
import { createBench, toolOf } from '../../fakes/orchestratorBench';

/** Whatever is around a call, and where it breaks. */
const faults = [
  'rules',
  'trust',
  'probe',
  'sinkFails',
  'sinkThrows',
  'sinkHangs',
  'cacheLookup',
  'cacheStore',
  'cacheInvalidate',
  'hookBegins',
  'hookFinishes',
  'hookHangs',
  'reviewerThrows',
  'reviewerRejects',
  'reviewerNonsense',
  'permissionsThrow',
  'permissionsReject',
  'permissionsNonsense',
  'progress',
  'logger',
  'clockNow',
  'clockSchedule',
  'readText',
  'writeText',
  'knownWrite',
  'redact',
  'closed',
] as const;
type Fault = (typeof faults)[number];

const behaviours = [
  'works',
  'fails',
  'throws',
  'rejects',
  'rejectsNothing',
  'hangs',
  'hangsUntilAbort',
  'givesNothing',
  'givesText',
  'givesBoth',
  'givesNeither',
  'givesNumber',
  'givesTrap',
  'givesForgery',
] as const;
type Behaviour = (typeof behaviours)[number];

const toolNames = [
  'probe',
  'probe',
  'probe',
  'mute',
  'trap',
  'read_file',
  'write_file',
  'edit_file',
  'run_command',
  'nothing',
  '__proto__',
] as const;

const strangeArguments: readonly (() => unknown)[] = [
  () => {
    const cyclic: Record<string, unknown> = { path: 'a.ts' };
    cyclic.self = cyclic;
    return cyclic;
  },
  () => ({
    get path(): string {
      throw new Error('getter');
    },
  }),
  () => new Proxy({}, { ownKeys: broken }),
  () => ({ path: 10n, content: Symbol('x') }),
  () => ({ path: () => 'a.ts' }),
  () => ({ toJSON: broken }),
  () => undefined,
  () => null,
];

interface Run {
  readonly tool: (typeof toolNames)[number];
  readonly behaviour: Behaviour;
  readonly faults: readonly Fault[];
  readonly mode: (typeof permissionModes)[number];
  readonly isStrict: boolean;
  readonly answer: 'allowOnce' | 'allowAlways' | 'deny';
  readonly args: () => unknown;
  /** The turn is stopped at the n-th time that anything outside is touched; 0: before. */
  readonly abortAt: number | undefined;
}

const plainArguments = { path: 'a.ts', content: 'new\n', command: 'ls', edits: [] };
const run: fc.Arbitrary<Run> = fc.record({
  tool: fc.constantFrom(...toolNames),
  behaviour: fc.constantFrom(...behaviours),
  faults: fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.subarray([...faults], { minLength: 1, maxLength: 3 }) },
  ),
  mode: fc.constantFrom(...permissionModes),
  isStrict: fc.boolean(),
  answer: fc.constantFrom('allowOnce', 'allowOnce', 'allowAlways', 'deny'),
  args: fc.oneof(
    { weight: 8, arbitrary: fc.constant(() => ({ path: 'a.ts' })) },
    { weight: 6, arbitrary: fc.constant(() => ({ path: 'a.ts', content: 'new\n' })) },
    { weight: 3, arbitrary: fc.constant(() => ({ command: 'ls' })) },
    { weight: 1, arbitrary: fc.constant(() => plainArguments) },
    { weight: 2, arbitrary: fc.constantFrom(...strangeArguments) },
    { weight: 1, arbitrary: fc.anything({ withBigInt: true }).map((value) => () => value) },
  ),
  abortAt: fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.nat(25) },
  ),
});

describe('any call, whatever is wrong around it', () => {
  it('[R121][R120][R137] ends in one result with ok exactly when there is no error, and leaves its decision before any effect', async () => {
    const seen = { effects: 0, denied: 0, pairs: 0 };
    await fc.assert(
      fc.asyncProperty(run, async (given) => {
        const { result, log, effects, abortedAt } = await play(given);
        expect(result.ok).toBe(!('error' in result));
        expect(typeof result.output).toBe('string');
        expect(result.ok || typeof result.error === 'string').toBe(true);
        // Nothing has an effect before its yes was handed to the log, and a strict log must have taken it.
        expect(effects.length).toBeLessThanOrEqual(1);
        const [effect] = effects;
        if (effect !== undefined) {
          expect(log.lastIndexOf('decision allow', effect)).toBeGreaterThanOrEqual(0);
          expect(given.isStrict && given.faults.some(isSinkFault)).toBe(false);
          expect(given.faults).not.toContain('closed');
          expect(effect).toBeLessThan(abortedAt ?? Infinity);
          seen.effects += 1;
        }
        const decisions = log.filter((entry) => entry.startsWith('decision'));
        const outcomes = log.filter((entry) => entry.startsWith('outcome'));
        // Without a clock there is no time to put on a record.
        if (!given.faults.includes('clockNow')) {
          expect(outcomes).toHaveLength(decisions.length);
          expect(decisions.length).toBeGreaterThanOrEqual(1);
          seen.pairs += 1;
        }
        if (effects.length === 0 && decisions.at(-1) === 'decision deny') {
          seen.denied += 1;
          expect(result.ok).toBe(false);
        }
      }),
      { numRuns: 1500, seed: 20_260_102 },
    );
    // The property says something only when calls ran, were denied and were recorded.
    expect(seen.effects).toBeGreaterThan(150);
    expect(seen.denied).toBeGreaterThan(250);
    expect(seen.pairs).toBeGreaterThan(1000);
  }, 120_000);

  it('[R121] is stopped at every point at which it waits, and never has an effect after', async () => {
    for (const tool of ['probe', 'read_file', 'write_file', 'run_command'] as const) {
      for (const mode of ['ask', 'auto'] as const) {
        for (let abortAt = 0; abortAt <= 25; abortAt += 1) {
          const { result, log, effects, abortedAt } = await play({
            tool,
            behaviour: 'works',
            faults: [],
            mode,
            isStrict: false,
            answer: 'allowOnce',
            args: () =>
              tool === 'run_command'
                ? { command: 'ls' }
                : tool === 'write_file'
                  ? { path: 'a.ts', content: 'new\n' }
                  : tool === 'read_file'
                    ? { path: 'a.ts' }
                    : {},
            abortAt,
          });
          const at = `${tool} ${mode} ${abortAt}`;
          expect(result.ok, at).toBe(!('error' in result));
          expect(log.filter((entry) => entry.startsWith('outcome')).length, at).toBe(
            log.filter((entry) => entry.startsWith('decision')).length,
          );
          const [effect] = effects;
          if (effect !== undefined && abortedAt !== undefined) {
            expect(effect, at).toBeLessThan(abortedAt);
          }
          if (abortAt === 0) {
            expect(effects, at).toEqual([]);
          }
        }
      }
    }
  }, 120_000);

  it('[R121] of a child is answered once, with a no when anything fails', async () => {
    await fc.assert(
      fc.asyncProperty(run, async (given) => {
        const { bench, log, finish } = setUp(given);
        const answer = await finish(
          bench.authorize(
            'Write',
            [{ kind: 'write', path: 'a.ts', change: { kind: 'content', content: 'new\n' } }],
            contextOf(bench, given),
            { input: given.args() as JsonObject },
          ),
        );
        expect(['allow', 'deny']).toContain(answer.kind);
        if (answer.kind === 'allow') {
          expect(log.entries).toContain('decision allow');
          expect(given.isStrict && given.faults.some(isSinkFault)).toBe(false);
        }
      }),
      { numRuns: 500, seed: 20_260_103 },
    );
  }, 120_000);
});

/** What no port gives that keeps its word. */
const nonsense = JSON.parse('{"kind":"sure"}') as never;

function broken(): never {
  throw new Error('broken');
}

function isSinkFault(fault: Fault): boolean {
  return fault === 'sinkFails' || fault === 'sinkThrows' || fault === 'sinkHangs';
}

async function play(given: Run) {
  const { bench, log, finish } = setUp(given);
  const call: ToolCall = {
    id: 'one',
    name: given.tool,
    arguments: given.args() as JsonObject,
    executedBy: 'host',
  };
  if (given.faults.includes('closed')) {
    await finish(bench.orchestrator.shutdown());
  }
  const result = await finish(
    bench.orchestrator.execute(call, bench.context(contextOf(bench, given))),
  );
  return { result, log: log.entries, effects: log.effects, abortedAt: log.abortedAt };
}

function contextOf(bench: ReturnType<typeof createBench>, given: Run) {
  const { signal } = aborters.get(bench) ?? new AbortController();
  return {
    mode: given.mode,
    signal,
    ...(given.faults.includes('progress') ? { onProgress: broken } : {}),
  };
}

const aborters = new WeakMap<object, AbortController>();

/** In the order of events: records as they are handed to the log, `effect`. */
class Log {
  readonly entries: string[] = [];
  readonly effects: number[] = [];
  abortedAt: number | undefined;
  private touches = 0;

  constructor(
    private readonly abortAt: number | undefined,
    private readonly controller: AbortController,
  ) {
    if (abortAt === 0) {
      this.abort();
    }
  }

  touch(): void {
    this.touches += 1;
    if (this.touches === this.abortAt) {
      this.abort();
    }
  }

  effect(): void {
    this.effects.push(this.entries.length);
    this.entries.push('effect');
  }

  private abort(): void {
    this.abortedAt = this.entries.length;
    this.entries.push('abort');
    this.controller.abort();
  }
}

function setUp(given: Run) {
  const has = (fault: Fault): boolean => given.faults.includes(fault);
  const controller = new AbortController();
  const log = new Log(given.abortAt, controller);
  const sink = {
    write: (record: AuditRecord): Promise<void> => {
      log.touch();
      log.entries.push(
        record.kind === 'decision' ? `decision ${record.decision}` : `outcome ${record.outcome}`,
      );
      if (has('sinkThrows')) {
        broken();
      }
      return has('sinkHangs')
        ? new Promise(() => undefined)
        : has('sinkFails')
          ? Promise.reject(new Error('disk full'))
          : Promise.resolve();
    },
  };
  const logger: Logger = { debug: broken, info: broken, warn: broken, error: broken };
  const bench = createBench({
    files: { '/w/app/a.ts': 'one\n' },
    answer: ({ offers: [offer] = [] }) => {
      log.touch();
      if (given.answer !== 'allowAlways') {
        return { kind: given.answer };
      }
      return offer === undefined
        ? { kind: 'allowOnce' }
        : { kind: 'allowAlways', offerId: offer.id, scope: 'session' };
    },
    ...(has('rules') ? { rules: broken } : {}),
    tools: [
      probeOf(given.behaviour, log),
      toolOf('mute', () => Promise.resolve(toolOk('')), { intents: () => [] }),
      toolOf('trap', () => Promise.resolve(toolOk('')), { intents: broken }),
    ],
    services: {
      ...(has('trust') ? { isTrusted: broken } : {}),
      ...(has('probe')
        ? {
            probe: {
              realPath: () => Promise.reject(new Error('EIO')),
              readLink: broken,
              entriesOf: broken,
            },
          }
        : {}),
      ...(has('logger') ? { logger } : {}),
      ...(has('knownWrite') ? { onKnownWrite: broken } : {}),
      audit: new AuditLog({
        sink,
        clock: { nowMs: () => Date.UTC(2026, 0, 1), schedule: (...args) => schedule(...args) },
        redact: has('redact') ? broken : (text) => text,
        onFirstFailure: has('logger') ? broken : () => undefined,
        isStrict: () => given.isStrict,
      }),
    },
  });
  const schedule = bench.clock.schedule.bind(bench.clock);
  aborters.set(bench, controller);
  const { cache, files, permissions, reviewer, clock, hooks, runner } = bench;
  const lookup = cache.lookup.bind(cache);
  cache.lookup = (...args) => {
    log.touch();
    return has('cacheLookup') ? broken() : lookup(...args);
  };
  if (has('cacheStore')) {
    cache.store = broken;
  }
  if (has('cacheInvalidate')) {
    cache.invalidate = broken;
  }
  if (has('hookBegins')) {
    hooks.add({ name: 'h', begin: broken });
  }
  if (has('hookFinishes')) {
    hooks.add({ name: 'h', begin: () => broken });
  }
  if (has('hookHangs')) {
    hooks.add({ name: 'h', begin: () => () => new Promise(() => undefined) });
  }
  const review = reviewer.review.bind(reviewer);
  reviewer.review = (...args) => {
    log.touch();
    if (has('reviewerThrows')) {
      broken();
    }
    return has('reviewerRejects')
      ? Promise.reject(new Error('no'))
      : has('reviewerNonsense')
        ? Promise.resolve<never>(nonsense)
        : review(...args);
  };
  const ask = permissions.ask.bind(permissions);
  permissions.ask = (...args) => {
    log.touch();
    if (has('permissionsThrow')) {
      broken();
    }
    return has('permissionsReject')
      ? Promise.reject(new Error('no'))
      : has('permissionsNonsense')
        ? Promise.resolve<never>(nonsense)
        : ask(...args);
  };
  files.onRead = () => {
    log.touch();
    if (has('readText')) {
      broken();
    }
  };
  files.beforeWrite = () => {
    log.effect();
    log.touch();
    if (has('writeText')) {
      broken();
    }
  };
  runner.outcomeOf = () => {
    log.effect();
    log.touch();
    return { exitCode: 0, signal: null, output: 'out', end: 'exited' };
  };
  if (has('clockNow')) {
    clock.nowMs = broken;
  }
  if (has('clockSchedule')) {
    clock.schedule = broken;
  }
  /** Lets time go by until the work is done; a call that never ends fails here. */
  const finish = async <T>(work: Promise<T>): Promise<T> => {
    const state = { isDone: false };
    const watched = work.finally(() => {
      state.isDone = true;
    });
    watched.catch(() => undefined);
    for (let round = 0; round < 20; round += 1) {
      await clock.advance(state.isDone ? 0 : 60_000);
      if (state.isDone) {
        return await watched;
      }
    }
    throw new Error(`a call never ended: ${JSON.stringify(given)}`);
  };
  return { bench, log, finish };
}

function probeOf(behaviour: Behaviour, log: Log): Tool {
  return toolOf(
    'probe',
    (_args, context) => {
      log.effect();
      log.touch();
      return behave(behaviour, context.signal);
    },
    {
      kind: 'command',
      timeoutMs: 30_000,
      inputSchema: { type: 'object' },
      intents: () => [{ kind: 'unknown', description: 'a probe' }],
    },
  );
}

function behave(behaviour: Behaviour, signal: AbortSignal): Promise<ToolResult> {
  const give = (value: unknown): Promise<ToolResult> => Promise.resolve(value as ToolResult);
  switch (behaviour) {
    case 'works':
      return give(toolOk('done', { summary: 'x' }));
    case 'fails':
      return give(toolError('no', undefined, 'part'));
    case 'throws':
      return broken();
    case 'rejects':
      return Promise.reject(new Error('no'));
    case 'rejectsNothing':
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- tools of others do
      return Promise.reject(undefined);
    case 'hangs':
      return new Promise(() => undefined);
    case 'hangsUntilAbort':
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(toolOk('late')), { once: true });
      });
    case 'givesNothing':
      return give(undefined);
    case 'givesText':
      return give('done');
    case 'givesBoth':
      return give({ ok: true, output: 'x', error: 'y' });
    case 'givesNeither':
      return give({ ok: false, output: 'x' });
    case 'givesNumber':
      return give({ ok: true, output: 5 });
    case 'givesTrap':
      return give({
        ok: true,
        get output(): string {
          return broken();
        },
      });
    case 'givesForgery':
      return give({ ok: true, output: 'x', details: { outcome: 'forged', diff: 5 } });
  }
}
