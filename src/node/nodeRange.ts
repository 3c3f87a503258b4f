/**
 * Whether a Node version is in the range that a package names in `engines.node`. Knows `>=`, `^`, `~`, plain and `x`
 * versions, joined by spaces and `||`; what it cannot read is taken for fulfilled: the program itself will say.
 */
export function isInNodeRange(version: string, range: string): boolean {
  const have = numbersOf(version);
  return (
    have === undefined ||
    range.split('||').some((part) =>
      part
        .trim()
        .replace(/([<>=^~])\s+/g, '$1')
        .split(/\s+/)
        .every((condition) => fulfils(have, condition)),
    )
  );
}

/** The lowest version that a range names first, for people: `22` of `>=22.0.0`. */
export function lowestOfRange(range: string): string {
  return /\d+(?:\.[1-9]\d*)?/.exec(range)?.[0] ?? range;
}

function fulfils(have: readonly number[], condition: string): boolean {
  const match = /^(>=|>|<=|<|=|\^|~)?v?(\d+(?:\.\d+){0,2})(?:\.[x*])*$/.exec(condition);
  const [, operator = '', wanted = ''] = match ?? [];
  const want = numbersOf(wanted);
  if (match === null || want === undefined) {
    return true;
  }
  const order = compare(have, want);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '<':
      return order < 0;
    case '^':
      return order >= 0 && have[0] === want[0];
    case '~':
      return order >= 0 && have[0] === want[0] && (want.length < 2 || have[1] === want[1]);
    default:
      return want.every((part, index) => have[index] === part);
  }
}

function numbersOf(version: string): readonly number[] | undefined {
  const text = /^v?(\d+(?:\.\d+){0,2})/.exec(version.trim())?.[1];
  return text?.split('.').map(Number);
}

function compare(have: readonly number[], want: readonly number[]): number {
  for (const index of [0, 1, 2]) {
    const difference = (have[index] ?? 0) - (want[index] ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}
