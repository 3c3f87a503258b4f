import type { ChangeWatch, ChangeWatcher, SeenChange, WatchedTurn } from '../tools/changeWatch';
import type { RunningCall, UnexpectedChange, WatchedWrite } from '../tools/services';
import type { WriteOutcome } from '../tools/contract';
import type { Checkpoints } from './checkpoints';
import type { UnreviewedChanges } from './unreviewedChanges';

export interface ChangeFollowerDeps {
  readonly watcher: Pick<ChangeWatcher, 'begin' | 'accept' | 'checkFile'>;
  readonly unreviewed: Pick<
    UnreviewedChanges,
    'note' | 'noteMode' | 'noteKnown' | 'noteSaved' | 'noteDisk' | 'isWriting'
  >;
  readonly checkpoints: Pick<Checkpoints, 'noteBefore' | 'noteWrite' | 'endTurns'>;
  /** What changed in a protected file and cannot be shown as lines: the user is told in words. */
  readonly onUnshown: (change: SeenChange) => void;
}

interface TurnName {
  readonly sessionId: string;
  readonly turnId: string;
}

/**
 * Follows the turns: what they touch goes into their checkpoints, what changes without approval into the unreviewed
 * changes. A turn of an agent is watched from its beginning, one of a model from the first command that it runs.
 */
export class ChangeFollower {
  private readonly watches = new Map<string, Promise<ChangeWatch>>();
  private readonly touched = new Map<string, TurnName & { readonly text: string | undefined }>();
  private readonly writing = new Set<string>();
  /** By path: what an agent has its yes for, and has not told to be done. Undefined text: the file will be gone. */
  private readonly expected = new Map<string, { turnId: string; text: string | undefined }>();
  private readonly sessionOf = new Map<string, string>();

  constructor(private readonly deps: ChangeFollowerDeps) {}

  /** For a turn of an agent; its end is the turn loop's affair. */
  async beginTurn(turn: WatchedTurn): Promise<ChangeWatch> {
    const watch = this.deps.watcher.begin(turn);
    this.watches.set(turn.turnId, watch);
    this.sessionOf.set(turn.turnId, turn.sessionId);
    return await watch;
  }

  /** Around a command, or a tool of a server or another extension, that we run. */
  async aroundCall<T>(
    call: RunningCall,
    run: (reportFiles: (paths: readonly string[]) => void) => Promise<T>,
  ): Promise<T> {
    const { sessionId, turnId, callId, what, asker, signal } = call;
    const beginning =
      this.watches.get(turnId) ??
      this.deps.watcher.begin({ sessionId, turnId, asker, signal, isAgent: false });
    this.watches.set(turnId, beginning);
    this.sessionOf.set(turnId, sessionId);
    const watch = await beginning;
    watch.callStarted(callId, what);
    try {
      return await run((paths) => watch.note(callId, paths));
    } finally {
      watch.callEnded(callId);
      await watch.check();
    }
  }

  /** Around a write that was approved: what was there is kept first, and what saving made of it is told apart. */
  async aroundWrite(write: WatchedWrite, run: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
    const { path, text } = write;
    await this.deps.watcher.checkFile(path);
    await this.deps.checkpoints.noteWrite(write, path);
    this.writing.add(path);
    try {
      const outcome = await run();
      this.expected.delete(path);
      this.touch(path, write, outcome.savedText ?? text);
      await this.deps.watcher.accept(path);
      if (text === undefined) {
        this.deps.unreviewed.noteKnown(path, undefined);
      } else {
        this.deps.unreviewed.noteSaved(path, text, outcome.savedText ?? text, write);
      }
      return outcome;
    } finally {
      this.writing.delete(path);
    }
  }

  /** An agent is about to be told that it may write this: what is there is kept first, byte for byte. */
  async beforeChildWrite(write: WatchedWrite): Promise<void> {
    const { sessionId, turnId, path, text } = write;
    await this.deps.watcher.checkFile(path);
    await this.deps.checkpoints.noteWrite(write, path);
    this.sessionOf.set(turnId, sessionId);
    this.expected.set(path, { turnId, text });
  }

  /** An agent wrote this file itself, after this text was approved for it. Undefined text: the file is gone. */
  async accept(path: string, text: string | undefined, turn: TurnName | undefined): Promise<void> {
    const { before, modes } = await this.deps.watcher.accept(path);
    this.expected.delete(path);
    if (turn !== undefined) {
      await this.deps.checkpoints.noteBefore(turn, path, before);
      this.touch(path, turn, text);
    }
    this.deps.unreviewed.noteKnown(path, text);
    if (turn !== undefined && modes !== undefined) {
      const origin = { kind: 'during', callId: turn.turnId, what: 'an approved write' } as const;
      const { sessionId, turnId } = turn;
      this.deps.unreviewed.noteMode({ path, text, ...modes }, { sessionId, turnId, origin });
    }
  }

  /**
   * The editor saved a document: what was typed is the user's, the rest was made by saving. `typedText` undefined:
   * nothing was typed since it was last written.
   */
  async saved(path: string, typedText: string | undefined, savedText: string): Promise<void> {
    if (this.isWriting(path)) {
      return;
    }
    const turn = this.touched.get(path);
    this.deps.unreviewed.noteSaved(path, typedText ?? turn?.text ?? savedText, savedText, turn);
    if (turn !== undefined) {
      this.touch(path, turn, savedText);
    }
    await this.deps.watcher.accept(path);
  }

  /** The editor took a file anew from the disk. */
  async reloaded(path: string): Promise<void> {
    if (!this.isWriting(path) && !(await this.deps.watcher.checkFile(path))) {
      await this.deps.unreviewed.noteDisk(path);
    }
  }

  /** To be given to the watcher: a change that nobody approved. */
  readonly noteChange = (change: SeenChange): void => {
    const { path, before } = change;
    void this.deps.checkpoints.noteBefore(change, path, before);
    this.touch(path, change, change.afterText);
    if (change.isContentSame !== true) {
      this.noteContent(change);
    }
    if (change.modes !== undefined) {
      const { sessionId, turnId, origin, afterText: text, modes } = change;
      this.deps.unreviewed.noteMode({ path, text, ...modes }, { sessionId, turnId, origin });
    }
  };

  private noteContent(change: SeenChange): void {
    const { path, before, existsAfter } = change;
    if (change.isProtected && !isShownAsLines(change)) {
      this.deps.onUnshown(change);
    }
    const expected = this.expected.get(path);
    if (expected === undefined) {
      const existedBefore = before.kind !== 'absent';
      this.deps.unreviewed.note({ ...change, existedBefore, existsAfter });
      return;
    }
    // The editor may see an agent's write before the agent tells of it: only what differs from its yes is news.
    const { text } = expected;
    this.deps.unreviewed.noteKnown(path, text);
    const existedBefore = text !== undefined;
    this.deps.unreviewed.note({ ...change, beforeText: text, existedBefore, existsAfter });
  }

  /** An agent wrote something else than what was approved: the difference waits for review. */
  noteUnexpected(change: UnexpectedChange): void {
    const { sessionId, turnId, callId, asker, path, expectedText, actualText } = change;
    this.touch(path, change, actualText);
    this.deps.unreviewed.note({
      sessionId,
      turnId,
      origin: { kind: 'during', callId, what: `${asker}, other than approved` },
      path,
      beforeText: expectedText,
      afterText: actualText,
      existedBefore: expectedText !== undefined,
      existsAfter: actualText !== undefined,
    });
  }

  /** The turns of a session that ran until now are over. */
  async endTurn(sessionId: string): Promise<void> {
    const turnIds = [...this.sessionOf].flatMap(([turnId, id]) =>
      id === sessionId ? [turnId] : [],
    );
    for (const turnId of turnIds) {
      this.sessionOf.delete(turnId);
      const watch = await this.watches.get(turnId);
      this.watches.delete(turnId);
      await watch?.end(undefined);
    }
    await this.deps.checkpoints.endTurns(turnIds);
    for (const [path, turn] of [...this.touched]) {
      if (turnIds.includes(turn.turnId)) {
        this.touched.delete(path);
      }
    }
    for (const [path, { turnId }] of [...this.expected]) {
      if (turnIds.includes(turnId)) {
        this.expected.delete(path);
      }
    }
    turnIds.forEach((turnId) => this.sessionOf.delete(turnId));
  }

  /** A write of ours is under way there. */
  isWriting(path: string): boolean {
    return this.writing.has(path) || this.deps.unreviewed.isWriting(path);
  }

  private touch(path: string, { sessionId, turnId }: TurnName, text: string | undefined): void {
    this.touched.set(path, { sessionId, turnId, text });
    this.sessionOf.set(turnId, sessionId);
  }
}

function isShownAsLines({ before, beforeText, afterText, existsAfter }: SeenChange): boolean {
  return (
    (before.kind === 'absent' || beforeText !== undefined) &&
    (!existsAfter || afterText !== undefined)
  );
}
