import type { FilePatch, ParsedPatch } from './filePatch';
import { parseUnifiedDiff } from './unifiedDiffFiles';

/**
 * The files of a patch: the `*** Begin Patch` form of Codex, or a unified diff as git prints it. What is around it (a
 * code fence, a here-document) is left out. Nothing is looked up: whether the hunks fit is seen when they are applied.
 *
 * Source of the first: the grammar of `apply_patch` in openai/codex.
 */
export function parsePatch(text: string): ParsedPatch {
  const lines = text.split(/\r?\n/);
  const begin = lines.findIndex((line) => line.trim() === '*** Begin Patch');
  if (begin !== -1) {
    return parseSections(lines, begin);
  }
  if (/^(?:diff --git |--- |\+\+\+ |@@ -\d)/m.test(text)) {
    return parseUnifiedDiff(text);
  }
  return failedPatch(
    'The patch is neither of the two known forms. Begin it with "*** Begin Patch" and "*** Update File: path" (or "*** Add File:", "*** Delete File:"), or send a unified diff with "--- a/path" and "+++ b/path" lines.',
  );
}

function failedPatch(message: string): ParsedPatch & { readonly kind: 'failed' } {
  return { kind: 'failed', message };
}

const header = /^\*\*\* (Add|Delete|Update) File:(.*)$/;
const moveLine = /^\*\*\* Move to:(.*)$/;

function parseSections(lines: readonly string[], begin: number): ParsedPatch {
  const end = lines.findIndex((line, at) => at > begin && line.trim() === '*** End Patch');
  if (end === -1) {
    return failedPatch('The patch has no "*** End Patch" line; it may be cut off. Send it whole.');
  }
  const files: FilePatch[] = [];
  let at = begin + 1;
  while (at < end) {
    const line = lines[at] ?? '';
    const [, action, name] = header.exec(line.trimEnd()) ?? [];
    if (action === undefined) {
      if (line.trim() === '') {
        at++;
        continue;
      }
      return failedPatch(
        `Expected "*** Add File: path", "*** Update File: path" or "*** Delete File: path" in line ${String(at - begin + 1)} of the patch, not: ${line.slice(0, 80)}`,
      );
    }
    let next = at + 1;
    while (next < end && !header.test(lines[next] ?? '')) {
      next++;
    }
    const file = parseSection(action, (name ?? '').trim(), lines.slice(at + 1, next));
    if (typeof file === 'string') {
      return failedPatch(file);
    }
    files.push(file);
    at = next;
  }
  return files.length === 0
    ? failedPatch('The patch names no file. Add a "*** Update File: path" section.')
    : { kind: 'parsed', files };
}

function parseSection(action: string, path: string, lines: readonly string[]): FilePatch | string {
  if (path === '') {
    return `A "*** ${action} File:" line names no path.`;
  }
  const last = lines.findLastIndex((line) => line.trim() !== '');
  const body = lines.slice(0, last + 1);
  switch (action) {
    case 'Add': {
      const wrong = body.find((line) => line !== '' && !line.startsWith('+'));
      return wrong === undefined
        ? { kind: 'create', path, content: body.map((line) => `${line.slice(1)}\n`).join('') }
        : `*** Add File: ${path}: every line of a new file must begin with "+"; this one does not: ${wrong.slice(0, 80)}`;
    }
    case 'Delete':
      return body.length === 0
        ? { kind: 'delete', path }
        : `*** Delete File: ${path}: nothing may follow it but another file.`;
    default: {
      const movedTo = moveLine.exec(body[0] ?? '')?.[1]?.trim();
      if (movedTo === '') {
        return `*** Update File: ${path}: "*** Move to:" names no path.`;
      }
      const hunks = body.slice(movedTo === undefined ? 0 : 1);
      if (hunks.length === 0 && movedTo === undefined) {
        return `*** Update File: ${path}: it has no hunks. Add "@@" and the lines that change.`;
      }
      return {
        kind: 'update',
        path,
        hunks: hunks.map((line) => `${line}\n`).join(''),
        ...(movedTo === undefined || movedTo === path ? {} : { movedTo }),
      };
    }
  }
}
