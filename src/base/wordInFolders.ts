import { isWordLetter, letterBits, slash, wordStart } from './pathLetters';
import type { PathTable } from './pathTable';
import {
  folderStart,
  jointScore,
  restStart,
  restsOf,
  toLetters,
  type WordScore,
} from './wordScore';

/** Fewer letters are within too many words. */
const minInside = 3;

/**
 * A word, or the beginning of one, in all folders at once. A folder has what the one around it has, so most of them cost
 * a glance at their own name. Of each word of a folder's path it may take the beginning and any letters after that
 * (`cmpbtn` is in `components/button/`), or a folder's own name holds all its letters side by side.
 */
export class WordInFolders {
  /** Of each folder: how many letters it takes with those around it, from the first on. */
  readonly taken: Uint8Array;
  /** The best of all folders. 0: none holds the word. */
  readonly most: number;
  private readonly scores: Int32Array;

  constructor(
    private readonly table: PathTable,
    score: WordScore,
    private readonly codes: Uint8Array,
  ) {
    const { folders, text } = table;
    const { parents, ownMasks, ownStartMasks, ownStarts, starts, ends } = folders;
    const { bits } = toLetters(codes);
    const all = restsOf(bits)[0] ?? 0;
    const isLong = codes.length >= minInside;
    const taken = new Uint8Array(folders.count);
    const scores = new Int32Array(folders.count);
    let most = 0;
    for (let folder = 1; folder < taken.length; folder++) {
      const parent = parents[folder] ?? 0;
      let next = taken[parent] ?? 0;
      const isTaken = next === codes.length;
      const hasAll = (isTaken || isLong) && ((ownMasks[folder] ?? 0) & all) === all;
      let found = scores[parent] ?? 0;
      if (!isTaken && ((ownStartMasks[folder] ?? 0) & (bits[next] ?? 0)) !== 0) {
        const end = ends[folder] ?? 0;
        next = takeLetters(text, codes, next, ownStarts[folder] ?? 0, end);
        if (next === codes.length) {
          found = score.scoreIn(codes, starts[folder] ?? 0, end, folderStart);
        }
      }
      if (hasAll) {
        const inside = score.togetherIn(
          codes,
          ownStarts[folder] ?? 0,
          ends[folder] ?? 0,
          restStart,
        );
        next = inside > 0 ? codes.length : next;
        found = Math.max(found, inside);
      }
      taken[folder] = next;
      scores[folder] = found;
      most = Math.max(most, found);
    }
    this.taken = taken;
    this.scores = scores;
    this.most = most === 0 || codes.at(-1) !== slash ? most : most + jointScore;
  }

  /** What the word counts in a folder. 0: it is not there. */
  scoreOf(folder: number): number {
    const score = this.scores[folder] ?? 0;
    return score > 0 && this.codes.at(-1) === slash && this.isEndOf(folder)
      ? score + jointScore
      : score;
  }

  private isEndOf(folder: number): boolean {
    const { codes } = this;
    const { text, folders } = this.table;
    let at = (folders.ends[folder] ?? 0) - 1;
    let last = codes.length - 1;
    while (last >= 0 && ((text[at] ?? 0) & letterBits) === codes[last]) {
      at--;
      last--;
    }
    return last < 0;
  }
}

/** How many letters of the word are taken after a stretch of text, when `next` were before. */
function takeLetters(
  text: Uint8Array,
  codes: Uint8Array,
  next: number,
  start: number,
  end: number,
): number {
  let taken = next;
  let code = codes[taken];
  let isInWord = false;
  for (let at = start; at < end; at++) {
    const unit = text[at] ?? 0;
    if ((unit & letterBits) === code) {
      if (isInWord || (unit & wordStart) !== 0 || !isWordLetter(code)) {
        isInWord = true;
        taken++;
        code = codes[taken];
      }
    } else if ((unit & wordStart) !== 0) {
      isInWord = false;
    }
  }
  return taken;
}
