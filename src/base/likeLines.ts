/** The text of some bytes; what is not UTF-8 becomes U+FFFD. Faster where the platform has its own. */
export type DecodeUtf8 = (bytes: Uint8Array, start: number, end: number) => string;

/** One character for each byte: ASCII is itself, every other byte some character of its own (as in Latin-1). */
export type DecodeSingleBytes = (bytes: Uint8Array) => string;

/** Bytes of whole lines, also as text of one character for each byte. */
export interface ByteText {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * Parses short lines of JSON that mostly look alike, as the deltas of an answer do: they differ in a few strings and
 * whole numbers only. Such a line is compared with the ones before it, there where it lies in its chunk, instead of
 * being decoded and parsed; everything else goes to `JSON.parse`. The value is what `JSON.parse` gives, but parts that
 * are equal in two lines may be one object: messages are read-only.
 */
export class LikeLines {
  private readonly patterns: Pattern[] = [];
  private former: readonly string[] = [];
  /** Lines that were parsed whole since the last pattern was found. */
  private strangers = 0;
  private lastEnd = 0;

  constructor(
    private readonly decode: DecodeUtf8,
    private readonly decodeSingleBytes: DecodeSingleBytes,
  ) {}

  /** Where the line that `read` took last ends: the place of its LF, or the end of the bytes. */
  get end(): number {
    return this.lastEnd;
  }

  /** The message of the line that begins there; undefined when it is like none of those parsed before. */
  read(lines: ByteText, start: number): unknown {
    for (let index = 0; index < this.patterns.length; index += 1) {
      const pattern = this.patterns[index];
      if (pattern !== undefined && isAt(lines.text, start, pattern.first)) {
        const message = pattern.read(lines, start, this.decode);
        if (message !== undefined) {
          this.lastEnd = pattern.end;
          return message;
        }
      }
    }
    return undefined;
  }

  /** Throws a SyntaxError as `JSON.parse` does. */
  parse(line: string): unknown {
    const message: unknown = JSON.parse(line);
    this.strangers += 1;
    if (line.length < maxPatternChars && isTimeToLook(this.strangers)) {
      this.learn(line, message);
    }
    return message;
  }

  /** Looks for a former line that differs in strings and numbers only. */
  private learn(line: string, message: unknown): void {
    const start = line.slice(0, sameStartChars);
    const like = this.former.find((other) => other.slice(0, sameStartChars) === start);
    const pattern =
      like === undefined
        ? undefined
        : patternOf(like, line, message, (text) => this.decodeSingleBytes(encoder.encode(text)));
    if (pattern !== undefined) {
      this.strangers = 0;
      this.patterns.unshift(pattern);
      this.patterns.splice(maxPatterns);
    }
    this.former = [
      copied(line),
      ...this.former.filter((other) => other !== like).slice(0, maxFormer - 1),
    ];
  }
}

const encoder = new TextEncoder();

/** As `text.startsWith(part, at)`, which compares letter by letter and so takes longer. */
function isAt(text: string, at: number, part: string): boolean {
  return text.slice(at, at + part.length) === part;
}

/** The longer nothing was found, the seldomer it is looked for: always two neighbours, then a pause. */
function isTimeToLook(strangers: number): boolean {
  return strangers <= 32 || strangers % 256 < 4;
}

const maxPatterns = 4;
const maxFormer = 4;
/** Longer lines gain nothing: reading them costs more than taking them apart. */
const maxPatternChars = 2048;
const sameStartChars = 48;
const maxVariables = 4;
const maxPatternDepth = 16;
/** V8 copies shorter parts of a string; longer ones keep the whole of it alive. */
const copiedChars = 13;

type Value = string | number;

class Pattern {
  readonly first: string;
  /** Where the line that `read` took last ends. */
  end = 0;
  private readonly values: Value[] = [];

  constructor(
    /** What stands before, between and behind the variables, as bytes; of a string, its quotes are part of it. */
    private readonly fixed: readonly string[],
    private readonly areNumbers: readonly boolean[],
    private readonly mould: Mould,
  ) {
    this.first = fixed[0] ?? '';
  }

  /** Undefined when the line that begins there is not like this. Its first part was compared by the caller. */
  read(lines: ByteText, start: number, decode: DecodeUtf8): unknown {
    const { fixed, areNumbers, values } = this;
    const { bytes, text } = lines;
    let at = start + this.first.length;
    for (let index = 1; index < fixed.length; index += 1) {
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
          value = plainText(lines, at, end, decode);
        } else {
          end = endOfString(text, end);
          value = stringOf(lines, at, end, decode);
        }
      }
      const part = fixed[index] ?? '';
      if (end === -1 || value === undefined || !isAt(text, end, part)) {
        return undefined;
      }
      values[index - 1] = value;
      at = end + part.length;
    }
    if (at < bytes.length && bytes[at] !== lineFeed) {
      return undefined;
    }
    this.end = at;
    return cast(this.mould, values);
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
function plainText(
  { bytes, text }: ByteText,
  start: number,
  end: number,
  decode: DecodeUtf8,
): string {
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
function stringOf(
  lines: ByteText,
  start: number,
  end: number,
  decode: DecodeUtf8,
): string | undefined {
  if (end === -1) {
    return undefined;
  }
  const short = end - start <= maxUnescapedChars ? unescaped(lines, start, end) : undefined;
  if (short !== undefined) {
    return short;
  }
  try {
    const value: unknown = JSON.parse(decode(lines.bytes, start - 1, end + 1));
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined; // the whole line is parsed then, which says what is wrong with it
  }
}

/** A string of ASCII with simple escapes; undefined for any other. */
function unescaped({ bytes, text }: ByteText, start: number, end: number): string | undefined {
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

/** How to make a value anew: a copy of what was parsed, other here and there. What is the same everywhere is shared. */
interface Mould {
  readonly sample: object;
  readonly values: readonly (readonly [name: string, index: number])[];
  readonly inner: readonly (readonly [name: string, mould: Mould])[];
}

function cast({ sample, values, inner }: Mould, given: readonly Value[]): object {
  if (Array.isArray(sample)) {
    const list: unknown[] = [...(sample as readonly unknown[])];
    values.forEach(([name, index]) => (list[Number(name)] = given[index]));
    inner.forEach(([name, mould]) => (list[Number(name)] = cast(mould, given)));
    return list;
  }
  const copy: Record<string, unknown> = { ...sample };
  for (const [name, index] of values) {
    copy[name] = given[index];
  }
  for (const [name, mould] of inner) {
    copy[name] = cast(mould, given);
  }
  return copy;
}

/** What two lines have in common when they differ in a few strings and numbers only. */
function patternOf(
  one: string,
  other: string,
  message: unknown,
  asBytes: (text: string) => string,
): Pattern | undefined {
  const first = tokensOf(one);
  const second = tokensOf(other);
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
  return mould === undefined ? undefined : new Pattern(fixed.map(asBytes), areNumbers, mould);
}

/** Stands for a variable in the sample line. One that a child writes itself makes the pattern unclear, no more. */
const variableMark = 'variable-7f1c3e-';

/** Where the variables are; undefined when that is not clear. */
function mouldOf(marked: unknown, sample: object, count: number): Mould | undefined {
  const found = new Set<number>();
  const strange: unknown[] = [];
  const visit = (value: object, own: object, depth: number): Mould => {
    const values: (readonly [string, number])[] = [];
    const inner: (readonly [string, Mould])[] = [];
    for (const [name, item] of Object.entries<unknown>({ ...value })) {
      const ownItem: unknown = Reflect.get(own, name);
      if (name === '__proto__' || depth > maxPatternDepth) {
        strange.push(name);
      } else if (typeof item === 'string' && item.startsWith(variableMark)) {
        const index = Number(item.slice(variableMark.length));
        if (found.has(index) || !(index < count)) {
          strange.push(item);
        }
        found.add(index);
        values.push([name, index]);
      } else if (isObject(item) && isObject(ownItem)) {
        const mould = visit(item, ownItem, depth + 1);
        if (mould.values.length > 0 || mould.inner.length > 0) {
          inner.push([name, mould]);
        }
      }
    }
    return { sample: own, values, inner };
  };
  const mould = isObject(marked) ? visit(marked, sample, 0) : undefined;
  // A repeated name hides one of them: then fewer are found.
  return strange.length === 0 && found.size === count ? mould : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
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
