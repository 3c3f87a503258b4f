import type { AsciiStore } from './asciiStore';
import { createId } from './ids';
import { LongString } from './longString';

export type BigLineResult =
  | { readonly kind: 'message'; readonly message: unknown }
  | { readonly kind: 'blank' }
  | { readonly kind: 'invalid'; readonly head: string };

export interface BigLineSizes {
  /** What gathers before it is parsed. */
  readonly runChars: number;
  /** A longer string is decoded as it comes. */
  readonly stringChars: number;
}

const defaultSizes: BigLineSizes = { runChars: 32 * 1024, stringChars: 8 * 1024 };

/**
 * One long line of JSON that is read as its pieces come, so that no step takes longer than a piece needs. The value is
 * the one that `JSON.parse` would give for the whole line; a line that it would refuse is `invalid`.
 *
 * How: what is outside of strings is only looked at for brackets and commas. Whenever enough has gathered, the finished
 * members of the open containers are parsed by `JSON.parse` itself and put into their containers; long strings are
 * decoded on their own. What was taken out so is left as a mark (a short string that nobody else can know) until its
 * surroundings are parsed.
 */
export class BigLine {
  private readonly mark = createId('taken-out-');
  private readonly takenOut: unknown[] = [];
  /** Containers that are being filled, outermost first. */
  private readonly frames: Frame[] = [];
  /** Not yet parsed: what came in the innermost frame since its last finished members. */
  private run = '';
  /** Place of the run's first character; all other places count like it. */
  private runStart = 0;
  /** Containers that are open inside of the run, outermost first. */
  private opens: OpenContainer[] = [];
  /** The last comma of the innermost frame itself, in the run. */
  private comma = none;
  private isInString = false;
  private stringStart = 0;
  /** The former piece ended in the middle of an escape. */
  private isEscaped = false;
  private longString: LongString | undefined;
  /** Where the mark of the last string is, when that was a long one. */
  private longStringMark = none;
  private head = '';
  private hasFailed = false;

  constructor(
    private readonly store: AsciiStore,
    private readonly sizes: BigLineSizes = defaultSizes,
  ) {}

  push(piece: string): void {
    if (this.head.length < headChars) {
      this.head += copyOf(piece.slice(0, headChars - this.head.length));
    }
    if (!this.hasFailed) {
      this.attempt(() => {
        this.scan(piece);
        if (this.run.length > this.sizes.runChars) {
          this.takeFinished();
        }
      });
    }
  }

  finish(): BigLineResult {
    let result: BigLineResult = { kind: 'invalid', head: this.head };
    if (this.hasFailed || this.isInString || this.opens.length > 0 || this.frames.length > 0) {
      return result;
    }
    if (isBlank(this.run)) {
      return { kind: 'blank' };
    }
    this.attempt(() => {
      result = { kind: 'message', message: this.parse(this.run) };
    });
    return result;
  }

  private attempt(work: () => void): void {
    try {
      work();
    } catch {
      // Not JSON: the line as a whole is, and is reported so at its end. Nothing more of it is kept.
      this.hasFailed = true;
      this.run = '';
      this.frames.length = 0;
      this.takenOut.length = 0;
      this.longString = undefined;
    }
  }

  private scan(piece: string): void {
    // Most pieces of a long string are nothing but its inside: decoding says so, and nobody need look for its end.
    if (this.longString?.tryAdd(piece) === true) {
      this.isEscaped = this.longString.isEscaped;
      return;
    }
    let at = 0;
    let from = 0;
    const flush = (end: number): void => {
      this.run += piece.slice(from, end);
      from = end;
    };
    const placeOf = (index: number): number => this.runStart + this.run.length + index - from;
    while (at < piece.length) {
      if (this.isInString) {
        const end = this.endOfString(piece, at);
        if (end === none) {
          break;
        }
        this.isInString = false;
        this.longStringMark = none;
        if (this.longString !== undefined) {
          this.longString.add(piece.slice(from, end));
          this.longStringMark = this.runStart + this.run.length;
          this.run += this.takeOut(this.longString.finish());
          this.longString = undefined;
          from = end + 1;
        }
        at = end + 1;
        continue;
      }
      switch (piece.charCodeAt(at)) {
        case quote:
          this.isInString = true;
          this.isEscaped = false;
          this.stringStart = placeOf(at);
          break;
        case openBrace:
        case openBracket:
          this.longStringMark = none;
          this.open(placeOf(at), piece.charCodeAt(at) === openBracket);
          break;
        case closeBrace:
        case closeBracket:
          this.longStringMark = none;
          if (this.opens.pop() === undefined) {
            flush(at);
            from = at + 1;
            this.closeFrame(piece.charCodeAt(at) === closeBracket);
          }
          break;
        case commaCode: {
          this.longStringMark = none;
          const innermost = this.opens.at(-1);
          if (innermost !== undefined) {
            innermost.comma = placeOf(at);
          } else if (this.frames.length > 0) {
            this.comma = placeOf(at);
          }
          break;
        }
        case colon:
          if (this.longStringMark !== none) {
            flush(at);
            this.putBackKey();
          }
          break;
        default:
          break;
      }
      at += 1;
    }
    this.takeRest(piece.slice(from));
  }

  /** What is left of a piece belongs to the open string, or to the run. */
  private takeRest(rest: string): void {
    if (this.longString !== undefined) {
      this.longString.add(rest);
      return;
    }
    this.run += rest;
    const start = this.stringStart - this.runStart;
    if (this.isInString && this.run.length - start > this.sizes.stringChars) {
      this.longString = new LongString(this.store);
      this.longString.add(this.run.slice(start + 1));
      this.run = this.run.slice(0, start);
    }
  }

  /** Index of the quote that ends the string, or `none` when it goes on in the next piece. */
  private endOfString(piece: string, start: number): number {
    for (let at = piece.indexOf('"', start); ; at = piece.indexOf('"', at + 1)) {
      const end = at === -1 ? piece.length : at;
      let first = end;
      while (first > start && piece.charCodeAt(first - 1) === backslash) {
        first -= 1;
      }
      const escapes = end - first + (first === start && this.isEscaped ? 1 : 0);
      if (at === -1) {
        this.isEscaped = escapes % 2 === 1;
        return none;
      }
      if (escapes % 2 === 0) {
        return at;
      }
    }
  }

  private open(place: number, isArray: boolean): void {
    if (this.opens.length >= maxDepth) {
      throw new SyntaxError('nested too deeply');
    }
    this.opens.push({ place, isArray, comma: none });
  }

  /** Parses the finished members of every open container, outermost first, and forgets their text. */
  private takeFinished(): void {
    for (let index = 0; ; index += 1) {
      const frame = this.frames.at(-1);
      if (frame !== undefined && this.comma !== none) {
        this.fill(frame, this.run.slice(0, this.comma - this.runStart));
        this.cutBefore(this.comma + 1);
        this.comma = none;
      }
      const inner = this.opens[index];
      if (inner === undefined || this.frames.length >= maxFrames) {
        this.opens.splice(0, index);
        return;
      }
      const { isArray } = inner;
      const introduction = this.run.slice(0, inner.place - this.runStart);
      this.frames.push({ isArray, introduction, list: [], object: {}, isEmpty: true });
      this.cutBefore(inner.place + 1);
      this.comma = inner.comma;
    }
  }

  private cutBefore(place: number): void {
    this.run = this.run.slice(place - this.runStart);
    this.runStart = place;
  }

  private fill(frame: Frame, members: string): void {
    if (isBlank(members)) {
      throw new SyntaxError('a comma without a member');
    }
    frame.isEmpty = false;
    if (frame.isArray) {
      for (const item of listOf(this.parse(`[${members}]`))) {
        frame.list.push(item);
      }
      return;
    }
    for (const [name, value] of Object.entries(this.parse(`{${members}}`) ?? {})) {
      setOwn(frame.object, name, value);
    }
  }

  private closeFrame(isArray: boolean): void {
    const frame = this.frames.pop();
    if (frame?.isArray !== isArray) {
      throw new SyntaxError('a bracket that closes nothing');
    }
    if (!isBlank(this.run) || !frame.isEmpty) {
      this.fill(frame, this.run);
    }
    this.comma = none;
    this.run = frame.introduction + this.takeOut(isArray ? frame.list : frame.object);
  }

  /** The string literal that stands for a value until its surroundings are parsed. */
  private takeOut(value: unknown): string {
    this.takenOut.push(value);
    return `"${this.mark}${this.takenOut.length - 1}"`;
  }

  /** The long string was a member's name: these are not looked up afterwards, so its text goes back. */
  private putBackKey(): void {
    const text = JSON.stringify(this.takenOut.pop());
    const literal = `"${this.mark}${this.takenOut.length}"`;
    const start = this.longStringMark - this.runStart;
    this.run = this.run.slice(0, start) + text + this.run.slice(start + literal.length);
    this.longStringMark = none;
  }

  private parse(text: string): unknown {
    const value: unknown = JSON.parse(text);
    return text.includes(this.mark) ? this.withTakenOut(value) : value;
  }

  /** Puts what was taken out in the place of its marks. Without recursion: the nesting may be deep. */
  private withTakenOut(value: unknown): unknown {
    const root = [value];
    const todo: object[] = [root];
    for (let container = todo.pop(); container !== undefined; container = todo.pop()) {
      for (const [name, item] of Object.entries<unknown>({ ...container })) {
        if (typeof item === 'string' && item.startsWith(this.mark)) {
          setOwn(container, name, this.takenOut[Number(item.slice(this.mark.length))]);
        } else if (typeof item === 'object' && item !== null) {
          todo.push(item);
        }
      }
    }
    return root[0];
  }
}

interface Frame {
  readonly isArray: boolean;
  /** What stood before its bracket in the frame around it: its name and a colon, or nothing. */
  readonly introduction: string;
  readonly list: unknown[];
  readonly object: object;
  isEmpty: boolean;
}

interface OpenContainer {
  readonly place: number;
  readonly isArray: boolean;
  /** The last comma of its own. */
  comma: number;
}

const none = -1;
const headChars = 256;
/** Deeper containers are parsed together with the one around them. */
const maxFrames = 256;
/** Far more than anything means; `JSON.parse` has no limit but memory. */
const maxDepth = 100_000;

const quote = 0x22;
const commaCode = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** True for what JSON takes for space, an empty text included. */
export function isBlank(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code !== 0x20 && code !== 0x0d && code !== 0x09) {
      return false;
    }
  }
  return true;
}

/** A slice would keep the whole text alive. */
export function copyOf(text: string): string {
  return Array.from(text).join('');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** Sets a member as `JSON.parse` does: an own one, whatever its name. */
function setOwn(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
