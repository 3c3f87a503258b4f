/** An `@` that is being typed: where it stands, and the letters after it up to the caret. */
export interface OpenMention {
  readonly start: number;
  readonly query: string;
}

const maxQueryChars = 100;

/** The mention at the caret: an `@` at the beginning of a word with no blank after it. An address has none. */
export function mentionAt(text: string, caret: number): OpenMention | undefined {
  const found = /(?:^|[\s([{])@([^\s@]*)$/.exec(
    text.slice(Math.max(0, caret - maxQueryChars), caret),
  );
  const query = found?.[1];
  return query === undefined ? undefined : { start: caret - query.length - 1, query };
}

/** The text with the mention written out, and where the caret goes. A path with blanks is quoted. */
export function withMention(
  text: string,
  mention: OpenMention,
  path: string,
): { readonly text: string; readonly caret: number } {
  const written = `@${/\s/.test(path) ? JSON.stringify(path) : path} `;
  const end = mention.start + 1 + mention.query.length;
  const rest = text.slice(end).replace(/^ /, '');
  return {
    text: text.slice(0, mention.start) + written + rest,
    caret: mention.start + written.length,
  };
}
