import { redactedMark } from './redactedMark';

/**
 * Takes out private keys over all their lines: PEM, OpenSSH, PGP, SSH2, PuTTY, with real line ends or with `\n` as inside
 * JSON, behind the marks of a diff or a quotation, and when the end or the beginning is missing.
 */
export function redactKeyBlocks(text: string): string {
  let result = text.includes('BEGIN') ? redactFromBegin(text) : text;
  result = result.includes('END') ? redactToEnd(result) : result;
  return result.includes('Private-Lines:')
    ? result.replace(puttyLines, `$1${redactedMark}`)
    : result;
}

const begin = /-{4,5} ?BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}/g;
const end = /-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4,5}/g;

const puttyLines =
  /(Private-Lines: {0,4}\d{1,4}\r?\n)(?!\[redacted\])(?:[A-Za-z0-9+/=]{1,200}(?:\r?\n|$)){1,400}/g;

/** More than a key of 16384 bits, and bounded, so that a text full of beginnings is no long work. */
const maxBlockChars = 32 * 1024;

function redactFromBegin(text: string): string {
  const parts: string[] = [];
  let done = 0;
  begin.lastIndex = 0;
  for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
    parts.push(text.slice(done, found.index), redactedMark);
    done = endOfBlock(text, begin.lastIndex);
    begin.lastIndex = done;
  }
  return done === 0 ? text : parts.join('') + text.slice(done);
}

/** Behind the end line; without one, behind the last line that can belong to a key. */
function endOfBlock(text: string, from: number): number {
  const next = text.indexOf('BEGIN ', from);
  const limit = Math.min(from + maxBlockChars, next === -1 ? text.length : next);
  const window = text.slice(from, limit);
  end.lastIndex = 0;
  return end.exec(window) === null
    ? from + (keyBody.exec(window)?.[0].length ?? 0)
    : from + end.lastIndex;
}

/** Base64 and the few lines `Name: value` in front of it, behind line ends, written or real, and the marks of a quotation. */
const keyBody =
  /^(?:(?:\r?\n|(?:\\+[rn]){1,2})[ \t>+#|-]{0,20}(?:(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|Subject): ?[^\r\n\\"]{0,200}|-{1,5} ?(?:E(?:N(?:D[A-Z0-9 ]{0,60}-{0,5})?)?)?|[A-Za-z0-9+/=]{0,4000}(?=[ \t]*(?:[\r\n\\"'`]|$)))|[ \t](?=[A-Za-z0-9+/=]{16})[A-Za-z0-9+/=]{0,4000})*/;

/** What leads to an end whose beginning is not there: lines of Base64. */
function redactToEnd(text: string): string {
  const parts: string[] = [];
  let done = 0;
  end.lastIndex = 0;
  for (let found = end.exec(text); found !== null; found = end.exec(text)) {
    const from = Math.max(done, found.index - maxBlockChars);
    const start = from + startOfBody(text.slice(from, found.index));
    parts.push(text.slice(done, start), redactedMark);
    done = end.lastIndex;
  }
  return done === 0 ? text : parts.join('') + text.slice(done);
}

function startOfBody(window: string): number {
  const breaks = [...window.matchAll(/\r?\n|(?:\\+[rn]){1,2}/g)];
  let start = window.length;
  for (let index = breaks.length - 1; index >= 0; index--) {
    const lineEnd = breaks[index]?.index ?? 0;
    const before = breaks[index - 1];
    const lineStart = before === undefined ? 0 : before.index + before[0].length;
    const line = window.slice(lineStart, lineEnd);
    if (!isBody(line)) {
      // The first line may stand behind other text: its last word belongs to the key.
      const word = /[A-Za-z0-9+/=]{16,}$/.exec(line.slice(-maxLineChars));
      return word === null ? start : lineEnd - word[0].length;
    }
    start = lineStart;
  }
  return start;
}

const maxLineChars = 4000;

function isBody(line: string): boolean {
  return line.length <= maxLineChars && /^[ \t>+#|-]*[A-Za-z0-9+/=]*[ \t]*$/.test(line);
}
