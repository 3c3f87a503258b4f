import { assertNever } from '../src/base/assertNever';
import type { EffectView, PathClassView } from '../src/protocol/viewTypes';
import type { PromptView } from '../src/protocol/methods';

export interface PromptHeadline {
  readonly icon: string;
  /** What would happen, as a verb with its object: `Run a command`. */
  readonly title: string;
  /** The same after the asker's name: `asks to run a command`. */
  readonly sentence: string;
}

/** The headline of a question, from its first effect: the others are listed below it. */
export function promptHeadline(prompt: PromptView): PromptHeadline {
  if (prompt.questions !== undefined) {
    return { icon: 'question', title: 'Question', sentence: 'asks you a question' };
  }
  const effect = prompt.effects[0];
  const { icon, title } =
    effect === undefined ? unknownTool(prompt.toolName) : ofEffect(effect, prompt);
  return { icon, title, sentence: `asks to ${title.slice(0, 1).toLowerCase()}${title.slice(1)}` };
}

function ofEffect(
  effect: EffectView,
  prompt: PromptView,
): { readonly icon: string; readonly title: string } {
  switch (effect.kind) {
    case 'command':
      return { icon: 'terminal', title: 'Run a command' };
    case 'read':
      return { icon: 'file', title: `Read ${pathClassNoun(effect.pathClass)}` };
    case 'write':
      return effect.change === 'delete'
        ? { icon: 'trash', title: `Delete ${pathClassNoun(effect.pathClass)}` }
        : { icon: 'edit', title: `Write ${pathClassNoun(effect.pathClass)}` };
    case 'network':
      return { icon: 'globe', title: 'Open a network address' };
    case 'mcp':
      return { icon: 'plug', title: 'Use a tool of a server' };
    case 'question':
      return { icon: 'question', title: 'Ask you a question' };
    case 'none':
    case 'unknown':
      return unknownTool(prompt.toolName);
    default:
      return assertNever(effect);
  }
}

function unknownTool(toolName: string): { readonly icon: string; readonly title: string } {
  return { icon: 'tools', title: `Use the tool ${toolName}` };
}

function pathClassNoun(pathClass: PathClassView): string {
  switch (pathClass) {
    case 'inside':
      return 'a file';
    case 'outside':
      return 'a file outside the workspace';
    case 'protected':
      return 'a protected file';
    case 'secret':
      return 'a file with secrets';
    case 'invalid':
      return 'a path that cannot be resolved';
    default:
      return assertNever(pathClass);
  }
}
