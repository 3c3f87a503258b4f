/** Role, separators and names around one message or call. */
export const messageFramingTokens = 4;
/** Images cost about the same whatever they show. */
export const imageTokens = 1024;

/**
 * Tokens of a text without a tokenizer, rounded up; 0 for ''. The text is read as runs of one class of characters, and
 * each run costs what such runs cost on average in code, prose, tool output and other scripts (measured against
 * o200k_base; test/bench/p12-tokens.mjs shows how well it holds). That is about 3.6 characters a token in a
 * working session, and an ideograph is nearly one by itself.
 */
export function estimateTextTokens(text: string): number {
  const { length } = text;
  let tokens = 0;
  let before = none;
  for (let at = 0; at < length;) {
    const start = at;
    const kind = classAt(text, at++);
    switch (kind) {
      case lower:
      case upper:
      case accented: {
        // Words end where a capital follows a small letter: `parseFile` is two, `HTTPServer` too.
        let capitals = kind === upper ? 1 : 0;
        let accents = kind === accented ? 1 : 0;
        for (let last: number = kind; at < length; at++) {
          const next = classAt(text, at);
          if (next > accented || (next === upper && last !== upper)) {
            break;
          }
          if (next === upper) {
            capitals++;
          } else if (last === upper && capitals > 1) {
            at--;
            capitals--;
            break;
          }
          accents += next === accented ? 1 : 0;
          last = next;
        }
        tokens += (capitals > 1 ? capitalWord : wordTokens(at - start)) + accents * accent;
        before = lower;
        continue;
      }
      case digit:
        while (at < length && classAt(text, at) === digit) {
          at++;
        }
        tokens += Math.ceil((at - start) / 3) * threeDigits + (before === blank ? blankAlone : 0);
        break;
      case blank: {
        while (at < length && classAt(text, at) === blank) {
          at++;
        }
        // One space before a word is part of the word's token.
        const isFree = at - start === 1 && (before === lineEnd || text.charCodeAt(start) !== 0x09);
        tokens += isFree ? 0 : before === lineEnd ? indent : gap;
        break;
      }
      case lineEnd:
        while (at < length && classAt(text, at) === lineEnd) {
          at++;
        }
        tokens += before === punctuation ? lineEndAfterPunctuation : lineEndAlone;
        break;
      case punctuation: {
        // Rulers of one character (`-----`) are cheaper than different ones in a row.
        let same = 0;
        for (; at < length && classAt(text, at) === punctuation; at++) {
          same += text.charCodeAt(at) === text.charCodeAt(at - 1) ? 1 : 0;
        }
        tokens += marks + (at - start - 1 - same) * otherMark + same * sameMark;
        break;
      }
      case greekOrCyrillic:
        tokens += greekOrCyrillicLetter + (before === greekOrCyrillic ? 0 : greekOrCyrillicWord);
        break;
      default:
        tokens += letterTokens[kind] ?? 1;
    }
    before = kind;
  }
  // What floating point adds to a sum must not make a token more.
  return Math.max(0, Math.ceil(tokens - 1e-9));
}

const word = 0.964;
const capitalWord = 1.342;
const accent = 0.962;
const threeDigits = 1.116;
const blankAlone = 0.976;
const marks = 0.572;
const otherMark = 0.319;
const sameMark = 0.233;
const lineEndAfterPunctuation = 0.786;
const lineEndAlone = 0.95;
const indent = 0.851;
const gap = 1.491;
const greekOrCyrillicWord = 1.188;
const greekOrCyrillicLetter = 0.14;

/** No word: a run of letters that nothing is known about. */
const longestWord = 20;
const charsPerToken = 3.6;

function wordTokens(letters: number): number {
  const known = Math.min(letters, longestWord);
  return (
    word +
    Math.max(0, known - 5) * 0.079 +
    Math.max(0, known - 9) * 0.378 +
    (letters - known) / charsPerToken
  );
}

// Letters first: `next > accented` asks whether a word ends.
const none = -1;
const lower = 0;
const upper = 1;
const accented = 2;
const digit = 3;
const blank = 4;
const lineEnd = 5;
const punctuation = 6;
const greekOrCyrillic = 7;
const arabicOrHebrew = 8;
const indicOrThai = 9;
const ideograph = 10;
const kana = 11;
const hangul = 12;
const halfOfPair = 13;
const symbol = 14;

/** Tokens of one character, by its class, where runs say nothing. */
const letterTokens: Readonly<Record<number, number>> = {
  [arabicOrHebrew]: 0.491,
  [indicOrThai]: 0.424,
  [ideograph]: 0.841,
  [kana]: 0.668,
  [hangul]: 0.719,
  [halfOfPair]: 2.028,
  [symbol]: 0.712,
};

const asciiClasses = Uint8Array.from({ length: 128 }, (_, code) => {
  const char = String.fromCharCode(code);
  if (/[a-z]/.test(char)) {
    return lower;
  }
  if (/[A-Z]/.test(char)) {
    return upper;
  }
  if (/\d/.test(char)) {
    return digit;
  }
  if (char === ' ' || char === '\t') {
    return blank;
  }
  return char === '\n' || char === '\r' ? lineEnd : punctuation;
});

/** First code of each range of characters, and its class. */
const ranges: readonly (readonly [from: number, kind: number])[] = [
  [0x80, symbol],
  [0xc0, accented],
  [0x370, greekOrCyrillic],
  [0x590, arabicOrHebrew],
  [0x900, indicOrThai],
  [0x1100, hangul],
  [0x1200, symbol],
  [0x1e00, accented],
  [0x2000, symbol],
  [0x2e80, symbol],
  [0x3000, ideograph],
  [0x3040, kana],
  [0x3100, ideograph],
  [0xac00, hangul],
  [0xd800, halfOfPair],
  [0xe000, symbol],
  [0xf900, ideograph],
  [0xfb00, symbol],
  [0xff00, ideograph],
  [0xfff0, symbol],
];

function classAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (asciiClasses[code] ?? symbol) : classBeyondAscii(code);
}

function classBeyondAscii(code: number): number {
  let low = 0;
  let high = ranges.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((ranges[middle]?.[0] ?? 0) <= code) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return ranges[low]?.[1] ?? symbol;
}

/**
 * Corrects estimates by what the provider counted: after a turn whose input was estimated at E and reported as R, the
 * same conversation is R tokens, and what comes later is scaled by R / E (kept between a third and three). Before the
 * first report the factor is the one that it was made with.
 */
export class TokenAnchor {
  private reported = 0;
  private estimatedThen = 0;

  constructor(private readonly startFactor = 1) {}

  /** Reports of nothing, or for an empty estimate, are ignored. */
  noteUsage(reportedInputTokens: number, estimatedInputTokens: number): void {
    if (reportedInputTokens > 0 && estimatedInputTokens > 0) {
      this.reported = reportedInputTokens;
      this.estimatedThen = estimatedInputTokens;
    }
  }

  /** The best number for an input that is estimated at `estimatedTokens`. */
  correct(estimatedTokens: number): number {
    if (this.estimatedThen === 0) {
      return Math.ceil(estimatedTokens * clampedFactor(this.startFactor));
    }
    const ratio = clampedFactor(this.reported / this.estimatedThen);
    const grown = estimatedTokens - this.estimatedThen;
    return grown >= 0
      ? Math.ceil(this.reported + grown * ratio)
      : Math.ceil(estimatedTokens * ratio);
  }
}

/** No tokenizer differs more from our estimate than by this; a report that does is about something else. */
const greatestFactor = 3;

/** How many tokens one of ours may be, within reason. */
export function clampedFactor(factor: number): number {
  return Math.min(greatestFactor, Math.max(1 / greatestFactor, factor));
}
