import { numberField, stringField } from '../../base/guard';
import { errorMessage } from '../../base/patchbayError';
import { toolError, toolOk } from '../../events/toolCall';
import { isSecretPath } from '../../gate/paths';
import { absolutePath, syntaxOf } from '../../gate/pathSyntax';
import type { Tool, WorkspaceFiles, WorkspaceSearch } from '../contract';
import { globProblem, searchFolders, shownIn } from './searchScope';
import { countOf, flag, integer, nonEmptyText, objectSchema } from './toolParts';

export function createSearchText(files: WorkspaceFiles, search: WorkspaceSearch): Tool {
  return {
    name: 'search_text',
    description:
      'Searches the text of the workspace and gives matching lines as path:line: text. Ignored and binary files are left out, and so are files that usually hold keys or passwords.',
    inputSchema: objectSchema(
      {
        pattern: nonEmptyText('What to look for; plain text unless isRegex.'),
        isRegex: flag('The pattern is a regular expression (Rust syntax). Default false.'),
        caseSensitive: flag('Upper and lower case differ. Default false.'),
        include: nonEmptyText('Glob of files to search in, for example "src/**/*.ts".'),
        exclude: nonEmptyText('Glob of files to leave out.'),
        maxResults: integer('How many lines at most. Default 200.', 1, 2000),
      },
      ['pattern'],
    ),
    kind: 'read',
    intents: () => [{ kind: 'read', path: '.' }],
    run: async (args, context) => {
      const include = stringField(args, 'include');
      const exclude = stringField(args, 'exclude');
      for (const [name, glob] of [
        ['include', include],
        ['exclude', exclude],
      ] as const) {
        const problem = glob === undefined ? undefined : globProblem(glob);
        if (problem !== undefined) {
          return toolError(`\`${name}\` ${problem}.`);
        }
      }
      const maxResults = numberField(args, 'maxResults') ?? 200;
      const lines: string[] = [];
      let hiddenCount = 0;
      const limitNotes = new Set<string>();
      let isTruncated = false;
      try {
        for (const folder of searchFolders(files, context)) {
          const result = await search.searchText({
            folder: folder.path,
            pattern: stringField(args, 'pattern') ?? '',
            isRegex: args.isRegex === true,
            isCaseSensitive: args.caseSensitive === true,
            ...(include === undefined ? {} : { include }),
            ...(exclude === undefined ? {} : { exclude }),
            maxResults,
            signal: context.signal,
          });
          if (result.limitNote === undefined) {
            isTruncated ||= result.isTruncated;
          } else {
            limitNotes.add(result.limitNote);
          }
          for (const match of result.matches) {
            const roots = files.roots();
            if (
              isSecretPath(absolutePath(folder.path, match.path, syntaxOf(roots.platform)), roots)
            ) {
              hiddenCount += 1;
            } else {
              lines.push(
                `${shownIn(folder, match.path)}:${match.lineOneBased}: ${cutLine(match.line)}`,
              );
            }
          }
        }
      } catch (error) {
        return toolError(errorMessage(error));
      }
      const shown = lines.slice(0, maxResults);
      const notes = [
        ...(shown.length === 0 ? ['[No line matches.]'] : []),
        ...(isTruncated || lines.length > maxResults
          ? [`[Cut at ${maxResults} lines; use a narrower search.]`]
          : []),
        ...[...limitNotes].map((note) => `[${note}]`),
        ...(hiddenCount > 0
          ? [
              `[${countOf(hiddenCount, 'match', 'matches')} in files that usually hold keys or passwords are not shown; read_file asks the user for them.]`,
            ]
          : []),
      ];
      return toolOk([...shown, ...notes].join('\n'), {
        summary: countOf(shown.length, 'match', 'matches'),
      });
    },
  };
}

const maxLineChars = 400;

function cutLine(line: string): string {
  const bare = line.replace(/\r?\n$/, '');
  return bare.length <= maxLineChars ? bare : `${bare.slice(0, maxLineChars)}…`;
}
