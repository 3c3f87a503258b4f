import type { Clock } from './base/clock';
import type { Disposable } from './base/disposable';
import { createId } from './base/ids';
import type { Logger } from './base/logger';
import type { AuditLog } from './gate/audit';
import { isProtectedName } from './gate/sensitiveNames';
import { ChangeFiles } from './node/changeFiles';
import { CheckpointFiles } from './node/checkpointFiles';
import { gitDirectories } from './node/gitDirectories';
import { WorkspaceImages } from './node/diskImages';
import { ProtectedFileWalk } from './node/protectedFiles';
import { auditUserChange } from './session/changeAudit';
import { ChangeFollower } from './session/changeFollower';
import { Checkpoints } from './session/checkpoints';
import { createChangeStore } from './session/storedChanges';
import { UnreviewedChanges } from './session/unreviewedChanges';
import { UnshownChanges } from './session/unshownChanges';
import { ChangeWatcher, textOf } from './tools/changeWatch';
import type { WorkspaceFiles, WorkspaceSearch } from './tools/contract';
import type { OrchestratorServices } from './tools/services';

export interface ChangesOptions {
  /** Absolute; where what waits and the checkpoints are kept. */
  readonly folder: string;
  readonly join: (...parts: readonly string[]) => string;
  readonly files: WorkspaceFiles;
  readonly search: Pick<WorkspaceSearch, 'findFiles'>;
  readonly labelFor: (path: string) => string;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onNotice: (text: string) => void;
  /** The buffer of a document with unsaved text. */
  readonly unsavedText: (path: string) => string | undefined;
  /** False for a path of another file system, where the disk may have something else. Absent: everything is on the disk. */
  readonly isOnDisk?: (path: string) => boolean;
}

export interface Changes extends Disposable {
  readonly unreviewed: UnreviewedChanges;
  readonly checkpoints: Checkpoints;
  readonly follower: ChangeFollower;
  /** What the orchestrator tells. */
  readonly services: Pick<
    OrchestratorServices,
    'aroundWrite' | 'aroundCall' | 'beforeChildWrite' | 'onKnownWrite' | 'onUnexpectedChange'
  >;
  /** A file was written behind the editor's back, by the user's own wish. */
  acceptFromDisk(path: string): Promise<void>;
  /** Nothing is kept of a conversation that was removed. */
  forgetSession(sessionId: string): void;
  /** What the checkpoints take, for the doctor. */
  usageText(): Promise<string>;
  /** Everything is on disk. */
  flush(): Promise<void>;
}

/** The objects behind "nothing changes silently", put together. */
export function createChanges(options: ChangesOptions): Changes {
  const { files, join, search, labelFor, clock, logger, onNotice } = options;
  const isOnDisk = options.isOnDisk ?? (() => true);
  const folders = (): readonly string[] =>
    files
      .roots()
      .folders.map(({ path }) => path)
      .filter(isOnDisk);
  const repositories = async (): Promise<readonly string[]> =>
    (await Promise.all(folders().map(gitDirectories))).flat();
  const images = new WorkspaceImages({
    folders: async () => [...folders(), ...(await repositories())],
    isOnDisk,
  });
  const watcher: ChangeWatcher = new ChangeWatcher({
    files: images,
    protectedFiles: new ProtectedFileWalk({
      isProtected: (names) => isProtectedName(names, files.roots().platform),
    }),
    search,
    folders,
    join,
    onChanged: (change) => follower.noteChange(change),
    clock,
    logger,
  });
  const unreviewed = new UnreviewedChanges({
    files,
    unsavedText: options.unsavedText,
    labelFor,
    settle: async (path) => {
      await watcher.checkFile(path);
    },
    accept: async (path) => {
      await watcher.accept(path);
    },
    checkPlace: (path) => images.checkPlace(path),
    bringBack: (turn, path, text) => checkpoints.bringBack(turn, path, text),
    repositories,
    changeMode: (path, toMode) => images.changeMode(path, toMode),
    clock,
    logger,
    store: createChangeStore(new ChangeFiles(join(options.folder, 'changes'))),
    audit: (action, run) => auditUserChange(options.audit, clock, action, run),
    onNotice,
  });
  const checkpoints = new Checkpoints({
    store: new CheckpointFiles({ folder: join(options.folder, 'checkpoints') }),
    files: images,
    clock,
    logger,
    createTurnId: () => createId('restore'),
    onNotice,
  });
  const unshown = new UnshownChanges({ clock, labelFor, onNotice });
  const follower: ChangeFollower = new ChangeFollower({
    watcher,
    unreviewed,
    checkpoints,
    onUnshown: unshown.note,
  });
  return {
    unreviewed,
    checkpoints,
    follower,
    services: {
      aroundWrite: (write, run) => follower.aroundWrite(write, run),
      aroundCall: (call, run) => follower.aroundCall(call, run),
      beforeChildWrite: (write) => follower.beforeChildWrite(write),
      onKnownWrite: (path, text, turn) => follower.accept(path, text, turn),
      onUnexpectedChange: (change) => {
        logger.warn(`An agent wrote something else than what was approved: ${change.path}`);
        follower.noteUnexpected(change);
      },
    },
    acceptFromDisk: async (path) => {
      await watcher.accept(path);
      // Of the disk: the buffer of an open document may not have been read anew yet.
      const image = await images.read(path);
      unreviewed.noteKnown(path, image.kind === 'file' ? textOf(image.bytes) : undefined);
    },
    forgetSession: (sessionId) => {
      unreviewed.forgetSession(sessionId);
      void checkpoints.removeSession(sessionId);
    },
    usageText: async () => {
      const { checkpoints: count, bytes, maxBytes } = await checkpoints.usage();
      return `checkpoints: ${count} turns, ${bytes} of at most ${maxBytes} bytes on disk`;
    },
    flush: async () => {
      await Promise.all([unreviewed.flush(), checkpoints.flush()]);
    },
    dispose: () => {
      unshown.dispose();
      unreviewed.dispose();
    },
  };
}
