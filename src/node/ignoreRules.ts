import { globMatcher, type PathMatcher } from '../base/glob';

interface Rule {
  readonly fits: PathMatcher;
  readonly isNegated: boolean;
  readonly isForFolders: boolean;
  /** The folder of the ignore file, '' for the root. */
  readonly base: string;
}

/** What `.gitignore` files say, roughly: the last rule that fits decides; a deeper file comes after a higher one. */
export class IgnoreRules {
  static readonly none = new IgnoreRules([]);

  private constructor(private readonly rules: readonly Rule[]) {}

  /** With the rules of the ignore file in `base`; what is longer than anybody writes is left out. */
  with(base: string, text: string): IgnoreRules {
    const added = text
      .slice(0, maxTextChars)
      .split(/\r?\n/)
      .flatMap((line) => (line.length > maxLineChars ? [] : parseRule(base, line)));
    return added.length === 0 ? this : new IgnoreRules([...this.rules, ...added]);
  }

  ignores(relativePath: string, isFolder: boolean): boolean {
    const rule = this.rules.findLast(
      ({ base, fits, isForFolders }) =>
        (isFolder || !isForFolders) &&
        (base === '' || relativePath.startsWith(`${base}/`)) &&
        fits(base === '' ? relativePath : relativePath.slice(base.length + 1)),
    );
    return rule !== undefined && !rule.isNegated;
  }
}

const maxTextChars = 256 * 1024;
const maxLineChars = 4096;

/** Without the blanks at the end; one behind a backslash belongs to the name. */
function withoutBlanks(line: string): string {
  const bare = line.trimEnd();
  return bare.endsWith('\\') ? line.slice(0, bare.length + 1) : bare;
}

function parseRule(base: string, line: string): readonly Rule[] {
  const text = withoutBlanks(line);
  if (text === '' || text.startsWith('#')) {
    return [];
  }
  const isNegated = text.startsWith('!');
  const isForFolders = text.endsWith('/');
  const pattern = text
    .slice(isNegated ? 1 : 0, isForFolders ? -1 : undefined)
    .replace(/\\(?=[#!\s])/g, '');
  return pattern === '' ? [] : [{ fits: globMatcher(pattern), isNegated, isForFolders, base }];
}
