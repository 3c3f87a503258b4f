import type { DecodeSingleBytes, DecodeUtf8 } from './decodeBytes';
import { cast, isObject, mouldOf, variableMark, type Mould, type Value } from './mould';

/** Bytes of whole lines in the shapes that are quickest to look at. */
export class ByteLines {
  readonly text: string;
  readonly view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    decodeSingleBytes: DecodeSingleBytes,
    readonly decode: DecodeUtf8,
  ) {
    this.text = decodeSingleBytes(bytes);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/**
 * Parses short lines of JSON that mostly look alike, as the deltas of an answer do: they differ in a few strings and
 * whole numbers only. Such a line is compared with the ones before it, there where it lies in its chunk, instead of
 * being decoded and parsed; everything else goes to `JSON.parse`. The value is what `JSON.parse` gives, but parts that
 * are equal in two lines may be one object: messages are read-only.
 */
export class LikeLines {
  private readonly patterns: Pattern[] = [];
  private readonly former: TakenApart[] = [];
  /** Lines that were parsed whole since the last pattern was found. */
  private strangers = 0;
  private lastEnd = 0;

  /** Where the line that `read` took last ends: the place of its LF, or the end of the bytes. */
  get end(): number {
    return this.lastEnd;
  }

  /** The message of the line that begins there; undefined when it is like none of those parsed before. */
  read(lines: ByteLines, start: number): unknown {
    for (const pattern of this.patterns) {
      const message = pattern.read(lines, start);
      if (message !== undefined) {
        pattern.uses += 1;
        this.lastEnd = pattern.end;
        return message;
      }
    }
    return undefined;
  }

  /** A line that is text already. Throws a SyntaxError as `JSON.parse` does. */
  parse(line: string): unknown {
    for (const pattern of this.patterns) {
      const known = pattern.readText(line);
      if (known !== undefined) {
        pattern.uses += 1;
        return known;
      }
    }
    return this.parseWhole(line);
  }

  /** The same for a line that `read` did not take. */
  parseWhole(line: string): unknown {
    const message: unknown = JSON.parse(line);
    this.strangers += 1;
    if (line.length < maxPatternChars && isTimeToLook(this.strangers)) {
      this.learn(line, message);
    }
    return message;
  }

  /** Looks for a former line that differs in strings and numbers only. */
  private learn(line: string, message: unknown): void {
    const taken = takenApart(line);
    for (const like of this.former) {
      const pattern = patternOf(like, taken, message);
      if (pattern !== undefined) {
        this.strangers = 0;
        this.keep(pattern);
        this.former.splice(this.former.indexOf(like), 1);
        break;
      }
    }
    this.former.unshift({ line: copied(line), tokens: taken.tokens });
    this.former.splice(maxFormer);
  }

  /** What is used most is compared first; what was used least goes when there are too many. */
  private keep(pattern: Pattern): void {
    this.patterns.sort((one, other) => other.uses - one.uses);
    this.patterns.splice(maxPatterns - 1);
    this.patterns.forEach((known) => (known.uses >>= 1)); // what was used long ago counts less
    this.patterns.push(pattern);
  }
}

/** The longer nothing was found, the seldomer it is looked for: always two neighbours, then a pause. */
function isTimeToLook(strangers: number): boolean {
  return strangers <= 32 || strangers % 256 < 4;
}

const maxPatterns = 8;
const maxFormer = 8;
/** Longer lines gain nothing: reading them costs more than taking them apart. */
const maxPatternChars = 2048;
const maxVariables = 4;
/** V8 copies shorter parts of a string; longer ones keep the whole of it alive. */
const copiedChars = 13;

class Pattern {
  /** Where the line that `read` took last ends. */
  end = 0;
  /** How often it was, roughly and of late. */
  uses = 0;
  private readonly values: Value[];

  constructor(
    /** What stands before, between and behind the variables; of a string, its quotes are part of it. */
    private readonly fixed: readonly FixedPart[],
    private readonly areNumbers: readonly boolean[],
    private readonly mould: Mould,
  ) {
    this.values = areNumbers.map((isNumber) => (isNumber ? 0 : ''));
  }

  /** Undefined when the line that begins there is not like this. */
  read(lines: ByteLines, start: number): unknown {
    const { fixed, areNumbers, values } = this;
    const { bytes, text } = lines;
    let at = fixed[0]?.endAt(lines, start) ?? -1;
    for (let index = 1; at !== -1 && index < fixed.length; index += 1) {
      let value: Value | undefined;
      let end = at;
      if (areNumbers[index - 1] === true) {
        end = endOfNumber(text, at);
        value = Number(text.slice(at, end));
      } else {
        while (isPlain[bytes[end] ?? 0] === 1) {
          end += 1;
        }
        if (bytes[end] === quote) {
          value = plainText(lines, at, end);
        } else {
          end = endOfString(text, end);
          value = stringOf(lines, at, end);
        }
      }
      if (end === -1 || value === undefined) {
        return undefined;
      }
      values[index - 1] = value;
      at = fixed[index]?.endAt(lines, end) ?? -1;
    }
    if (at === -1 || (at < bytes.length && bytes[at] !== lineFeed)) {
      return undefined;
    }
    this.end = at;
    return cast(this.mould, values);
  }

  /** The same for a line that is text. */
  readText(line: string): unknown {
    const { fixed, areNumbers, values } = this;
    let at = fixed[0]?.endIn(line, 0) ?? -1;
    for (let index = 1; at !== -1 && index < fixed.length; index += 1) {
      const isNumber = areNumbers[index - 1] === true;
      const end = isNumber ? endOfNumber(line, at) : endOfString(line, at);
      if (end === -1) {
        return undefined;
      }
      const value = isNumber ? Number(line.slice(at, end)) : stringIn(line, at, end);
      if (value === undefined) {
        return undefined;
      }
      values[index - 1] = value;
      at = fixed[index]?.endIn(line, end) ?? -1;
    }
    return at === line.length ? cast(this.mould, values) : undefined;
  }
}

/**
 * A part of a line that is the same every time; it is compared eight bytes at a time, as numbers: of ASCII, other bytes
 * are always another number, and never none.
 */
class FixedPart {
  private readonly words: Float64Array;
  private readonly tail: Uint8Array;
  private readonly size: number;

  constructor(private readonly text: string) {
    const bytes = new TextEncoder().encode(text);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.size = bytes.length;
    const words = bytes.every((byte) => byte < 0x80) ? this.size >> 3 : 0;
    this.words = Float64Array.from({ length: words }, (_, n) => view.getFloat64(n * 8, true));
    this.tail = bytes.slice(words * 8);
  }

  /** The same in a line that is text. `startsWith` goes letter by letter. */
  endIn(line: string, start: number): number {
    const end = start + this.text.length;
    return line.slice(start, end) === this.text ? end : -1;
  }

  /** Where this ends when it stands there; -1 when it does not. */
  endAt({ bytes, view }: ByteLines, start: number): number {
    const { words, tail, size } = this;
    if (start + size > bytes.length) {
      return -1;
    }
    let at = start;
    for (let index = 0; index < words.length; index += 1, at += 8) {
      if (view.getFloat64(at, true) !== words[index]) {
        return -1;
      }
    }
    for (let index = 0; index < tail.length; index += 1, at += 1) {
      if (bytes[at] !== tail[index]) {
        return -1;
      }
    }
    return at;
  }
}

const lineFeed = 0x0a;

/** End of a plain whole number; -1 for any other. What follows it is for the caller to compare. */
function endOfNumber(line: string, start: number): number {
  let end = start;
  while (end < line.length && isDigit(line.charCodeAt(end))) {
    end += 1;
  }
  const size = end - start;
  const isOne = size === 1 || (size > 1 && size < 16 && line.charCodeAt(start) !== zero);
  return isOne ? end : -1;
}

function isDigit(code: number): boolean {
  return code >= zero && code <= zero + 9;
}

const zero = 0x30;

/** The quote that ends a string, from a place in it that is not in the middle of an escape; -1 when there is none. */
function endOfString(line: string, start: number): number {
  for (let at = start; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if (code === quote) {
      return at;
    }
    if (code < 0x20) {
      return -1; // the end of the line, or what no string may hold
    }
    if (code === backslash) {
      at += 1;
    }
  }
  return -1;
}

/** 1 for the ASCII characters that stand for themselves in a JSON string. */
const isPlain = Uint8Array.from({ length: 256 }, (_, code) =>
  code >= 0x20 && code < 0x80 && code !== 0x22 && code !== 0x5c ? 1 : 0,
);

/** A part of plain ASCII as a string of its own, that keeps nothing else alive. */
function plainText({ bytes, text, decode }: ByteLines, start: number, end: number): string {
  const size = end - start;
  if (size < copiedChars) {
    return text.slice(start, end);
  }
  if (size > maxJoinedParts * (copiedChars - 1)) {
    return decode(bytes, start, end);
  }
  let joined = '';
  for (let at = start; at < end; at += copiedChars - 1) {
    joined += text.slice(at, Math.min(at + copiedChars - 1, end));
  }
  return joined;
}

/** Above so many, one copy is quicker than a chain of short ones. */
const maxJoinedParts = 4;

/** The string between two quotes; undefined when it is not one. */
function stringOf(lines: ByteLines, start: number, end: number): string | undefined {
  if (end === -1) {
    return undefined;
  }
  const short = end - start <= maxUnescapedChars ? unescaped(lines, start, end) : undefined;
  if (short !== undefined) {
    return short;
  }
  const { bytes, decode } = lines;
  const hasEscape = indexOfByte(bytes, backslash, start, end) !== -1;
  return hasEscape ? parsedString(decode(bytes, start - 1, end + 1)) : decode(bytes, start, end);
}

function indexOfByte(bytes: Uint8Array, byte: number, start: number, end: number): number {
  for (let at = start; at < end; at += 1) {
    if (bytes[at] === byte) {
      return at;
    }
  }
  return -1;
}

/** The same in a line that is text. */
function stringIn(line: string, start: number, end: number): string | undefined {
  const isShort = end - start < copiedChars;
  for (let at = start; isShort && isPlain[line.charCodeAt(at)] === 1; at += 1) {
    if (at === end - 1) {
      return line.slice(start, end);
    }
  }
  return parsedString(line.slice(start - 1, end + 1));
}

function parsedString(literal: string): string | undefined {
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined; // the whole line is parsed then, which says what is wrong with it
  }
}

/** A string of ASCII with simple escapes; undefined for any other. */
function unescaped({ bytes, text }: ByteLines, start: number, end: number): string | undefined {
  let value = '';
  let from = start;
  for (let at = start; at < end; at += 1) {
    const code = bytes[at] ?? 0;
    if (code === backslash) {
      const letter = simpleEscapes[bytes[at + 1] ?? 0];
      if (letter === undefined) {
        return undefined;
      }
      value += text.slice(from, at) + letter;
      at += 1;
      from = at + 1;
    } else if (isPlain[code] !== 1 || at - from >= copiedChars - 1) {
      return undefined;
    }
  }
  return value + text.slice(from, end);
}

const maxUnescapedChars = 64;

/** By the code of what follows the backslash. */
const simpleEscapes: readonly (string | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const found = '"\\/bfnrt'.indexOf(String.fromCharCode(code));
  return found === -1 ? undefined : '"\\/\b\f\n\r\t'[found];
});

const backslash = 0x5c;

/** A line and where its strings and numbers are. */
interface TakenApart {
  readonly line: string;
  readonly tokens: readonly Token[];
}

function takenApart(line: string): TakenApart {
  return { line, tokens: tokensOf(line) };
}

/** What two lines have in common when they differ in a few strings and numbers only. */
function patternOf(former: TakenApart, latter: TakenApart, message: unknown): Pattern | undefined {
  const [one, first] = [former.line, former.tokens];
  const [other, second] = [latter.line, latter.tokens];
  if (first.length !== second.length || !isObject(message)) {
    return undefined;
  }
  const fixed: string[] = [];
  const areNumbers: boolean[] = [];
  const marked: string[] = [];
  let [oneEnd, otherEnd, fixedFrom] = [0, 0, 0];
  for (const [index, token] of second.entries()) {
    const like = first[index] ?? token;
    if (
      like.isNumber !== token.isNumber ||
      one.slice(oneEnd, like.start) !== other.slice(otherEnd, token.start)
    ) {
      return undefined;
    }
    if (one.slice(like.start, like.end) !== other.slice(token.start, token.end)) {
      const isName = !token.isNumber && /^"\s*:/.test(other.slice(token.end, token.end + 20));
      if (isName || fixed.length >= maxVariables) {
        return undefined;
      }
      const before = other.slice(fixedFrom, token.start);
      const mark = `${variableMark}${fixed.length}`;
      marked.push(before, token.isNumber ? `"${mark}"` : mark);
      fixed.push(before);
      areNumbers.push(token.isNumber);
      fixedFrom = token.end;
    }
    [oneEnd, otherEnd] = [like.end, token.end];
  }
  if (one.slice(oneEnd) !== other.slice(otherEnd) || fixed.length === 0) {
    return undefined;
  }
  fixed.push(other.slice(fixedFrom));
  marked.push(other.slice(fixedFrom));
  const mould = mouldOf(JSON.parse(marked.join('')), message, areNumbers.length);
  return mould === undefined
    ? undefined
    : new Pattern(
        fixed.map((part) => new FixedPart(copied(part))),
        areNumbers,
        mould,
      );
}

interface Token {
  readonly start: number;
  readonly end: number;
  readonly isNumber: boolean;
}

/** The insides of all strings, and all plain whole numbers. */
function tokensOf(line: string): readonly Token[] {
  const found: Token[] = [];
  for (let at = 0; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(line, at + 1);
      if (end === -1) {
        return found;
      }
      found.push({ start: at + 1, end, isNumber: false });
      at = end;
    } else if (isDigit(code) || code === minus) {
      const [literal = ''] = /^[-+.\deE]+/.exec(line.slice(at, at + longestNumber)) ?? [];
      if (endOfNumber(literal, 0) === literal.length) {
        found.push({ start: at, end: at + literal.length, isNumber: true });
      }
      at += Math.max(literal.length, 1) - 1;
    }
  }
  return found;
}

const quote = 0x22;
const minus = 0x2d;
const longestNumber = 64;

/** A slice would keep the whole text that it was cut from alive. */
function copied(text: string): string {
  return text.length < copiedChars ? text : String(JSON.parse(JSON.stringify(text)));
}
