import { assertNever } from '../base/assertNever';
import type { ToolIntent } from '../events/toolIntent';
import type { Effect } from './contract';
import { resolvePath, type PathContext } from './paths';

/**
 * Turns what a call says it would do into what it would really do. One effect per intent, in order; a call without
 * any intent is `unknown`, because nothing that runs is without effect by silence. Never rejects.
 */
export async function resolveEffects(
  intents: readonly ToolIntent[],
  context: PathContext,
): Promise<readonly Effect[]> {
  if (intents.length === 0) {
    return [{ kind: 'unknown', description: 'The call does not say what it would do.' }];
  }
  return await Promise.all(intents.map((intent) => resolveEffect(intent, context)));
}

/** True when both lists lead to the same places: asked again before a write, because links may have moved meanwhile. */
export function areSameEffects(before: readonly Effect[], after: readonly Effect[]): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

async function resolveEffect(intent: ToolIntent, context: PathContext): Promise<Effect> {
  switch (intent.kind) {
    case 'read':
      return { kind: 'read', ...(await resolvePath(intent.path, 'read', context)) };
    case 'write':
      return {
        kind: 'write',
        ...(await resolvePath(
          intent.path,
          intent.change.kind === 'delete' ? 'delete' : 'write',
          context,
        )),
        change: intent.change.kind,
      };
    case 'command': {
      const folder = await resolvePath(intent.cwd ?? context.cwd ?? '.', 'write', context);
      return {
        kind: 'command',
        command: intent.command,
        cwd: folder.path,
        cwdClass: folder.pathClass,
      };
    }
    case 'network':
      return { kind: 'network', url: intent.url };
    case 'mcp':
      return { kind: 'mcp', server: intent.server, tool: intent.tool };
    case 'question':
      return { kind: 'question' };
    case 'none':
      return { kind: 'none' };
    case 'unknown':
      return { kind: 'unknown', description: intent.description };
    default:
      return assertNever(intent);
  }
}
