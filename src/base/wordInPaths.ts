import { slash } from './pathLetters';
import type { PathTable } from './pathTable';
import { WordInFolders } from './wordInFolders';
import {
  folderStart,
  mostIn,
  nameStart,
  restStart,
  restsOf,
  toLetters,
  type Letters,
  type WordScore,
} from './wordScore';

/** A hit in a file's name counts this much more than one that needs its folders. */
export const nameBonus = 20 * 1024;

/**
 * One word of a query in all paths. It is read in the name; or in the folders; or what stands after its last slash in the
 * name, and the rest in the folders. In the loose reading the name takes as many of the last letters as it can and the
 * folders those before. Each name is looked at only when a path needs it, and then once.
 */
export class WordInPaths {
  readonly length: number;
  readonly hasSlash: boolean;
  /** The letters that are looked for in names, as bits. 0: there are none. */
  readonly tailMask: number;
  /** The first of them. */
  readonly tailFirst: number;
  readonly folders: WordInFolders;
  /** What a name must hold when its folder has taken so many letters, as bits. */
  readonly rests: Int32Array;
  private readonly tail: Letters;
  /** What stands up to the last slash. */
  private readonly head: WordInFolders | undefined;
  /** Of each name: 1 + what the tail counts there. 0: not looked at yet. */
  private readonly inNames: Int32Array;
  private readonly loose: LooseEnds;

  constructor(
    private readonly table: PathTable,
    private readonly score: WordScore,
    codes: Uint8Array,
  ) {
    const headLength = codes.lastIndexOf(slash) + 1;
    this.length = codes.length;
    this.hasSlash = headLength > 0;
    this.tail = toLetters(codes.subarray(headLength));
    this.tailMask = restsOf(this.tail.bits)[0] ?? 0;
    this.tailFirst = this.tail.codes[0] ?? 0;
    this.rests = restsOf(toLetters(codes).bits);
    this.folders = new WordInFolders(table, score, codes);
    this.head = this.hasSlash
      ? new WordInFolders(table, score, codes.subarray(0, headLength))
      : undefined;
    this.inNames = new Int32Array(table.names.count);
    this.loose = new LooseEnds(table, score, codes);
  }

  /** True when a name with these letters may hold what is looked for in names. */
  mayBeIn(mask: number): boolean {
    return this.tailMask !== 0 && (mask & this.tailMask) === this.tailMask;
  }

  /** True when a folder leaves nothing but the name to be looked at. */
  hasHeadIn(folder: number): boolean {
    return this.head === undefined || this.head.scoreOf(folder) > 0;
  }

  /** At least what the word counts in paths with this name when it is looked for there. 0: it is not there. */
  mostWith(name: number): number {
    const { masks, startMasks, pairMasks, firsts } = this.table.names;
    if (!this.mayBeIn(masks[name] ?? 0)) {
      return 0;
    }
    const inName = mostIn(
      this.tail,
      this.hasSlash ? restStart : nameStart,
      startMasks[name] ?? 0,
      pairMasks[name] ?? 0,
      firsts[name] ?? 0,
    );
    return inName + (this.head?.most ?? nameBonus);
  }

  /** What the word counts in a path in its strict readings. 0: it is not there. */
  strictly(folder: number, name: number): number {
    const inFolders = this.folders.scoreOf(folder);
    const beside = this.head === undefined ? nameBonus : this.head.scoreOf(folder);
    const inName = beside === 0 ? 0 : this.inName(name);
    return inName === 0 ? inFolders : Math.max(inFolders, inName + beside);
  }

  /** What the word counts in a path in any reading. */
  loosely(folder: number, name: number): number {
    const taken = this.folders.taken[folder] ?? 0;
    const needed = this.length - this.loose.fitOf(name);
    if (taken < needed) {
      return this.hasSlash ? this.strictly(folder, name) : 0;
    }
    return Math.max(this.strictly(folder, name), this.loose.scoreOf(folder, name, needed));
  }

  private inName(name: number): number {
    const known = this.inNames[name] ?? 0;
    if (known > 0) {
      return known - 1;
    }
    const { starts, ends, masks } = this.table.names;
    const place = this.hasSlash ? restStart : nameStart;
    const found = this.mayBeIn(masks[name] ?? 0)
      ? this.score.scoreIn(this.tail.codes, starts[name] ?? 0, ends[name] ?? 0, place)
      : 0;
    this.inNames[name] = found + 1;
    return found;
  }
}

/** The loose reading: the word's last letters in the name, those before in the folders. */
class LooseEnds {
  /** Of each name: 1 + how many of the last letters it takes, and what that counts. 0: not looked at yet. */
  private fits: Uint8Array | undefined;
  private fitScores: Int32Array | undefined;
  /** By the number of letters, of each folder: 1 + what these count there. 0: not looked at yet. */
  private readonly folderScores: (Int32Array | undefined)[] = [];

  constructor(
    private readonly table: PathTable,
    private readonly score: WordScore,
    private readonly codes: Uint8Array,
  ) {}

  /** What the word counts when its first letters, so many, stand in the folder. 0: the name takes none or all of them. */
  scoreOf(folder: number, name: number, inFolder: number): number {
    return inFolder > 0 && inFolder < this.codes.length
      ? (this.fitScores?.[name] ?? 0) + this.inFolder(folder, inFolder)
      : 0;
  }

  /** How many of the last letters a name takes. */
  fitOf(name: number): number {
    const { names } = this.table;
    const fits = (this.fits ??= new Uint8Array(names.count));
    const scores = (this.fitScores ??= new Int32Array(names.count));
    const known = fits[name] ?? 0;
    if (known > 0) {
      return known - 1;
    }
    const start = names.starts[name] ?? 0;
    const end = names.ends[name] ?? 0;
    const fit = this.score.trailing(this.codes, start, end);
    fits[name] = fit + 1;
    if (fit > 0) {
      const letters = this.codes.subarray(this.codes.length - fit);
      scores[name] = this.score.scoreIn(letters, start, end, restStart);
    }
    return fit;
  }

  private inFolder(folder: number, count: number): number {
    const { starts, ends, count: all } = this.table.folders;
    const scores = (this.folderScores[count] ??= new Int32Array(all));
    const known = scores[folder] ?? 0;
    if (known > 0) {
      return known - 1;
    }
    const letters = this.codes.subarray(0, count);
    const start = starts[folder] ?? 0;
    const found = this.score.scoreIn(letters, start, ends[folder] ?? 0, folderStart);
    scores[folder] = found + 1;
    return found;
  }
}
