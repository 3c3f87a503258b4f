/**
 * Whether a line can be JSON by its ends alone. False is certain; true is for `JSON.parse` to judge. It is there because a
 * refusal of `JSON.parse` costs many times as much as a look, and a program can print millions of lines that are none.
 */
export function looksLikeJson(line: string): boolean {
  const start = skipWhite(line, 0);
  let end = line.length;
  while (end > start && isWhite(line.charCodeAt(end - 1))) {
    end -= 1;
  }
  const last = line.charAt(end - 1);
  switch (line.charAt(start)) {
    case '{':
      return last === '}' && '"}'.includes(line.charAt(skipWhite(line, start + 1)));
    case '[':
      return last === ']' && '{["-0123456789tfn]'.includes(line.charAt(skipWhite(line, start + 1)));
    case '"':
      return last === '"' && end - start > 1;
    case 't':
      return isWord(line, start, end, 'true');
    case 'f':
      return isWord(line, start, end, 'false');
    case 'n':
      return isWord(line, start, end, 'null');
    default:
      return (
        isDigit(line.charCodeAt(end - 1)) &&
        (line.charAt(start) === '-' || isDigit(line.charCodeAt(start)))
      );
  }
}

function isWord(line: string, start: number, end: number, word: string): boolean {
  return end - start === word.length && line.startsWith(word, start);
}

function skipWhite(line: string, from: number): number {
  let at = from;
  while (at < line.length && isWhite(line.charCodeAt(at))) {
    at += 1;
  }
  return at;
}

/** What JSON takes for white space, which is less than JavaScript does. */
function isWhite(code: number): boolean {
  return code === 0x20 || code === 0x0d || code === 0x09 || code === 0x0a;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
