import type { CommandWord } from './contract';

/**
 * What bash would make of one raw word, as far as that is known before it runs: quotes, escapes and `$'…'` are taken
 * away, braces are expanded, the positional parameters of a shell without arguments are empty. For deny rules; several
 * words where braces give several, none for an empty expansion.
 */
export function bashWords(raw: string): readonly CommandWord[] {
  const pieces = toPieces(raw);
  if (pieces === undefined) {
    return [knownName(raw)];
  }
  return pieces
    .filter(({ text, isQuoted }) => text !== '' || isQuoted || raw === '')
    .map(({ text }) => text);
}

interface Piece {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** All words that the raw word can become; undefined when a part of it is known only when it runs. */
function toPieces(raw: string): readonly Piece[] | undefined {
  let variants: Piece[] = [{ text: '', isQuoted: false }];
  const add = (texts: readonly string[], isQuoted: boolean): void => {
    variants = variants
      .flatMap((piece) =>
        texts.map((text) => ({ text: piece.text + text, isQuoted: piece.isQuoted || isQuoted })),
      )
      .slice(0, maxVariants);
  };
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(raw);
  };
  while (at < raw.length) {
    const run = take(/[^'"\\$`*?[{<>]+/y);
    const single = take(/'([^']*)'/y);
    const ansi = take(/\$'((?:[^'\\]|\\[^])*)'/y);
    const double = take(/\$?"((?:[^"\\]|\\[^])*)"/y);
    const empty = take(/\$(?:[@*1-9]|\{[@*1-9]\})/y);
    const braces = take(/\{([^{}\s,]*,[^{}\s]*)\}/y);
    const escape = take(/\\([^]?)/y);
    const found = run ?? single ?? ansi ?? double ?? empty ?? braces ?? escape;
    if (run !== null) {
      add([run[0]], false);
    } else if (single !== null) {
      add([single[1] ?? ''], true);
    } else if (ansi !== null) {
      add([decodeAnsi(ansi[1] ?? '')], true);
    } else if (double !== null) {
      const inner = (double[1] ?? '').replace(/\$(?:[@*1-9]|\{[@*1-9]\})/g, '');
      // A dollar sign that is not escaped, and before something that it can expand.
      if (/(?:^|[^\\])(?:\\\\)*(?:`|\$(?=[\w({[$!?#@*-]))/.test(inner)) {
        return undefined;
      }
      add([inner.replace(/\\\n/g, '').replace(/\\([\\"$`])/g, '$1')], true);
    } else if (braces !== null) {
      const choices = (braces[1] ?? '').split(',').map(toPieces);
      if (choices.some((choice) => choice === undefined)) {
        return undefined;
      }
      add(
        choices.flatMap((choice) => (choice ?? []).map(({ text }) => text)),
        false,
      );
    } else if (escape !== null) {
      add([escape[1] === '\n' ? '' : (escape[1] ?? '')], escape[1] !== '\n');
    } else if (empty === null && take(/[$`*?[]|[<>]\(/y) !== null) {
      return undefined;
    } else if (found === null) {
      add([raw[at] ?? ''], false);
    }
    at += found?.[0].length ?? 1;
  }
  return variants;
}

/** Of a path that is only known in part the name at its end still says which program it is. */
function knownName(raw: string): CommandWord {
  return /[\\/]([\w.+-]+)$/.exec(raw)?.[0];
}

function decodeAnsi(text: string): string {
  return text.replace(
    /\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|c([^])|([^]))/g,
    (whole: string, ...groups: readonly (string | undefined)[]) => {
      const [hex, short, long, octal, control, one] = groups;
      const code = hex ?? short ?? long;
      if (code !== undefined) {
        return String.fromCodePoint(Math.min(parseInt(code, 16), 0x10ffff));
      }
      if (octal !== undefined) {
        return String.fromCharCode(parseInt(octal, 8) & 0xff);
      }
      if (control !== undefined) {
        return String.fromCharCode(control.charCodeAt(0) & 0x1f);
      }
      return one === undefined ? whole : (ansiNames.get(one) ?? one);
    },
  );
}

const ansiNames: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['e', '\u001b'],
  ['E', '\u001b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

const maxVariants = 64;
