import { assertNever } from '../base/assertNever';
import type { Effect, Rule, RuleMatch } from './contract';
import { isSameOrBelow, type PathSyntax } from './pathSyntax';

/** The first rule of this verdict that covers the effect. */
export function findRule(
  effect: Effect,
  rules: readonly Rule[],
  verdict: Rule['verdict'],
): Rule | undefined {
  return rules.find(
    (rule) => rule.verdict === verdict && matchesEffect(rule.match, effect, verdict),
  );
}

/** What a rule covers, in words that fit behind "allow" or "deny". */
export function describeMatch(match: RuleMatch): string {
  switch (match.kind) {
    case 'command':
      return match.cwd === undefined
        ? `exactly \`${match.command}\``
        : `exactly \`${match.command}\` in ${match.cwd}`;
    case 'read':
      return `reading ${match.target}`;
    case 'write':
      return `changes of ${match.target}`;
    case 'network':
      return `requests to ${match.origin}`;
    case 'mcp':
      return `the tool ${match.tool} of the MCP server ${match.server}`;
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
function matchesEffect(match: RuleMatch, effect: Effect, verdict: Rule['verdict']): boolean {
  switch (match.kind) {
    case 'command':
      return (
        effect.kind === 'command' &&
        (match.command === effect.command ||
          (verdict !== 'allow' && match.command.trim() === effect.command.trim())) &&
        (match.cwd === undefined || match.cwd === effect.cwd)
      );
    case 'read':
    case 'write':
      return effect.kind === match.kind && coversPath(match.target, effect, verdict);
    case 'network':
      return (
        effect.kind === 'network' &&
        originOf(effect.url) !== undefined &&
        originOf(effect.url) === originOf(match.origin)
      );
    case 'mcp':
      return effect.kind === 'mcp' && effect.server === match.server && effect.tool === match.tool;
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
