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

/** The text of a string that is given whole to a shell (`eval "…"`), where its words are literal. */
export function joinWords(words: readonly CommandWord[]): string | undefined {
  return words.length > 0 && words.every((word) => word !== undefined)
    ? words.join(' ')
    : undefined;
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
  while (at < raw.length) {
    const rest = raw.slice(at);
    const single = /^'([^']*)'/.exec(rest);
    const ansi = /^\$'((?:[^'\\]|\\[^])*)'/.exec(rest);
    const double = /^\$?"((?:[^"\\]|\\[^])*)"/.exec(rest);
    const empty = /^\$(?:[@*1-9]|\{[@*1-9]\})/.exec(rest);
    const braces = /^\{([^{}\s]*,[^{}\s]*)\}/.exec(rest);
    if (single !== null) {
      add([single[1] ?? ''], true);
      at += single[0].length;
    } else if (ansi !== null) {
      add([decodeAnsi(ansi[1] ?? '')], true);
      at += ansi[0].length;
    } else if (double !== null) {
      const inner = (double[1] ?? '').replace(/\$(?:[@*1-9]|\{[@*1-9]\})/g, '');
      if (/(?<!\\)(?:\\\\)*[$`]/.test(inner) && /[$`](?=[\w({$!?#@*`-])|`/.test(inner)) {
        return undefined;
      }
      add([inner.replace(/\\\n/g, '').replace(/\\([\\"$`])/g, '$1')], true);
      at += double[0].length;
    } else if (empty !== null) {
      at += empty[0].length;
    } else if (braces !== null) {
      const choices = (braces[1] ?? '').split(',').map(toPieces);
      if (choices.some((choice) => choice === undefined)) {
        return undefined;
      }
      add(
        choices.flatMap((choice) => (choice ?? []).map(({ text }) => text)),
        false,
      );
      at += braces[0].length;
    } else if (rest.startsWith('\\')) {
      add([rest[1] === '\n' ? '' : (rest[1] ?? '')], rest[1] !== '\n');
      at += 2;
    } else if (/^[$`*?[]/.test(rest)) {
      return undefined;
    } else {
      add([rest[0] ?? ''], false);
      at += 1;
    }
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
    (whole, hex: string, short: string, long: string, octal: string, control: string, one: string) => {
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
      return ansiNames[one] ?? one ?? whole;
    },
  );
}

const ansiNames: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  E: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

const maxVariants = 64;
