/** A run of backticks longer than any in the text, so that nothing in it ends the block. */
export function fenceFor(text: string): string {
  let longest = 2;
  for (const [run] of text.matchAll(/`+/g)) {
    longest = Math.max(longest, run.length);
  }
  return '`'.repeat(longest + 1);
}
