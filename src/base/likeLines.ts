/**
 * Parses short lines of JSON that mostly look alike, as the deltas of an answer do: they differ in a few strings and
 * whole numbers only. Such a line is compared with the one before it instead of being parsed again; everything else goes to
 * `JSON.parse`. The value is what `JSON.parse` gives, but parts that are equal in two lines may be one object: messages
 * are read-only.
 */
export class LikeLines {
  private readonly patterns: Pattern[] = [];
  private former: readonly string[] = [];
  /** Lines that were parsed whole since the last pattern was found. */
  private strangers = 0;

  /** Throws a SyntaxError as `JSON.parse` does. */
  parse(line: string): unknown {
    for (const pattern of this.patterns) {
      // eslint-disable-next-line @typescript-eslint/prefer-string-starts-ends-with -- it compares letter by letter: five times as slow
      if (line.length > pattern.minChars && line.slice(0, pattern.first.length) === pattern.first) {
        const message = pattern.read(line);
        if (message !== undefined) {
          return message;
        }
      }
    }
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
    const pattern = like === undefined ? undefined : patternOf(like, line, message);
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
  readonly minChars: number;

  constructor(
    /** What stands before, between and behind the variables; of a string, its quotes are part of it. */
    private readonly fixed: readonly string[],
    private readonly areNumbers: readonly boolean[],
    private readonly mould: Mould,
  ) {
    this.first = fixed[0] ?? '';
    this.minChars = fixed.reduce((sum, part) => sum + part.length, 0) - 1;
  }

  /** Undefined when the line is not like this. */
  read(line: string): unknown {
    const { fixed, areNumbers } = this;
    const values: Value[] = [];
    let at = this.first.length;
    for (let index = 1; index < fixed.length; index += 1) {
      const isNumber = areNumbers[index - 1] === true;
      const end = isNumber ? endOfNumber(line, at) : endOfString(line, at);
      const part = fixed[index] ?? '';
      if (end === -1 || line.slice(end, end + part.length) !== part) {
        return undefined;
      }
      const value = isNumber ? Number(line.slice(at, end)) : stringOf(line, at, end);
      if (value === undefined) {
        return undefined;
      }
      values.push(value);
      at = end + part.length;
    }
    return at === line.length ? cast(this.mould, values) : undefined;
  }
}

/** End of a plain whole number; -1 for any other. What follows it is for the caller to compare. */
function endOfNumber(line: string, start: number): number {
  let end = start;
  while (end < line.length && isDigit(line.charCodeAt(end))) {
    end += 1;
  }
  const size = end - start;
  const isPlain = size === 1 || (size > 1 && size < 16 && line.charCodeAt(start) !== zero);
  return isPlain ? end : -1;
}

function isDigit(code: number): boolean {
  return code >= zero && code <= zero + 9;
}

const zero = 0x30;

function endOfString(line: string, start: number): number {
  for (let end = line.indexOf('"', start); end !== -1; end = line.indexOf('"', end + 1)) {
    let first = end;
    while (first > start && line.charCodeAt(first - 1) === backslash) {
      first -= 1;
    }
    if ((end - first) % 2 === 0) {
      return end;
    }
  }
  return -1;
}

/** The string between two quotes; undefined when it is not one. */
function stringOf(line: string, start: number, end: number): string | undefined {
  if (end - start < copiedChars && isPlain(line, start, end)) {
    return line.slice(start, end);
  }
  try {
    const value: unknown = JSON.parse(line.slice(start - 1, end + 1));
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined; // the whole line is parsed then, which says what is wrong with it
  }
}

function isPlain(line: string, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const code = line.charCodeAt(at);
    if (code < 0x20 || code === backslash) {
      return false;
    }
  }
  return true;
}

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
function patternOf(one: string, other: string, message: unknown): Pattern | undefined {
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
  return mould === undefined ? undefined : new Pattern(fixed.map(copied), areNumbers, mould);
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
