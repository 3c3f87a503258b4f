import { arrayField, isRecord, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import type { FilePatch } from '../../edits/filePatch';
import { parsePatch } from '../../edits/patchFiles';
import { toolError } from '../../events/toolCall';
import type { FileChange, SearchReplace, ToolIntent } from '../../events/toolIntent';
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

export function createDeleteFile(): Tool {
  return {
    name: 'delete_file',
    description:
      'Deletes one text file. The user sees its content and may refuse; the result says what was done.',
    inputSchema: objectSchema({ path: pathParameter('The file to delete.') }, ['path']),
    kind: 'write',
    intents: (args) => [write(stringField(args, 'path') ?? '', { kind: 'delete' })],
    run: appliedByTheEditFlow,
  };
}

export function createRenameFile(): Tool {
  return {
    name: 'rename_file',
    description:
      'Moves or renames one text file. The new place must be free; missing folders are made. The user is asked once, for both places; where it is refused, the file stays as it is.',
    inputSchema: objectSchema(
      {
        path: pathParameter('The file to move.'),
        newPath: pathParameter('Where it goes, with its new name.'),
      },
      ['path', 'newPath'],
    ),
    kind: 'write',
    intents: (args) => moveOf(stringField(args, 'path') ?? '', stringField(args, 'newPath') ?? ''),
    run: appliedByTheEditFlow,
  };
}

export function createApplyPatch(): Tool {
  return {
    name: 'apply_patch',
    description:
      'Changes, creates, deletes or moves several files with one patch. Form: "*** Begin Patch", then for each file "*** Update File: path", "*** Add File: path" or "*** Delete File: path", then "*** End Patch". Under Update: optional "*** Move to: path"; hunks of lines that begin with a blank (context), "-" (removed) or "+" (added); before each hunk "@@", or "@@ " and a whole line of the file above it to tell equal places apart; "*** End of File" behind a hunk that ends the file. Under Add: every line begins with "+". A unified diff as git prints it is taken too. Each file is reviewed by itself; the result says for each what was written, denied or failed.',
    inputSchema: objectSchema({ patch: nonEmptyText('The whole patch.') }, ['patch']),
    kind: 'write',
    intents: (args) => {
      const parsed = parsePatch(stringField(args, 'patch') ?? '');
      return parsed.kind === 'failed' ? [{ kind: 'none' }] : parsed.files.flatMap(toIntents);
    },
    run: (args) => {
      const parsed = parsePatch(stringField(args, 'patch') ?? '');
      return parsed.kind === 'failed'
        ? Promise.resolve(toolError(parsed.message))
        : appliedByTheEditFlow();
    },
  };
}

function toIntents(file: FilePatch): readonly ToolIntent[] {
  const { path } = file;
  switch (file.kind) {
    case 'create':
      return [write(path, { kind: 'content', content: file.content, isNew: true })];
    case 'delete':
      return [write(path, { kind: 'delete' })];
    case 'update':
      return file.movedTo === undefined
        ? [write(path, { kind: 'patch', hunks: file.hunks })]
        : moveOf(path, file.movedTo, file.hunks);
  }
}

/** The new file and the end of the old one, in this order: the old one stays where the new one was not written. */
function moveOf(path: string, newPath: string, hunks = ''): readonly ToolIntent[] {
  return [write(newPath, { kind: 'patch', hunks, from: path }), write(path, { kind: 'delete' })];
}

function write(path: string, change: FileChange): ToolIntent {
  return { kind: 'write', path, change };
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
