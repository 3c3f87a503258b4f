import type { Event } from '../base/emitter';
import type { ChangeOrigin } from '../edits/changeOrigin';
import type { Hunk, HunkDecision } from '../edits/fileEdit';
import type { SessionDelta, SessionItem } from '../events/sessionItem';
import type { ContextUse } from '../events/contextUse';
import type { Usage } from '../events/usage';
import type { UsageTotal } from '../events/usageTotal';
import type { PermissionMode } from '../gate/contract';
import type { SessionFault } from './signals';

/** An edit that waits for decisions, or was decided lately; shared by the chat card and the editor. */
export interface PendingEdit {
  readonly id: string;
  readonly sessionId: string;
  readonly callId: string;
  readonly asker: string;
  readonly path: string;
  /** Relative to its workspace folder, with `/`. */
  readonly label: string;
  readonly kind: 'edit' | 'create' | 'delete';
  readonly baseText: string;
  /** The proposal as it stands, with the user's own changes. */
  readonly proposedText: string;
  readonly hunks: readonly { readonly hunk: Hunk; readonly decision: HunkDecision }[];
  /**
   * `open`: waits. `written`: a mode let it through, kept for reading. The rest is over.
   */
  readonly state: 'open' | 'approved' | 'partly' | 'denied' | 'withdrawn' | 'written';
  readonly reason: string;
  /** Something the user should know: `The file changed meanwhile; these are the new differences.` */
  readonly note?: string;
  /**
   * Of an open edit that no agent waits for: what is approved of it we write ourselves, and the agent is told when the
   * conversation goes on. `agentGone`: its turn was stopped or its host ended; `goesOn`: the review does not hold it up.
   */
  readonly detached?: Detachment;
  readonly createdAtMs: number;
}

export type Detachment = 'agentGone' | 'goesOn';

/**
 * Small private files by name, as a port: what waits for the user and must outlive the window. Texts are kept as they
 * are, because they are to be written. One window of a workspace has them at a time.
 */
export interface PendingStorage {
  /** Everything there is, in no order; `undefined` when another window has it: nothing is kept then. */
  load(): Promise<readonly { readonly name: string; readonly text: string }[] | undefined>;
  /** Replaces the file whole, or leaves it as it was. */
  save(name: string, text: string): Promise<void>;
  /** Not an error when there is none. */
  remove(name: string): Promise<void>;
}

/** The pending set. Every surface shows `list()` and calls `decide`; the last decision of an edit settles its review. */
export interface PendingEditsApi {
  list(): readonly PendingEdit[];
  get(editId: string): PendingEdit | undefined;
  readonly onDidChange: Event<{ readonly editId: string; readonly edit: PendingEdit | undefined }>;
  /** False when the edit is not open or a hunk id is unknown: nothing changes then. */
  decide(
    editId: string,
    hunkIds: readonly string[] | 'all',
    decision: 'approve' | 'deny',
    reason?: string,
  ): boolean;
  /** Takes the decision on one hunk of an open edit back; without `hunkId` the newest one. */
  undoDecision(editId: string, hunkId?: string): boolean;
  /** The user changed the proposal; hunks are made anew, decisions on unchanged hunks stay. */
  updateProposal(editId: string, proposedText: string): void;
  /** The file changed while the edit waits: merged or re-diffed, decisions dropped where the hunk changed. */
  updateBase(editId: string, baseText: string): void;
}

/** A change that is in a file already and that no approved edit explains; it waits for keep or undo. */
export interface UnreviewedChange {
  readonly id: string;
  readonly sessionId: string;
  readonly turnId: string;
  readonly path: string;
  /** Relative to its workspace folder, with `/`. */
  readonly label: string;
  readonly kind: 'edit' | 'create' | 'delete';
  /** The text before, and the text of the file now; '' where there was or is no file. */
  readonly baseText: string;
  readonly currentText: string;
  /** Those that wait: kept and undone ones are gone. Hunks of one file may have several origins. */
  readonly hunks: readonly UnreviewedHunk[];
  readonly createdAtMs: number;
}

export interface UnreviewedHunk {
  /** The id stays while the change waits, whatever is typed around it. */
  readonly hunk: Hunk;
  readonly origin: ChangeOrigin;
  /** Others that changed something in the same lines. */
  readonly alsoBy: readonly ChangeOrigin[];
  /** It is no change of lines: the file can be run now, or can no longer be. The hunk has no lines then. */
  readonly mode?: { readonly before: number; readonly now: number };
}

/** Which hunks an action is about. */
export type ChangeSelection =
  | { readonly kind: 'hunks'; readonly changeId: string; readonly hunkIds: readonly string[] }
  | { readonly kind: 'file'; readonly changeId: string }
  | { readonly kind: 'turn'; readonly sessionId: string; readonly turnId: string }
  | { readonly kind: 'origin'; readonly sessionId: string; readonly origin: ChangeOrigin }
  | { readonly kind: 'session'; readonly sessionId: string }
  | { readonly kind: 'all' };

/** The unreviewed set: what changed without anybody having approved it. Never rejects. */
export interface UnreviewedChangesApi {
  list(): readonly UnreviewedChange[];
  get(changeId: string): UnreviewedChange | undefined;
  readonly onDidChange: Event<{ readonly changeId: string }>;
  /** False when nothing of the selection waits any more. */
  keep(selection: ChangeSelection): boolean;
  /** Takes the hunks out of their files; `problems` are sentences for the user, one per file that stayed as it is. */
  undo(
    selection: ChangeSelection,
  ): Promise<{ readonly undone: number; readonly problems: readonly string[] }>;
}

/** `retry`: it waits until then before it asks again by itself. */
export interface SessionActivity {
  readonly text: string;
  readonly sinceMs: number;
  readonly retry?: { readonly atMs: number; readonly attempt: number; readonly of?: number };
}

export type SessionPhase = 'idle' | 'streaming' | 'tooling' | 'condensing' | 'faulted';

/** Immutable snapshot of one conversation, for the panel and the status bar. */
export interface SessionSnapshot {
  readonly id: string;
  readonly title: string;
  readonly items: readonly SessionItem[];
  readonly phase: SessionPhase;
  readonly modelId: string;
  readonly mode: PermissionMode;
  /** What it waits for, with the start: `waiting for Claude Code`. */
  readonly activity?: SessionActivity;
  /** The entry that the next one follows; null: there is none yet. */
  readonly head: string | null;
  /** What was reported last. */
  readonly usage?: Usage;
  /** What fills the context of the chosen model; absent: nothing is known. */
  readonly context?: ContextUse;
  /** Tokens and cost of the conversation. */
  readonly spent?: UsageTotal;
  /** Set in phase `faulted`. */
  readonly fault?: SessionFault;
  readonly queuedCount: number;
  /** Prompts wait, and nothing sends them by itself: the turn before them was stopped, failed or was interrupted. */
  readonly isQueueHeld: boolean;
}

export interface SessionSummary {
  readonly id: string;
  readonly title: string;
  readonly updatedAtMs: number;
  readonly modelId?: string;
  readonly preview?: string;
  readonly sizeBytes?: number;
  /** Of all branches; in a deep list only. */
  readonly entryCount?: number;
  /** Of the active branch; in a deep list only. */
  readonly messageCount?: number;
  /** Only a newer version can read it: it has a note for a title, and nothing of it can be changed here. */
  readonly isNewer?: true;
}

/** Change of a session: item deltas in order, then whatever else of the snapshot changed. */
export interface SessionChange {
  readonly deltas: readonly SessionDelta[];
  readonly snapshot: SessionSnapshot;
}

/** Append-only storage of session files, as a port: one NDJSON file per session. */
export interface SessionStorage {
  append(sessionId: string, lines: string): Promise<AppendedLines>;
  read(sessionId: string): Promise<Uint8Array | undefined>;
  /** Up to `length` bytes from `start` on, and the size of the whole file. */
  readRange(
    sessionId: string,
    start: number,
    length: number,
  ): Promise<{ readonly bytes: Uint8Array; readonly sizeBytes: number } | undefined>;
  list(): Promise<readonly StoredFile[]>;
  /** All files with the first and the last `endBytes` bytes of each, some at a time; in no order. */
  ends(endBytes: number): AsyncIterable<readonly StoredEnds[]>;
  /** Rejects with PatchbayError `session_exists` when the new name is taken; nothing is changed then. */
  rename(sessionId: string, newId: string): Promise<void>;
  /** Not an error when there is no such session. */
  remove(sessionId: string): Promise<void>;
  /**
   * Takes the session for this window, until `release`. False when another window has it: nothing may be appended
   * then. Without this port there is one window only.
   */
  claim?(sessionId: string): Promise<boolean>;
  release?(sessionId: string): Promise<void>;
}

/** Where lines came to stand in their file, in bytes: the beginning of each, and the end of the last. */
export interface AppendedLines {
  readonly starts: readonly number[];
  readonly end: number;
}

export interface StoredEnds extends StoredFile {
  readonly first: Uint8Array;
  /** Empty where the first bytes are all there is. */
  readonly last: Uint8Array;
}

export interface StoredFile {
  readonly sessionId: string;
  readonly updatedAtMs: number;
  readonly sizeBytes: number;
}
