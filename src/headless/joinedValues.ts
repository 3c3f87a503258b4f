/** `--arg -v` is a value beginning with a dash: node's parser wants it joined with `=`. */
export function withValuesJoined(argv: readonly string[]): string[] {
  const joined: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    const next = argv[index + 1];
    if (/^--[a-z-]+$/.test(word) && next !== undefined) {
      joined.push(`${word}=${next}`);
      index += 1;
    } else {
      joined.push(word);
    }
  }
  return joined;
}
