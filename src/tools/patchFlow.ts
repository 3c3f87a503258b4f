import { toolError, toolOk, type ToolResult } from '../events/toolCall';
import type { Effect } from '../gate/contract';
import { displayPath } from '../gate/paths';
import type { GatedCall } from './callGate';
import type { CallProgress } from './contract';
import type { PlannedWrite } from './plannedWrites';
import type { OrchestratorServices } from './services';

/** One file of a call that writes several: how it is run, with the call as that file sees it. */
export type RunWrite = (call: GatedCall, write: PlannedWrite) => Promise<ToolResult>;

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
  for (const [index, write] of writes.entries()) {
    const own: GatedCall = {
      ...call,
      intents: [write.intent],
      context: { ...call.context, onProgress: progress.forFile(index) },
    };
    const before = writes.slice(0, index);
    const newPlace = before.findIndex((other) => isMovedFrom(other, write));
    const sameFile = before.findLastIndex(({ effect }) => isSameFile(effect, write.effect));
    results.push(
      (async (): Promise<ToolResult> => {
        if (newPlace !== -1 && (await results[newPlace])?.ok !== true) {
          return toolError('The file stays: its new place was not written.');
        }
        await results[sameFile];
        return await run(own, write);
      })(),
    );
  }
  const shown = writes.map(({ effect }) => displayPath(effect.path, services.files.roots()));
  return summarized(shown, await Promise.all(results));
}

function isMovedFrom(created: PlannedWrite, deleted: PlannedWrite): boolean {
  return (
    deleted.change.kind === 'delete' &&
    created.change.kind === 'patch' &&
    created.change.from === deleted.effect.path
  );
}

function isSameFile(a: Effect & { kind: 'write' }, b: Effect & { kind: 'write' }): boolean {
  return a.path === b.path || a.target === b.target;
}

function summarized(shown: readonly string[], results: readonly ToolResult[]): ToolResult {
  const text = results
    .map((result, index) => (result.ok ? result.output : `${shown[index] ?? ''}: ${result.error}`))
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

  forFile(index: number): (progress: CallProgress) => void {
    return (progress) => {
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
