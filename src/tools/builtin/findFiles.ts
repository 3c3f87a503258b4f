import { append } from '../../base/append';
import { numberField, stringField } from '../../base/guard';
import { errorMessage } from '../../base/patchbayError';
import { toolError, toolOk } from '../../events/toolCall';
import type { Tool, WorkspaceFiles, WorkspaceSearch } from '../contract';
import { globProblem, searchFolders, shownIn } from './searchScope';
import { countOf, integer, nonEmptyText, objectSchema } from './toolParts';

export function createFindFiles(files: WorkspaceFiles, search: WorkspaceSearch): Tool {
  return {
    name: 'find_files',
    description:
      'Finds files by a glob over their path in the workspace, for example "**/*.test.ts" or "src/**/index.*". Ignored files are left out. One path per line.',
    inputSchema: objectSchema(
      {
        pattern: nonEmptyText('The glob, relative to the workspace folder.'),
        maxResults: integer('How many paths at most. Default 200.', 1, 2000),
      },
      ['pattern'],
    ),
    kind: 'read',
    intents: () => [{ kind: 'read', path: '.' }],
    run: async (args, context) => {
      const pattern = stringField(args, 'pattern') ?? '';
      const problem = globProblem(pattern);
      if (problem !== undefined) {
        return toolError(`\`pattern\` ${problem}.`);
      }
      const maxResults = numberField(args, 'maxResults') ?? 200;
      const found: string[] = [];
      const limitNotes = new Set<string>();
      let isTruncated = false;
      try {
        for (const folder of searchFolders(files, context)) {
          const result = await search.findFiles({
            folder: folder.path,
            pattern,
            maxResults,
            signal: context.signal,
          });
          append(
            found,
            result.paths.map((path) => shownIn(folder, path)),
          );
          if (result.limitNote === undefined) {
            isTruncated ||= result.isTruncated;
          } else {
            limitNotes.add(result.limitNote);
          }
        }
      } catch (error) {
        return toolError(errorMessage(error));
      }
      const shown = found.slice(0, maxResults);
      const notes = [
        ...(shown.length === 0 ? ['[No file matches.]'] : []),
        ...((isTruncated && shown.length > 0) || found.length > maxResults
          ? [`[Cut at ${maxResults} paths; use a narrower pattern.]`]
          : []),
        ...[...limitNotes].map((note) => `[${note}]`),
      ];
      return toolOk([...shown, ...notes].join('\n'), { summary: countOf(shown.length, 'file') });
    },
  };
}
