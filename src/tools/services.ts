import type { Clock } from '../base/clock';
import type { Logger } from '../base/logger';
import type { StructuralDiffTool } from '../edits/structuralDiff';
import type { AuditLog } from '../gate/audit';
import type { PathProbe } from '../gate/contract';
import type { PendingPermissions } from '../gate/pendingPermissions';
import type { RuleBook } from '../gate/ruleBook';
import type { RunLimits } from '../gate/runLimits';
import type { CommandAnalyzer } from '../gate/shell/analyzer';
import type {
  Asker,
  DeferredReviews,
  EditReviewer,
  WorkspaceFiles,
  WriteOutcome,
} from './contract';
import type { OutputStore } from './outputStore';
import type { PostWriteHooks } from './postWriteHooks';
import type { ToolRegistry } from './registry';
import type { ResultCache } from './resultCache';

/** What the orchestrator is made of; built once by the composition root. */
export interface OrchestratorServices {
  readonly registry: ToolRegistry;
  readonly files: WorkspaceFiles;
  readonly probe: PathProbe;
  /** Takes commands apart for the rules; absent where nothing is run: then no rule lets a command run. */
  readonly analyze?: CommandAnalyzer;
  /** Read at every decision. */
  readonly rules: RuleBook;
  readonly limits: RunLimits;
  readonly permissions: PendingPermissions;
  readonly reviewer: EditReviewer;
  /** Absent: every review is waited for. `isOn` is asked at every edit. */
  readonly deferred?: DeferredReviews & { readonly isOn: () => boolean };
  readonly asker: Asker;
  readonly audit: AuditLog;
  readonly cache: ResultCache;
  readonly outputs: OutputStore;
  readonly hooks: PostWriteHooks;
  readonly clock: Clock;
  readonly logger: Logger;
  /** For tools without a time limit of their own, asked at every call. Absent: 30 s. */
  readonly toolTimeoutMs?: () => number;
  /** Asked at every call: without trust no command runs. */
  readonly isTrusted: () => boolean;
  /** Absent where no program for semantic diffs is installed. */
  readonly structuralDiff?: StructuralDiffTool;
  /** The bytes on disk as text, whatever the editor's buffer says; undefined when there is no file. */
  readonly readDisk: (path: string) => Promise<string | undefined>;
  /** Saves an open document; false when it is still dirty after. */
  readonly saveDocument: (path: string) => Promise<boolean>;
  /** Sets an open document back to what is on disk; false when it still has unsaved changes after. Absent: no editor. */
  readonly discardChanges?: (path: string) => Promise<boolean>;
  /** An agent gets its yes to this write when this resolves: until then what is there can be kept. */
  readonly beforeChildWrite?: (write: WatchedWrite) => Promise<void>;
  /** An agent wrote this text itself, with the user's knowledge; undefined: the file is gone. */
  readonly onKnownWrite?: (
    path: string,
    text: string | undefined,
    turn: { readonly sessionId: string; readonly turnId: string },
  ) => Promise<void>;
  /** Around every write of ours: what was there is kept before it, and what came of it is known after. */
  readonly aroundWrite?: (
    write: WatchedWrite,
    run: () => Promise<WriteOutcome>,
  ) => Promise<WriteOutcome>;
  /** Around every run of a command, or of a tool that may change files by itself. */
  readonly aroundCall?: <T>(
    call: RunningCall,
    run: (reportFiles: (paths: readonly string[]) => void) => Promise<T>,
  ) => Promise<T>;
  /** An edit was refused because the file is not in the encoding it is read in: the user can open it in another. */
  readonly onMisread?: (path: string) => void;
  /** A child wrote something else than what was approved. */
  readonly onUnexpectedChange: (change: UnexpectedChange) => void;
}

/** A write that is about to be done. `text` undefined: the file is deleted. */
export interface WatchedWrite {
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly path: string;
  readonly text: string | undefined;
}

/** A call that runs. `what` is for people: the command, or the tool's name. */
export interface RunningCall {
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly what: string;
  readonly asker: string;
  readonly signal: AbortSignal;
}

export interface UnexpectedChange {
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly asker: string;
  readonly path: string;
  /** What was approved, or for a call that failed what was there before; undefined: no file. */
  readonly expectedText: string | undefined;
  readonly actualText: string | undefined;
}

/** Without somebody who watches, the write is all there is. */
export async function aroundWrite(
  services: Pick<OrchestratorServices, 'aroundWrite'>,
  write: WatchedWrite,
  run: () => Promise<WriteOutcome>,
): Promise<WriteOutcome> {
  return services.aroundWrite === undefined ? await run() : await services.aroundWrite(write, run);
}
