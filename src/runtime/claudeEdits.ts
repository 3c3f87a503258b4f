import { isRecord, stringField } from '../base/guard';
import type { SearchReplace, ToolIntent } from '../events/toolIntent';

/**
 * What the edits of one of Claude Code's edit tools (`old_string`, `new_string`, `replace_all`) would do to a file;
 * undefined where they cannot be read. The same tools come through Claude's own dialect and through its ACP agent.
 */
export function claudeEditIntents(
  path: string,
  edits: readonly unknown[],
): readonly ToolIntent[] | undefined {
  const [first] = edits;
  if (first === undefined) {
    return undefined;
  }
  // An empty search text makes a new file of the replacement.
  if (edits.length === 1 && stringField(first, 'old_string') === '') {
    const content = stringField(first, 'new_string');
    return content === undefined
      ? undefined
      : [{ kind: 'write', path, change: { kind: 'content', content } }];
  }
  const changes: SearchReplace[] = [];
  for (const edit of edits) {
    const search = stringField(edit, 'old_string');
    const replace = stringField(edit, 'new_string');
    if (search === undefined || search === '' || replace === undefined) {
      return undefined;
    }
    changes.push({
      search,
      replace,
      ...(isRecord(edit) && edit.replace_all === true ? { replaceAll: true } : {}),
      // Seen in 2.1.329: with an empty new_string the line break behind old_string goes too.
      ...(replace === '' && !search.endsWith('\n') ? { dropsLineEnd: true } : {}),
    });
  }
  return [{ kind: 'write', path, change: { kind: 'edits', edits: changes } }];
}
