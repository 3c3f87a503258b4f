import { makeVisible, makeVisibleName } from '../../gate/visible';
import { canonicalJson } from './canonical';
import type { ConfiguredServer, ServerTool } from './contract';
import { pluginToolName } from './pluginNames';
import { describeSource } from './serverConfig';

/** The exact definition for a person to decide on: nothing left out, hidden characters shown. */
export function describeDefinition({
  transport,
  source,
  name,
  timeoutMs,
}: ConfiguredServer): string {
  const lines =
    transport.kind === 'stdio'
      ? [
          `Command: ${[transport.command, ...transport.args].map(quoted).join(' ')}`,
          `Folder: ${visible(transport.cwd ?? 'the workspace folder')}`,
          ...section('Variables', transport.env),
        ]
      : [
          `Address: ${visible(transport.url)}`,
          `Over: ${transport.kind === 'http' ? 'HTTP' : 'server-sent events'}`,
          ...section('Headers', transport.headers),
        ];
  return [
    `Server: ${visible(name)}`,
    `Defined in: ${visible(describeSource(source))}`,
    ...lines,
    `A call may take: ${timeoutMs / 1000} s`,
  ].join('\n');
}

/** Tools as a document, for reading and comparing. */
export function describeTools(
  serverId: string,
  tools: readonly (ServerTool & { readonly note?: string; readonly tokens?: number })[],
): string {
  return tools
    .map(({ name, description, inputSchema, annotations, note, tokens }) =>
      [
        `# ${visible(pluginToolName(serverId, name))}${note === undefined ? '' : ` (${note})`}`,
        ...(tokens === undefined ? [] : [`About ${tokens} tokens in every request.`]),
        '',
        makeVisible(description === '' ? '(no description)' : description),
        '',
        'Input:',
        makeVisible(prettyJson(inputSchema)),
        ...(annotations === undefined
          ? []
          : ['', 'Hints of the server:', makeVisible(prettyJson(annotations))]),
        '',
      ].join('\n'),
    )
    .join('\n');
}

function section(title: string, values: Readonly<Record<string, string>>): readonly string[] {
  const entries = Object.entries(values);
  return entries.length === 0
    ? []
    : [`${title}:`, ...entries.map(([name, value]) => `  ${visible(name)} = ${visible(value)}`)];
}

/** As a word of its own: what is in it cannot look like several. */
function quoted(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : visible(JSON.stringify(word));
}

function visible(text: string): string {
  return makeVisibleName(text);
}

/** Sorted keys, so that only real changes differ. */
function prettyJson(value: unknown): string {
  return JSON.stringify(JSON.parse(canonicalJson(value)), null, 2);
}
