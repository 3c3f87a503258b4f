/** Native search is linear for texts up to this length; for longer ones its worst case is their length times the text's. */
const maxNativeChars = 250;

/**
 * Offsets at which a text occurs in another, at most `limit`. `overlap`: also those that begin within the one before.
 * Time grows with the text, whatever the two are.
 */
export function findOccurrences(
  text: string,
  search: string,
  limit: number,
  overlap: boolean,
): readonly number[] {
  if (search === '' || search.length > text.length) {
    return [];
  }
  return search.length <= maxNativeChars
    ? nativeOccurrences(text, search, limit, overlap)
    : linearOccurrences(text, search, limit, overlap);
}

function nativeOccurrences(
  text: string,
  search: string,
  limit: number,
  overlap: boolean,
): readonly number[] {
  const places: number[] = [];
  const step = overlap ? 1 : search.length;
  for (
    let at = text.indexOf(search);
    at !== -1 && places.length < limit;
    at = text.indexOf(search, at + step)
  ) {
    places.push(at);
  }
  return places;
}

/** Knuth, Morris and Pratt: never looks at a character of the text twice after a mismatch. */
function linearOccurrences(
  text: string,
  search: string,
  limit: number,
  overlap: boolean,
): readonly number[] {
  const borders = bordersOf(search);
  const places: number[] = [];
  let matched = 0;
  for (let at = 0; at < text.length && places.length < limit; at++) {
    const code = text.charCodeAt(at);
    while (matched > 0 && search.charCodeAt(matched) !== code) {
      matched = borders[matched - 1] ?? 0;
    }
    if (search.charCodeAt(matched) === code) {
      matched++;
    }
    if (matched === search.length) {
      places.push(at + 1 - matched);
      matched = overlap ? (borders[matched - 1] ?? 0) : 0;
    }
  }
  return places;
}

/** For each beginning of a text, the length of its longest end that is also its beginning. */
function bordersOf(search: string): Int32Array {
  const borders = new Int32Array(search.length);
  let length = 0;
  for (let at = 1; at < search.length; at++) {
    const code = search.charCodeAt(at);
    while (length > 0 && search.charCodeAt(length) !== code) {
      length = borders[length - 1] ?? 0;
    }
    if (search.charCodeAt(length) === code) {
      length++;
    }
    borders[at] = length;
  }
  return borders;
}
