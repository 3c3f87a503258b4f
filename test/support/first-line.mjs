/**
 * What a list of failures says of an error: one line, not too long.
 * @param {unknown} error
 */
export function firstLine(error) {
  const text = String(error?.message ?? error).trim();
  const line = text.slice(0, text.search(/\n|$/));
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}
