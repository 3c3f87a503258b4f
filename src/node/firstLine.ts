/** Of a longer line this much is shown. */
export const maxLineChars = 1000;

/** The first line of a match as it is shown. */
export function firstLine(text: string): string {
  const line = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  return line.length > maxLineChars ? `${line.slice(0, maxLineChars)}…` : line;
}
