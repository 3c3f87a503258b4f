import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import type { Logger } from '../base/logger';
import { errorMessage, PatchbayError } from '../base/patchbayError';
import { AttributedText } from '../edits/attributedText';
import { isSameOrigin, type ChangeOrigin } from '../edits/changeOrigin';
import { hashTexts } from '../edits/textHash';
import { platformBelow } from '../gate/pathSyntax';
import type { WorkspaceFiles } from '../tools/contract';
import {
  changedTo,
  hunksByTurn,
  isSettled,
  kept,
  kindOf,
  undone,
  type ChangedFile,
  type IsChosen,
  type TurnOrigin,
  type TurnPart,
} from './changedFile';
import { modeBefore, withMode, type SeenMode } from './changedMode';
import type { ChangeSelection, UnreviewedChange, UnreviewedChangesApi } from './contract';

export interface ChangeLimits {
  readonly files: number;
  /** Of all texts together. */
  readonly chars: number;
}

export const defaultChangeLimits: ChangeLimits = { files: 200, chars: 8_000_000 };

/** Files that are dropped within this time are one notice. */
const noticeDelayMs = 500;

/** Where what waits outlives the window. */
export interface ChangeStore {
  load(): Promise<readonly ChangedFile[]>;
  save(file: ChangedFile): Promise<void>;
  remove(path: string): Promise<void>;
}

/** What the user did with changes, for the audit log. */
export interface ChangeAction {
  readonly kind: 'keep' | 'undo';
  readonly sessionId: string;
  readonly turnId: string;
  readonly path: string;
  readonly hunkCount: number;
  readonly origins: readonly ChangeOrigin[];
}

export interface UnreviewedChangesDeps {
  readonly files: Pick<WorkspaceFiles, 'readText' | 'writeText' | 'deleteFile' | 'roots'>;
  /**
   * The buffer of a document with unsaved text; undefined: the disk has all there is. A buffer without unsaved text is
   * never asked for: after a program wrote the file it is the old one for a while.
   */
  readonly unsavedText: (path: string) => string | undefined;
  readonly labelFor: (path: string) => string;
  /** Before a write of ours: what the disk has that nobody told yet is looked at. After it: that is no news. */
  readonly settle: (path: string) => Promise<void>;
  readonly accept: (path: string) => Promise<void>;
  /** Rejects with a sentence when the path leads elsewhere than its name says. */
  readonly checkPlace: (path: string) => Promise<void>;
  /** Gives a file that is gone back as it was before the turn, if that was this text; false: it did not. */
  readonly bringBack?: (
    turn: { readonly sessionId: string; readonly turnId: string },
    path: string,
    text: string,
  ) => Promise<boolean>;
  /** The folders of repositories that the workspace folders belong to, where those are elsewhere. */
  readonly repositories: () => Promise<readonly string[]>;
  /** Gives a file other permissions, made of those that it has. Rejects with a sentence. */
  readonly changeMode: (path: string, toMode: (now: number) => number) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store?: ChangeStore;
  readonly limits?: ChangeLimits;
  /** Written around the effect, like that of a tool call; resolves with why it must not go on. */
  readonly audit: (
    action: ChangeAction,
    run: () => Promise<string | undefined>,
  ) => Promise<string | undefined>;
  /** A sentence for the user: what could not be kept for review. */
  readonly onNotice: (text: string) => void;
}

interface Noted {
  readonly sessionId: string;
  readonly turnId: string;
  readonly origin: ChangeOrigin;
  readonly path: string;
  /** Undefined: no file, or none that is text. */
  readonly beforeText: string | undefined;
  readonly afterText: string | undefined;
  readonly existedBefore: boolean;
  readonly existsAfter: boolean;
}

/**
 * What changed in the workspace's files without anybody having approved it, until the user keeps or undoes it. What the
 * user types and what was approved goes into the files' accepted text and never waits.
 */
export class UnreviewedChanges implements UnreviewedChangesApi {
  private readonly changed = new Emitter<{ readonly changeId: string }>();
  readonly onDidChange = this.changed.event;
  private readonly byPath = new Map<string, ChangedFile>();
  private readonly writing = new Set<string>();
  private saves: Promise<void> = Promise.resolve();
  private listed: readonly UnreviewedChange[] | undefined;
  /** Files never change, they are replaced: what was made of one stays true. A command may change hundreds. */
  private readonly shown = new WeakMap<ChangedFile, readonly UnreviewedChange[]>();
  private readonly turnsOf = new WeakMap<ChangedFile, ReturnType<typeof hunksByTurn>>();
  private dropped: string[] = [];
  private dropping: Disposable | undefined;
  private readonly limits: ChangeLimits;

  constructor(private readonly deps: UnreviewedChangesDeps) {
    this.limits = deps.limits ?? defaultChangeLimits;
  }

  /** Brings back what waited when the window ended. What changed since then is the user's or another program's. */
  async restore(): Promise<void> {
    const stored = await this.attempt(
      'changes that wait could not be read',
      () => this.deps.store?.load() ?? Promise.resolve([]),
    );
    for (const file of stored ?? []) {
      if (!this.byPath.has(file.path)) {
        const live = await this.readText(file.path);
        if (live.kind === 'read') {
          this.put(changedTo(file, live.text, undefined));
        } else if (file.mode !== undefined) {
          this.put(file);
        }
      }
    }
  }

  /** True while a write of ours is under way there: its save is no save of the user. */
  isWriting(path: string): boolean {
    return this.writing.has(path);
  }

  isWaiting(path: string): boolean {
    return this.byPath.has(path);
  }

  /** A change that nobody approved. What is not text has no hunks and is not listed. */
  note(change: Noted): void {
    const { path, sessionId, turnId, origin, beforeText, afterText } = change;
    const known = this.byPath.get(path);
    const isText =
      (afterText !== undefined || !change.existsAfter) &&
      (beforeText !== undefined || !change.existedBefore);
    if (!isText) {
      // What it was as a text is over; the checkpoint of the turn has the bytes.
      if (known !== undefined) {
        const { mode } = known;
        const file = changedTo(known, undefined, undefined);
        const isModeLeft = mode !== undefined && change.existsAfter;
        this.put(isModeLeft ? { ...file, wasThere: true, isThere: true, mode } : file);
      }
      return;
    }
    const before = change.existedBefore ? beforeText : undefined;
    const file = (known === undefined ? undefined : sinceThen(known, before)) ?? {
      path,
      text: AttributedText.of<TurnOrigin>(beforeText ?? ''),
      wasThere: change.existedBefore,
      isThere: change.existedBefore,
      createdAtMs: this.deps.clock.nowMs(),
    };
    this.put(
      changedTo(file, change.existsAfter ? afterText : undefined, { sessionId, turnId, origin }),
    );
  }

  /** Nobody approved that the file can be run now, or can no longer be: that waits beside its lines. */
  noteMode(seen: SeenMode, by: TurnOrigin): void {
    const known = this.byPath.get(seen.path);
    this.put(withMode(known, seen, by, this.deps.clock.nowMs()));
  }

  /** The file has this text with the user's knowledge; undefined: it is gone. */
  noteKnown(path: string, text: string | undefined): void {
    const known = this.byPath.get(path);
    if (known !== undefined) {
      this.put(changedTo(known, text, undefined));
    }
  }

  /** A save changed what was typed or approved: `turn` is the one that has to do with the file. */
  noteSaved(
    path: string,
    typedText: string,
    savedText: string,
    turn: { readonly sessionId: string; readonly turnId: string } | undefined,
  ): void {
    if (turn === undefined || isSameButEndings(typedText, savedText)) {
      this.noteKnown(path, savedText);
      return;
    }
    this.noteKnown(path, typedText);
    this.note({
      ...turn,
      origin: { kind: 'onSave' },
      path,
      beforeText: typedText,
      afterText: savedText,
      existedBefore: true,
      existsAfter: true,
    });
  }

  /** The editor read the file anew, and nobody watches: what the disk has is the user's or another program's. */
  async noteDisk(path: string): Promise<void> {
    for (;;) {
      const before = this.byPath.get(path);
      if (before === undefined || this.writing.has(path)) {
        return;
      }
      const live = await this.readText(path);
      if (this.byPath.get(path) === before && !this.writing.has(path)) {
        const isNews = live.kind === 'read' && !live.isUnsaved && !isNow(before, live.text);
        if (isNews) {
          this.put(changedTo(before, live.text, undefined));
        }
        return;
      }
    }
  }

  list(): readonly UnreviewedChange[] {
    this.listed ??= [...this.byPath.values()].flatMap((stored) => {
      const file = this.live(stored);
      const changes = this.shown.get(file) ?? this.toChanges(file);
      this.shown.set(file, changes);
      return changes;
    });
    return this.listed;
  }

  get(changeId: string): UnreviewedChange | undefined {
    return this.list().find(({ id }) => id === changeId);
  }

  /** A buffer changed: lines of what waits in it have moved. */
  refresh(path: string): void {
    if (this.byPath.has(path)) {
      this.announce(path);
    }
  }

  keep(selection: ChangeSelection): boolean {
    const chosen = this.choose(selection);
    for (const { file, isChosen, actions } of chosen) {
      for (const action of actions) {
        this.save(async () => {
          await this.deps.audit({ ...action, kind: 'keep' }, () => Promise.resolve(undefined));
        });
      }
      this.put(kept(file, isChosen));
    }
    return chosen.length > 0;
  }

  async undo(
    selection: ChangeSelection,
  ): Promise<{ readonly undone: number; readonly problems: readonly string[] }> {
    const paths = this.choose(selection).map(({ file }) => file.path);
    await Promise.all(paths.map((path) => this.deps.settle(path)));
    let count = 0;
    const problems: string[] = [];
    for (const path of paths) {
      const live = await this.readText(path);
      const known = this.byPath.get(path);
      const isMode = this.choose(selection).some(
        ({ file, isTextChosen }) => file.path === path && !isTextChosen,
      );
      if (known === undefined || (live.kind === 'unreadable' && !isMode)) {
        problems.push(`${this.deps.labelFor(path)} could not be read; nothing was undone there.`);
        continue;
      }
      if (live.kind === 'read') {
        this.put(changedTo(known, live.text, undefined));
      }
      const target = this.choose(selection).find(({ file }) => file.path === path);
      if (target === undefined) {
        problems.push(
          `${this.deps.labelFor(path)} was changed over meanwhile; nothing of it was left to undo.`,
        );
        continue;
      }
      const problem = await this.undoIn(target);
      if (problem === undefined) {
        count += target.actions.reduce((sum, { hunkCount }) => sum + hunkCount, 0);
      } else {
        problems.push(problem);
      }
    }
    return { undone: count, problems };
  }

  /** Nothing of this session waits any more: it was removed. The files stay as they are. */
  forgetSession(sessionId: string): void {
    for (const file of [...this.byPath.values()]) {
      this.put(kept(file, (by) => by.sessionId === sessionId));
    }
  }

  async flush(): Promise<void> {
    await this.saves;
  }

  dispose(): void {
    this.dropping?.dispose();
    this.changed.dispose();
  }

  private async undoIn({
    file,
    isChosen,
    isTextChosen,
    actions,
  }: Chosen): Promise<string | undefined> {
    const { path } = file;
    const label = this.deps.labelFor(path);
    const { folders, platform } = this.deps.files.roots();
    const isBelow = (folder: string): boolean =>
      platformBelow(folder, path, platform) !== undefined;
    if (
      !folders.some((folder) => isBelow(folder.path)) &&
      !(await this.deps.repositories()).some(isBelow)
    ) {
      return `${label} stays as it is: it is outside of the workspace folders. Take the change back in the editor, or keep it.`;
    }
    const next = undone(file, isChosen);
    const write = async (): Promise<string | undefined> => {
      this.writing.add(path);
      try {
        const before = file.isThere ? file.text.current : undefined;
        const checkPlace = (): Promise<void> => this.deps.checkPlace(path);
        await checkPlace();
        let savedText: string | undefined;
        if (!next.isThere) {
          await this.deps.files.deleteFile(path, before ?? '', checkPlace);
        } else if (isTextChosen && !(await this.isBroughtBack(file, next.text.current))) {
          const outcome = await this.deps.files.writeText(
            path,
            next.text.current,
            before,
            checkPlace,
          );
          savedText = outcome.savedText;
        }
        const { mode } = file;
        if (mode !== undefined && next.isThere && next.mode === undefined) {
          await this.deps.changeMode(path, (now) => modeBefore(mode, now));
        }
        await this.deps.accept(path);
        this.put(next);
        const [first] = actions;
        if (savedText !== undefined && first !== undefined) {
          this.noteSaved(path, next.text.current, savedText, first);
        }
        return undefined;
      } catch (error) {
        const why = PatchbayError.is(error, 'stale')
          ? 'it changed in this moment'
          : errorMessage(error);
        return `${label} stays as it is: ${why}. Look at it and try again.`;
      } finally {
        this.writing.delete(path);
      }
    };
    const [first] = actions;
    return first === undefined
      ? await write()
      : await this.deps.audit(
          {
            ...first,
            kind: 'undo',
            hunkCount: actions.reduce((sum, one) => sum + one.hunkCount, 0),
          },
          write,
        );
  }

  /** Byte for byte and with its mode, where that is kept: a text alone has neither. */
  private async isBroughtBack(file: ChangedFile, text: string): Promise<boolean> {
    const { isThere, existenceBy, path } = file;
    if (isThere || existenceBy === undefined || this.deps.bringBack === undefined) {
      return false;
    }
    return await this.deps.bringBack(existenceBy, path, text);
  }

  private choose(selection: ChangeSelection): readonly Chosen[] {
    return [...this.byPath.values()].flatMap((stored): readonly Chosen[] => {
      const file = this.live(stored);
      const turns = this.hunksByTurn(file);
      const isWanted = wanted(selection, file.path, turns);
      let isTextChosen = false;
      const actions = turns.flatMap(({ sessionId, turnId, hunks }) => {
        const hit = hunks.filter(({ parts }) =>
          parts.some((part) => {
            const by = makerOf(file, part);
            return by !== undefined && isWanted(by, part);
          }),
        );
        isTextChosen ||= hit.some(({ mode }) => mode === undefined);
        return hit.length === 0
          ? []
          : [
              {
                sessionId,
                turnId,
                path: file.path,
                hunkCount: hit.length,
                origins: hit.map(({ origin }) => origin),
              },
            ];
      });
      return actions.length === 0 ? [] : [{ file, isChosen: isWanted, isTextChosen, actions }];
    });
  }

  /** With what is typed and not saved yet. */
  private live(file: ChangedFile): ChangedFile {
    const unsaved = file.isThere ? this.deps.unsavedText(file.path) : undefined;
    return unsaved === undefined || isSameButEndings(unsaved, file.text.current)
      ? file
      : changedTo(file, unsaved, undefined);
  }

  private toChanges(file: ChangedFile): readonly UnreviewedChange[] {
    return this.hunksByTurn(file).map(({ sessionId, turnId, hunks }) => ({
      id: changeIdOf(file.path, turnId),
      sessionId,
      turnId,
      path: file.path,
      label: this.deps.labelFor(file.path),
      kind: kindOf(file),
      baseText: file.text.accepted,
      currentText: file.text.current,
      hunks: hunks.map(({ parts: _parts, ...entry }) => entry),
      createdAtMs: file.createdAtMs,
    }));
  }

  private hunksByTurn(file: ChangedFile): ReturnType<typeof hunksByTurn> {
    const turns = this.turnsOf.get(file) ?? hunksByTurn(file);
    this.turnsOf.set(file, turns);
    return turns;
  }

  private async readText(path: string): Promise<LiveText> {
    try {
      const { text, isDirty } = await this.deps.files.readText(path);
      return { kind: 'read', text, isUnsaved: isDirty };
    } catch (error) {
      return PatchbayError.is(error, 'not_found')
        ? { kind: 'read', text: undefined, isUnsaved: false }
        : { kind: 'unreadable' };
    }
  }

  private put(file: ChangedFile): void {
    const before = this.byPath.get(file.path);
    this.byPath.delete(file.path);
    if (isSettled(file)) {
      this.save(() => this.deps.store?.remove(file.path));
      if (before === undefined) {
        return;
      }
    } else {
      this.byPath.set(file.path, file);
      this.save(() => this.deps.store?.save(file));
      this.bound();
    }
    this.announce(file.path, before);
  }

  /** The oldest stay in their files and are shown no more; the user is told. */
  private bound(): void {
    const charsOf = (file: ChangedFile): number =>
      file.text.pieces.reduce((sum, { text }) => sum + text.length, 0);
    let chars = [...this.byPath.values()].reduce((sum, file) => sum + charsOf(file), 0);
    for (const [path, file] of this.byPath) {
      if (
        this.byPath.size <= 1 ||
        (this.byPath.size <= this.limits.files && chars <= this.limits.chars)
      ) {
        return;
      }
      chars -= charsOf(file);
      this.byPath.delete(path);
      this.save(() => this.deps.store?.remove(path));
      this.announce(path, file);
      this.dropped.push(this.deps.labelFor(path));
      this.dropping ??= this.deps.clock.schedule(noticeDelayMs, () => this.tellDropped());
    }
  }

  private tellDropped(): void {
    const [first, ...others] = this.dropped;
    this.dropping = undefined;
    this.dropped = [];
    if (first === undefined) {
      return;
    }
    const more = others.length === 1 ? ' and 1 more file' : ` and ${others.length} more files`;
    const [files, checkpoints] =
      others.length === 0
        ? ['The file itself stays as it is', 'the checkpoint of the turn can still restore it']
        : ['The files themselves stay as they are', 'the checkpoints can still restore them'];
    this.deps.onNotice(
      `Too many changes wait for review: those of ${first}${others.length === 0 ? '' : more} are no longer listed. ${files}; ${checkpoints}.`,
    );
  }

  private announce(path: string, before?: ChangedFile): void {
    this.listed = undefined;
    const turns = new Set(
      [before, this.byPath.get(path)].flatMap((file) =>
        file === undefined ? [] : this.hunksByTurn(file).map(({ turnId }) => turnId),
      ),
    );
    for (const turnId of turns) {
      this.changed.fire({ changeId: changeIdOf(path, turnId) });
    }
  }

  private save(work: () => Promise<void> | undefined): void {
    this.saves = this.saves.then(async () => {
      await this.attempt('changes that wait could not be saved', () => work() ?? Promise.resolve());
    });
  }

  private async attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.deps.logger.warn(`${what}: ${errorMessage(error)}`);
      return undefined;
    }
  }
}

/** `text` undefined: there is no file. */
type LiveText =
  | { readonly kind: 'read'; readonly text: string | undefined; readonly isUnsaved: boolean }
  | { readonly kind: 'unreadable' };

interface Chosen {
  readonly file: ChangedFile;
  readonly isChosen: IsChosen;
  /** False: only what is beside the text, which stays as it is. */
  readonly isTextChosen: boolean;
  readonly actions: readonly Omit<ChangeAction, 'kind'>[];
}

function changeIdOf(path: string, turnId: string): string {
  return `change-${hashTexts(path, turnId)}`;
}

/**
 * What waits in a file that was found like this when somebody changed it: whatever became of it in between, between two
 * turns, is the user's. Undefined: nothing of it waits any more.
 */
function sinceThen(known: ChangedFile, text: string | undefined): ChangedFile | undefined {
  const file = isNow(known, text) ? known : changedTo(known, text, undefined);
  return isSettled(file) ? undefined : file;
}

function makerOf(file: ChangedFile, part: TurnPart): TurnOrigin | undefined {
  switch (part) {
    case 'existence':
      return file.existenceBy;
    case 'mode':
      return file.mode?.by;
    default:
      return part.by;
  }
}

function isNow({ isThere, text: { current } }: ChangedFile, text: string | undefined): boolean {
  return isThere === (text !== undefined) && isSameButEndings(current, text ?? '');
}

function wanted(
  selection: ChangeSelection,
  path: string,
  turns: ReturnType<typeof hunksByTurn>,
): IsChosen {
  switch (selection.kind) {
    case 'hunks': {
      const turn = turns.find(({ turnId }) => changeIdOf(path, turnId) === selection.changeId);
      const hunks = turn?.hunks.filter(({ hunk }) => selection.hunkIds.includes(hunk.id)) ?? [];
      const parts = new Set<TurnPart>(hunks.flatMap((hunk) => hunk.parts));
      return (_by, part) => parts.has(part);
    }
    case 'file':
      return (by) => changeIdOf(path, by.turnId) === selection.changeId;
    case 'turn':
      return (by) => by.turnId === selection.turnId && by.sessionId === selection.sessionId;
    case 'origin':
      return (by) =>
        by.sessionId === selection.sessionId && isSameOrigin(by.origin, selection.origin);
    case 'session':
      return (by) => by.sessionId === selection.sessionId;
    case 'all':
      return () => true;
  }
}

/** A buffer has one kind of line ending; where that is all, nothing has changed. */
function isSameButEndings(a: string, b: string): boolean {
  return a === b || a.replaceAll('\r\n', '\n') === b.replaceAll('\r\n', '\n');
}
