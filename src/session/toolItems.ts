import { isString } from '../base/guard';
import type { JsonObject, JsonValue } from '../base/json';
import type { ToolItem } from '../events/sessionItem';
import type { ToolCall, ToolResult } from '../events/toolCall';

/** At most this many characters of input or output travel with a card; the whole is fetched when it is opened. */
export const cardTextLimit = 8192;

const actionByName: Readonly<Record<string, ToolItem['action']>> = {
  read_file: 'read',
  read_output: 'read',
  list_files: 'list',
  find_files: 'search',
  search_text: 'search',
  write_file: 'edit',
  edit_file: 'edit',
  run_command: 'run',
  ask_user: 'ask',
  update_plan: 'plan',
  Read: 'read',
  LS: 'list',
  Glob: 'search',
  Grep: 'search',
  Write: 'edit',
  Edit: 'edit',
  MultiEdit: 'edit',
  NotebookEdit: 'edit',
  Bash: 'run',
  WebFetch: 'fetch',
  WebSearch: 'fetch',
  AskUserQuestion: 'ask',
  ExitPlanMode: 'plan',
  TodoWrite: 'plan',
  TaskCreate: 'plan',
  TaskUpdate: 'plan',
};

/** The argument that the card's title is about, by the names tools commonly use. */
const objectFields = [
  'path',
  'file_path',
  'notebook_path',
  'command',
  'pattern',
  'url',
  'query',
  'question',
  'description',
  'id',
];

/** Makes the card of a call. `relativize` shortens absolute paths to the workspace folder's. */
export function createToolItem(call: ToolCall, relativize: (path: string) => string): ToolItem {
  const [field, value] = objectFields
    .map((name) => [name, call.arguments[name]] as const)
    .find((entry): entry is readonly [string, string] => isString(entry[1])) ?? ['', ''];
  const isPath = field.endsWith('path');
  const action = actionByName[call.name] ?? 'other';
  return {
    kind: 'tool',
    id: call.id,
    toolName: call.name,
    action,
    object: firstLine(isPath ? relativize(value) : value),
    ...(isPath && isAbsolute(value) ? { path: value } : {}),
    input: capped(inputText(call)).text,
    state: 'pending',
    executedBy: call.executedBy,
    ...(call.parentCallId === undefined ? {} : { parentCallId: call.parentCallId }),
  };
}

/** The input as a person reads it: the command itself, else indented JSON. */
export function inputText(call: { readonly arguments: JsonObject }): string {
  const command: JsonValue | undefined = call.arguments.command;
  return typeof command === 'string' && Object.keys(call.arguments).length === 1
    ? command
    : JSON.stringify(call.arguments, undefined, 2);
}

/** The card after its result came. */
export function settleToolItem(item: ToolItem, result: ToolResult): ToolItem {
  const whole = result.ok || result.output !== '' ? result.output : result.error;
  const output = capped(whole);
  const outcome = result.details?.outcome;
  const summary = result.details?.summary ?? (result.ok ? undefined : firstLine(result.error));
  return {
    ...item,
    output: output.text,
    outputBytes: whole.length,
    ...(summary === undefined ? {} : { summary }),
    ...(result.details?.diff === undefined ? {} : { diff: capped(result.details.diff).text }),
    state: stateOf(result, outcome),
  };
}

function stateOf(result: ToolResult, outcome: string | undefined): ToolItem['state'] {
  if (outcome === 'denied' || outcome === 'aborted') {
    return outcome;
  }
  return result.ok ? 'ok' : 'error';
}

/** Head and tail of a long text with the count between. */
export function capped(
  text: string,
  limit = cardTextLimit,
): { readonly text: string; readonly isTruncated: boolean } {
  if (text.length <= limit) {
    return { text, isTruncated: false };
  }
  const head = Math.floor(limit * 0.7);
  const tail = limit - head;
  const hidden = text.length - limit;
  return {
    text: `${text.slice(0, head)}\n… ${hidden.toLocaleString('en')} characters not shown …\n${text.slice(-tail)}`,
    isTruncated: true,
  };
}

function firstLine(text: string): string {
  const line = text.trimStart().split('\n', 1)[0] ?? '';
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path);
}
