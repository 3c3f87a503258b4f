import { arrayField, isJsonObject, recordField, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import type { SearchReplace, ToolIntent } from '../../events/toolIntent';

/**
 * What a call of pi's own tools would do. Total: a tool or an input that nobody can read is `unknown`, which always
 * asks. Tool names and inputs as of pi 0.73 (`read`, `bash`, `edit`, `write`, and `grep`, `find`, `ls` where they are on).
 */
export function peerIntents(
  toolName: string,
  input: JsonObject,
  cwd: string,
): readonly ToolIntent[] {
  return translate(toolName, input, cwd) ?? [unknownCall(toolName, input)];
}

/** The file that a finished call of this tool has changed, absolute; undefined for a call that changes none. */
export function changedPath(toolName: string, input: JsonObject, cwd: string): string | undefined {
  const path = toolName === 'edit' || toolName === 'write' ? pathOf(input) : undefined;
  if (path === undefined || path === '' || cwd === '' || /^([\\/~@]|[A-Za-z]:[\\/])/.test(path)) {
    return path;
  }
  return `${cwd.replace(/[\\/]$/, '')}/${path}`;
}

/** The input of a call as plain JSON; an empty object for anything else. */
export function callInput(value: unknown, name: string): JsonObject {
  const input = recordField(value, name);
  return isJsonObject(input) ? input : {};
}

/** The arguments of a reported call: an object, or its JSON text; empty for anything else. */
export function callArguments(call: unknown): JsonObject {
  for (const name of ['arguments', 'args', 'input']) {
    const text = stringField(call, name);
    const input = text === undefined ? callInput(call, name) : parsedObject(text);
    if (Object.keys(input).length > 0) {
      return input;
    }
  }
  return {};
}

function parsedObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    // Arguments that nobody can read are shown as none.
    return {};
  }
}

function translate(
  toolName: string,
  input: JsonObject,
  cwd: string,
): readonly ToolIntent[] | undefined {
  switch (toolName) {
    case 'bash': {
      const command = stringField(input, 'command');
      return command === undefined ? undefined : [{ kind: 'command', command, cwd }];
    }
    case 'read': {
      const path = plainPath(pathOf(input));
      return path === undefined ? undefined : [{ kind: 'read', path }];
    }
    case 'ls':
    case 'find':
    case 'grep': {
      const path = plainPath(pathOf(input) ?? cwd);
      return path === undefined ? undefined : [{ kind: 'read', path }];
    }
    case 'write': {
      const path = plainPath(pathOf(input));
      const content = stringField(input, 'content');
      return path === undefined || content === undefined
        ? undefined
        : [{ kind: 'write', path, change: { kind: 'content', content } }];
    }
    case 'edit':
      return editOf(input);
    default:
      return undefined;
  }
}

function editOf(input: JsonObject): readonly ToolIntent[] | undefined {
  const path = plainPath(pathOf(input));
  const edits: SearchReplace[] = [];
  for (const edit of arrayField(input, 'edits') ?? [input]) {
    const search = stringField(edit, 'oldText');
    const replace = stringField(edit, 'newText');
    if (search === undefined || search === '' || replace === undefined) {
      return undefined;
    }
    edits.push({ search, replace });
  }
  return path === undefined || edits.length === 0
    ? undefined
    : [{ kind: 'write', path, change: { kind: 'edits', edits } }];
}

function pathOf(input: JsonObject): string | undefined {
  return stringField(input, 'path') ?? stringField(input, 'file_path');
}

/** pi takes a leading `@` away, expands `~` and makes every odd blank an ordinary one: such a path is not what it says. */
function plainPath(path: string | undefined): string | undefined {
  return path === undefined ||
    path === '' ||
    /^[@~]|[\u00A0\u2000-\u200A\u202F\u205F\u3000]/.test(path)
    ? undefined
    : path;
}

function unknownCall(toolName: string, input: JsonObject): ToolIntent {
  const text = JSON.stringify(input);
  return {
    kind: 'unknown',
    description: `${toolName} ${text.length > 2000 ? `${text.slice(0, 2000)}…` : text}`,
  };
}
