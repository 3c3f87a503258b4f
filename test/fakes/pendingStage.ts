import { silentLogger } from '../../src/base/logger';
import type { PendingStorage } from '../../src/session/contract';
import { DetachedEdits } from '../../src/session/detachedEdits';
import { PendingEdits, type PendingEditsOptions } from '../../src/session/pendingEdits';
import { createBench, type BenchOptions } from './orchestratorBench';

/** Small files in memory, as another window would find them. */
export class MemoryPending implements PendingStorage {
  readonly kept = new Map<string, string>();
  /** The next write fails with this. */
  failure: string | undefined;

  load(): ReturnType<PendingStorage['load']> {
    return Promise.resolve([...this.kept].map(([name, text]) => ({ name, text })));
  }

  save(name: string, text: string): Promise<void> {
    if (this.failure !== undefined) {
      return Promise.reject(new Error(this.failure));
    }
    this.kept.set(name, text);
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.kept.delete(name);
    return Promise.resolve();
  }
}

export interface StageOptions extends BenchOptions {
  readonly storage?: MemoryPending;
  readonly isNonBlocking?: boolean;
  readonly waitLimits?: PendingEditsOptions['detachedLimits'];
}

/** The real pending set, its keeper and the real orchestrator, over files, storage and a clock in memory. */
export async function createPendingStage(options: StageOptions = {}) {
  const {
    storage = new MemoryPending(),
    isNonBlocking = false,
    waitLimits,
    ...benchOptions
  } = options;
  let nowMs = 0;
  const edits = new PendingEdits({
    clock: { nowMs: () => (nowMs += 1) },
    labelFor: (path) => path.replace('/w/app/', ''),
    ...(waitLimits === undefined ? {} : { detachedLimits: waitLimits }),
  });
  const bench = createBench({
    ...benchOptions,
    services: {
      reviewer: edits,
      deferred: {
        isOn: () => isNonBlocking,
        propose: (proposal) => edits.propose(proposal),
        pendingFile: (sessionId, path) => edits.pendingFile(sessionId, path),
      },
      ...benchOptions.services,
    },
  });
  const notices: string[] = [];
  const detached = new DetachedEdits({
    edits,
    storage,
    apply: (proposal, verdict) => bench.orchestrator.applyLate(proposal, verdict),
    readText: async (path) =>
      (await bench.files.stat(path)) === undefined
        ? undefined
        : (await bench.files.readText(path)).text,
    clock: bench.clock,
    logger: silentLogger,
    onNotice: (text) => notices.push(text),
  });
  await detached.restore();
  return { ...bench, edits, detached, storage, notices };
}
