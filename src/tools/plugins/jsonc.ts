/**
 * Reads JSON with comments and commas before a closing bracket, as the editor's own configuration files may have them.
 * Throws a SyntaxError for anything else.
 */
export function parseJsonc(text: string): unknown {
  return JSON.parse(toPlainJson(text.startsWith('\uFEFF') ? text.slice(1) : text));
}

/**
 * Strings stay as they are; a comment becomes a blank, so that words do not grow together. One pass by hand: the file
 * comes with the folder, before anybody trusts it, and must not make a pattern search it again and again.
 */
function toPlainJson(text: string): string {
  const parts: string[] = [];
  /** The place in `parts` of a comma behind which only blanks and comments came. */
  let comma: number | undefined;
  for (let at = 0; at < text.length;) {
    const end = endOfPart(text, at);
    const part = text.slice(at, end);
    at = end;
    if (isComment(part)) {
      parts.push(' ');
      continue;
    }
    if (comma !== undefined && (part === '}' || part === ']')) {
      parts[comma] = '';
    }
    if (part === ',') {
      comma = parts.length;
    } else if (part.trim() !== '') {
      comma = undefined;
    }
    parts.push(part);
  }
  return parts.join('');
}

/** Behind the string, the comment, the sign or the run of others that begins here; what is open goes on to the end. */
function endOfPart(text: string, start: number): number {
  const sign = text[start] ?? '';
  if (sign === '"') {
    return endOfString(text, start + 1);
  }
  if (text.startsWith('//', start)) {
    return endOfRun(text, start, '\r\n');
  }
  if (text.startsWith('/*', start)) {
    const end = text.indexOf('*/', start + 2);
    return end === -1 ? text.length : end + 2;
  }
  return special.includes(sign) ? start + 1 : endOfRun(text, start, special);
}

function endOfString(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== '"' && text[at] !== '\n') {
    at += text[at] === '\\' ? 2 : 1;
  }
  return Math.min(at + 1, text.length);
}

function endOfRun(text: string, start: number, signs: string): number {
  let at = start;
  while (at < text.length && !signs.includes(text[at] ?? '')) {
    at += 1;
  }
  return at;
}

/** An open comment is none: it stays, and is no JSON. */
function isComment(part: string): boolean {
  return (
    part.startsWith('//') || (part.startsWith('/*') && part.length >= 4 && part.endsWith('*/'))
  );
}

const special = '",/[]{}';
