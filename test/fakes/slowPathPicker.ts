import {
  isWordLetter,
  letterBits,
  lettersOf,
  slash,
  wordStart,
  writeLetters,
} from '../../src/base/pathLetters';
import {
  folderStart,
  jointScore,
  nameStart,
  restStart,
  WordScore,
  type FirstPlace,
} from '../../src/base/wordScore';

/**
 * The path picker as its rules say it: every word is read in every path, all hits are sorted. No masks, bounds, groups or
 * memory; only how letters count in one piece of text is the product's own.
 */
export function slowFind(
  paths: readonly string[],
  query: string,
  maxResults: number,
): readonly string[] {
  const words = query
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '')
    .map(lettersOf);
  const [first] = words;
  const best = (score: (path: string) => number): string[] =>
    paths
      .map((path, at) => ({ path, at, score: score(path) }))
      .filter((hit) => hit.score > 0)
      .sort((a, b) => b.score - b.path.length - (a.score - a.path.length) || a.at - b.at)
      .map(({ path }) => path);
  const all = (read: (word: Uint8Array, path: string) => number) => (path: string) => {
    const scores = words.map((word) => read(word, path));
    return scores.includes(0) ? 0 : scores.reduce((sum, score) => sum + score, 0);
  };
  if (first === undefined) {
    return best(() => 1e6).slice(0, maxResults);
  }
  if (words.length === 1 && first.length <= 2 && !first.includes(slash)) {
    const beginning = best((path) => {
      const { name } = split(path);
      return (lettersIn(name)[0] ?? 0) % wordStart === first[0] ? inName(first, name) : 0;
    });
    if (beginning.length >= maxResults) {
      return beginning.slice(0, maxResults);
    }
  }
  const strict = best(all(strictly));
  return (strict.length >= maxResults ? strict : best(all(loosely))).slice(0, maxResults);
}

function split(path: string): { readonly folder: string; readonly name: string } {
  const at = path.lastIndexOf('/') + 1;
  return { folder: path.slice(0, at), name: path.slice(at) };
}

function lettersIn(text: string): Uint8Array {
  const letters = new Uint8Array(text.length);
  writeLetters(text, letters, 0);
  return letters;
}

const scoreIn = (word: Uint8Array, text: string, place: FirstPlace): number =>
  new WordScore(lettersIn(text)).scoreIn(word, 0, text.length, place);

function inName(word: Uint8Array, name: string): number {
  const found = scoreIn(word, name, nameStart);
  return found === 0 ? 0 : found + 20 * 1024;
}

function strictly(word: Uint8Array, path: string): number {
  const { folder, name } = split(path);
  const headLength = word.lastIndexOf(slash) + 1;
  const inFolders = inFolder(word, folder).score;
  if (headLength === 0) {
    return Math.max(inFolders, inName(word, name));
  }
  const head = inFolder(word.slice(0, headLength), folder).score;
  const tail = headLength === word.length ? 0 : scoreIn(word.slice(headLength), name, restStart);
  return head === 0 || tail === 0 ? inFolders : Math.max(inFolders, head + tail);
}

/** The name takes as many of the last letters as it can, the folders those before. */
function loosely(word: Uint8Array, path: string): number {
  const { folder, name } = split(path);
  const fit = new WordScore(lettersIn(name)).trailing(word, 0, name.length);
  const needed = word.length - fit;
  const isSplit = fit > 0 && needed > 0 && inFolder(word, folder).taken >= needed;
  return Math.max(
    strictly(word, path),
    isSplit
      ? scoreIn(word.slice(needed), name, restStart) +
          scoreIn(word.slice(0, needed), folder, folderStart)
      : 0,
  );
}

/** What a word counts in a folder, and how many of its letters that takes. */
function inFolder(
  word: Uint8Array,
  folder: string,
): { readonly taken: number; readonly score: number } {
  const segments = folder
    .split('/')
    .slice(0, -1)
    .map((segment) => `${segment}/`);
  let path = '';
  let taken = 0;
  let score = 0;
  for (const segment of segments) {
    // Each segment begins words of its own, as a whole path does after a slash.
    const letters = lettersIn(path + segment).slice(path.length);
    path += segment;
    const wasTaken = taken === word.length;
    if (!wasTaken) {
      taken = take(word, taken, letters);
      score = taken === word.length ? scoreIn(word, path, folderStart) : 0;
    }
    if (wasTaken || word.length >= 3) {
      const inside = new WordScore(letters).togetherIn(word, 0, letters.length, restStart);
      taken = inside > 0 ? word.length : taken;
      score = Math.max(score, inside);
    }
  }
  const isJoint =
    word.at(-1) === slash &&
    lettersIn(folder)
      .slice(-word.length)
      .every((letter, i) => (letter & letterBits) === word[i]) &&
    folder.length >= word.length;
  return { taken, score: score > 0 && isJoint ? score + jointScore : score };
}

/** Of each word the beginning, and any letters after that; what is of no word, anywhere. */
function take(word: Uint8Array, from: number, letters: Uint8Array): number {
  let taken = from;
  let isInWord = false;
  for (const unit of letters) {
    const letter = unit & letterBits;
    const isStart = (unit & wordStart) !== 0;
    if (
      taken < word.length &&
      letter === word[taken] &&
      (isInWord || isStart || !isWordLetter(letter))
    ) {
      isInWord = true;
      taken++;
    } else if (isStart) {
      isInWord = false;
    }
  }
  return taken;
}
