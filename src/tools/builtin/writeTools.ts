import { arrayField, isRecord, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import { toolError } from '../../events/toolCall';
import type { SearchReplace } from '../../events/toolIntent';
import type { Tool } from '../contract';
import { flag, nonEmptyText, objectSchema, pathParameter, text } from './toolParts';

export function createWriteFile(): Tool {
  return {
    name: 'write_file',
    description:
      'Creates a file, or replaces the whole content of one. For a change of some lines use edit_file. The user may review the change line by line; the result says what was applied.',
    inputSchema: objectSchema(
      { path: pathParameter('The file to write.'), content: text('The complete new content.') },
      ['path', 'content'],
    ),
    kind: 'write',
    intents: (args) => [
      {
        kind: 'write',
        path: stringField(args, 'path') ?? '',
        change: { kind: 'content', content: stringField(args, 'content') ?? '' },
      },
    ],
    run: appliedByTheEditFlow,
  };
}

export function createEditFile(): Tool {
  return {
    name: 'edit_file',
    description:
      'Changes parts of an existing file by search and replace. Each search text must occur exactly once, copied exactly with its indentation, with enough lines around to be unique; or set replaceAll. Edits apply in order. The user may review the change hunk by hunk; the result says what was applied.',
    inputSchema: objectSchema(
      {
        path: pathParameter('The file to change.'),
        edits: {
          type: 'array',
          minItems: 1,
          description: 'The replacements, applied one after the other.',
          items: objectSchema(
            {
              search: nonEmptyText('The exact text to replace.'),
              replace: text('The text to put in its place; empty to delete.'),
              replaceAll: flag('Replace every occurrence. Default false.'),
            },
            ['search', 'replace'],
          ),
        },
      },
      ['path', 'edits'],
    ),
    kind: 'write',
    intents: (args) => [
      {
        kind: 'write',
        path: stringField(args, 'path') ?? '',
        change: { kind: 'edits', edits: toEdits(args) },
      },
    ],
    run: appliedByTheEditFlow,
  };
}

/** A write has no way around the review: the orchestrator applies the approved text itself and never calls this. */
function appliedByTheEditFlow(): Promise<ReturnType<typeof toolError>> {
  return Promise.resolve(toolError('Edits are written only through their review.'));
}

function toEdits(args: JsonObject): readonly SearchReplace[] {
  return (arrayField(args, 'edits') ?? []).filter(isRecord).map((edit) => ({
    search: stringField(edit, 'search') ?? '',
    replace: stringField(edit, 'replace') ?? '',
    ...(edit.replaceAll === true ? { replaceAll: true } : {}),
  }));
}
