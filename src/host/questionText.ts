import { assertNever } from '../base/assertNever';
import type { Effect, PathClass, PermissionQuestion } from '../gate/contract';

/**
 * A question as a document: all that would happen, to the last line, and why it asks. Its strings are visible already;
 * words of an agent stand under its name.
 */
export function questionText(question: PermissionQuestion): string {
  const { asker, toolName, effects, reason, description, inputText, offers = [] } = question;
  const parts = [
    `${asker} asks for your permission (${toolName}).`,
    ...effects.map(effectText),
    ...(inputText === '' ? [] : [`Its whole input:\n\n${indented(inputText)}`]),
    `Why it asks: ${reason}.`,
    ...(description === undefined || description === ''
      ? []
      : [`${asker} says, in its own words:\n\n${indented(description)}`]),
    ...(offers.length === 0 ? [] : [`“Allow for This Session” covers: ${offers[0]?.text ?? ''}.`]),
    'Closing this document is no answer: the question stays open.',
  ];
  return `${parts.join('\n\n')}\n`;
}

function effectText(effect: Effect): string {
  switch (effect.kind) {
    case 'command':
      return `Runs this command${placeOf(effect.cwdClass)} in ${effect.cwd}:\n\n${indented(effect.command)}`;
    case 'read':
      return `Reads ${pathText(effect)}.`;
    case 'write':
      return `${effect.change === 'delete' ? 'Deletes' : 'Changes'} ${pathText(effect)}.`;
    case 'network':
      return `Asks the network: ${effect.url}`;
    case 'mcp':
      return `Uses the tool ${effect.tool} of the MCP server ${effect.server}.`;
    case 'unknown':
      return `What it does is not known: ${effect.description}`;
    case 'question':
    case 'none':
      return 'Touches nothing outside of the conversation.';
    default:
      return assertNever(effect);
  }
}

function pathText(effect: {
  readonly path: string;
  readonly target: string;
  readonly pathClass: PathClass;
}): string {
  const link = effect.path === effect.target ? '' : ` (a link: ${effect.path})`;
  return `${effect.target}${link}${placeOf(effect.pathClass)}`;
}

function placeOf(pathClass: PathClass): string {
  switch (pathClass) {
    case 'inside':
      return '';
    case 'outside':
      return ', outside the workspace';
    case 'protected':
      return ', which is protected';
    case 'secret':
      return ', which usually holds secrets';
    case 'invalid':
      return ', which cannot be resolved';
    default:
      return assertNever(pathClass);
  }
}

/** Every line of it, so that nothing in it can pass for a line of ours. */
function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
