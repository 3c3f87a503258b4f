import type { OffsetRange } from 'vscode-diff/dist/vs/editor/common/core/ranges/offsetRange.js';
import { LineSequence } from 'vscode-diff/dist/vs/editor/common/diff/defaultLinesDiffComputer/lineSequence.js';
import { contentEnd, contentStart, type LineStarts } from './lines';

/**
 * The lines of one side as numbers: equal numbers for lines whose trimmed texts are equal, which is what the editor's
 * algorithm compares.
 */
export class NumberedLines {
  constructor(
    readonly lines: LineStarts,
    readonly ids: Int32Array,
    /** Offsets of the trimmed text. */
    private readonly trimmedStarts: Uint32Array,
    private readonly trimmedEnds: Uint32Array,
  ) {}

  get length(): number {
    return this.ids.length;
  }

  /** Whether two lines are equal with their white space, without their line endings. */
  isEqual(line: number, other: NumberedLines, otherLine: number): boolean {
    return (
      this.ids[line] === other.ids[otherLine] &&
      isSameText(
        this.lines.text,
        contentStart(this.lines, line),
        this.trimmedStarts[line] ?? 0,
        other.lines.text,
        contentStart(other.lines, otherLine),
        other.trimmedStarts[otherLine] ?? 0,
      ) &&
      isSameText(
        this.lines.text,
        this.trimmedEnds[line] ?? 0,
        contentEnd(this.lines, line),
        other.lines.text,
        other.trimmedEnds[otherLine] ?? 0,
        contentEnd(other.lines, otherLine),
      )
    );
  }

  hasTrimmedText(line: number, text: string, start: number, end: number): boolean {
    return (
      line < this.length &&
      isSameText(
        this.lines.text,
        this.trimmedStarts[line] ?? 0,
        this.trimmedEnds[line] ?? 0,
        text,
        start,
        end,
      )
    );
  }

  trimmedText(line: number): string {
    return this.lines.text.slice(this.trimmedStarts[line], this.trimmedEnds[line]);
  }

  /** Spaces and tabs in front. */
  indentation(line: number): number {
    const { text } = this.lines;
    const start = contentStart(this.lines, line);
    const end = contentEnd(this.lines, line);
    let at = start;
    while (at < end && (text.charCodeAt(at) === 32 || text.charCodeAt(at) === 9)) {
      at++;
    }
    return at - start;
  }
}

export interface NumberedSides {
  readonly before: NumberedLines;
  readonly after: NumberedLines;
  /** Every number is below this. */
  readonly idCount: number;
}

/** Numbers the lines of two sides. A hash table over the texts themselves: large files make no strings for it. */
export function numberLines(before: LineStarts, after: LineStarts): NumberedSides {
  const table = new LineTable(before.lineCount + after.lineCount);
  const numberedBefore = table.number(before);
  const numberedAfter = table.number(after, numberedBefore);
  return { before: numberedBefore, after: numberedAfter, idCount: table.count };
}

/** Texts that were made to collide are not looked for longer than this; a map takes them. */
const maxProbes = 64;

class LineTable {
  count = 0;
  private readonly slots: Int32Array;
  private readonly hashes: Int32Array;
  private readonly starts: Uint32Array;
  private readonly ends: Uint32Array;
  private readonly firstLines: Int32Array;
  /** Numbers from here on have their text in the second text. */
  private secondFrom = 0;
  private texts: readonly [string, string] = ['', ''];
  private readonly overflow = new Map<string, number>();

  constructor(lineCount: number) {
    let size = 64;
    while (size < lineCount * 1.25) {
      size *= 2;
    }
    this.slots = new Int32Array(size).fill(-1);
    this.hashes = new Int32Array(lineCount);
    this.starts = new Uint32Array(lineCount);
    this.ends = new Uint32Array(lineCount);
    this.firstLines = new Int32Array(lineCount);
  }

  /** `other`: most lines are those of this side, in its order; looking there first costs less than the table. */
  number(lines: LineStarts, other?: NumberedLines): NumberedLines {
    this.secondFrom = this.count;
    this.texts = [this.texts[1], lines.text];
    const { text, lineCount } = lines;
    const ids = new Int32Array(lineCount);
    const trimmedStarts = new Uint32Array(lineCount);
    const trimmedEnds = new Uint32Array(lineCount);
    let expected = 0;
    for (let line = 0; line < lineCount; line++) {
      let start = contentStart(lines, line);
      let end = contentEnd(lines, line);
      while (start < end && isBlank(text.charCodeAt(start))) {
        start++;
      }
      while (end > start && isBlank(text.charCodeAt(end - 1))) {
        end--;
      }
      trimmedStarts[line] = start;
      trimmedEnds[line] = end;
      if (other?.hasTrimmedText(expected, text, start, end) === true) {
        ids[line] = other.ids[expected] ?? 0;
        expected++;
        continue;
      }
      const id = this.idOf(text, start, end, line);
      ids[line] = id;
      const there = id < this.secondFrom ? (this.firstLines[id] ?? 0) : -1;
      expected = there > expected ? there + 1 : expected + 1;
    }
    return new NumberedLines(lines, ids, trimmedStarts, trimmedEnds);
  }

  private idOf(text: string, start: number, end: number, line: number): number {
    const hash = hashOf(text, start, end);
    const mask = this.slots.length - 1;
    for (let probe = 0, slot = hash & mask; probe < maxProbes; probe++, slot = (slot + 1) & mask) {
      const id = this.slots[slot] ?? -1;
      if (id < 0) {
        this.slots[slot] = this.count;
        return this.add(hash, start, end, line);
      }
      const isFirst = id < this.secondFrom;
      if (
        this.hashes[id] === hash &&
        isSameText(
          isFirst ? this.texts[0] : this.texts[1],
          this.starts[id] ?? 0,
          this.ends[id] ?? 0,
          text,
          start,
          end,
        )
      ) {
        return id;
      }
    }
    const key = text.slice(start, end);
    const known = this.overflow.get(key);
    if (known !== undefined) {
      return known;
    }
    this.overflow.set(key, this.count);
    return this.add(hash, start, end, line);
  }

  private add(hash: number, start: number, end: number, line: number): number {
    this.firstLines[this.count] = line;
    this.hashes[this.count] = hash;
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count++;
    return this.count - 1;
  }
}

function hashOf(text: string, start: number, end: number): number {
  let hash = end - start;
  let at = start;
  for (; at + 1 < end; at += 2) {
    hash = Math.imul(
      (hash ^ (text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16))) + (hash >>> 15),
      0x2c1b3c6d,
    );
  }
  if (at < end) {
    hash = Math.imul((hash ^ text.charCodeAt(at)) + (hash >>> 15), 0x2c1b3c6d);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x45d9f3b);
  return hash ^ (hash >>> 15);
}

function isSameText(
  text: string,
  start: number,
  end: number,
  other: string,
  otherStart: number,
  otherEnd: number,
): boolean {
  if (end - start !== otherEnd - otherStart) {
    return false;
  }
  const shift = otherStart - start;
  for (let at = start; at < end; at++) {
    if (text.charCodeAt(at) !== other.charCodeAt(at + shift)) {
      return false;
    }
  }
  return true;
}

/** What `trim` takes away. */
function isBlank(code: number): boolean {
  return (
    code === 32 ||
    (code >= 9 && code <= 13) ||
    (code >= 0xa0 && (code === 0xa0 || (code >= 0x1680 && /\s/.test(String.fromCharCode(code)))))
  );
}

/** Lines as the editor's own steps want them. */
export class NumberedSequence extends LineSequence {
  constructor(private readonly numbered: NumberedLines) {
    super([], []);
  }

  override get length(): number {
    return this.numbered.length;
  }

  override getElement(offset: number): number {
    return this.numbered.ids[offset] ?? -1;
  }

  override isStronglyEqual(one: number, other: number): boolean {
    return this.numbered.isEqual(one, this.numbered, other);
  }

  override getBoundaryScore(length: number): number {
    const before = length === 0 ? 0 : this.numbered.indentation(length - 1);
    const after = length === this.numbered.length ? 0 : this.numbered.indentation(length);
    return 1000 - (before + after);
  }

  /** The editor only asks whether there is more than a little beside white space: the rest need not be put together. */
  override getText(range: OffsetRange): string {
    let text = '';
    for (let at = range.start; at < range.endExclusive && text.length < enoughChars; at++) {
      text += this.numbered.trimmedText(at).replace(/\s+/g, '');
    }
    return text;
  }
}

/** More than the four characters that the editor takes for little. */
const enoughChars = 5;
