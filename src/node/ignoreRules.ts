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

  /** With the rules of the ignore file in `base`. */
  with(base: string, text: string): IgnoreRules {
    const added = text.split(/\r?\n/).flatMap((line) => parseRule(base, line));
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

function parseRule(base: string, line: string): readonly Rule[] {
  const text = line.replace(/(?<!\\)\s+$/, '');
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
