import { AttributedText, type ChangedPiece } from '../edits/attributedText';
import { isSameOrigin, type ChangeOrigin } from '../edits/changeOrigin';
import type { Hunk } from '../edits/fileEdit';
import type { UnreviewedHunk } from './contract';

/** Who made a piece: the origin, and the turn it belongs to. */
export interface TurnOrigin {
  readonly sessionId: string;
  readonly turnId: string;
  readonly origin: ChangeOrigin;
}

/** A file's mode before what waits, and now; who changed it. */
export interface ChangedMode {
  readonly before: number;
  readonly now: number;
  readonly by: TurnOrigin;
}

/** A file with changes that wait. Immutable: every step gives another one. */
export interface ChangedFile {
  readonly path: string;
  readonly text: AttributedText<TurnOrigin>;
  /** Whether the file is there without what waits, and whether it is there now; `by`: who made the difference. */
  readonly wasThere: boolean;
  readonly isThere: boolean;
  readonly existenceBy?: TurnOrigin;
  /** Waits beside the text. */
  readonly mode?: ChangedMode;
  readonly createdAtMs: number;
}

/** Hunks of one turn, each with its pieces. */
export interface TurnHunks {
  readonly sessionId: string;
  readonly turnId: string;
  readonly hunks: readonly TurnHunk[];
}

/** With the pieces of the text, or what else of the file it is about. */
export type TurnHunk = UnreviewedHunk & { readonly parts: readonly TurnPart[] };

export type TurnPiece = ChangedPiece<TurnOrigin>;

/** What can be kept and undone by itself. */
export type TurnPart = TurnPiece | 'existence' | 'mode';

export type IsChosen = (by: TurnOrigin, part: TurnPart) => boolean;

export function isSameTurnOrigin(a: TurnOrigin, b: TurnOrigin): boolean {
  return a.turnId === b.turnId && isSameOrigin(a.origin, b.origin);
}

export function kindOf({ wasThere, isThere }: ChangedFile): 'edit' | 'create' | 'delete' {
  return wasThere === isThere ? 'edit' : isThere ? 'create' : 'delete';
}

/** Nothing of it waits any more. */
export function isSettled(file: ChangedFile): boolean {
  return isTextSettled(file) && file.mode === undefined;
}

function isTextSettled(file: ChangedFile): boolean {
  return file.text.changed.length === 0 && file.wasThere === file.isThere;
}

/** The file became this, by `by`; with the user's knowledge when it is undefined. `text` undefined: it is gone. */
export function changedTo(
  file: ChangedFile,
  text: string | undefined,
  by: TurnOrigin | undefined,
): ChangedFile {
  const isThere = text !== undefined;
  if (!isThere && !file.isThere) {
    return file;
  }
  if (!isThere && by === undefined) {
    // The user took the file away: nothing in it waits any more.
    const gone = { ...file, text: AttributedText.of<TurnOrigin>(''), wasThere: false, isThere };
    return withoutMode(withoutBy(gone));
  }
  const next = { ...file, text: file.text.becoming(text ?? '', by), isThere };
  if (by === undefined) {
    // What the user writes into a new file makes it the user's: undo must not take the file away.
    const isTheirs = next.text.accepted !== '' || isThere === file.wasThere;
    return withoutBy({ ...next, wasThere: isThere && (file.wasThere || isTheirs) });
  }
  return isThere === file.isThere ? next : { ...next, existenceBy: by };
}

/** The hunks by turn, the oldest change first within each. */
export function hunksByTurn(file: ChangedFile): readonly TurnHunks[] {
  const turns = new Map<string, TurnHunks>();
  const add = (
    by: TurnOrigin,
    hunk: Hunk,
    others: readonly TurnOrigin[],
    parts: readonly TurnPart[],
    mode?: ChangedMode,
  ): void => {
    const known = turns.get(by.turnId);
    const entry: TurnHunk = {
      hunk,
      origin: by.origin,
      alsoBy: others.map(({ origin }) => origin),
      parts,
      ...(mode === undefined ? {} : { mode: { before: mode.before, now: mode.now } }),
    };
    const { sessionId, turnId } = by;
    turns.set(turnId, { sessionId, turnId, hunks: [...(known?.hunks ?? []), entry] });
  };
  for (const { hunk, pieces, origins } of file.text.hunks(isSameTurnOrigin)) {
    const [first, ...others] = [...origins].sort((a, b) => weightOf(a) - weightOf(b));
    if (first !== undefined) {
      add(first, hunk, others, pieces);
    }
  }
  if (turns.size === 0 && !isTextSettled(file) && file.existenceBy !== undefined) {
    add(file.existenceBy, emptyHunk('c-file'), [], ['existence']);
  }
  if (file.mode !== undefined && file.isThere) {
    add(file.mode.by, emptyHunk('c-mode'), [], ['mode'], file.mode);
  }
  return [...turns.values()];
}

export function kept(file: ChangedFile, isChosen: IsChosen): ChangedFile {
  const text = file.text.keeping((piece) => isChosen(piece.by, piece));
  const isExistenceKept =
    file.existenceBy !== undefined &&
    (isChosen(file.existenceBy, 'existence') || text.changed.length === 0);
  const next = { ...withoutChosenMode(file, isChosen), text };
  return withoutBy(
    isExistenceKept || text.accepted !== '' ? { ...next, wasThere: file.isThere } : next,
  );
}

/** What the file is once these changes are taken out. */
export function undone(file: ChangedFile, isChosen: IsChosen): ChangedFile {
  const text = file.text.undoing((piece) => isChosen(piece.by, piece));
  const isBack = text.changed.length === 0 || (!file.isThere && text.current !== '');
  const isThere = isBack ? file.wasThere : file.isThere;
  const next = withoutBy({ ...withoutChosenMode(file, isChosen), text, isThere });
  return isThere ? next : withoutMode(next);
}

function withoutChosenMode(file: ChangedFile, isChosen: IsChosen): ChangedFile {
  return file.mode !== undefined && isChosen(file.mode.by, 'mode') ? withoutMode(file) : file;
}

function withoutBy(file: ChangedFile): ChangedFile {
  if (file.wasThere !== file.isThere) {
    return file;
  }
  const { existenceBy: _by, ...rest } = file;
  return rest;
}

/** Where lines are shared, the command counts more than the formatter that came after it. */
function weightOf({ origin }: TurnOrigin): number {
  return ['during', 'elsewhere', 'onSave', 'ours'].indexOf(origin.kind);
}

function withoutMode({ mode: _mode, ...file }: ChangedFile): ChangedFile {
  return file;
}

function emptyHunk(id: string): Hunk {
  return { id, oldStart: 0, oldLines: 0, newStart: 0, newLines: 0, oldText: '', newText: '' };
}
