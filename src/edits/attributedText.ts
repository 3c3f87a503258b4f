import { append } from '../base/append';
import { findLines } from './lines';
import type { Hunk } from './fileEdit';
import { characterChanges, type TextChange } from './characterChanges';

/**
 * A piece of a text whose changes wait for review. `both`: in the accepted text and in the file. `added`: in the file
 * only. `removed`: in the accepted text only. `id` names the change for as long as it waits.
 */
export type Piece<Origin> =
  | { readonly kind: 'both'; readonly text: string }
  | {
      readonly kind: 'added' | 'removed';
      readonly text: string;
      readonly by: Origin;
      readonly id: number;
    };

export type ChangedPiece<Origin> = Exclude<Piece<Origin>, { readonly kind: 'both' }>;

/** Lines that differ, with everybody who changed something in them. */
export interface AttributedHunk<Origin> {
  /** Its id stays while the change waits, whatever is typed around it. */
  readonly hunk: Hunk;
  readonly pieces: readonly ChangedPiece<Origin>[];
  readonly origins: readonly Origin[];
}

/**
 * A file's text with the changes in it that nobody accepted yet, each with its origin. Every change that comes carries
 * the others forward: what the user types goes into both texts, what somebody else changes waits. Taking out the
 * changes of one origin therefore leaves the bytes of all others. Immutable.
 */
export class AttributedText<Origin> {
  private constructor(
    readonly pieces: readonly Piece<Origin>[],
    private readonly nextId: number,
  ) {}

  static of<Origin>(text: string): AttributedText<Origin> {
    return new AttributedText<Origin>(text === '' ? [] : [{ kind: 'both', text }], 1);
  }

  /** What was stored of one. */
  static from<Origin>(pieces: readonly Piece<Origin>[]): AttributedText<Origin> {
    const ids = pieces.map((piece) => (piece.kind === 'both' ? 0 : piece.id));
    return new AttributedText(pieces, ids.reduce((max, id) => Math.max(max, id), 0) + 1);
  }

  /** The file without what waits. */
  get accepted(): string {
    return textOf(this.pieces, 'added');
  }

  /** The file as it is. */
  get current(): string {
    return textOf(this.pieces, 'removed');
  }

  get changed(): readonly ChangedPiece<Origin>[] {
    return this.pieces.filter((piece) => piece.kind !== 'both');
  }

  /** The file became `text`. `by` undefined: with the user's knowledge; nothing of it waits. */
  becoming(text: string, by?: Origin): AttributedText<Origin> {
    // From the end, so that the offsets of the changes before stay true.
    return characterChanges(this.current, text)
      .toReversed()
      .reduce<AttributedText<Origin>>((so, change) => so.after(change, by), this);
  }

  /** One replacement, in offsets of `current`. `by` undefined: accepted. */
  after(change: TextChange, by?: Origin): AttributedText<Origin> {
    const id = this.nextId;
    let nextId = id + 1;
    // Two parts of one change that no longer touch are two changes.
    const split = (piece: Piece<Origin>, head: string, tail: string): Piece<Origin> =>
      piece.kind === 'both' || head === ''
        ? { ...piece, text: tail }
        : { ...piece, text: tail, id: nextId++ };
    const before: Piece<Origin>[] = [];
    const behind: Piece<Origin>[] = [];
    let at = 0;
    for (const piece of this.pieces) {
      if (piece.kind === 'removed') {
        (at < change.start || (at === change.start && behind.length === 0) ? before : behind).push(
          piece,
        );
        continue;
      }
      const { text } = piece;
      const head = text.slice(0, Math.max(0, change.start - at));
      const tail = text.slice(Math.min(text.length, Math.max(0, change.end - at)));
      const gone = text.slice(head.length, text.length - tail.length);
      at += text.length;
      if (gone === '') {
        if (head !== '') {
          before.push({ ...piece, text: head });
        }
        if (tail !== '') {
          behind.push(split(piece, head, tail));
        }
        continue;
      }
      if (head !== '') {
        before.push({ ...piece, text: head });
      }
      if (piece.kind === 'both' && by !== undefined) {
        before.push({ kind: 'removed', text: gone, by, id });
      }
      if (tail !== '') {
        behind.push(split(piece, head, tail));
      }
    }
    if (change.text !== '') {
      if (by === undefined) {
        insertAccepted(before, behind, change.text);
      } else {
        takeReplaced(before, behind);
        before.push({ kind: 'added', text: change.text, by, id });
      }
    }
    return new AttributedText(tidied([...before, ...behind]), nextId);
  }

  /** These changes are accepted: they wait no longer, the file stays as it is. */
  keeping(isChosen: (piece: ChangedPiece<Origin>) => boolean): AttributedText<Origin> {
    return this.mapChanged((piece) =>
      !isChosen(piece)
        ? [piece]
        : piece.kind === 'added'
          ? [{ kind: 'both', text: piece.text }]
          : [],
    );
  }

  /** These changes are taken out of the file; the bytes of all others stay. */
  undoing(isChosen: (piece: ChangedPiece<Origin>) => boolean): AttributedText<Origin> {
    return this.mapChanged((piece) =>
      !isChosen(piece)
        ? [piece]
        : piece.kind === 'removed'
          ? [{ kind: 'both', text: piece.text }]
          : [],
    );
  }

  /** What waits, as hunks of whole lines from the accepted text to the file's. */
  hunks(isSame: (a: Origin, b: Origin) => boolean): readonly AttributedHunk<Origin>[] {
    return toHunks(this.pieces, isSame);
  }

  private mapChanged(
    map: (piece: ChangedPiece<Origin>) => readonly Piece<Origin>[],
  ): AttributedText<Origin> {
    const pieces = this.pieces.flatMap((piece) => (piece.kind === 'both' ? [piece] : map(piece)));
    return new AttributedText(tidied(pieces), this.nextId);
  }
}

function textOf<Origin>(pieces: readonly Piece<Origin>[], without: 'added' | 'removed'): string {
  return pieces.map((piece) => (piece.kind === without ? '' : piece.text)).join('');
}

/**
 * What is written before a text that replaced another stands before both: between them it would stand behind the old
 * text when that comes back, a line of its own in the middle of another.
 */
function takeReplaced<Origin>(before: Piece<Origin>[], behind: Piece<Origin>[]): void {
  const replacing = behind[0];
  if (replacing?.kind !== 'added') {
    return;
  }
  const isReplaced = (piece: Piece<Origin> | undefined): boolean =>
    piece?.kind === 'removed' && piece.id === replacing.id;
  let first = before.length;
  while (isReplaced(before[first - 1])) {
    first -= 1;
  }
  behind.unshift(...before.splice(first));
}

/** What the user writes back where it was removed is no second copy of it: the removal is taken back. */
function insertAccepted<Origin>(
  before: Piece<Origin>[],
  behind: Piece<Origin>[],
  text: string,
): void {
  let first = before.length;
  while (before[first - 1]?.kind === 'removed') {
    first -= 1;
  }
  const run = before.splice(first);
  while (behind[0]?.kind === 'removed') {
    run.push(...behind.splice(0, 1));
  }
  let rest = text;
  const from = run.findIndex((piece) => rest.startsWith(piece.text));
  if (from < 0) {
    append(before, run);
    takeReplaced(before, behind);
    before.push({ kind: 'both', text });
    return;
  }
  append(before, run.slice(0, from));
  let at = from;
  for (let piece = run[at]; piece !== undefined && rest.startsWith(piece.text); piece = run[at]) {
    before.push({ kind: 'both', text: piece.text });
    rest = rest.slice(piece.text.length);
    at += 1;
  }
  if (rest !== '') {
    before.push({ kind: 'both', text: rest });
  }
  append(before, run.slice(at));
}

/** Neighbours that say one thing are one piece; what was removed and added again beside it is there. */
function tidied<Origin>(pieces: readonly Piece<Origin>[]): readonly Piece<Origin>[] {
  const tidy: Piece<Origin>[] = [];
  for (const piece of pieces) {
    if (piece.text === '') {
      continue;
    }
    const last = tidy.at(-1);
    if (
      last !== undefined &&
      last.kind !== 'both' &&
      piece.kind !== 'both' &&
      last.kind !== piece.kind &&
      last.text === piece.text
    ) {
      tidy.pop();
      pushJoined(tidy, { kind: 'both', text: piece.text });
    } else {
      pushJoined(tidy, piece);
    }
  }
  return tidy;
}

function pushJoined<Origin>(pieces: Piece<Origin>[], piece: Piece<Origin>): void {
  const last = pieces.at(-1);
  if (last?.kind === 'both' && piece.kind === 'both') {
    pieces[pieces.length - 1] = { kind: 'both', text: last.text + piece.text };
  } else if (
    last !== undefined &&
    last.kind !== 'both' &&
    piece.kind === last.kind &&
    piece.id === last.id
  ) {
    pieces[pieces.length - 1] = { ...last, text: last.text + piece.text };
  } else {
    pieces.push(piece);
  }
}

/** Both texts up to a point that begins a line in both. */
interface Point {
  readonly oldAt: number;
  readonly newAt: number;
}

function toHunks<Origin>(
  pieces: readonly Piece<Origin>[],
  isSame: (a: Origin, b: Origin) => boolean,
): readonly AttributedHunk<Origin>[] {
  const oldText = textOf(pieces, 'added');
  const newText = textOf(pieces, 'removed');
  const isPoint = ({ oldAt, newAt }: Point): boolean =>
    beginsLine(oldText, oldAt) && beginsLine(newText, newAt);
  const found: AttributedHunk<Origin>[] = [];
  const lines = new LineCount(oldText, newText);
  let at: Point = { oldAt: 0, newAt: 0 };
  let start: Point = at;
  let open: ChangedPiece<Origin>[] = [];
  const used = new Set<string>();
  const uniqueId = (id: string): string => {
    const unique = used.has(id) ? `${id}-${used.size}` : id;
    used.add(unique);
    return unique;
  };
  const close = (end: Point): void => {
    if (open.length > 0) {
      found.push({
        hunk: lines.hunk(start, end, uniqueId(`c${open[0]?.id ?? 0}`)),
        pieces: open,
        origins: distinct(
          open.map(({ by }) => by),
          isSame,
        ),
      });
      open = [];
    }
    start = end;
  };
  for (const piece of pieces) {
    const { text } = piece;
    if (piece.kind === 'both') {
      // The first point in it ends the hunk before, the last one is where the next begins.
      const breaks = text.indexOf('\n') + 1;
      const first = isPoint(at) ? 0 : breaks;
      if (first > 0 || isPoint(at)) {
        close(moved(at, first, first));
        const last = text.lastIndexOf('\n') + 1;
        if (last > first) {
          start = moved(at, last, last);
        }
      }
      at = moved(at, text.length, text.length);
      continue;
    }
    const last = open.at(-1);
    if (last !== undefined && !isSame(last.by, piece.by) && isPoint(at)) {
      close(at);
    }
    open.push(piece);
    at = moved(
      at,
      piece.kind === 'removed' ? text.length : 0,
      piece.kind === 'added' ? text.length : 0,
    );
  }
  close(at);
  return found;
}

function moved({ oldAt, newAt }: Point, oldBy: number, newBy: number): Point {
  return { oldAt: oldAt + oldBy, newAt: newAt + newBy };
}

function beginsLine(text: string, at: number): boolean {
  return at === 0 || text.charCodeAt(at - 1) === 10;
}

function distinct<Origin>(
  origins: readonly Origin[],
  isSame: (a: Origin, b: Origin) => boolean,
): readonly Origin[] {
  return origins.filter((one, index) => origins.findIndex((other) => isSame(one, other)) === index);
}

/** Line numbers of points that come in order. */
class LineCount {
  private oldAt = 0;
  private newAt = 0;
  private oldLine = 0;
  private newLine = 0;

  constructor(
    private readonly oldText: string,
    private readonly newText: string,
  ) {}

  hunk(start: Point, end: Point, id: string): Hunk {
    this.oldLine += linesIn(this.oldText.slice(this.oldAt, start.oldAt));
    this.newLine += linesIn(this.newText.slice(this.newAt, start.newAt));
    const oldText = this.oldText.slice(start.oldAt, end.oldAt);
    const newText = this.newText.slice(start.newAt, end.newAt);
    const oldLines = linesIn(oldText);
    const newLines = linesIn(newText);
    const hunk = {
      id,
      oldStart: this.oldLine + (oldLines === 0 ? 0 : 1),
      oldLines,
      newStart: this.newLine + (newLines === 0 ? 0 : 1),
      newLines,
      oldText,
      newText,
    };
    this.oldLine += oldLines;
    this.newLine += newLines;
    this.oldAt = end.oldAt;
    this.newAt = end.newAt;
    return hunk;
  }
}

function linesIn(text: string): number {
  return findLines(text).fileLineCount;
}
