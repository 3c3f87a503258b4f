import { numberField, stringField } from '../../base/guard';
import { errorMessage, PatchbayError } from '../../base/patchbayError';
import { toolError, toolOk } from '../../events/toolCall';
import { displayPath } from '../../gate/paths';
import type { Tool, WorkspaceFiles } from '../contract';
import { maxResultLines, takeLines } from '../outputStore';
import { readPending } from './readPending';
import { formatSize, integer, objectSchema, pathParameter } from './toolParts';

export function createReadFile(files: WorkspaceFiles): Tool {
  return {
    name: 'read_file',
    description:
      'Reads a text file and gives its exact content, including unsaved changes in the editor. Long files come in parts of at most 2000 lines; a note at the end says where to go on. Use it before editing a file.',
    inputSchema: objectSchema(
      {
        path: pathParameter('The file to read.'),
        startLine: integer('First line to read, counted from 1. Default 1.', 1),
        lineCount: integer('How many lines to read at most. Default and limit 2000.', 1),
      },
      ['path'],
    ),
    kind: 'read',
    intents: (args) => [{ kind: 'read', path: stringField(args, 'path') ?? '' }],
    run: async (args, context) => {
      const given = stringField(args, 'path') ?? '';
      const path = context.resolvePath(given);
      try {
        const file = await readPending(files, path, context);
        const output = partOf(
          file.text,
          numberField(args, 'startLine') ?? 1,
          numberField(args, 'lineCount'),
        );
        return toolOk(output, {
          summary: formatSize(file.text),
          ...(file.isDirty ? { isLive: true } : {}),
        });
      } catch (error) {
        return toolError(explain(error, given, displayPath(path, files.roots())));
      }
    },
  };
}

const maxPartChars = 90_000;

/** The text itself, untouched, where it fits; else whole lines and a note. */
function partOf(text: string, startLine: number, lineCount: number | undefined): string {
  const lines = text.split('\n');
  // The part after a last line feed is not a line of the file.
  const total = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  if (
    startLine === 1 &&
    text.length <= maxPartChars &&
    total <= Math.min(lineCount ?? maxResultLines, maxResultLines)
  ) {
    return text === '' ? '[The file is empty.]' : text;
  }
  if (startLine > total) {
    return `[The file has ${total} lines; there is no line ${startLine}.]`;
  }
  const wanted = lines.slice(startLine - 1, total);
  const part = takeLines(
    wanted,
    Math.min(lineCount ?? maxResultLines, maxResultLines),
    maxPartChars,
  );
  if (part.length === 0) {
    return `${(wanted[0] ?? '').slice(0, maxPartChars)}\n[Line ${startLine} is longer than ${maxPartChars} characters and is cut here. ${total} lines in all.]`;
  }
  const lastLine = startLine - 1 + part.length;
  const rest = lastLine < total ? ` Go on with startLine ${lastLine + 1}.` : '';
  return `${part.join('\n')}\n[Lines ${startLine} to ${lastLine} of ${total}.${rest}]`;
}

function explain(error: unknown, given: string, shown: string): string {
  if (PatchbayError.is(error, 'not_found')) {
    const hint = given.startsWith('~')
      ? ' `~` is not expanded; give a path in the workspace or an absolute one.'
      : ' Use find_files or list_files to find it.';
    return `${shown} does not exist.${hint}`;
  }
  return PatchbayError.is(error, 'is_directory')
    ? `${shown} is a folder. Use list_files.`
    : errorMessage(error);
}
