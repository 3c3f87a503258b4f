import type { FileChange, SearchReplace } from '../events/toolIntent';
import {
  byteOrderMark,
  countLineEnds,
  dominantLineEnding,
  withLineEnding,
  type LineEnding,
} from './lines';
import { findNearMatch } from './matcher';
import { findOccurrences } from './textSearch';
import { applyUnifiedHunks } from './unifiedPatch';

export type ChangeErrorCode =
  | 'not_found'
  | 'ambiguous'
  | 'empty_search'
  | 'file_exists'
  | 'file_missing'
  | 'no_edits'
  | 'too_large'
  | 'no_change';

/** `message` is for the model: why the change cannot be applied and what to send instead. */
export type ChangeOutcome =
  | { readonly kind: 'changed'; readonly text: string }
  | { readonly kind: 'failed'; readonly code: ChangeErrorCode; readonly message: string };

/**
 * The text a file would have after a change; `baseText` undefined means that the file does not exist (for a file that is
 * moved here: that the one it comes from does not). Edits apply one
 * after the other; a search text must occur exactly once unless `replaceAll`. Line endings of a search text may differ
 * from the file's; new lines get those of the file, and a byte order mark stays. Nothing is guessed: a search text
 * that is only similar fails, with the nearest place in the message.
 */
export function applyChange(baseText: string | undefined, change: FileChange): ChangeOutcome {
  switch (change.kind) {
    case 'content':
      if (change.isNew === true && baseText !== undefined && baseText !== '') {
        return failed(
          'file_exists',
          'The file exists already. Change it with hunks instead of adding it, or choose another path.',
        );
      }
      return {
        kind: 'changed',
        text: baseText === undefined ? change.content : inStyleOf(baseText, change.content),
      };
    case 'delete':
      return baseText === undefined
        ? failed('file_missing', missingFile)
        : { kind: 'changed', text: '' };
    case 'edits':
      return applyEdits(baseText, change.edits);
    case 'patch':
      return change.from !== undefined && change.hunks === '' && baseText !== undefined
        ? { kind: 'changed', text: baseText }
        : applyPatch(baseText, change.hunks);
  }
}

function applyPatch(baseText: string | undefined, hunks: string): ChangeOutcome {
  if (baseText === undefined) {
    return failed('file_missing', missingFile);
  }
  const outcome = applyUnifiedHunks(baseText, hunksFor(baseText, hunks));
  if (outcome.kind === 'failed') {
    return failed('not_found', outcome.message);
  }
  return outcome.text === baseText
    ? failed('no_change', 'The patch leaves the file as it is. Nothing was changed.')
    : { kind: 'changed', text: outcome.text };
}

/**
 * A text may come without the byte order mark that its file has, while a program that reads the file sees the mark as a
 * part of the first line. What stood there before says so; a mark that a patch brings along stays.
 */
function hunksFor(baseText: string, hunks: string): string {
  const hasMark = new RegExp(`^[ -]${byteOrderMark}`, 'm');
  return baseText.startsWith(byteOrderMark) || !hasMark.test(hunks)
    ? hunks
    : hunks.replace(new RegExp(`^([-+ ])${byteOrderMark}`, 'gm'), '$1');
}

const missingFile =
  'The file does not exist. Check the path, or create the file by writing its whole content.';

function applyEdits(baseText: string | undefined, edits: readonly SearchReplace[]): ChangeOutcome {
  const only = edits.length === 1 ? edits[0] : undefined;
  if (edits.length === 0) {
    return failed(
      'no_edits',
      'The list of edits is empty. Send at least one search text with its replacement.',
    );
  }
  if (only?.search === '') {
    if (baseText === undefined || baseText === '' || baseText === byteOrderMark) {
      return { kind: 'changed', text: (baseText ?? '') + only.replace };
    }
    return failed(
      'file_exists',
      'The search text is empty, which creates a file, but the file exists and is not empty. Search for the text to replace, or write the whole content.',
    );
  }
  if (baseText === undefined) {
    return failed('file_missing', missingFile);
  }
  let text = baseText;
  for (const [index, edit] of edits.entries()) {
    const outcome = applyEdit(
      text,
      edit,
      edits.length === 1 ? '' : `Edit ${String(index + 1)} of ${String(edits.length)}: `,
    );
    if (outcome.kind === 'failed') {
      return outcome;
    }
    text = outcome.text;
  }
  return text === baseText
    ? failed('no_change', 'The edits leave the file as it is. Nothing was changed.')
    : { kind: 'changed', text };
}

function applyEdit(text: string, edit: SearchReplace, where: string): ChangeOutcome {
  if (edit.search === '') {
    return failed(
      'empty_search',
      `${where}the search text is empty. Send the text that is to be replaced.`,
    );
  }
  const found = findAll(text, edit.search, edit.replaceAll === true);
  const first = found[0];
  if (first === undefined) {
    return failed('not_found', where + notFoundMessage(text, edit.search));
  }
  if (found.length > 1 && edit.replaceAll !== true) {
    return failed('ambiguous', where + ambiguousMessage(text, found));
  }
  const parts: string[] = [];
  let at = 0;
  const replaced = edit.replaceAll === true ? found.length : 1;
  if (text.length + replaced * edit.replace.length > maxResultChars) {
    return failed(
      'too_large',
      `${where}the file would have more than ${maxResultChars / 1_000_000} million characters. Nothing was changed.`,
    );
  }
  for (const match of edit.replaceAll === true ? found : [first]) {
    parts.push(text.slice(at, match.start), inStyleOfPlace(text, match, edit));
    at = match.end + (edit.dropsLineEnd === true ? lineEndLength(text, match.end) : 0);
  }
  parts.push(text.slice(at));
  return { kind: 'changed', text: parts.join('') };
}

/** Looked at before the text is made: one replacement may stand in very many places. */
const maxResultChars = 50_000_000;

function lineEndLength(text: string, at: number): number {
  return text.startsWith('\r\n', at) ? 2 : text.startsWith('\n', at) ? 1 : 0;
}

interface Place {
  readonly start: number;
  readonly end: number;
  /** Found only because line endings were not compared. */
  readonly isLoose: boolean;
}

/** At most this many places are told of; the message does not get better with more. */
const maxToldPlaces = 1000;

/** All places from the left for `replaceAll`; else those that make the search ambiguous, also where they overlap. */
function findAll(text: string, search: string, isForAll: boolean): readonly Place[] {
  const find = (where: string, what: string): readonly number[] =>
    findOccurrences(where, what, isForAll ? Infinity : maxToldPlaces, !isForAll);
  const exact = find(text, search);
  const hasOtherEndings = /[\r\n]/.test(search) && (text.includes('\r') || search.includes('\r'));
  const cutsPair = (at: number): boolean => text[at - 1] === '\r' && text[at] === '\n';
  const isWhole = !exact.some((start) => cutsPair(start) || cutsPair(start + search.length));
  if ((exact.length > 0 && isWhole) || !hasOtherEndings) {
    return exact.map((start) => ({ start, end: start + search.length, isLoose: false }));
  }
  const plain = withLineEnding(text, '\n');
  const plainSearch = withLineEnding(search, '\n');
  const offsets = removedBefore(text);
  return find(plain, plainSearch).map((start) => ({
    start: start + offsets(start),
    end: start + plainSearch.length + offsets(start + plainSearch.length),
    isLoose: true,
  }));
}

/** How many characters the text has lost before an offset when every CRLF became LF. */
function removedBefore(text: string): (plainOffset: number) => number {
  const pairs: number[] = [];
  for (let at = text.indexOf('\r\n'); at !== -1; at = text.indexOf('\r\n', at + 2)) {
    pairs.push(at - pairs.length);
  }
  return (plainOffset) => {
    let low = 0;
    let high = pairs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[middle] ?? 0) < plainOffset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
}

/** New lines get the ending of the lines they replace, else of the file, unless the model wrote what it searched for exactly with CRLF. */
function inStyleOfPlace(text: string, place: Place, edit: SearchReplace): string {
  const { replace } = edit;
  if (!/[\r\n]/.test(replace) || (replace.includes('\r') && !place.isLoose)) {
    return replace;
  }
  const ending = dominantLineEnding(text.slice(place.start, place.end)) ?? dominantLineEnding(text);
  return ending === undefined ? replace : withLineEnding(replace, ending);
}

/** Whole content in the style of the file it replaces: its byte order mark, and its line ending where the new text has only LF. */
function inStyleOf(baseText: string, content: string): string {
  const mark =
    baseText.startsWith(byteOrderMark) && !content.startsWith(byteOrderMark) ? byteOrderMark : '';
  const ending: LineEnding | undefined = content.includes('\r')
    ? undefined
    : dominantLineEnding(baseText);
  return (
    mark + (ending === undefined || ending === '\n' ? content : withLineEnding(content, ending))
  );
}

function notFoundMessage(text: string, search: string): string {
  const near = findNearMatch(text, search);
  if (near === undefined) {
    return 'The search text does not occur in the file, and nothing in it is similar. Read the file again and copy the text exactly.';
  }
  const difference =
    near.similarity === 1
      ? 'differs only in white space'
      : `is ${String(Math.floor(near.similarity * 100))} % similar`;
  return `The search text does not occur in the file. The nearest place is line ${String(near.lineOneBased)}, which ${difference}:\n${near.text}\nCopy the text exactly as it is there, without line numbers.`;
}

function ambiguousMessage(text: string, found: readonly Place[]): string {
  const shown = found.slice(0, 5).map((place) => lineAt(text, place.start));
  const more = found.length > shown.length ? ', …' : '';
  const times = `${found.length < maxToldPlaces ? '' : 'at least '}${String(found.length)}`;
  return `The search text occurs ${times} times (lines ${shown.join(', ')}${more}). Add lines around it until it is unique, or set replaceAll to change all of them.`;
}

function lineAt(text: string, offset: number): number {
  return countLineEnds(text, 0, offset) + 1;
}

function failed(code: ChangeErrorCode, message: string): ChangeOutcome {
  return { kind: 'failed', code, message };
}
