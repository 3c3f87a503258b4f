import { assertNever } from '../base/assertNever';
import type { Decision, Effect, PathClass, PermissionMode, Rule } from './contract';
import { invalidPathReason } from './pathProblem';
import { describeMatch, findRule } from './rules';
import { hasHiddenCharacters } from './visible';

/**
 * The one decision, for every runtime. Pure. Precedence: deny rules and what a mode denies, then protected, secret and
 * outside paths, danger and unknown, then ask rules, then allow rules, then the mode's default. Of several effects the
 * strictest verdict wins. No effect at all asks.
 */
export function decide(
  effects: readonly Effect[],
  rules: readonly Rule[],
  mode: PermissionMode,
): Decision {
  const decisions = effects.map((effect) => decideOne(effect, rules, mode));
  return (
    decisions.find((decision) => decision.verdict === 'deny') ??
    decisions.find((decision) => decision.verdict === 'ask') ??
    decisions[0] ??
    ask('default.unknown', 'it does not say what it would do')
  );
}

function decideOne(effect: Effect, rules: readonly Rule[], mode: PermissionMode): Decision {
  const denyRule = findRule(effect, rules, 'deny');
  if (denyRule !== undefined) {
    return deny(denyRule.id, `a rule of yours denies ${describeMatch(denyRule.match)}`);
  }
  const always = decideAlways(effect, mode);
  if (always !== undefined) {
    return always;
  }
  const askRule = findRule(effect, rules, 'ask');
  if (askRule !== undefined) {
    return ask(askRule.id, `a rule of yours asks for ${describeMatch(askRule.match)}`);
  }
  const allowRule = findRule(effect, rules, 'allow');
  if (allowRule !== undefined) {
    const whose =
      allowRule.scope === 'session' ? 'you allowed for this session' : 'a rule of yours allows';
    return allow(allowRule.id, `${whose}: ${describeMatch(allowRule.match)}`);
  }
  return decideByMode(effect, mode);
}

/** What no allow rule and no mode can change. */
function decideAlways(effect: Effect, mode: PermissionMode): Decision | undefined {
  switch (effect.kind) {
    case 'read':
      return effect.pathClass === 'invalid'
        ? deny('path.invalid', invalidPathReason(effect.path))
        : askForPath(effect.pathClass);
    case 'write':
      if (effect.pathClass === 'invalid') {
        return deny('path.invalid', invalidPathReason(effect.path));
      }
      return mode === 'plan'
        ? deny('mode.plan', 'plan mode changes no files')
        : askForPath(effect.pathClass);
    case 'command':
      return decideCommandAlways(effect, mode);
    case 'network':
    case 'mcp':
      // Rules cannot be marked read-only yet, so plan has nothing to go by.
      return mode === 'plan'
        ? deny('mode.plan', 'plan mode uses no network and no MCP tools')
        : undefined;
    case 'unknown':
      return ask('default.unknown', 'what it would do is not known');
    case 'question':
    case 'none':
      return undefined;
    default:
      return assertNever(effect);
  }
}

function decideCommandAlways(
  effect: Effect & { readonly kind: 'command' },
  mode: PermissionMode,
): Decision | undefined {
  if (effect.command.trim() === '' || effect.command.includes('\0')) {
    return deny('command.invalid', 'the command is empty or contains a NUL character');
  }
  if (effect.cwdClass === 'invalid') {
    return deny(
      'path.invalid',
      `the folder to run in is not usable: ${invalidPathReason(effect.cwd)}`,
    );
  }
  if (mode === 'plan') {
    return deny('mode.plan', 'plan mode runs no commands');
  }
  if (hasHiddenCharacters(effect.command)) {
    return ask('danger.hidden-characters', 'the command contains hidden characters, shown as ⟨…⟩');
  }
  if (effect.command.length > maxUnaskedCommandChars) {
    return ask('danger.long-command', 'the command is longer than 8 KiB');
  }
  return askForPath(effect.cwdClass);
}

function askForPath(pathClass: Exclude<PathClass, 'invalid'>): Decision | undefined {
  switch (pathClass) {
    case 'inside':
      return undefined;
    case 'outside':
      return ask('path.outside', 'outside the workspace');
    case 'protected':
      return ask(
        'path.protected',
        'protected file: it can change what the editor, an agent or a tool runs',
      );
    case 'secret':
      return ask('path.secret', 'this file usually holds keys or passwords');
    default:
      return assertNever(pathClass);
  }
}

function decideByMode(effect: Effect, mode: PermissionMode): Decision {
  switch (effect.kind) {
    case 'read':
      return allow('default.read-inside', 'reads inside the workspace run');
    case 'write':
      return mode === 'accept-edits' || mode === 'auto'
        ? allow(`mode.${mode}`, `${mode} mode writes inside the workspace`)
        : ask('default.write', 'edits ask in this mode');
    case 'command':
      return ask('default.command', 'commands always ask');
    case 'network':
      return ask('default.network', 'network requests always ask');
    case 'mcp':
      return ask('default.mcp', 'MCP tools always ask');
    case 'unknown':
      return ask('default.unknown', 'what it would do is not known');
    case 'question':
      return allow('default.question', 'a question to you');
    case 'none':
      return allow('default.none', 'touches only the conversation');
    default:
      return assertNever(effect);
  }
}

const maxUnaskedCommandChars = 8 * 1024;

function allow(ruleId: string, reason: string): Decision {
  return { verdict: 'allow', ruleId, reason };
}

function ask(ruleId: string, reason: string): Decision {
  return { verdict: 'ask', ruleId, reason };
}

function deny(ruleId: string, reason: string): Decision {
  return { verdict: 'deny', ruleId, reason };
}
