import { numberField, stringField } from '../../base/guard';
import { errorMessage, PatchbayError } from '../../base/patchbayError';
import { toolError, toolOk } from '../../events/toolCall';
import { displayPath } from '../../gate/paths';
import type { Tool, WorkspaceFiles } from '../contract';
import { readPending } from './readPending';
import { formatSize, integer, objectSchema, pathParameter } from './toolParts';

/** What the error of a missing file begins with: a bridge may have to answer that as an empty file. */
export const missingFileSummary = 'not found';

/** The exact text of a file for an agent that reads through us: no notes, no limit but the file system's own. */
export function createReadText(files: WorkspaceFiles): Tool {
  return {
    name: 'read_text',
    description: 'Gives the exact text of a file as the editor has it.',
    inputSchema: objectSchema(
      {
        path: pathParameter('The file to read.'),
        startLine: integer('First line, counted from 1.', 1),
        lineCount: integer('How many lines at most.', 1),
      },
      ['path'],
    ),
    kind: 'read',
    isDelegatedOnly: true,
    intents: (args) => [{ kind: 'read', path: stringField(args, 'path') ?? '' }],
    run: async (args, context) => {
      const path = context.resolvePath(stringField(args, 'path') ?? '');
      try {
        const { text, isDirty } = await readPending(files, path, context);
        const start = (numberField(args, 'startLine') ?? 1) - 1;
        const count = numberField(args, 'lineCount');
        const part =
          start === 0 && count === undefined
            ? text
            : text
                .split(/(?<=\n)/)
                .slice(start, count === undefined ? undefined : start + count)
                .join('');
        return toolOk(part, { summary: formatSize(part), ...(isDirty ? { isLive: true } : {}) });
      } catch (error) {
        return PatchbayError.is(error, 'not_found')
          ? toolError(`${displayPath(path, files.roots())} does not exist.`, {
              summary: missingFileSummary,
            })
          : toolError(errorMessage(error));
      }
    },
  };
}
