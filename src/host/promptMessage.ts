import { assertNever } from '../base/assertNever';
import type { Effect, PermissionQuestion } from '../gate/contract';
import { hasHiddenCharacters, makeVisible } from '../gate/visible';

/** A toast cuts longer texts, and nobody may allow what they cannot read to its end. */
const maxShownChars = 160;

/** A question as a notification. `canAllow` only when the text holds the whole effect. */
export interface PromptMessage {
  readonly text: string;
  readonly canAllow: boolean;
}

export function promptMessage(question: PermissionQuestion): PromptMessage {
  if (question.questions !== undefined) {
    return { text: plain(`${question.asker} has a question for you.`), canAllow: false };
  }
  const [effect] = question.effects;
  const what = effect === undefined ? undefined : effectText(effect);
  const isWhole =
    question.effects.length === 1 &&
    what !== undefined &&
    what.length <= maxShownChars &&
    !what.includes('\n') &&
    !hasHiddenCharacters(what);
  const text = isWhole
    ? `${question.asker} wants to ${what}. It asks because: ${question.reason}.`
    : `${question.asker} asks for your permission (${question.toolName}). Open the chat to see all of it.`;
  return { text: plain(text), canAllow: isWhole };
}

/** What a call would do, after "wants to"; undefined when words cannot show it whole. */
function effectText(effect: Effect): string | undefined {
  switch (effect.kind) {
    case 'read':
      return `read ${effect.target}`;
    case 'command':
      return `run "${effect.command}" in ${effect.cwd}`;
    case 'network':
      return `fetch ${effect.url}`;
    case 'write':
    case 'mcp':
    case 'question':
    case 'none':
    case 'unknown':
      return undefined;
    default:
      return assertNever(effect);
  }
}

/** The editor makes links, and links that run commands, of `[text](target)` in a notification. Words from a model must not. */
function plain(text: string): string {
  return makeVisible(text).replaceAll('](', '] (');
}
