import {
  bitOf,
  isWordLetter,
  letterBits,
  pairBitOf,
  slash,
  wordStart,
  writeLetters,
} from './pathLetters';

/**
 * Paths taken apart for the picker: a file's name and a folder that many paths share are held, and looked at, once.
 * All letters lie in one array; the rest are numbers in arrays of their own.
 */
export interface PathTable {
  /** The letters of all pieces, see `pathLetters.ts`. */
  readonly text: Uint8Array;
  readonly names: NameTable;
  readonly folders: FolderTable;
  /** Of each path. */
  readonly lengths: Int32Array;
  /** The paths, the shorter ones first. */
  readonly byLength: Int32Array;
  /** The paths by their names; the shorter ones of a name first. */
  readonly byName: Groups;
  /** The paths by their folders, the shorter ones first; in that order the name of each, and the letters in that. */
  readonly byFolder: Groups;
  readonly namesByFolder: Int32Array;
  readonly masksByFolder: Int32Array;
  /** Of each folder: the letters in the names of its files. */
  readonly namesInFolder: Int32Array;
  /** Which folder a path is in. */
  readonly folderOf: Int32Array;
}

/** Different names, those with the same first letter side by side. */
export interface NameTable {
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The letters in it; those that begin a word; those side by side; the first. */
  readonly masks: Int32Array;
  readonly startMasks: Int32Array;
  readonly pairMasks: Int32Array;
  readonly firsts: Uint8Array;
}

/** Different folders with those around them (`src/host/`); a folder comes after the one around it. The first is none. */
export interface FolderTable {
  readonly count: number;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly parents: Int32Array;
  /** Where its own name begins in the text; the letters in that; those that begin a word in it, or are none of a word. */
  readonly ownStarts: Int32Array;
  readonly ownMasks: Int32Array;
  readonly ownStartMasks: Int32Array;
}

/** Numbers in groups: those of group `n` are `ids` from `from[n]` to `from[n + 1]`. */
export interface Groups {
  readonly from: Int32Array;
  readonly ids: Int32Array;
}

export function createPathTable(paths: readonly string[]): PathTable {
  const folders = new Pieces();
  folders.add('', 0, 0);
  const names = new Pieces();
  const folderOf = new Int32Array(paths.length);
  const nameOf = new Int32Array(paths.length);
  paths.forEach((path, at) => {
    const name = path.lastIndexOf('/') + 1;
    folderOf[at] = addFolder(folders, path.slice(0, name));
    nameOf[at] = names.add(path.slice(name));
  });
  const text = new Uint8Array(folders.length + names.length);
  folders.write(text, 0);
  names.write(text, folders.length);
  const lengths = Int32Array.from(paths, (path) => path.length);
  const order = byFirstLetter(names, text, folders.length);
  const renamed = new Int32Array(order.length);
  order.forEach((old, now) => {
    renamed[old] = now;
  });
  const newNameOf = nameOf.map((old) => renamed[old] ?? 0);
  const all = Int32Array.from(paths.keys());
  const byLength = all.slice().sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b);
  const byFolder = group(byLength, folderOf, folders.count);
  const namesByFolder = byFolder.ids.map((path) => newNameOf[path] ?? 0);
  const nameTable = toNames(names, order, text, folders.length);
  const masksByFolder = namesByFolder.map((name) => nameTable.masks[name] ?? 0);
  return {
    text,
    names: nameTable,
    folders: toFolders(folders, text),
    lengths,
    byLength,
    byName: group(byLength, newNameOf, names.count),
    byFolder,
    namesByFolder,
    masksByFolder,
    namesInFolder: Int32Array.from({ length: folders.count }, (_, folder) =>
      masksByFolder
        .subarray(byFolder.from[folder], byFolder.from[folder + 1])
        .reduce((all, mask) => all | mask, 0),
    ),
    folderOf,
  };
}

/** Different strings, numbered as they come, and where each will stand in a text. */
class Pieces {
  private readonly known = new Map<string, number>();
  private readonly list: string[] = [];
  readonly starts: number[] = [];
  readonly parents: number[] = [];
  readonly ownOffsets: number[] = [];
  length = 0;

  get count(): number {
    return this.list.length;
  }

  find(piece: string): number | undefined {
    return this.known.get(piece);
  }

  add(piece: string, parent = 0, ownOffset = 0): number {
    const known = this.known.get(piece);
    if (known !== undefined) {
      return known;
    }
    const id = this.list.length;
    this.known.set(piece, id);
    this.list.push(piece);
    this.starts.push(this.length);
    this.parents.push(parent);
    this.ownOffsets.push(ownOffset);
    this.length += piece.length;
    return id;
  }

  write(text: Uint8Array, from: number): void {
    this.list.forEach((piece, id) => writeLetters(piece, text, from + (this.starts[id] ?? 0)));
  }

  endOf(id: number): number {
    return this.starts[id + 1] ?? this.length;
  }
}

function addFolder(folders: Pieces, folder: string): number {
  const known = folders.find(folder);
  if (known !== undefined) {
    return known;
  }
  const own = folder.length < 2 ? 0 : folder.lastIndexOf('/', folder.length - 2) + 1;
  return folders.add(folder, addFolder(folders, folder.slice(0, own)), own);
}

function toFolders(folders: Pieces, text: Uint8Array): FolderTable {
  const starts = Int32Array.from(folders.starts);
  const ends = starts.map((_, id) => folders.endOf(id));
  const ownStarts = starts.map((start, id) => start + (folders.ownOffsets[id] ?? 0));
  return {
    count: folders.count,
    starts,
    ends,
    parents: Int32Array.from(folders.parents),
    ownStarts,
    ownMasks: ownStarts.map((start, id) => maskOf(text, start, ends[id] ?? 0, () => true)),
    ownStartMasks: ownStarts.map((start, id) =>
      maskOf(text, start, ends[id] ?? 0, (unit) => unit >= wordStart || !isWordLetter(unit)),
    ),
  };
}

function toNames(names: Pieces, order: Int32Array, text: Uint8Array, from: number): NameTable {
  const starts = order.map((id) => from + (names.starts[id] ?? 0));
  const ends = order.map((id) => from + names.endOf(id));
  const masks = new Int32Array(order.length);
  const startMasks = new Int32Array(order.length);
  const pairMasks = new Int32Array(order.length);
  for (let name = 0; name < order.length; name++) {
    const start = starts[name] ?? 0;
    const end = ends[name] ?? 0;
    masks[name] = maskOf(text, start, end, () => true);
    startMasks[name] = maskOf(text, start, end, (unit) => unit >= wordStart);
    pairMasks[name] = pairMaskOf(text, start, end);
  }
  return {
    count: order.length,
    starts,
    ends,
    masks,
    startMasks,
    pairMasks,
    firsts: Uint8Array.from(starts, (start, name) => firstLetter(text, start, ends[name] ?? 0)),
  };
}

/** The numbers of all names, those with the same first letter side by side. */
function byFirstLetter(names: Pieces, text: Uint8Array, from: number): Int32Array {
  const ids = Int32Array.from(names.starts.keys());
  const firsts = ids.map((id) =>
    firstLetter(text, from + (names.starts[id] ?? 0), from + names.endOf(id)),
  );
  return group(ids, firsts, letterBits + 1).ids;
}

/** The first letter, or a slash, which is in no name. */
function firstLetter(text: Uint8Array, start: number, end: number): number {
  return start < end ? (text[start] ?? 0) & letterBits : slash;
}

function maskOf(
  text: Uint8Array,
  start: number,
  end: number,
  counts: (unit: number) => boolean,
): number {
  let mask = 0;
  for (let at = start; at < end; at++) {
    const unit = text[at] ?? 0;
    mask |= counts(unit) ? bitOf(unit & letterBits) : 0;
  }
  return mask;
}

function pairMaskOf(text: Uint8Array, start: number, end: number): number {
  let mask = 0;
  for (let at = start + 1; at < end; at++) {
    mask |= pairBitOf((text[at - 1] ?? 0) & letterBits, (text[at] ?? 0) & letterBits);
  }
  return mask;
}

/** Puts `ids` into groups by a number that each has; within a group they keep their order. */
function group(ids: Int32Array, keys: ArrayLike<number>, count: number): Groups {
  const from = new Int32Array(count + 1);
  ids.forEach((id) => {
    const after = (keys[id] ?? 0) + 1;
    from[after] = (from[after] ?? 0) + 1;
  });
  for (let key = 0; key < count; key++) {
    from[key + 1] = (from[key + 1] ?? 0) + (from[key] ?? 0);
  }
  const next = from.slice();
  const grouped = new Int32Array(ids.length);
  ids.forEach((id) => {
    const key = keys[id] ?? 0;
    const place = next[key] ?? 0;
    grouped[place] = id;
    next[key] = place + 1;
  });
  return { from, ids: grouped };
}
