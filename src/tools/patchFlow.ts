import { Deferred } from '../base/deferred';
import { toolError, toolOk, type ToolResult } from '../events/toolCall';
import type { Effect } from '../gate/contract';
import { displayPath } from '../gate/paths';
import type { GatedCall } from './callGate';
import type { CallProgress } from './contract';
import { isMovedFrom, type PlannedWrite } from './plannedWrites';
import type { OrchestratorServices } from './services';

/** One file of a call that writes several: how it is run, with the call as that file sees it. */
export type RunWrite = (
  call: GatedCall,
  write: PlannedWrite,
  move: MoveStep,
) => Promise<ToolResult>;

/** A file that moves is one question: what was approved whole at its new place is not asked again at its old one. */
export interface MoveStep {
  /** Called when the new place is written as the user approved it, with the text that was moved. */
  readonly onMoved?: (moved: MovedFile) => void;
  /** Of the old place: what came of the new one. */
  readonly moved?: MovedFile;
}

/** `text` is what was moved, with the user's word. `isGone`: it is at its old place no more. */
export interface MovedFile {
  readonly text: string;
  readonly isGone: boolean;
}

/**
 * A call that writes several files: each is an edit of its own, with its own review, its own records and its own end.
 * All reviews are open at once; what depends on another write (the same file twice, the old place of a moved file) waits
 * for it. One result says for each file what came of it. Never rejects as long as `run` does not.
 */
export async function runWrites(
  call: GatedCall,
  writes: readonly PlannedWrite[],
  run: RunWrite,
  services: Pick<OrchestratorServices, 'files'>,
): Promise<ToolResult> {
  const progress = new SharedProgress(call.context.onProgress);
  const results: Promise<ToolResult>[] = [];
  const movedFiles = new Map<number, MovedFile>();
  let begun: Promise<unknown> = Promise.resolve();
  for (const [index, write] of writes.entries()) {
    const before = writes.slice(0, index);
    const newIndex = before.findIndex((other) => isMovedFrom(other, write));
    const newPlace = results[newIndex];
    const sameFile =
      results[before.findLastIndex(({ effect }) => isSameFile(effect, write.effect))];
    const step = new Deferred<void>();
    const own: GatedCall = {
      ...call,
      intents: [write.intent],
      context: { ...call.context, onProgress: progress.forFile(index, () => step.resolve()) },
    };
    // The reviews are opened in the order of the patch.
    const turn = begun;
    const result = (async (): Promise<ToolResult> => {
      const created = await newPlace;
      if (created?.ok === false) {
        const outcome = created.details?.outcome;
        return toolError(
          'The file stays: its new place was not written.',
          outcome === undefined ? undefined : { outcome },
        );
      }
      await sameFile;
      await turn;
      const moved = movedFiles.get(newIndex);
      return await run(own, write, {
        ...(moved === undefined ? {} : { moved }),
        onMoved: (file) => movedFiles.set(index, file),
      });
    })();
    results.push(result);
    if (newPlace === undefined && sameFile === undefined) {
      begun = Promise.race([step.promise, result]);
    }
  }
  const shown = writes.map(({ effect }) => displayPath(effect.path, services.files.roots()));
  return summarized(shown, await Promise.all(results));
}

/** Most errors name the file themselves. */
function named(shown: string, error: string): string {
  return error.startsWith(`${shown}:`) || error.startsWith(`${shown} `)
    ? error
    : `${shown}: ${error}`;
}

function isSameFile(a: Effect & { kind: 'write' }, b: Effect & { kind: 'write' }): boolean {
  return a.path === b.path || a.target === b.target;
}

function summarized(shown: readonly string[], results: readonly ToolResult[]): ToolResult {
  const text = results
    .map((result, index) => (result.ok ? result.output : named(shown[index] ?? '', result.error)))
    .join('\n\n');
  const written = results.filter(({ ok }) => ok).length;
  const diff = results
    .flatMap(({ details }) => (details?.diff === undefined ? [] : [details.diff]))
    .join('\n');
  const outcomes = new Set(results.map(({ details }) => details?.outcome));
  const [outcome] = outcomes;
  const details = {
    summary: `${written} of ${results.length} files`,
    ...(diff === '' ? {} : { diff }),
  };
  if (written === 0) {
    return toolError(`Nothing was written.\n${text}`, {
      ...details,
      ...(outcome === undefined || outcomes.size > 1 ? {} : { outcome }),
    });
  }
  const head =
    written === results.length
      ? ''
      : `${written} of ${results.length} changes were made; the others were not.\n`;
  return toolOk(`${head}${text}`, details);
}

/** One card shows the call: as long as one of its files waits for the user, the call waits. */
class SharedProgress {
  private readonly waiting = new Map<number, CallProgress>();

  constructor(private readonly onProgress: (progress: CallProgress) => void) {}

  forFile(index: number, onBegun: () => void): (progress: CallProgress) => void {
    return (progress) => {
      onBegun();
      if (progress.kind === 'awaiting') {
        this.waiting.set(index, progress);
      } else {
        this.waiting.delete(index);
      }
      const [other] = this.waiting.values();
      this.onProgress(progress.kind === 'awaiting' ? progress : (other ?? progress));
    };
  }
}
