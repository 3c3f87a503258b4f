import { assertNever } from '../base/assertNever';
import { globMatcher } from '../base/glob';
import type { Effect, Rule, RuleMatch } from './contract';
import { isSameOrBelow, type PathSyntax } from './pathSyntax';
import type { CommandAnalysis, CommandWord } from './shell/contract';
import { isUsableFamily } from './shell/family';

/** A rule that covers an effect, or the several that together cover every part of a command. */
export interface RuleHit {
  readonly rules: readonly [Rule, ...Rule[]];
}

/**
 * The rules of this verdict that decide about the effect: the first that covers it; for an allow of a command, one for
 * each of its plain parts. `tool` is the name of the call's tool.
 */
export function findRule(
  effect: Effect,
  rules: readonly Rule[],
  verdict: Rule['verdict'],
  tool?: string,
): RuleHit | undefined {
  // A file of the repository can only tighten.
  const candidates = rules.filter(
    (rule) => rule.verdict === verdict && (verdict !== 'allow' || rule.scope !== 'repository'),
  );
  const whole = candidates.find((rule) => matchesEffect(rule.match, effect, verdict, tool));
  if (whole !== undefined) {
    return { rules: [whole] };
  }
  return verdict === 'allow' && effect.kind === 'command' && effect.analysis !== undefined
    ? coverEach(effect.analysis, candidates)
    : undefined;
}

/** One allow rule for every part; a part without one leaves the whole command uncovered. */
function coverEach(analysis: CommandAnalysis, rules: readonly Rule[]): RuleHit | undefined {
  const hits = new Set<Rule>();
  for (const [index, words] of (analysis.plain ?? []).entries()) {
    // Of a program that runs another one the rule has to name both.
    const wordsToCover = analysis.wordsToCover?.[index] ?? Infinity;
    const rule = rules.find(
      ({ match }) =>
        match.kind === 'family' &&
        match.words.length >= wordsToCover &&
        isUsableFamily(match.words) &&
        beginsWith(words, match.words, isExactly),
    );
    if (rule === undefined) {
      return undefined;
    }
    hits.add(rule);
  }
  const [first, ...others] = hits;
  return first === undefined ? undefined : { rules: [first, ...others] };
}

function beginsWith(
  words: readonly CommandWord[],
  prefix: readonly string[],
  isSame: (word: CommandWord, wanted: string) => boolean,
): boolean {
  return (
    prefix.length > 0 &&
    prefix.length <= words.length &&
    prefix.every((wanted, index) => isSame(words[index], wanted))
  );
}

function isExactly(word: CommandWord, wanted: string): boolean {
  return word === wanted;
}

/** For deny and ask: any part anywhere counts, in any letter case, the program also by its path or with `.exe`. */
function hasPart(analysis: CommandAnalysis, prefix: readonly string[]): boolean {
  return analysis.parts.some((words) => beginsWith(words, prefix, isLike));
}

function isLike(word: CommandWord, wanted: string): boolean {
  const plain = (text: string): string =>
    text
      .toLowerCase()
      .replace(/^.*[\\/](?=.)/, '')
      .replace(/\.(?:exe|cmd|bat|com|ps1)$/, '');
  return (
    word !== undefined &&
    (word.toLowerCase() === wanted.toLowerCase() || plain(word) === plain(wanted))
  );
}

/** What a rule covers, in words that fit behind "allow" or "deny". */
export function describeMatch(match: RuleMatch): string {
  switch (match.kind) {
    case 'command':
      return match.cwd === undefined
        ? `exactly \`${match.command}\``
        : `exactly \`${match.command}\` in ${match.cwd}`;
    case 'family':
      return `commands that begin with \`${match.words.join(' ')}\``;
    case 'read':
      return `reading ${match.target}`;
    case 'write':
      return `changes of ${match.target}`;
    case 'readGlob':
      return `reading files that match ${match.glob}`;
    case 'writeGlob':
      return `changes of files that match ${match.glob}`;
    case 'network':
      return `requests to ${match.origin}`;
    case 'mcp':
      return match.tool === '*'
        ? `every tool of the MCP server ${match.server}`
        : `the tool ${match.tool} of the MCP server ${match.server}`;
    case 'tool':
      return `the tool ${match.name}`;
    case 'any':
      return 'everything';
    default:
      return assertNever(match);
  }
}

/** `https://host:port` of a URL; undefined when it is none. */
export function originOf(url: string): string | undefined {
  try {
    const origin = new URL(url).origin;
    return origin === 'null' ? undefined : origin;
  } catch {
    // Not a URL: no rule can cover it, so the call asks.
    return undefined;
  }
}

/** An allow matches what it names exactly; a deny also catches another spelling and the name before links. */
function matchesEffect(
  match: RuleMatch,
  effect: Effect,
  verdict: Rule['verdict'],
  tool: string | undefined,
): boolean {
  switch (match.kind) {
    case 'command':
      return (
        effect.kind === 'command' &&
        (match.command === effect.command ||
          (verdict !== 'allow' && match.command.trim() === effect.command.trim())) &&
        (match.cwd === undefined || match.cwd === effect.cwd)
      );
    case 'family':
      return (
        verdict !== 'allow' &&
        effect.kind === 'command' &&
        effect.analysis !== undefined &&
        hasPart(effect.analysis, match.words)
      );
    case 'read':
    case 'write':
      return effect.kind === match.kind && coversPath(match.target, effect, verdict);
    case 'readGlob':
      return effect.kind === 'read' && coversGlob(match.glob, effect, verdict);
    case 'writeGlob':
      return effect.kind === 'write' && coversGlob(match.glob, effect, verdict);
    case 'network':
      return (
        effect.kind === 'network' &&
        originOf(effect.url) !== undefined &&
        originOf(effect.url) === originOf(match.origin)
      );
    case 'mcp':
      return (
        effect.kind === 'mcp' &&
        effect.server === match.server &&
        (match.tool === '*' || effect.tool === match.tool)
      );
    case 'tool':
      return tool === match.name;
    case 'any':
      return effect.kind !== 'none' && effect.kind !== 'question';
    default:
      return assertNever(match);
  }
}

function coversPath(
  target: string,
  effect: { readonly path: string; readonly target: string },
  verdict: Rule['verdict'],
): boolean {
  const syntax: PathSyntax = /^[A-Za-z]:[\\/]|^\\/.test(target) ? 'win32' : 'posix';
  if (verdict === 'allow') {
    return isSameOrBelow(target, effect.target, syntax);
  }
  const folded = target.toLowerCase();
  return [effect.target, effect.path].some((path) =>
    isSameOrBelow(folded, path.toLowerCase(), syntax),
  );
}

function coversGlob(
  glob: string,
  effect: { readonly relative?: string; readonly target: string; readonly path: string },
  verdict: Rule['verdict'],
): boolean {
  if (verdict === 'allow') {
    return effect.relative !== undefined && globMatcher(glob)(effect.relative);
  }
  const fits = globMatcher(glob.toLowerCase());
  // A file outside every folder has no place below one: its whole path is tried, so that `**/*.pem` holds there too.
  return [effect.relative, effect.target, effect.path].some(
    (path) =>
      path !== undefined && fits(path.toLowerCase().replaceAll('\\', '/').replace(/^\//, '')),
  );
}
