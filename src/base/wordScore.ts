import { bitOf, dot, isWordLetter, letterBits, pairBitOf, wordStart } from './pathLetters';

/** A query is what one types; of a longer one the rest is no help. */
export const maxWordLetters = 64;

/** Whole numbers, so that a sum does not depend on the order of its parts. A path's length counts one for each letter. */
const point = 1024;
/** For a letter that stands beside the one before it, in a reading side by side and in a scattered one. */
const together = 6 * point;
const beside = 5 * point;
/** For a letter at the beginning of a word in a scattered reading. */
const atWord = 5.5 * point;
/** For letters side by side at the beginning of a word, and for those that go on to its end. */
const wordBegins = 8 * point;
const wordEnds = 4 * point;

/** For a folder that ends with the letters and their slash: what follows in the query follows in the path. */
export const jointScore = 8 * point;

/** What the first place of a text is worth: to letters side by side, to those that are all of it, to a scattered one. */
export interface FirstPlace {
  readonly begins: number;
  readonly isAll: number;
  readonly letter: number;
}

/** A file's name counts as all of it without its ending. */
export const nameStart: FirstPlace = { begins: 14 * point, isAll: 16 * point, letter: 4 * point };
/** The folders before it. */
export const folderStart: FirstPlace = { begins: 14 * point, isAll: wordEnds, letter: 4 * point };
/** A name whose folders hold letters of the same word: its beginning is no better than that of any word. */
export const restStart: FirstPlace = { begins: wordBegins, isAll: wordEnds, letter: 0 };

/** A word that is looked for, or a part of one. */
export interface Letters {
  readonly codes: Uint8Array;
  /** The bit of each letter. */
  readonly bits: Int32Array;
  /** The bit of each letter with the one before it. The first has none. */
  readonly pairs: Int32Array;
}

export function toLetters(codes: Uint8Array): Letters {
  return {
    codes,
    bits: Int32Array.from(codes, bitOf),
    pairs: Int32Array.from(codes, (code, i) => (i === 0 ? 0 : pairBitOf(codes[i - 1] ?? 0, code))),
  };
}

/** At least what `scoreIn` gives for a text of which these letters begin words, stand side by side, are the first. */
export function mostIn(
  { codes, bits, pairs }: Letters,
  place: FirstPlace,
  startMask: number,
  pairMask: number,
  first: number,
): number {
  const isFirst = first === codes[0];
  let scattered = isFirst ? place.letter : 0;
  let canBeTogether = true;
  for (let i = 0; i < bits.length; i++) {
    const pair = pairs[i] ?? 0;
    const isPair = (pairMask & pair) === pair;
    canBeTogether &&= isPair;
    scattered += (startMask & (bits[i] ?? 0)) !== 0 ? atWord : isPair && i > 0 ? beside : point;
  }
  if (!canBeTogether) {
    return scattered;
  }
  const isWord = (startMask & (bits[0] ?? 0)) !== 0;
  const begins = isFirst ? place.begins + place.isAll : wordEnds + (isWord ? wordBegins : 0);
  return Math.max(scattered, bits.length * together + begins);
}

/** The bits of the letters from each place on. */
export function restsOf(bits: Int32Array): Int32Array {
  const rests = new Int32Array(bits.length + 1);
  for (let i = bits.length - 1; i >= 0; i--) {
    rests[i] = (rests[i + 1] ?? 0) | (bits[i] ?? 0);
  }
  return rests;
}

/** How well words stand in pieces of one long text. */
export class WordScore {
  /** Of the word at hand: the last place where each letter may stand for the rest still to fit. */
  private readonly limits = new Int32Array(maxWordLetters);

  constructor(private readonly text: Uint8Array) {}

  /**
   * The better of two readings: the letters side by side, or each at the next beginning of a word. 0: they are not there
   * in their order.
   */
  scoreIn(codes: Uint8Array, start: number, end: number, place: FirstPlace): number {
    return this.trailing(codes, start, end) === codes.length
      ? Math.max(this.scattered(codes, start, place), this.together(codes, start, end, place))
      : 0;
  }

  /** The same of the letters side by side alone. */
  togetherIn(codes: Uint8Array, start: number, end: number, place: FirstPlace): number {
    return this.trailing(codes, start, end) === codes.length
      ? this.together(codes, start, end, place)
      : 0;
  }

  /** How many letters of the word, counted from its last, are there in their order. */
  trailing(codes: Uint8Array, start: number, end: number): number {
    const { text, limits } = this;
    let next = codes.length - 1;
    let code = codes[next];
    for (let at = end - 1; at >= start && next >= 0; at--) {
      if (((text[at] ?? 0) & letterBits) === code) {
        limits[next] = at;
        next--;
        code = codes[next];
      }
    }
    return codes.length - 1 - next;
  }

  /** The best place where the letters stand side by side. */
  private together(codes: Uint8Array, start: number, end: number, place: FirstPlace): number {
    const { text } = this;
    const { length } = codes;
    const first = codes[0] ?? 0;
    // Later than that not even the letters in their order are there.
    const last = Math.min(end - length, this.limits[0] ?? 0);
    let best = 0;
    for (let at = start; at <= last; at++) {
      if (((text[at] ?? 0) & letterBits) !== first) {
        continue;
      }
      let same = 1;
      while (same < length && ((text[at + same] ?? 0) & letterBits) === codes[same]) {
        same++;
      }
      if (same === length) {
        const isStart = ((text[at] ?? 0) & wordStart) !== 0;
        const begins = at === start ? place.begins : isStart ? wordBegins : 0;
        const after = at + length;
        const ends = !endsWord(text, after, end)
          ? 0
          : at === start && isEnding(text, after, end)
            ? place.isAll
            : wordEnds;
        const late = Math.min(at - start, 64) * (point / 64);
        best = Math.max(best, length * together + begins + ends - late);
      }
    }
    return best;
  }

  /** Each letter at the next beginning of a word if it stands there and the rest still fits, else at the next place. */
  private scattered(codes: Uint8Array, start: number, place: FirstPlace): number {
    const { text, limits } = this;
    let score = 0;
    let at = start;
    let before = start - 2;
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i] ?? 0;
      const limit = limits[i] ?? 0;
      let found = limit;
      let isPlain = false;
      for (let next = at; next <= limit; next++) {
        const unit = text[next] ?? 0;
        if ((unit & letterBits) === code) {
          if ((unit & wordStart) !== 0 || next === before + 1) {
            found = next;
            break;
          }
          if (!isPlain) {
            isPlain = true;
            found = next;
          }
        }
      }
      const isStart = ((text[found] ?? 0) & wordStart) !== 0;
      score +=
        found === before + 1
          ? beside
          : isStart
            ? atWord
            : Math.max(point / 4, point - (found - at) * (point / 8));
      if (found === start) {
        score += place.letter;
      }
      before = found;
      at = found + 1;
    }
    return score;
  }
}

function endsWord(text: Uint8Array, after: number, end: number): boolean {
  const next = text[after] ?? 0;
  return after === end || !isWordLetter(next & letterBits) || (next & wordStart) !== 0;
}

/** Only a file's ending follows: `.ts`, `.test.ts` does not count. */
function isEnding(text: Uint8Array, after: number, end: number): boolean {
  if (after === end) {
    return true;
  }
  if (((text[after] ?? 0) & letterBits) !== dot) {
    return false;
  }
  for (let at = after + 1; at < end; at++) {
    if (((text[at] ?? 0) & letterBits) === dot) {
      return false;
    }
  }
  return true;
}
