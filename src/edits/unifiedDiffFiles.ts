import { append } from '../base/append';
import type { FilePatch, ParsedPatch } from './filePatch';

/** What the head lines of one file say; a path that is not there is `/dev/null`. */
interface FileHead {
  oldPath?: string | undefined;
  newPath?: string | undefined;
  /** Its `---` and `+++` lines have been seen. */
  hasNames: boolean;
  isNew?: boolean;
  isDeleted?: boolean;
  isBinary?: boolean;
  isCopy?: boolean;
  /** `rename from` and `rename to`, which have no prefix. */
  renamedFrom?: string;
  renamedTo?: string;
  readonly hunks: string[];
}

/**
 * The files of a unified diff, as `git diff` or `diff -u` prints it: with or without `a/` and `b/`, new, deleted and
 * renamed files, any line endings. Lines between files are taken for talk and skipped.
 */
export function parseUnifiedDiff(text: string): ParsedPatch {
  const heads = readHeads(linesOf(text));
  const files: FilePatch[] = [];
  for (const head of heads) {
    const file = toFile(head);
    if (typeof file === 'string') {
      return { kind: 'failed', message: file };
    }
    files.push(file);
  }
  return files.length === 0
    ? {
        kind: 'failed',
        message:
          'The diff names no file. Begin each file with "--- a/path" and "+++ b/path" (/dev/null for a side that does not exist).',
      }
    : { kind: 'parsed', files };
}

/** Lines with their endings. Where all of them have CRLF, the diff itself was converted, and they have LF. */
function linesOf(text: string): readonly string[] {
  const isConverted = !/(?:^|[^\r])\n/.test(text);
  const plain = isConverted ? text.replaceAll('\r\n', '\n') : text;
  return plain === '' ? [] : plain.split(/(?<=\n)/);
}

const hunkHead = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

function readHeads(lines: readonly string[]): readonly FileHead[] {
  const heads: FileHead[] = [];
  let head: FileHead | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = withoutEnding(lines[at]);
    const counts = hunkHead.exec(line);
    if (counts !== null) {
      if (head === undefined) {
        head = { hunks: [], hasNames: false };
        heads.push(head);
      }
      const end = endOfHunk(lines, at + 1, Number(counts[1] ?? 1), Number(counts[2] ?? 1));
      append(head.hunks, lines.slice(at, end));
      at = end - 1;
    } else if (line.startsWith('diff --git ')) {
      const [oldPath, newPath] = gitPaths(line.slice('diff --git '.length));
      head = { hunks: [], hasNames: false, oldPath, newPath };
      heads.push(head);
    } else if (line.startsWith('--- ') && lines[at + 1]?.startsWith('+++ ') === true) {
      if (head === undefined || head.hasNames || head.hunks.length > 0) {
        head = { hunks: [], hasNames: true };
        heads.push(head);
      }
      head.hasNames = true;
      head.oldPath = pathOf(line);
      head.newPath = pathOf(withoutEnding(lines[at + 1]));
      at++;
    } else if (head !== undefined) {
      readExtended(head, line);
    }
  }
  return heads;
}

function withoutEnding(line: string | undefined): string {
  return (line ?? '').replace(/\r?\n$/, '');
}

/** Where a hunk ends. Its counts tell a removed line `-- x` from a head line; where they are wrong, the marks decide. */
function endOfHunk(
  lines: readonly string[],
  from: number,
  oldLines: number,
  newLines: number,
): number {
  let oldLeft = oldLines;
  let newLeft = newLines;
  let at = from;
  for (; at < lines.length; at++) {
    const line = withoutEnding(lines[at]);
    const isOver = oldLeft <= 0 && newLeft <= 0;
    const beginsFile =
      line.startsWith('--- ') &&
      lines[at + 1]?.startsWith('+++ ') === true &&
      hunkHead.test(lines[at + 2] ?? '');
    // With one line left on each side these are the last two lines of this hunk.
    if ((beginsFile && !(oldLeft === 1 && newLeft === 1)) || (isOver && line === '-- ')) {
      return at;
    }
    const mark = line[0];
    if (mark === '\\') {
      continue;
    }
    if (mark !== ' ' && mark !== '-' && mark !== '+' && !(line === '' && !isOver)) {
      return at;
    }
    oldLeft -= mark === '+' ? 0 : 1;
    newLeft -= mark === '-' ? 0 : 1;
  }
  return at;
}

function readExtended(head: FileHead, line: string): void {
  if (line.startsWith('new file mode')) {
    head.isNew = true;
  } else if (line.startsWith('deleted file mode')) {
    head.isDeleted = true;
  } else if (line.startsWith('rename from ')) {
    head.renamedFrom = unquoted(line.slice('rename from '.length));
  } else if (line.startsWith('rename to ')) {
    head.renamedTo = unquoted(line.slice('rename to '.length));
  } else if (line.startsWith('copy from ')) {
    head.isCopy = true;
  } else if (line.startsWith('Binary files ') || line === 'GIT binary patch') {
    head.isBinary = true;
  }
}

function toFile(head: FileHead): FilePatch | string {
  const { oldPath, newPath } = withoutPrefixes(head);
  const path = newPath ?? oldPath;
  if (path === undefined || path === '') {
    return 'A hunk of the diff has no file. Put "--- a/path" and "+++ b/path" lines before it.';
  }
  if (head.isBinary === true || head.isCopy === true) {
    return `${path}: ${head.isBinary === true ? 'a binary file' : 'a copy of a file'} cannot be changed by a patch here. Leave it out.`;
  }
  const hunks = head.hunks.join('');
  if (head.isNew === true || oldPath === undefined) {
    const content = contentOfNew(head.hunks);
    return content === undefined
      ? `${path}: the diff says that the file is new, but has lines that are not added. Name the old file in its "---" line.`
      : { kind: 'create', path, content };
  }
  if (head.isDeleted === true || newPath === undefined) {
    return { kind: 'delete', path: oldPath };
  }
  if (hunks === '' && newPath === oldPath) {
    return `${path}: the diff has no hunks for it. A change of mode alone cannot be made by a patch here; leave it out.`;
  }
  return {
    kind: 'update',
    path: oldPath,
    hunks,
    ...(newPath === oldPath ? {} : { movedTo: newPath }),
  };
}

function withoutPrefixes(head: FileHead): {
  readonly oldPath: string | undefined;
  readonly newPath: string | undefined;
} {
  const { oldPath, newPath, renamedFrom, renamedTo } = head;
  const arePrefixed =
    (oldPath === undefined || oldPath.startsWith('a/')) &&
    (newPath === undefined || newPath.startsWith('b/'));
  const plain = (path: string | undefined): string | undefined =>
    arePrefixed ? path?.slice(2) : path;
  return { oldPath: renamedFrom ?? plain(oldPath), newPath: renamedTo ?? plain(newPath) };
}

/** The added lines; undefined when there are others. */
function contentOfNew(lines: readonly string[]): string | undefined {
  const content: string[] = [];
  for (const line of lines) {
    if (line.startsWith('+')) {
      content.push(line.endsWith('\n') ? line.slice(1) : `${line.slice(1)}\n`);
    } else if (line.startsWith('\\')) {
      content.push((content.pop() ?? '').replace(/\r?\n$/, ''));
    } else if (!line.startsWith('@@')) {
      return undefined;
    }
  }
  return content.join('');
}

/** The path of a `---` or `+++` line, without a time; undefined for `/dev/null`. */
function pathOf(line: string): string | undefined {
  const name = line.slice(4);
  const path = unquoted(name.startsWith('"') ? name : (name.split('\t')[0] ?? '').trimEnd());
  return path === '/dev/null' ? undefined : path;
}

function gitPaths(names: string): readonly [string, string] {
  const quoted = /^("(?:[^"\\]|\\.)*"|\S+) ("(?:[^"\\]|\\.)*"|\S+)$/.exec(names);
  // A name with blanks: only the halves tell where it ends.
  const half = (names.length - 1) / 2;
  const [before, behind] = [names.slice(0, half), names.slice(half + 1)];
  const isSame = names[half] === ' ' && before.replace(/^a\//, '') === behind.replace(/^b\//, '');
  if (quoted === null && isSame) {
    return [before, behind];
  }
  return [unquoted(quoted?.[1] ?? names), unquoted(quoted?.[2] ?? names)];
}

/** Git quotes names with special characters like C, and what is not ASCII as the octal bytes of UTF-8. */
function unquoted(name: string): string {
  if (!name.startsWith('"')) {
    return name;
  }
  const end = name.lastIndexOf('"');
  const inside = name.slice(1, end > 0 ? end : undefined);
  const bytes: number[] = [];
  for (const [part, octal, escape] of inside.matchAll(/\\([0-7]{1,3})|\\(.)|[^\\]+/gsu)) {
    if (octal !== undefined) {
      bytes.push(Number.parseInt(octal, 8) & 0xff);
    } else {
      append(
        bytes,
        new TextEncoder().encode(escape === undefined ? part : (escapes.get(escape) ?? escape)),
      );
    }
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
  ['a', '\u0007'],
]);
