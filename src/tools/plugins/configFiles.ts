import {
  arrayField,
  isArrayOf,
  isRecord,
  isString,
  recordField,
  stringField,
} from '../../base/guard';
import { errorMessage } from '../../base/patchbayError';
import type { ServerInput, ServerSource } from './contract';
import { parseJsonc } from './jsonc';
import type { ServerEntries } from './serverConfig';

/** The files of a workspace folder that define servers, in the order in which they count. */
export const serverFiles = [
  /** The editor's own form: `servers` and `inputs`, JSON with comments. */
  { path: ['.vscode', 'mcp.json'], label: '.vscode/mcp.json', list: 'servers' },
  /** The form that several agents share: `mcpServers`. */
  { path: ['.mcp.json'], label: '.mcp.json', list: 'mcpServers' },
] as const;

export type ServerFile = (typeof serverFiles)[number];

export type FileEntries =
  | { readonly kind: 'entries'; readonly entries: ServerEntries }
  | { readonly kind: 'unreadable'; readonly problem: string };

/** Reads the text of one such file. */
export function readServerFile(
  file: ServerFile,
  text: string,
  source: ServerSource & { readonly kind: 'workspace' },
): FileEntries {
  let content: unknown;
  try {
    content = parseJsonc(text);
  } catch (error) {
    return {
      kind: 'unreadable',
      problem: `${source.folderName}/${file.label} is not valid JSON, so none of its servers is used: ${errorMessage(error)}`,
    };
  }
  const entries = recordField(content, file.list);
  if (entries === undefined && isRecord(content) && content[file.list] === undefined) {
    return { kind: 'entries', entries: { source, entries: {}, inputs: [] } };
  }
  return entries === undefined
    ? {
        kind: 'unreadable',
        problem: `${source.folderName}/${file.label} has no object "${file.list}", so none of its servers is used.`,
      }
    : { kind: 'entries', entries: { source, entries, inputs: readInputs(content) } };
}

/** `promptString` and `pickString`. Others (`command`) are left out: what they stand for cannot be asked. */
function readInputs(content: unknown): readonly ServerInput[] {
  return (arrayField(content, 'inputs') ?? []).flatMap((input) => {
    const id = stringField(input, 'id');
    const type = stringField(input, 'type');
    const options = arrayField(input, 'options');
    if (id === undefined || id === '' || !isRecord(input)) {
      return [];
    }
    const description = stringField(input, 'description') ?? id;
    const defaultValue = stringField(input, 'default');
    const base = {
      id,
      description,
      ...(defaultValue === undefined ? {} : { defaultValue }),
    };
    if (type === 'promptString') {
      return [{ ...base, isSecret: input.password === true }];
    }
    return type === 'pickString' && isArrayOf(isString)(options)
      ? [{ ...base, isSecret: false, options }]
      : [];
  });
}
