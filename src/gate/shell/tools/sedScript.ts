/**
 * Why a sed script is more than printing, deleting lines and substituting; undefined when it is not. Read by hand, sign
 * by sign: a part ends at the first delimiter without a backslash, never later. Where the seds of this world differ
 * over that end (a delimiter between brackets), the script asks.
 */
export function sedScriptDanger(script: string): string | undefined {
  let at = 0;
  for (let count = 0; count < maxCommands; count += 1) {
    const start = skipBlanks(script, at);
    if (start === script.length) {
      return count === 0 ? danger : undefined;
    }
    const end = readCommand(script, start);
    if (end === undefined) {
      return danger;
    }
    at = end;
  }
  return danger;
}

const danger = 'gives sed a script that could run programs or touch files';
const maxCommands = 64;

/** Where the command that begins here ends, behind its `;`; undefined when it is not a harmless one. */
function readCommand(script: string, start: number): number | undefined {
  const address = readAddresses(script, start);
  if (address === undefined) {
    return undefined;
  }
  let at = skipBlanks(script, address);
  if (script[at] === '!') {
    at = skipBlanks(script, at + 1);
  }
  const verb = script[at];
  const end = verb === 's' || verb === 'y' ? readParts(script, at) : readSimple(script, at);
  if (end === undefined) {
    return undefined;
  }
  const after = skipBlanks(script, end);
  return after === script.length ? after : script[after] === ';' ? after + 1 : undefined;
}

function readSimple(script: string, at: number): number | undefined {
  return 'pdqD=lnNGhHxgP'.includes(script[at] ?? ' ')
    ? skip(script, skipBlanks(script, at + 1), digits)
    : undefined;
}

/** `s/pattern/replacement/flags` and `y/from/to/`. */
function readParts(script: string, at: number): number | undefined {
  const delimiter = script[at + 1] ?? '';
  // Others are read in different ways, or begin a bracket; what is not ASCII is several bytes.
  if (!/^[!"#$%&'()*+,\-./:<=>?@^_`{|}~]$/.test(delimiter)) {
    return undefined;
  }
  const pattern = readTo(script, at + 2, delimiter);
  const rest = pattern === undefined ? undefined : readTo(script, pattern + 1, delimiter);
  return rest === undefined || hasOpenBracket(script.slice(at + 2, pattern))
    ? undefined
    : skip(script, rest + 1, `gpiI${digits}`);
}

/** Where the address or the two of them end; the given place when there is none. */
function readAddresses(script: string, start: number): number | undefined {
  const first = readAddress(script, start);
  if (first === undefined || first === start) {
    return first;
  }
  const comma = skipBlanks(script, first);
  if (script[comma] !== ',') {
    return first;
  }
  const second = skipBlanks(script, comma + 1);
  const end = readAddress(script, '+~'.includes(script[second] ?? ' ') ? second + 1 : second);
  return end === second ? undefined : end;
}

/** A line number, `first~step`, `$` or `/pattern/`. */
function readAddress(script: string, start: number): number | undefined {
  if (script[start] === '$') {
    return start + 1;
  }
  if (script[start] === '/') {
    const end = readTo(script, start + 1, '/');
    return end === undefined || hasOpenBracket(script.slice(start + 1, end))
      ? undefined
      : skip(script, end + 1, 'I');
  }
  const end = skip(script, start, digits);
  return end > start && script[end] === '~' ? skip(script, end + 1, digits) : end;
}

/** The next delimiter without a backslash. No part has a line end in it: there they differ again. */
function readTo(script: string, start: number, delimiter: string): number | undefined {
  for (let at = start; at < script.length; at += 1) {
    if (script[at] === delimiter) {
      return at;
    }
    at += script[at] === '\\' ? 1 : 0;
    if (script[at] === '\n') {
      return undefined;
    }
  }
  return undefined;
}

/**
 * Whether a `[` of the pattern is not closed in it: a sed that knows brackets would look for the pattern's end behind
 * them. A backslash between brackets is a sign to some and an escape to others, and not all know `[:classes:]`, so it
 * has to be closed in every reading.
 */
export function hasOpenBracket(pattern: string): boolean {
  return readings.some((reading) => isOpen(pattern, reading));
}

interface BracketReading {
  readonly hasEscapes: boolean;
  readonly hasClasses: boolean;
}

const readings: readonly BracketReading[] = [
  { hasEscapes: false, hasClasses: false },
  { hasEscapes: false, hasClasses: true },
  { hasEscapes: true, hasClasses: false },
  { hasEscapes: true, hasClasses: true },
];

function isOpen(pattern: string, reading: BracketReading): boolean {
  for (let at = 0; at < pattern.length; at += 1) {
    if (pattern[at] === '\\') {
      at += 1;
    } else if (pattern[at] === '[') {
      const end = bracketEnd(pattern, at, reading);
      if (end === undefined) {
        return true;
      }
      at = end;
    }
  }
  return false;
}

/** The `]` of the bracket that begins here: a first one is a sign of the set, and so is what `[: :]` holds. */
function bracketEnd(pattern: string, start: number, reading: BracketReading): number | undefined {
  let at = start + (pattern[start + 1] === '^' ? 2 : 1);
  at += pattern[at] === ']' ? 1 : 0;
  for (; at < pattern.length; at += 1) {
    const kind = pattern[at + 1] ?? ' ';
    if (pattern[at] === ']') {
      return at;
    }
    if (reading.hasEscapes && pattern[at] === '\\') {
      at += 1;
    } else if (reading.hasClasses && pattern[at] === '[' && ':.='.includes(kind)) {
      const end = pattern.indexOf(`${kind}]`, at + 2);
      if (end === -1) {
        return undefined;
      }
      at = end + 1;
    }
  }
  return undefined;
}

const digits = '0123456789';

function skipBlanks(text: string, from: number): number {
  return skip(text, from, ' \t\n\r\f\v');
}

function skip(text: string, from: number, signs: string): number {
  let at = from;
  while (at < text.length && signs.includes(text[at] ?? '')) {
    at += 1;
  }
  return at;
}
