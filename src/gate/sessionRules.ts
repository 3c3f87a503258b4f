import type { Effect, Rule, RuleMatch } from './contract';
import { decide } from './decide';
import { describeMatch, originOf } from './rules';

/** What "allow for this session" would cover: the narrowest rules, and the same in words for the button. */
export interface SessionRuleOffer {
  readonly matches: readonly RuleMatch[];
  readonly text: string;
}

/**
 * The narrowest offer that lets the same call through next time. Undefined when any of its effects must ask every time
 * (protected, secret or outside path, unknown, hidden characters) or when nothing would be left to ask.
 */
export function offerSessionRule(effects: readonly Effect[]): SessionRuleOffer | undefined {
  const matches = effects
    .filter((effect) => decide([effect], [], 'ask').verdict !== 'allow')
    .map(narrowestMatch);
  const known = matches.filter((match) => match !== undefined);
  if (known.length === 0 || known.length !== matches.length) {
    return undefined;
  }
  // The offer must do what it says: with it, in the mode that asks most, the same effects run.
  const rules = known.map((match, index): Rule => ({
    id: `offer-${index}`,
    verdict: 'allow',
    match,
    scope: 'session',
  }));
  return decide(effects, rules, 'ask').verdict === 'allow'
    ? {
        matches: known,
        text: `Allow ${known.map(describeMatch).join(', ')} until this session ends`,
      }
    : undefined;
}

function narrowestMatch(effect: Effect): RuleMatch | undefined {
  switch (effect.kind) {
    case 'command':
      return { kind: 'command', command: effect.command, cwd: effect.cwd };
    case 'write':
      return { kind: 'write', target: effect.target };
    case 'network': {
      const origin = originOf(effect.url);
      return origin === undefined ? undefined : { kind: 'network', origin };
    }
    case 'mcp':
      return { kind: 'mcp', server: effect.server, tool: effect.tool };
    case 'read':
    case 'question':
    case 'none':
    case 'unknown':
    default:
      return undefined;
  }
}

/** What the user allowed for the running session. Gone with the session, never stored. */
export class SessionRules {
  private readonly bySession = new Map<string, readonly Rule[]>();
  private count = 0;

  add(sessionId: string, offer: SessionRuleOffer): void {
    const added = offer.matches.map((match): Rule => {
      this.count += 1;
      return { id: `session-${this.count}`, verdict: 'allow', match, scope: 'session' };
    });
    this.bySession.set(sessionId, [...this.list(sessionId), ...added]);
  }

  list(sessionId: string): readonly Rule[] {
    return this.bySession.get(sessionId) ?? [];
  }

  /** Revokes one rule. */
  remove(sessionId: string, ruleId: string): void {
    this.bySession.set(
      sessionId,
      this.list(sessionId).filter((rule) => rule.id !== ruleId),
    );
  }

  clear(sessionId: string): void {
    this.bySession.delete(sessionId);
  }
}
