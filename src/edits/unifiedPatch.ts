import { append } from '../base/append';
import { applyAnchoredHunks } from './anchoredPatch';
import { LineSearch } from './lineSearch';
import type { PatchOutcome } from './filePatch';

interface PatchHunk {
  readonly startOneBased: number;
  /** Lines with their line end; the last one may have none. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * Applies the hunks of a unified diff (`@@ -1,2 +1,3 @@` and its lines, no file heads) to a text. The place is the line
 * that the head names; where the text there is another one, the only other place that fits. Nothing is guessed: what
 * fits nowhere, or at several places, fails. Line ends are part of a line, as the diff has them; a diff of a CRLF file
 * made with LF fits too, and its new lines get the ending of the file.
 *
 * Hunks whose `@@` lines have no numbers are those of `apply_patch`: see `applyAnchoredHunks`.
 */
export function applyUnifiedHunks(baseText: string, hunks: string): PatchOutcome {
  if (/^@@(?! -\d)/m.test(hunks) || /^[-+ ]/.test(hunks)) {
    return applyAnchoredHunks(baseText, hunks);
  }
  const parsed = parseHunks(hunks);
  if (parsed === undefined) {
    return failed(
      'The patch is not a unified diff. Send hunks that begin with "@@ -line,count +line,count @@".',
    );
  }
  const plain = applyHunks(splitLines(baseText), parsed);
  if (plain !== undefined) {
    return { kind: 'patched', text: plain.join('') };
  }
  if (baseText.includes('\r\n') && !hunks.includes('\r')) {
    const crlf = parsed.map((hunk) => ({
      ...hunk,
      before: hunk.before.map(toCrlf),
      after: hunk.after.map(toCrlf),
    }));
    const loose = applyHunks(splitLines(baseText), crlf);
    if (loose !== undefined) {
      return { kind: 'patched', text: loose.join('') };
    }
  }
  return failed(
    'The patch does not fit the file as it is now. Read the file again and make the patch from its present text.',
  );
}

function applyHunks(
  base: readonly string[],
  hunks: readonly PatchHunk[],
): readonly string[] | undefined {
  const result: string[] = [];
  let at = 0;
  /** Made for the first hunk that is not where it says. */
  let search: LineSearch | undefined;
  for (const hunk of hunks) {
    const named = hunk.before.length === 0 ? hunk.startOneBased : hunk.startOneBased - 1;
    let place: number | undefined = named;
    if (!fits(base, hunk.before, named) || named < at) {
      search ??= new LineSearch(base);
      const places = search.findExact(hunk.before, at);
      place = places.length === 1 ? places[0] : undefined;
    }
    if (place === undefined) {
      return undefined;
    }
    append(result, base.slice(at, place));
    append(result, hunk.after);
    at = place + hunk.before.length;
  }
  append(result, base.slice(at));
  return result;
}

function fits(base: readonly string[], lines: readonly string[], at: number): boolean {
  return (
    at >= 0 &&
    at + lines.length <= base.length &&
    lines.every((line, index) => base[at + index] === line)
  );
}

function parseHunks(text: string): readonly PatchHunk[] | undefined {
  const hunks: { startOneBased: number; before: string[]; after: string[] }[] = [];
  let hunk: (typeof hunks)[number] | undefined;
  let last: string[][] = [];
  for (const line of splitLines(text)) {
    const head = /^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@/.exec(line);
    if (head !== null) {
      hunk = { startOneBased: Number(head[1]), before: [], after: [] };
      hunks.push(hunk);
      continue;
    }
    if (hunk === undefined) {
      return undefined;
    }
    const body = line.slice(1);
    switch (line[0]) {
      case ' ':
        last = [hunk.before, hunk.after];
        break;
      case '-':
        last = [hunk.before];
        break;
      case '+':
        last = [hunk.after];
        break;
      case '\\':
        // "No newline at end of file" speaks of the line before it.
        for (const side of last) {
          side.push((side.pop() ?? '').replace(/\r?\n$/, ''));
        }
        continue;
      case '\n':
        // An empty line of context whose blank was stripped on the way.
        hunk.before.push('\n');
        hunk.after.push('\n');
        continue;
      default:
        return undefined;
    }
    for (const side of last) {
      side.push(body.endsWith('\n') ? body : `${body}\n`);
    }
  }
  return hunks.length === 0 ? undefined : hunks;
}

/** Lines with their `\n`; joined they are the text again. */
function splitLines(text: string): readonly string[] {
  return text === '' ? [] : text.split(/(?<=\n)/);
}

function toCrlf(line: string): string {
  return line.replace(/\n$/, '\r\n');
}

function failed(message: string): PatchOutcome {
  return { kind: 'failed', message };
}
