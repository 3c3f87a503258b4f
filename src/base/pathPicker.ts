import { Best } from './best';
import { lettersOf } from './pathLetters';
import { createPathTable, type PathTable } from './pathTable';
import { WordInPaths } from './wordInPaths';
import { maxWordLetters, WordScore } from './wordScore';

/**
 * Finds a file by a few letters of its path, as one types them: `pcont` finds `src/host/panelController.ts`. Built once over
 * a list of paths, then asked with each key; a hundred thousand paths are looked through in a millisecond or two.
 *
 * The letters must be in the path in their order. A hit in the file's name counts before one that needs its folders, and
 * letters at the beginnings of words and side by side count before scattered ones; of equals the shorter path is first,
 * then the one that came first in the list.
 */
export interface PathPicker {
  readonly size: number;
  /** The best hits, best first. An empty query gives the shortest paths. */
  find(query: string, maxResults: number): readonly string[];
}

export function createPathPicker(paths: readonly string[]): PathPicker {
  const table = createPathTable(paths);
  const score = new WordScore(table.text);
  // While one types, the words before the last one stay: what is known of them is kept until the next query.
  let known = new Map<string, WordInPaths>();
  return {
    size: paths.length,
    find: (query, maxResults) => {
      const words = wordsOf(query).map((word) => ({
        word,
        inPaths: known.get(word) ?? new WordInPaths(table, score, lettersOf(word)),
      }));
      known = new Map(words.map(({ word, inPaths }) => [word, inPaths]));
      const best = new Best(maxResults);
      collect(
        table,
        words.map(({ inPaths }) => inPaths),
        best,
      );
      return best.list().map((at) => paths[at] ?? '');
    },
  };
}

/** The words of a query, each of which must be found. Blanks separate them; a slash means that the rest lies below. */
function wordsOf(query: string): readonly string[] {
  const words = query
    .slice(0, maxWordLetters)
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  // The longest is in the fewest paths.
  return words.sort((a, b) => b.length - a.length);
}

/** Of a single word of a letter or two half of all names are hits: those that begin with it are meant. */
const maxShortWord = 2;

/** Loose readings count only when the others do not give enough. */
function collect(table: PathTable, words: readonly WordInPaths[], best: Best): void {
  const [word] = words;
  if (word === undefined) {
    table.byLength.every((path) => best.offer(path, -(table.lengths[path] ?? 0)));
    return;
  }
  if (words.some(({ hasSlash }) => hasSlash)) {
    collectBelow(table, words, best);
  } else {
    // The best hits are among the names that begin with the longest word's letter: after these most others are too late.
    const { firsts, count } = table.names;
    const from = lowerBound(firsts, word.tailFirst);
    const to = lowerBound(firsts, word.tailFirst + 1);
    collectNames(table, words, best, from, to);
    if (best.isFull && words.length === 1 && word.length <= maxShortWord) {
      return;
    }
    collectNames(table, words, best, 0, from);
    collectNames(table, words, best, to, count);
  }
  collectFolders(table, words, best);
  if (!best.isFull) {
    collectLoosely(table, words, best);
  }
}

/** Paths with at least one of the words in their names. */
function collectNames(
  { names, byName, lengths, folderOf }: PathTable,
  words: readonly WordInPaths[],
  best: Best,
  from: number,
  to: number,
): void {
  const needed = maskInNames(words);
  const tails = words.map(({ tailMask }) => tailMask);
  for (let name = from; name < to; name++) {
    const mask = names.masks[name] ?? 0;
    if ((mask & needed) !== needed || !holdsOneOf(tails, mask)) {
      continue;
    }
    const most = mostOf(words, name);
    if (most <= best.least) {
      continue;
    }
    const end = byName.from[name + 1] ?? 0;
    for (let at = byName.from[name] ?? 0; at < end; at++) {
      const path = byName.ids[at] ?? 0;
      const length = lengths[path] ?? 0;
      const sum = strictSum(words, folderOf[path] ?? 0, name);
      // The paths of a name come by their length: with one word that is all they differ in.
      if (sum > 0 ? !best.offer(path, sum - length) && words.length === 1 : words.length === 1) {
        break;
      }
      if (most - length < best.least) {
        break;
      }
    }
  }
}

/** Paths below a folder that the query names. */
function collectBelow(
  { folders, byFolder, namesByFolder, masksByFolder, namesInFolder, lengths }: PathTable,
  words: readonly WordInPaths[],
  best: Best,
): void {
  const needed = maskInNames(words);
  for (let folder = 0; folder < folders.count; folder++) {
    const isEmpty = ((namesInFolder[folder] ?? 0) & needed) !== needed;
    if (isEmpty || !words.every((word) => word.hasHeadIn(folder))) {
      continue;
    }
    const end = byFolder.from[folder + 1] ?? 0;
    for (let at = byFolder.from[folder] ?? 0; at < end; at++) {
      if (((masksByFolder[at] ?? 0) & needed) === needed) {
        const path = byFolder.ids[at] ?? 0;
        const sum = strictSum(words, folder, namesByFolder[at] ?? 0);
        if (sum > 0) {
          best.offer(path, sum - (lengths[path] ?? 0));
        }
      }
    }
  }
}

/** Paths with all words in their folders. */
function collectFolders(
  { folders, byFolder, lengths }: PathTable,
  words: readonly WordInPaths[],
  best: Best,
): void {
  const isNowhere = words.some((word) => word.folders.most === 0);
  const most = isNowhere ? -Infinity : words.reduce((sum, word) => sum + word.folders.most, 0);
  for (let folder = 1; folder < folders.count && most > best.least; folder++) {
    let sum = 0;
    for (const word of words) {
      const score = word.folders.scoreOf(folder);
      sum = score === 0 ? -Infinity : sum + score;
    }
    const end = byFolder.from[folder + 1] ?? 0;
    for (let at = byFolder.from[folder] ?? 0; at < end && sum > best.least; at++) {
      const path = byFolder.ids[at] ?? 0;
      best.offer(path, sum - (lengths[path] ?? 0));
    }
  }
}

function collectLoosely(
  { folders, byFolder, namesByFolder, masksByFolder, namesInFolder, lengths }: PathTable,
  words: readonly WordInPaths[],
  best: Best,
): void {
  for (let folder = 0; folder < folders.count; folder++) {
    let rest = 0;
    for (const word of words) {
      rest |= word.rests[word.folders.taken[folder] ?? 0] ?? 0;
    }
    if (((namesInFolder[folder] ?? 0) & rest) !== rest) {
      continue;
    }
    const end = byFolder.from[folder + 1] ?? 0;
    for (let at = byFolder.from[folder] ?? 0; at < end; at++) {
      if (((masksByFolder[at] ?? 0) & rest) !== rest) {
        continue;
      }
      const path = byFolder.ids[at] ?? 0;
      const name = namesByFolder[at] ?? 0;
      let sum = 0;
      for (const word of words) {
        const score = word.loosely(folder, name);
        if (score === 0) {
          sum = 0;
          break;
        }
        sum += score;
      }
      if (sum > 0) {
        best.offer(path, sum - (lengths[path] ?? 0));
      }
    }
  }
}

/** 0 when one of the words is not there. */
function strictSum(words: readonly WordInPaths[], folder: number, name: number): number {
  let sum = 0;
  for (const word of words) {
    const score = word.strictly(folder, name);
    if (score === 0) {
      return 0;
    }
    sum += score;
  }
  return sum;
}

function holdsOneOf(masks: readonly number[], letters: number): boolean {
  for (const mask of masks) {
    if ((letters & mask) === mask) {
      return true;
    }
  }
  return false;
}

/** At least what the words count in paths with this name. A single word in folders alone is not looked for here. */
function mostOf(words: readonly WordInPaths[], name: number): number {
  let sum = 0;
  for (const word of words) {
    const inName = word.mostWith(name);
    sum += words.length === 1 ? inName : Math.max(inName, word.folders.most);
  }
  return sum;
}

/** The letters that a name must hold: those of the words that no folder holds. */
function maskInNames(words: readonly WordInPaths[]): number {
  return words.reduce((mask, word) => (word.folders.most > 0 ? mask : mask | word.tailMask), 0);
}

/** The first place in a list in order whose value is at least this. */
function lowerBound(values: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
