import { numberField, stringField } from '../../base/guard';
import { errorMessage } from '../../base/patchbayError';
import { toolError, toolOk } from '../../events/toolCall';
import type { PathProbe } from '../../gate/contract';
import { displayPath } from '../../gate/paths';
import { absolutePath, syntaxOf } from '../../gate/pathSyntax';
import type { DirectoryEntry, Tool, WorkspaceFiles } from '../contract';
import { countOf, integer, objectSchema, pathParameter } from './toolParts';

export function createListFiles(files: WorkspaceFiles, probe: PathProbe): Tool {
  return {
    name: 'list_files',
    description:
      'Lists a folder: one path per line, folders end with /. Links, .git and node_modules are named but not entered. To find files by name anywhere use find_files.',
    inputSchema: objectSchema(
      {
        path: pathParameter('The folder to list; "." is the workspace folder.'),
        depth: integer('How many levels to go down. Default 1.', 1, 8),
      },
      ['path'],
    ),
    kind: 'read',
    intents: (args) => [{ kind: 'read', path: stringField(args, 'path') ?? '' }],
    run: async (args, context) => {
      const roots = files.roots();
      const path = context.resolvePath(stringField(args, 'path') ?? '');
      const found: string[] = [];
      try {
        await walk(path, numberField(args, 'depth') ?? 1);
      } catch (error) {
        return toolError(errorMessage(error));
      }
      const isCut = found.length >= maxEntries;
      const lines = isCut
        ? [...found, `[Cut at ${maxEntries} entries; list a folder below.]`]
        : found;
      return toolOk(lines.length === 0 ? '[The folder is empty.]' : lines.join('\n'), {
        summary: countOf(found.length, 'entry', 'entries'),
      });

      async function walk(folder: string, depth: number): Promise<void> {
        const entries = [...(await files.list(folder))].sort(byName);
        for (const entry of entries) {
          if (found.length >= maxEntries || context.signal.aborted) {
            return;
          }
          const child = absolutePath(folder, entry.name, syntaxOf(roots.platform));
          const isFolder = entry.kind === 'directory';
          found.push(`${displayPath(child, roots)}${isFolder ? '/' : ''}`);
          // A link may lead out of the workspace, where listing needs its own permission.
          if (
            isFolder &&
            depth > 1 &&
            !notEntered.has(entry.name) &&
            (await probe.readLink(child)) === undefined
          ) {
            await walk(child, depth - 1);
          }
        }
      }
    },
  };
}

const maxEntries = 1000;
const notEntered: ReadonlySet<string> = new Set(['.git', 'node_modules']);

function byName(a: DirectoryEntry, b: DirectoryEntry): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
