import { assertNever } from '../base/assertNever';
import type { ToolIntent } from '../events/toolIntent';
import type { Effect } from './contract';
import { resolvePath, type PathContext } from './paths';
import { formatPath, isAbsolutePath, joinPath, syntaxOf } from './pathSyntax';
import type { CommandAnalysis } from './shell/contract';

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

/**
 * True when both lists lead to the same places: asked again before a write, because links may have moved meanwhile. The
 * analysis of a command does not count: it follows from the command, and may be late once.
 */
export function areSameEffects(before: readonly Effect[], after: readonly Effect[]): boolean {
  const places = (effects: readonly Effect[]): string =>
    JSON.stringify(effects, (key, value: unknown) => (key === 'analysis' ? undefined : value));
  return places(before) === places(after);
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
      const analysis = await analyzeIn(folder.path, intent.command, context);
      return {
        kind: 'command',
        command: intent.command,
        cwd: folder.path,
        cwdClass: folder.pathClass,
        ...(analysis === undefined ? {} : { analysis }),
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

/** A word of a command is a path for the program that gets it: from the folder it runs in, never from a folder's name. */
async function analyzeIn(
  cwd: string,
  command: string,
  context: PathContext,
): Promise<CommandAnalysis | undefined> {
  const syntax = syntaxOf(context.roots.platform);
  return await context.analyze?.(command, {
    cwd,
    resolve: async (path, use) => {
      if (syntax === 'posix' && /^[A-Za-z]:[\\/]/.test(path)) {
        return 'outside';
      }
      const absolute = isAbsolutePath(path, syntax)
        ? path
        : formatPath(joinPath(cwd, path, syntax), syntax);
      return (await resolvePath(absolute, use, context)).pathClass;
    },
  });
}
