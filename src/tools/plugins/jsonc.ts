/**
 * Reads JSON with comments and commas before a closing bracket, as the editor's own configuration files may have them.
 * Throws a SyntaxError for anything else.
 */
export function parseJsonc(text: string): unknown {
  return JSON.parse(toPlainJson(text.replace(/^\uFEFF/, '')));
}

/** Strings stay as they are; a comment becomes a blank, so that words do not grow together. */
function toPlainJson(text: string): string {
  const withoutComments = text.replace(
    /"(?:[^"\\\n]|\\.)*"|\/\/[^\r\n]*|\/\*[\s\S]*?\*\//g,
    (part) => (part.startsWith('"') ? part : ' '),
  );
  return withoutComments.replace(/("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])/g, (part, text?: string) =>
    text === undefined ? '' : part,
  );
}
