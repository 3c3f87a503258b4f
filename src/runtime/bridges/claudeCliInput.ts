import { arrayField, isRecord, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';

/** The text a user approved for one file, and the text it was judged against. */
export interface ApprovedText {
  readonly baseText: string;
  readonly text: string;
}

export type UpdatedInput =
  | { readonly kind: 'input'; readonly input: JsonObject }
  /** The tool cannot write exactly these bytes; `why` is told to the agent. */
  | { readonly kind: 'impossible'; readonly why: string };

/**
 * The input that makes Claude Code's own tool write exactly the approved text.
 *
 * Seen in 2.1.329: `Write` writes its content byte for byte, and keeps the BOM of a file that has one, whether the
 * content brings it (it is not doubled) or not. `Edit` works on the text with LF line ends and writes all
 * of them back in the file's prevailing style, so a file that mixes them comes out changed in lines nobody touched;
 * `old_string` must occur once; an empty `new_string` also eats the line break behind the place. What comes as
 * `updatedInput` is taken as it is (the model's own input has its trailing blanks stripped before it is asked about).
 */
export function updatedInput(
  toolName: string,
  input: JsonObject,
  approved: ApprovedText,
): UpdatedInput {
  if (toolName === 'Write') {
    return { kind: 'input', input: { ...input, content: approved.text } };
  }
  if (toolName !== 'Edit' && toolName !== 'MultiEdit') {
    return {
      kind: 'impossible',
      why: `Only a part was approved, and ${toolName} cannot be told which. Use Edit or Write.`,
    };
  }
  const lineEnd = lineEndOf(approved.baseText);
  const textLineEnd = lineEndOf(approved.text);
  if (lineEnd === 'mixed' || textLineEnd === 'mixed' || differ(lineEnd, textLineEnd)) {
    return {
      kind: 'impossible',
      why: 'The file mixes line endings, and Edit would change all of them. Use Write with the complete new content and the same line endings.',
    };
  }
  const base = toLf(approved.baseText);
  const text = toLf(approved.text);
  if (base === text) {
    return { kind: 'impossible', why: 'No part of this change was approved.' };
  }
  if (asAsked(toolName, input, base) === text) {
    return { kind: 'input', input };
  }
  const edit = base === '' ? { old_string: '', new_string: text } : uniqueReplacement(base, text);
  return {
    kind: 'input',
    input:
      toolName === 'Edit'
        ? { ...input, ...edit, replace_all: false }
        : { ...input, edits: [{ ...edit, replace_all: false }] },
  };
}

type LineEnd = 'lf' | 'crlf' | 'none' | 'mixed';

function lineEndOf(text: string): LineEnd {
  const crlf = text.split('\r\n').length - 1;
  const lf = text.split('\n').length - 1 - crlf;
  if (crlf > 0 && lf > 0) {
    return 'mixed';
  }
  return crlf > 0 ? 'crlf' : lf > 0 ? 'lf' : 'none';
}

/** A file without any line break gets LF from Claude, so CRLF cannot come into it. */
function differ(base: LineEnd, text: LineEnd): boolean {
  return text !== 'none' && (base === 'none' ? text === 'crlf' : base !== text);
}

function toLf(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/** What Claude itself would make of the input; undefined when an edit does not apply. */
function asAsked(toolName: string, input: JsonObject, base: string): string | undefined {
  const edits = toolName === 'Edit' ? [input] : (arrayField(input, 'edits') ?? []);
  let text: string | undefined = base;
  for (const edit of edits) {
    text = text === undefined ? undefined : applied(text, edit);
  }
  return edits.length === 0 ? undefined : text;
}

function applied(text: string, edit: unknown): string | undefined {
  const search = stringField(edit, 'old_string');
  const replace = stringField(edit, 'new_string');
  if (search === undefined || replace === undefined) {
    return undefined;
  }
  if (search === '') {
    return text === '' ? replace : undefined;
  }
  const isAll = isRecord(edit) && edit.replace_all === true;
  const found = occurrences(text, search);
  if (found === 0 || (found > 1 && !isAll)) {
    return undefined;
  }
  const eats = replace === '' && !search.endsWith('\n') && text.includes(`${search}\n`);
  const target = eats ? `${search}\n` : search;
  return isAll ? text.split(target).join(replace) : text.replace(target, () => replace);
}

/** A small run of whole lines around the change that occurs once in the base; the whole file when none does. */
function uniqueReplacement(
  base: string,
  text: string,
): { readonly old_string: string; readonly new_string: string } {
  const oldLines = splitLines(base);
  const newLines = splitLines(text);
  const shorter = Math.min(oldLines.length, newLines.length);
  let head = 0;
  while (head < shorter && oldLines[head] === newLines[head]) {
    head += 1;
  }
  let tail = 0;
  while (tail < shorter - head && oldLines.at(-1 - tail) === newLines.at(-1 - tail)) {
    tail += 1;
  }
  for (let step = 1; ; step *= 2) {
    const search = oldLines.slice(head, oldLines.length - tail).join('');
    const replace = newLines.slice(head, newLines.length - tail).join('');
    const isWhole = head === 0 && tail === 0;
    if (isWhole || (search !== '' && replace !== '' && occurrences(base, search) === 1)) {
      return { old_string: search, new_string: replace };
    }
    head = Math.max(0, head - step);
    tail = Math.max(0, tail - step);
  }
}

/** Lines with their line break; joined they are the text again. */
function splitLines(text: string): readonly string[] {
  return text.split(/(?<=\n)/);
}

/** Counts overlapping places too: stricter than Claude, never looser. */
function occurrences(text: string, search: string): number {
  let count = 0;
  for (let at = text.indexOf(search); at !== -1 && count < 2; at = text.indexOf(search, at + 1)) {
    count += 1;
  }
  return count;
}
