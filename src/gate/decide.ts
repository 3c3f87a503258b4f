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
  tool?: string,
): Decision {
  const decisions = effects.map((effect) => decideOne(effect, rules, mode, tool));
  return (
    decisions.find((decision) => decision.verdict === 'deny') ??
    decisions.find((decision) => decision.verdict === 'ask') ??
    decisions[0] ??
    ask('default.unknown', 'it does not say what it would do')
  );
}

function decideOne(
  effect: Effect,
  rules: readonly Rule[],
  mode: PermissionMode,
  tool: string | undefined,
): Decision {
  const denied = findRule(effect, rules, 'deny', tool);
  if (denied !== undefined) {
    const [rule] = denied.rules;
    return deny(rule.id, `${ownerOf(rule)} denies ${describeMatch(rule.match)}`);
  }
  const allowed = findRule(effect, rules, 'allow', tool);
  const isHarmless = allowed?.rules.every((rule) => rule.isReadOnly === true) === true;
  const always = decideAlways(effect, mode, isHarmless);
  if (always !== undefined) {
    return always;
  }
  const asked = findRule(effect, rules, 'ask', tool);
  if (asked !== undefined) {
    const [rule] = asked.rules;
    return ask(rule.id, `${ownerOf(rule)} asks for ${describeMatch(rule.match)}`);
  }
  if (allowed !== undefined && effect.kind === 'command' && effect.analysis === undefined) {
    return ask('danger.command', 'the command was not taken apart');
  }
  if (allowed !== undefined) {
    return allow(
      allowed.rules.map((rule) => rule.id).join(', '),
      allowed.rules.map((rule) => `${verdictOf(rule)}: ${describeMatch(rule.match)}`).join('; '),
    );
  }
  return decideByMode(effect, mode);
}

function ownerOf(rule: Rule): string {
  return rule.scope === 'repository' ? 'a rule of this repository' : 'a rule of yours';
}

function verdictOf(rule: Rule): string {
  switch (rule.scope) {
    case 'session':
      return 'you allowed for this session';
    case 'workspace':
      return 'you allowed in this workspace';
    case 'user':
    case 'repository':
      return 'a rule of yours allows';
    default:
      return assertNever(rule.scope);
  }
}

/** What no allow rule and no mode can change. `isHarmless`: an allow rule of the user says that it changes nothing. */
function decideAlways(
  effect: Effect,
  mode: PermissionMode,
  isHarmless: boolean,
): Decision | undefined {
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
      return decideCommandAlways(effect, mode, isHarmless);
    case 'network':
    case 'mcp':
      return mode === 'plan' && !isHarmless
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
  isHarmless: boolean,
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
  // What is not plain is covered by no rule, so none can call it harmless.
  if (mode === 'plan' && !(isHarmless && effect.analysis?.plain !== undefined)) {
    return deny('mode.plan', 'plan mode runs only commands that a rule marks read-only');
  }
  if (hasHiddenCharacters(effect.command)) {
    return ask(
      'danger.hidden-characters',
      'the command contains hidden characters, shown by their code points',
    );
  }
  if (utf8Length(effect.command) > maxUnaskedCommandBytes) {
    return ask('danger.long-command', 'the command is longer than 8 KiB');
  }
  const place = askForPath(effect.cwdClass);
  if (place !== undefined) {
    return place;
  }
  return effect.analysis?.danger === undefined
    ? undefined
    : ask('danger.command', `the command ${effect.analysis.danger}`);
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

const maxUnaskedCommandBytes = 8 * 1024;

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

function allow(ruleId: string, reason: string): Decision {
  return { verdict: 'allow', ruleId, reason };
}

function ask(ruleId: string, reason: string): Decision {
  return { verdict: 'ask', ruleId, reason };
}

function deny(ruleId: string, reason: string): Decision {
  return { verdict: 'deny', ruleId, reason };
}
