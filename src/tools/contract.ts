import type { JsonObject } from '../base/json';
import type { EditVerdict, FileEdit } from '../edits/fileEdit';
import type { PermissionAnswer, PermissionRequest, PlanItem } from '../events/observation';
import type { ToolCall, ToolResult } from '../events/toolCall';
import type { ToolIntent, UserQuestion } from '../events/toolIntent';
import type { PermissionMode, WorkspaceRoots } from '../gate/contract';

/** The workspace's files, over the editor's buffers where they are open. Paths are absolute and already decided on. */
export interface WorkspaceFiles {
  roots(): WorkspaceRoots;
  stat(path: string): Promise<FileStat | undefined>;
  /** Whether the file system of this path takes no writes at all. Absent: all of them do. */
  isInReadOnlySystem?(path: string): boolean;
  /**
   * The live text: the unsaved text of an open document, else the file decoded, also where a buffer was not read anew yet.
   * Throws PatchbayError: `not_found`, `not_text`, `too_large`, `is_directory`.
   */
  readText(path: string): Promise<TextFile>;
  /**
   * Writes as one undo step through the editor's buffer; saved only when the document was clean before. The text must
   * still be `expectedText` (undefined: the file must not exist), else `stale`. Creates missing folders. `checkPlace` is
   * asked as the last thing before anything changes. Throws
   * PatchbayError: `stale`, `moved`, `read_only`, `mixed_line_endings`, `encoding`, `not_text`.
   */
  writeText(
    path: string,
    text: string,
    expectedText: string | undefined,
    checkPlace?: PlaceCheck,
  ): Promise<WriteOutcome>;
  deleteFile(path: string, expectedText: string, checkPlace?: PlaceCheck): Promise<void>;
  /**
   * Moves a file that still has `expectedText` and gives it `text` at its new place, which must be free, as one undo step.
   * Its encoding, its mode and its open editors go with it. Absent: the new file is written, then the old one deleted.
   */
  moveText?(
    from: string,
    to: string,
    text: string,
    expectedText: string,
    checkPlace?: PlaceCheck,
  ): Promise<WriteOutcome>;
  list(path: string): Promise<readonly DirectoryEntry[]>;
  /** Fires with the absolute path when a file or its buffer changed; undefined: anything may have. */
  onDidChange(listener: (path: string | undefined) => void): { dispose(): void };
}

/** Throws PatchbayError `moved` when the path leads elsewhere than when the change was decided. */
export type PlaceCheck = () => Promise<void>;

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other';
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly isReadOnly: boolean;
}

export interface TextFile {
  readonly text: string;
  readonly isDirty: boolean;
  readonly isOpen: boolean;
  /** The file is not in the encoding it was read in: an edit of this text would change other bytes as well. */
  readonly isMisread?: true;
}

export interface WriteOutcome {
  readonly isSaved: boolean;
  /** The text after the write, when a save participant (formatter, trim) changed it further. */
  readonly savedText?: string;
  /** Something the user should know: `undo in the editor does not take this back`. */
  readonly note?: string;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly kind: 'file' | 'directory' | 'other';
}

/** Runs one shell command in its own process group; abort and timeout kill the group. Never rejects for a failing command. */
export interface CommandRunner {
  run(options: {
    readonly command: string;
    readonly cwd: string;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
    /** Bounded, merged: the output so far grew by this text (escape sequences stripped). */
    readonly onOutput?: (text: string) => void;
  }): Promise<CommandOutcome>;
}

export interface CommandOutcome {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** stdout and stderr as they came, escape sequences stripped, at most 1 MiB (head and tail with a mark between). */
  readonly output: string;
  readonly end: 'exited' | 'timeout' | 'aborted' | 'spawn_failed';
}

/**
 * Text search and file finding: the editor's own ripgrep, else one on the PATH, else a walk. Relative paths come back.
 * `limitNote` says which limits cut a result short, where it was not the number of results.
 */
export interface WorkspaceSearch {
  findFiles(options: {
    readonly folder: string;
    readonly pattern: string;
    readonly maxResults: number;
    readonly signal: AbortSignal;
  }): Promise<{
    readonly paths: readonly string[];
    readonly isTruncated: boolean;
    readonly limitNote?: string;
  }>;
  searchText(options: {
    readonly folder: string;
    readonly pattern: string;
    readonly isRegex: boolean;
    readonly isCaseSensitive: boolean;
    readonly include?: string;
    readonly exclude?: string;
    readonly maxResults: number;
    readonly signal: AbortSignal;
  }): Promise<{
    readonly matches: readonly TextMatch[];
    readonly isTruncated: boolean;
    readonly limitNote?: string;
  }>;
}

export interface TextMatch {
  readonly path: string;
  readonly lineOneBased: number;
  readonly line: string;
}

/** The language services' problems, for the model after a write. */
export interface Diagnostics {
  /** Problems of one file now. */
  snapshot(path: string): readonly FileProblem[];
  /** Waits until the services have looked at the file again, at most `timeoutMs`, then gives the problems. */
  settled(path: string, timeoutMs: number, signal: AbortSignal): Promise<readonly FileProblem[]>;
}

export interface FileProblem {
  readonly severity: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly lineOneBased: number;
  readonly source?: string;
}

/**
 * The reason of an abort by which an agent takes its own question back: its proposal goes with it. After any other abort
 * only the question is closed; the proposal stays for the user to decide on.
 */
export const takenBack = 'taken back by the agent';

/** The review of an edit is its permission prompt: one question. Resolves `withdrawn` on abort; never rejects. */
export interface EditReviewer {
  review(proposal: EditProposal, signal: AbortSignal): Promise<ReviewOutcome>;
  /** Notes an edit that a mode or rule wrote without asking, so that it stays visible as reviewable hunks. */
  noteWritten(proposal: EditProposal, why: string): void;
}

/** Reviews that hold nobody up, where the user wants that: the agent goes on, and the decision is carried out when it is made. */
export interface DeferredReviews {
  /**
   * Takes the proposal in without anybody waiting for the decision; on top of what this session proposed for the file
   * before. `full`: too much waits already, so this one has to be waited for.
   */
  propose(proposal: EditProposal): 'taken' | 'stacked' | 'full';
  /**
   * What a file would be with what this session proposed for it and nobody waits for; `text` undefined: deleted. Nothing
   * where nothing is proposed.
   */
  pendingFile(sessionId: string, path: string): { readonly text: string | undefined } | undefined;
}

export interface EditProposal {
  readonly sessionId: string;
  readonly callId: string;
  readonly asker: string;
  readonly edit: FileEdit;
  /** Why it asks: `writes ask in this mode`, `protected file`. */
  readonly reason: string;
  /** Absent where nothing is ever written for it later: kept for reading. */
  readonly origin?: EditOrigin;
}

/** What a write needs to know of a proposal when its agent no longer waits for it. */
export interface EditOrigin {
  readonly turnId: string;
  readonly modelId: string;
  readonly bridge?: string;
  /** Where the path led when the edit was proposed. */
  readonly target: string;
}

/**
 * What came of a decided proposal that nobody waited for. `told` is for the agent. `stale`: the file is `currentText`
 * now (undefined: gone), and it has to be asked again. `failed`: nothing was written; `message` says why, for the user.
 */
export type AppliedProposal =
  | { readonly kind: 'done'; readonly told: string }
  | { readonly kind: 'stale'; readonly currentText: string | undefined }
  | { readonly kind: 'failed'; readonly message: string };

export type ReviewOutcome =
  { readonly kind: 'decided'; readonly verdict: EditVerdict } | { readonly kind: 'withdrawn' };

/** Questions that are not edits. Resolves denied on abort; never rejects. */
export interface Asker {
  askUser(options: {
    readonly sessionId: string;
    readonly callId: string;
    readonly asker: string;
    readonly questions: readonly UserQuestion[];
    readonly signal: AbortSignal;
  }): Promise<Readonly<Record<string, string>> | undefined>;
}

/** Around one call: whose it is and where its progress goes. */
export interface CallContext {
  readonly sessionId: string;
  readonly turnId: string;
  readonly modelId: string;
  /** For people: the model's or agent's name. */
  readonly asker: string;
  readonly bridge?: string;
  readonly mode: PermissionMode;
  /** Default folder for relative paths and commands. */
  readonly cwd?: string;
  readonly signal: AbortSignal;
  /** What the turn has cost so far, US dollars; undefined when nobody said. */
  readonly runCostUsd?: () => number | undefined;
  /** What makes a delegated call unique: its id is that of the agent's own call, whose card it shares. */
  readonly claimId?: string;
  readonly onProgress: (progress: CallProgress) => void;
}

export type CallProgress =
  | { readonly kind: 'awaiting'; readonly why: string; readonly editId?: string }
  | { readonly kind: 'running'; readonly why: string }
  | { readonly kind: 'denied'; readonly why: string }
  | { readonly kind: 'output'; readonly text: string }
  | { readonly kind: 'plan'; readonly items: readonly PlanItem[] };

/** A tool of the host. `intents` is pure and total: bad arguments were refused before. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  /** `read`: may run in parallel; `write` and `command`: alone, in order; `session`: touches only the conversation. */
  readonly kind: 'read' | 'write' | 'command' | 'session';
  /** Milliseconds of execution; 0 = none (a question to the user). Absent: what the user set for all tools, 30 s by default. */
  readonly timeoutMs?: number;
  /** How its calls are named to people, where that is not its name: `server/tool`. */
  readonly shownName?: string;
  /** For delegated calls only: no model is offered it. */
  readonly isDelegatedOnly?: boolean;
  intents(args: JsonObject): readonly ToolIntent[];
  run(args: JsonObject, context: ToolRunContext): Promise<ToolResult>;
}

export interface ToolRunContext extends CallContext {
  readonly callId: string;
  /** Resolves a path argument as the gate did: absolute, normalised. */
  resolvePath(path: string): string;
  /** The call says which files it may have changed by itself: what changed in them is shown as its own. */
  reportFiles?(paths: readonly string[]): void;
  /** The text of a file with what this session proposed for it and nobody waits for; undefined: as it is. */
  pendingText?(path: string): string | undefined;
}

/** The single choke point of every tool call. */
export interface ToolOrchestrator {
  /** Runs a call of ours. Never rejects: every failure is a result. A second call with the same id never executes. */
  execute(call: ToolCall, context: CallContext): Promise<ToolResult>;
  /** Runs the calls of one assistant message: reads in parallel (limit 4), the rest alone and in order. */
  executeAll(
    calls: readonly ToolCall[],
    context: (call: ToolCall) => CallContext,
  ): Promise<readonly ToolResult[]>;
  /** Decides for a child's call; the child runs it. Never rejects; the fallback is deny. */
  authorize(request: PermissionRequest, context: CallContext): Promise<PermissionAnswer>;
  /** Audits the outcome of a child's call and compares what it wrote with what was approved. */
  noteChildResult(call: ToolCall, result: ToolResult, context: CallContext): Promise<void>;
  /** The tools a model is offered in this mode: leaves out the always-denied ones; never opens a prompt. */
  permittedTools(mode: PermissionMode): readonly Tool[];
  shutdown(): Promise<void>;
}
