/** A piece of what a tool printed, and how a terminal would show it. */
interface Piece {
  readonly text: string;
  readonly classes: string;
}

/**
 * What a tool printed as HTML with its colours: 16 of them, bold, dim, italic and underlined; what else a terminal knows
 * is left out. `cleaned` is the text as it may be shown: where it is another one than was printed (a secret was taken
 * out), it is shown without colours, because nobody knows any more which letters had them.
 */
export function ansiHtml(
  printed: string,
  cleaned: string,
  plain: (text: string) => string,
  escaped: (text: string) => string,
): string {
  const pieces = piecesOf(printed, plain);
  if (pieces.map(({ text }) => text).join('') !== cleaned) {
    return escaped(cleaned);
  }
  return pieces
    .map(({ text, classes }) =>
      classes === '' ? escaped(text) : `<span class="${classes}">${escaped(text)}</span>`,
    )
    .join('');
}

/** The rules for the classes; colours that can be read on light and on dark. */
export const ansiStyle =
  '.a-bold{font-weight:bold}.a-dim{opacity:.7}.a-italic{font-style:italic}.a-under{text-decoration:underline}' +
  ['#666', '#c22', '#292', '#960', '#36c', '#a2a', '#088', '#888']
    .flatMap((color, index) => [`.a-f${index},.a-f${index + 8}{color:${color}}`])
    .join('');

// The pattern is about control characters, so it names them.
// eslint-disable-next-line no-control-regex
const colorSequence = /\x1b\[([\d;]*)m/g;

function piecesOf(printed: string, plain: (text: string) => string): readonly Piece[] {
  const pieces: Piece[] = [];
  let state = new Set<string>();
  let at = 0;
  const push = (until: number): void => {
    const text = plain(printed.slice(at, until));
    if (text !== '') {
      pieces.push({ text, classes: [...state].join(' ') });
    }
  };
  for (const found of printed.matchAll(colorSequence)) {
    push(found.index);
    at = found.index + found[0].length;
    state = after(state, (found[1] ?? '').split(';').map(Number));
  }
  push(printed.length);
  return pieces;
}

function after(before: ReadonlySet<string>, codes: readonly number[]): Set<string> {
  const state = new Set(before);
  const without = (...names: readonly string[]): void =>
    names.forEach((name) => state.delete(name));
  const withoutColor = (): void => {
    for (const name of [...state]) {
      if (name.startsWith('a-f')) {
        state.delete(name);
      }
    }
  };
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 0) {
      state.clear();
    } else if (code === 1) {
      state.add('a-bold');
    } else if (code === 2) {
      state.add('a-dim');
    } else if (code === 3) {
      state.add('a-italic');
    } else if (code === 4) {
      state.add('a-under');
    } else if (code === 22) {
      without('a-bold', 'a-dim');
    } else if (code === 23) {
      without('a-italic');
    } else if (code === 24) {
      without('a-under');
    } else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
      withoutColor();
      state.add(`a-f${code >= 90 ? code - 82 : code - 30}`);
    } else if (code === 39) {
      withoutColor();
    } else if (code === 38 || code === 48) {
      // 256 colours and true colour: their numbers are no codes of their own.
      at += codes[at + 1] === 5 ? 2 : 4;
    }
  }
  return state;
}
