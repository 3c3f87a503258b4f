/**
 * Finds a file by a few letters of its path, as one types them: `pcont` finds `src/host/panelController.ts`. Built once over
 * a list of paths, then asked with each key; a hundred thousand paths are looked through in some milliseconds.
 *
 * The letters must be in the path in their order. A hit in the file's name counts before one that needs its folders, and
 * letters at the beginnings of words and side by side count before scattered ones; of equals the shorter path is first.
 */
export interface PathPicker {
  readonly size: number;
  /** The best hits, best first. An empty query gives the shortest paths. */
  find(query: string, maxResults: number): readonly string[];
}

/** A query is what one types; of a longer one the rest is no help. */
const maxQueryChars = 64;

export function createPathPicker(paths: readonly string[]): PathPicker {
  const index = new PathIndex(paths);
  return {
    size: paths.length,
    find: (query, maxResults) => {
      const words = toWords(query);
      const best = new Best(maxResults);
      if (words.length === 0) {
        paths.forEach((path, at) => best.offer(at, 1 / (1 + path.length)));
      } else {
        index.collect(words, best);
      }
      return best.list().map((at) => paths[at] ?? '');
    },
  };
}

/** One word of a query: each must be found. Blanks separate words; a slash means that the rest lies below. */
interface Word {
  readonly codes: Uint8Array;
  readonly mask: number;
}

function toWords(query: string): readonly Word[] {
  const words = query
    .slice(0, maxQueryChars)
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => {
      const codes = Uint8Array.from(word.replaceAll('\\', '/'), (character) =>
        toCode(character.toLowerCase().charCodeAt(0)),
      );
      return { codes, mask: codes.reduce((mask, code) => mask | bitOf(code), 0) };
    });
  // The longest is in the fewest paths.
  return words.sort((a, b) => b.codes.length - a.codes.length);
}

const boundary = 0x80;
const slash = 0x2f;

/** Seven bits of a lower-case letter; what is beyond ASCII shares the places of the control characters. */
function toCode(unit: number): number {
  return unit < 0x80 ? unit : 1 + (unit % 31);
}

/** Letters have a bit each, digits and the rest share some: a path without all bits of a word cannot hold it. */
function bitOf(code: number): number {
  return code >= 0x61 && code <= 0x7a ? 1 << (code - 0x61) : 1 << (26 + (code % 5));
}

class PathIndex {
  /** All paths in lower case, one after another; the high bit marks where a word begins. */
  private readonly text: Uint8Array;
  private readonly starts: Uint32Array;
  private readonly names: Uint32Array;
  private readonly nameMasks: Int32Array;
  /** Which folder a path is in. */
  private readonly folders: Uint32Array;
  /** Of each folder: the one around it, which has a lower number, and where its own name stands in `text`. 0: no folder. */
  private readonly parents: number[] = [0];
  private readonly folderStarts: number[] = [0];
  private readonly folderEnds: number[] = [0];
  /** Of the query at hand: the last place where each letter may stand for the rest still to fit. */
  private readonly limits = new Int32Array(maxQueryChars);

  constructor(paths: readonly string[]) {
    const count = paths.length;
    this.starts = new Uint32Array(count + 1);
    this.names = new Uint32Array(count);
    this.nameMasks = new Int32Array(count);
    this.folders = new Uint32Array(count);
    let length = 0;
    paths.forEach((path, at) => {
      this.starts[at] = length;
      length += path.length;
    });
    this.starts[count] = length;
    this.text = new Uint8Array(length);
    const known = new Map<string, number>();
    paths.forEach((path, at) => this.add(path, at, known));
  }

  /** Hits in names first; folders are looked at too when names alone do not give enough, or the query asks for them. */
  collect(words: readonly Word[], best: Best): void {
    const [word] = words;
    if (word === undefined) {
      return;
    }
    if (words.length > 1) {
      this.collectWords(words, best);
      return;
    }
    if (!word.codes.includes(slash)) {
      // Of a letter or two half of all names are hits: those that begin with them are meant.
      if (word.codes.length <= 2) {
        this.collectNames(word, best, true);
      }
      if (!best.isFull) {
        this.collectNames(word, best, false);
      }
    }
    if (!best.isFull) {
      this.collectPaths(word, best);
    }
  }

  private collectNames({ codes, mask }: Word, best: Best, fromStart: boolean): void {
    const { nameMasks, names, starts, text } = this;
    const first = (codes[0] ?? 0) | boundary;
    for (let at = 0; at < names.length; at++) {
      if (((nameMasks[at] ?? 0) & mask) !== mask) {
        continue;
      }
      const name = names[at] ?? 0;
      if (!fromStart || text[name] === first) {
        const score = this.score(codes, name, starts[at + 1] ?? 0);
        if (score > 0) {
          best.offer(at, score + nameBonus - this.lengthOf(at) / 1000);
        }
      }
    }
  }

  /**
   * A folder takes as many letters as it can, once for all its files; the rest must be in the name. So most paths cost
   * one comparison.
   */
  private collectPaths({ codes }: Word, best: Best): void {
    const taken = this.takenByFolders(codes);
    const rests = restMasks(codes);
    const { nameMasks, names, starts, folders } = this;
    for (let at = 0; at < names.length; at++) {
      const rest = rests[taken[folders[at] ?? 0] ?? 0] ?? 0;
      if (((nameMasks[at] ?? 0) & rest) === rest) {
        const score = this.score(codes, starts[at] ?? 0, starts[at + 1] ?? 0);
        if (score > 0) {
          best.offer(at, score - this.lengthOf(at) / 1000);
        }
      }
    }
  }

  /** Each word in the name or somewhere in the path. */
  private collectWords(words: readonly Word[], best: Best): void {
    const filters = words.map(({ codes }) => ({
      taken: this.takenByFolders(codes),
      rests: restMasks(codes),
    }));
    const { nameMasks, names, starts, folders } = this;
    for (let at = 0; at < names.length; at++) {
      const nameMask = nameMasks[at] ?? 0;
      const folder = folders[at] ?? 0;
      let fits = true;
      for (let index = 0; fits && index < filters.length; index++) {
        const filter = filters[index];
        const rest = filter?.rests[filter.taken[folder] ?? 0] ?? 0;
        fits = (nameMask & rest) === rest;
      }
      let sum = 0;
      for (let index = 0; fits && index < words.length; index++) {
        const { codes, mask } = words[index] ?? noWord;
        const end = starts[at + 1] ?? 0;
        const inName = (nameMask & mask) === mask ? this.score(codes, names[at] ?? 0, end) : 0;
        const score = inName > 0 ? inName + nameBonus : this.score(codes, starts[at] ?? 0, end);
        fits = score > 0;
        sum += score;
      }
      if (fits) {
        best.offer(at, sum - this.lengthOf(at) / 1000);
      }
    }
  }

  /** How many letters of a query each folder holds with those around it, in order, from the first on. */
  private takenByFolders(codes: Uint8Array): Uint8Array {
    const { text, parents, folderStarts, folderEnds } = this;
    const taken = new Uint8Array(folderStarts.length);
    for (let folder = 1; folder < taken.length; folder++) {
      const end = folderEnds[folder] ?? 0;
      let next = taken[parents[folder] ?? 0] ?? 0;
      let code = codes[next];
      for (let at = folderStarts[folder] ?? 0; at < end; at++) {
        if (((text[at] ?? 0) & 0x7f) === code) {
          next++;
          code = codes[next];
        }
      }
      taken[folder] = next;
    }
    return taken;
  }

  /** The number of a folder, with those around it. `name` is where its files' names begin in a path of it. */
  private folderOf(path: string, name: number, start: number, known: Map<string, number>): number {
    if (name === 0) {
      return 0;
    }
    const folder = path.slice(0, name);
    const id = known.get(folder);
    if (id !== undefined) {
      return id;
    }
    const own = name < 2 ? 0 : path.lastIndexOf('/', name - 2) + 1;
    const parent = this.folderOf(path, own, start, known);
    known.set(folder, this.parents.length);
    this.parents.push(parent);
    this.folderStarts.push(start + own);
    this.folderEnds.push(start + name);
    return this.parents.length - 1;
  }

  private add(path: string, at: number, known: Map<string, number>): void {
    const start = this.starts[at] ?? 0;
    const name = path.lastIndexOf('/') + 1;
    this.names[at] = start + name;
    this.folders[at] = this.folderOf(path, name, start, known);
    let nameMask = 0;
    let before = slash;
    for (let i = 0; i < path.length; i++) {
      const unit = path.charCodeAt(i);
      const isUpper = unit >= 0x41 && unit <= 0x5a;
      const code = isUpper ? unit + 0x20 : toCode(unit >= 0x80 ? lowerUnit(unit) : unit);
      const isStart =
        !isWordUnit(before) ||
        (isUpper && !(before >= 0x41 && before <= 0x5a)) ||
        (isDigit(unit) && !isDigit(before));
      this.text[start + i] = isStart && isWordUnit(unit) ? code | boundary : code;
      if (i >= name) {
        nameMask |= bitOf(code);
      }
      before = unit;
    }
    this.nameMasks[at] = nameMask;
  }

  private lengthOf(at: number): number {
    return (this.starts[at + 1] ?? 0) - (this.starts[at] ?? 0);
  }

  /** The better of two readings: the letters side by side, or each at the next beginning of a word. 0: they are not there. */
  private score(codes: Uint8Array, start: number, end: number): number {
    return this.findLimits(codes, start, end)
      ? Math.max(this.scattered(codes, start), this.together(codes, start, end))
      : 0;
  }

  /** False when the letters are not there in their order. */
  private findLimits(codes: Uint8Array, start: number, end: number): boolean {
    const { text, limits } = this;
    let next = codes.length - 1;
    let code = codes[next];
    for (let at = end - 1; at >= start; at--) {
      if (((text[at] ?? 0) & 0x7f) === code) {
        limits[next] = at;
        if (next === 0) {
          return true;
        }
        next--;
        code = codes[next];
      }
    }
    return false;
  }

  /** The best place where the letters stand side by side. */
  private together(codes: Uint8Array, start: number, end: number): number {
    const { text } = this;
    const { length } = codes;
    const first = codes[0] ?? 0;
    // Later than that not even the letters in their order are there.
    const last = Math.min(end - length, this.limits[0] ?? 0);
    let best = 0;
    for (let at = start; at <= last; at++) {
      if (((text[at] ?? 0) & 0x7f) !== first) {
        continue;
      }
      let same = 1;
      while (same < length && ((text[at + same] ?? 0) & 0x7f) === codes[same]) {
        same++;
      }
      if (same === length) {
        const isWordStart = ((text[at] ?? 0) & boundary) !== 0;
        const after = at + length;
        const endsWord =
          after === end ||
          !isWordUnit((text[after] ?? 0) & 0x7f) ||
          ((text[after] ?? 0) & boundary) !== 0;
        // The whole name before its ending, the beginning of the name, the beginning of a word, within one.
        const place = at === start ? 14 : isWordStart ? 8 : 0;
        const rest = endsWord ? (at === start && isEnding(text, after, end) ? 16 : 4) : 0;
        best = Math.max(best, length * 6 + place + rest - (at - start) / 64);
      }
    }
    return best;
  }

  /** Each letter at the next beginning of a word if it stands there and the rest still fits, else at the next place. */
  private scattered(codes: Uint8Array, start: number): number {
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
        if ((unit & 0x7f) === code) {
          if ((unit & boundary) !== 0 || next === before + 1) {
            found = next;
            break;
          }
          if (!isPlain) {
            isPlain = true;
            found = next;
          }
        }
      }
      const isStart = ((text[found] ?? 0) & boundary) !== 0;
      score += found === before + 1 ? 5 : isStart ? 5.5 : Math.max(0.2, 1 - (found - at) / 8);
      if (found === start) {
        score += 4;
      }
      before = found;
      at = found + 1;
    }
    return score;
  }
}

/** The letters of a query from each place on, as bits: what a name must hold when its folder has taken those before. */
function restMasks(codes: Uint8Array): Int32Array {
  const rests = new Int32Array(codes.length + 1);
  for (let i = codes.length - 1; i >= 0; i--) {
    rests[i] = (rests[i + 1] ?? 0) | bitOf(codes[i] ?? 0);
  }
  return rests;
}

const noWord: Word = { codes: new Uint8Array(), mask: 0 };
const nameBonus = 20;

/** Only a file's ending follows: `.ts`, `.test.ts` does not count. */
function isEnding(text: Uint8Array, after: number, end: number): boolean {
  if (after === end) {
    return true;
  }
  if (((text[after] ?? 0) & 0x7f) !== 0x2e) {
    return false;
  }
  for (let at = after + 1; at < end; at++) {
    const code = (text[at] ?? 0) & 0x7f;
    if (code === 0x2e) {
      return false;
    }
  }
  return true;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

function isWordUnit(unit: number): boolean {
  return (
    (unit >= 0x61 && unit <= 0x7a) ||
    (unit >= 0x41 && unit <= 0x5a) ||
    isDigit(unit) ||
    unit >= 0x80
  );
}

function lowerUnit(unit: number): number {
  return String.fromCharCode(unit).toLowerCase().charCodeAt(0);
}

/** The best few of many: what is not better than the worst kept one costs one comparison. */
class Best {
  private readonly ids: number[] = [];
  private readonly scores: number[] = [];
  private least = -Infinity;

  constructor(private readonly maxCount: number) {}

  get isFull(): boolean {
    return this.ids.length >= this.maxCount;
  }

  offer(id: number, score: number): void {
    if (this.isFull && score <= this.least) {
      return;
    }
    if (this.ids.includes(id)) {
      return; // found by its name already, which counts more
    }
    let place = this.scores.length;
    while (place > 0 && (this.scores[place - 1] ?? 0) < score) {
      place--;
    }
    this.scores.splice(place, 0, score);
    this.ids.splice(place, 0, id);
    if (this.ids.length > this.maxCount) {
      this.ids.pop();
      this.scores.pop();
    }
    this.least = this.scores.at(-1) ?? -Infinity;
  }

  list(): readonly number[] {
    return this.ids;
  }
}
