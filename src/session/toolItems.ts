import { stripEscapes } from '../base/escapeSequences';
import { isString, stringField } from '../base/guard';
import type { JsonObject, JsonValue } from '../base/json';
import type { ToolItem } from '../events/sessionItem';
import type { ToolCall, ToolResult } from '../events/toolCall';

/** At most this many characters of input or output travel with a card; the whole is fetched when it is opened. */
export const cardTextLimit = 8192;

/** What kind of work the tools of the common agents and of our own do; letters only, in lower case. */
const namesByAction: readonly (readonly [ToolItem['action'], readonly string[]])[] = [
  [
    'read',
    ['readfile', 'readoutput', 'read', 'readtext', 'readmanyfiles', 'view', 'viewimage', 'cat'],
  ],
  ['list', ['listfiles', 'ls', 'list', 'listdirectory', 'listdir']],
  [
    'search',
    [
      'findfiles',
      'searchtext',
      'glob',
      'grep',
      'grepsearch',
      'searchfilecontent',
      'find',
      'search',
      'codesearch',
      'toolsearch',
    ],
  ],
  [
    'edit',
    [
      'writefile',
      'editfile',
      'write',
      'edit',
      'multiedit',
      'notebookedit',
      'applypatch',
      'patch',
      'replace',
      'filechange',
      'delete',
      'deletefile',
      'move',
      'renamefile',
    ],
  ],
  [
    'run',
    [
      'runcommand',
      'bash',
      'powershell',
      'shell',
      'shellcommand',
      'localshell',
      'execcommand',
      'runshellcommand',
      'commandexecution',
      'execute',
      'terminal',
    ],
  ],
  ['fetch', ['webfetch', 'websearch', 'fetch', 'googlewebsearch', 'searchtheweb']],
  [
    'plan',
    [
      'updateplan',
      'exitplanmode',
      'todowrite',
      'todoread',
      'writetodos',
      'taskcreate',
      'taskupdate',
      'todolist',
    ],
  ],
  ['ask', ['askuser', 'askuserquestion', 'question', 'requestuserinput']],
];

const actionByName: ReadonlyMap<string, ToolItem['action']> = new Map(
  namesByAction.flatMap(([action, names]) => names.map((name) => [name, action] as const)),
);

function actionOf(toolName: string): ToolItem['action'] {
  return actionByName.get(toolName.toLowerCase().replace(/[^a-z]/g, '')) ?? 'other';
}

/** The argument that the card's title is about, by the names tools commonly use. */
const objectFields = [
  'path',
  'file_path',
  'filePath',
  'absolute_path',
  'notebook_path',
  'dir_path',
  'command',
  'cmd',
  'pattern',
  'url',
  'query',
  'question',
  'title',
  'description',
  'prompt',
  'id',
];

/**
 * Makes the card of a call. `relativize` shortens absolute paths to the workspace folder's. `redact` takes the secrets out
 * of its title and input: what is to be approved is shown whole by the question itself.
 */
export function createToolItem(
  call: ToolCall,
  relativize: (path: string) => string,
  redact: (text: string) => string = (text) => text,
): ToolItem {
  const [field, value] = objectFields
    .map((name) => [name, call.arguments[name]] as const)
    .find((entry): entry is readonly [string, string] => isString(entry[1])) ?? [
    'path',
    firstChangedPath(call.arguments.changes) ?? '',
  ];
  const isPath = /path$/i.test(field);
  const action = actionOf(call.name);
  return {
    kind: 'tool',
    id: call.id,
    toolName: call.name,
    action,
    object: firstLine(redact((isPath ? relativize(value) : value).slice(0, cardTextLimit))),
    ...(isPath && isAbsolute(value) ? { path: value } : {}),
    input: cappedWith(redact, inputText(call)),
    state: 'pending',
    executedBy: call.executedBy,
    ...(call.parentCallId === undefined ? {} : { parentCallId: call.parentCallId }),
  };
}

/** Of a call that changes several files at once, the first one stands for them in the title. */
function firstChangedPath(changes: unknown): string | undefined {
  return Array.isArray(changes) ? stringField(changes[0], 'path') : undefined;
}

/** The input as a person reads it: the command itself, else indented JSON. */
export function inputText(call: { readonly arguments: JsonObject }): string {
  const command: JsonValue | undefined = call.arguments.command;
  return typeof command === 'string' && Object.keys(call.arguments).length === 1
    ? command
    : JSON.stringify(call.arguments, undefined, 2);
}

/** The card after its result came; `redact` takes secrets out of what is shown of the output. */
export function settleToolItem(
  item: ToolItem,
  result: ToolResult,
  redact: (text: string) => string,
): ToolItem {
  const whole = withoutEscapes(result.ok || result.output !== '' ? result.output : result.error);
  const outcome = result.details?.outcome;
  // A line is cut after its secrets are gone, so that no half of one stays.
  const summary =
    result.details?.summary === undefined
      ? result.ok
        ? undefined
        : firstLine(redact(result.error.slice(0, cardTextLimit)))
      : redact(result.details.summary);
  return {
    ...item,
    output: cappedWith(redact, whole),
    outputBytes: result.details?.wholeChars ?? whole.length,
    ...(summary === undefined ? {} : { summary }),
    ...(result.details?.diff === undefined
      ? {}
      : { diff: cappedWith(redact, result.details.diff) }),
    state: stateOf(result, outcome),
  };
}

/** A child's commands write for terminals. Our own are cleaned where they run. */
export function withoutEscapes(output: string): string {
  return output.includes('\u001b') || output.includes('\u009b') ? stripEscapes(output) : output;
}

/** It has no result yet. */
export function isOpenCall({ state }: ToolItem): boolean {
  return state === 'pending' || state === 'awaiting' || state === 'running';
}

function stateOf(result: ToolResult, outcome: string | undefined): ToolItem['state'] {
  if (outcome === 'denied' || outcome === 'aborted') {
    return outcome;
  }
  return result.ok ? 'ok' : 'error';
}

/** At most this much of a child's result is kept, for its card, the next model and the session's file. */
export const keptTextLimit = 1_000_000;

/** The result as it is kept: of a longer output, head and tail. What it was cut from is not kept alive. */
export function keptResult(result: ToolResult): ToolResult {
  const { output } = result;
  if (output.length <= keptTextLimit) {
    return result;
  }
  const head = Math.floor(keptTextLimit * 0.7);
  const hidden = output.length - keptTextLimit;
  // ASCII: one other letter would make the whole twice as wide.
  const note = `[${withCommas(hidden)} characters were not kept]`;
  return {
    ...result,
    output: [output.slice(0, head), note, output.slice(head + hidden)].join('\n'),
  };
}

/** As `capped`, without secrets; also without one that the cut goes through. */
export function cappedWith(redact: (text: string) => string, text: string): string {
  if (text.length <= cardTextLimit) {
    return redact(text);
  }
  const head = Math.floor(cardTextLimit * 0.7);
  const tail = cardTextLimit - head;
  return joinedEnds(
    redact(text.slice(0, head * 2)).slice(0, head),
    text.length - cardTextLimit,
    redact(text.slice(-tail * 2)).slice(-tail),
  );
}

/** Head and tail of a long text with the count between. What is given keeps nothing of the long one alive. */
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
    text: joinedEnds(text.slice(0, head), hidden, text.slice(-tail)),
    isTruncated: true,
  };
}

/** Joined, not added up: a sum would be a chain of parts of the whole. */
function joinedEnds(head: string, hidden: number, tail: string): string {
  return [head, `… ${withCommas(hidden)} characters not shown …`, tail].join('\n');
}

/** 1,234,567. The locale's own formatting takes its time when it is first asked. */
function withCommas(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

function firstLine(text: string): string {
  const line = text.trimStart().split('\n', 1)[0] ?? '';
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path);
}
