import { withDeadline, type Clock } from '../base/clock';
import { toDisposable, type Disposable } from '../base/disposable';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import type { Diagnostics, FileProblem, PlaceCheck } from './contract';

/** A file that is about to be changed. `folder` is the workspace folder it belongs to; undefined outside of all. */
export interface WriteTarget {
  readonly path: string;
  readonly folder: string | undefined;
}

/** Both texts of a write that succeeded; undefined where there is no file. */
export interface FinishedWrite extends WriteTarget {
  readonly beforeText: string | undefined;
  readonly afterText: string | undefined;
  /** The caller may not read the file: what is told must not show its text. */
  readonly isTextHidden?: true;
  /** To be asked as the last thing before the file is changed further. */
  readonly checkPlace?: PlaceCheck;
}

/**
 * Something that happens after a successful write. `begin` is called when the write is proposed, to remember how things
 * were; what it returns is called after the write, and its text goes to the model. It may fail and may be too slow: the
 * call never suffers.
 */
export interface PostWriteHook {
  readonly name: string;
  begin(
    target: WriteTarget,
  ): (write: FinishedWrite, signal: AbortSignal) => Promise<string | undefined>;
}

export class PostWriteHooks {
  private readonly hooks = new Set<PostWriteHook>();

  constructor(
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly timeoutMs = 5000,
  ) {}

  add(hook: PostWriteHook): Disposable {
    this.hooks.add(hook);
    return toDisposable(() => this.hooks.delete(hook));
  }

  /** Gives the function to call after the write; what it resolves with is for the model. Neither throws. */
  begin(
    target: WriteTarget,
  ): (write: FinishedWrite, signal: AbortSignal) => Promise<readonly string[]> {
    const started = [...this.hooks].map((hook) => ({
      hook,
      finish: this.beginOne(hook, target),
    }));
    return async (write, signal) => {
      const texts = await Promise.all(
        started
          // A write may come long after its proposal: what was taken away since is not called.
          .filter(({ hook }) => this.hooks.has(hook))
          .map(({ hook, finish }) => this.finishOne(hook.name, finish, write, signal)),
      );
      return texts.filter((text) => text !== undefined && text !== '').map(String);
    };
  }

  private beginOne(
    hook: PostWriteHook,
    target: WriteTarget,
  ): ReturnType<PostWriteHook['begin']> | undefined {
    try {
      return hook.begin(target);
    } catch (error) {
      this.logger.warn(
        `post-write hook ${hook.name} failed before the write: ${errorMessage(error)}`,
      );
      return undefined;
    }
  }

  private async finishOne(
    name: string,
    finish: ReturnType<PostWriteHook['begin']> | undefined,
    write: FinishedWrite,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (finish === undefined) {
      return undefined;
    }
    const controller = new AbortController();
    try {
      const own = AbortSignal.any([signal, controller.signal]);
      const outcome = await withDeadline(this.clock, finish(write, own), this.timeoutMs, signal);
      if (outcome.kind === 'timeout') {
        this.logger.warn(
          `post-write hook ${name} took longer than ${this.timeoutMs} ms; the call goes on without it`,
        );
      }
      return outcome.kind === 'value' ? outcome.value : undefined;
    } catch (error) {
      this.logger.warn(`post-write hook ${name} failed: ${errorMessage(error)}`);
      return undefined;
    } finally {
      controller.abort();
    }
  }
}

/** Tells the model the problems that the write has brought, and only those. */
export function createDiagnosticsHook(
  diagnostics: Diagnostics,
  settleTimeoutMs = 3000,
): PostWriteHook {
  return {
    name: 'diagnostics',
    begin: ({ path }) => {
      const before = diagnostics.snapshot(path);
      return async (write, signal) => {
        if (write.afterText === undefined) {
          return undefined;
        }
        const after = await diagnostics.settled(path, settleTimeoutMs, signal);
        return describeProblems(newProblems(before, after), write.isTextHidden === true);
      };
    },
  };
}

/** Problems count as the same when severity, source and words are; the line may have moved. */
function newProblems(
  before: readonly FileProblem[],
  after: readonly FileProblem[],
): readonly FileProblem[] {
  const known = new Map<string, number>();
  for (const problem of before) {
    known.set(keyOf(problem), (known.get(keyOf(problem)) ?? 0) + 1);
  }
  return after.filter((problem) => {
    const count = known.get(keyOf(problem)) ?? 0;
    known.set(keyOf(problem), count - 1);
    return count <= 0;
  });
}

const maxProblems = 20;

function keyOf(problem: FileProblem): string {
  return JSON.stringify([problem.severity, problem.source ?? '', problem.message]);
}

/** Problems may quote the file's text: to a caller that may not read it only their number is told. */
function describeProblems(
  problems: readonly FileProblem[],
  isTextHidden: boolean,
): string | undefined {
  const serious = problems.filter((problem) => problem.severity !== 'info');
  if (serious.length === 0) {
    return undefined;
  }
  if (isTextHidden) {
    return `New problems since this edit: ${serious.length}. What they say is not shown, because this file may not be read.`;
  }
  const lines = serious
    .slice(0, maxProblems)
    .map(
      ({ lineOneBased, severity, message, source }) =>
        `line ${lineOneBased}: ${severity}: ${message}${source === undefined ? '' : ` (${source})`}`,
    );
  const rest = serious.length > maxProblems ? [`and ${serious.length - maxProblems} more`] : [];
  return ['New problems since this edit:', ...lines, ...rest].join('\n');
}
