import { findOccurrences } from './textSearch';

/** At most this many places are told of. */
const maxPlaces = 6;

/** Finds runs of lines, in time that grows with the file whatever is searched: each line is two characters of a text. */
export class LineSearch {
  private readonly exact: string;
  /** Made for the first lines that fit nowhere exactly. */
  private trimmed: string | undefined;
  private readonly ids = new Map<string, number>();
  /** Made for the first anchor: a patch may have very many of them. */
  private placesByText: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(private readonly lines: readonly string[]) {
    this.exact = this.codesOf(lines, (line) => line);
  }

  get length(): number {
    return this.lines.length;
  }

  find(old: readonly string[], from: number, isAtEnd: boolean): readonly number[] {
    const exact = this.findExact(old, from, isAtEnd);
    if (exact.length > 0) {
      return exact;
    }
    const toText = (line: string): string => line.trimEnd();
    this.trimmed ??= this.codesOf(this.lines, toText);
    return this.places(this.trimmed, this.codesOf(old, toText), from, isAtEnd);
  }

  /** The same without the second look, at which blanks at the ends of lines may differ. */
  findExact(old: readonly string[], from: number, isAtEnd = false): readonly number[] {
    const codes = this.codesOf(old, (line) => line);
    return this.places(this.exact, codes, from, isAtEnd);
  }

  findTrimmed(anchor: string, from: number): number | undefined {
    this.placesByText ??= placesOf(this.lines);
    const places = this.placesByText.get(anchor) ?? [];
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((places[middle] ?? 0) < from) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return places[low];
  }

  private places(codes: string, old: string, from: number, isAtEnd: boolean): readonly number[] {
    if (isAtEnd) {
      const place = (codes.length - old.length) / 2;
      return place >= from && codes.endsWith(old) ? [place] : [];
    }
    return findOccurrences(codes.slice(2 * from), old, maxPlaces, true).map((at) => from + at / 2);
  }

  private codesOf(lines: readonly string[], toText: (line: string) => string): string {
    return lines
      .map((line) => {
        const text = toText(line);
        const id = this.ids.get(text) ?? this.ids.size;
        this.ids.set(text, id);
        // The two halves are of different ranges: nothing is found between two lines.
        return String.fromCharCode(id & 0x7fff, 0x8000 | (id >> 15));
      })
      .join('');
  }
}

/** Where each line stands, without the blanks around it. */
function placesOf(lines: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [at, line] of lines.entries()) {
    const text = line.trim();
    const known = places.get(text);
    if (known === undefined) {
      places.set(text, [at]);
    } else {
      known.push(at);
    }
  }
  return places;
}
