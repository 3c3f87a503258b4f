import { fileURLToPath } from 'node:url';
import {
  arrayField,
  isJsonObject,
  isRecord,
  isString,
  recordField,
  stringField,
} from '../base/guard';
import type { McpReply, ServerTool, StartedServer } from '../tools/plugins/contract';
import { CappedOutput } from './cappedOutput';
import { stripEscapes } from '../base/escapeSequences';
import { maxResultChars, maxToolListChars, maxTools } from './mcpLimits';

/** The tools of a list as a server sent it; what cannot be used is left out and named. */
export function readTools(items: readonly unknown[]): StartedServer {
  const tools: ServerTool[] = [];
  const notes: string[] = [];
  let chars = 0;
  for (const item of items) {
    const tool = readTool(item);
    if (tool === undefined) {
      const name = stringField(item, 'name')?.slice(0, 100);
      notes.push(
        `A tool was left out: its definition is broken${name === undefined ? '' : ` (${name})`}.`,
      );
      continue;
    }
    chars += JSON.stringify(tool).length;
    if (tools.length >= maxTools || chars > maxToolListChars) {
      notes.push(
        `Only the first ${tools.length} of ${items.length} tools are used: there are too many, or they are too long.`,
      );
      break;
    }
    tools.push(tool);
  }
  return { tools, notes: notes.slice(0, 10) };
}

/** A result in words for a model: texts as they are, the rest described; no terminal sequences. */
export function toReply(result: unknown): McpReply {
  const parts = (arrayField(result, 'content') ?? []).map(describeContent);
  const structured = recordField(result, 'structuredContent');
  const texts =
    parts.length > 0 || structured === undefined ? parts : [JSON.stringify(structured, null, 2)];
  const output = new CappedOutput(maxResultChars);
  output.push(stripEscapes(texts.join('\n')));
  const files = reportedFiles(result);
  return {
    text: output.text(),
    isError: isRecord(result) && result.isError === true,
    ...(files.length === 0 ? {} : { files }),
  };
}

/** Links, embedded resources and structured content name files by `file://` addresses. */
function reportedFiles(result: unknown): readonly string[] {
  const files = new Set<string>();
  const look = (value: unknown, depth: number): void => {
    if (files.size >= maxFiles || depth > maxDepth) {
      return;
    }
    if (isString(value)) {
      const path = value.startsWith('file://') ? pathOf(value) : undefined;
      if (path !== undefined) {
        files.add(path);
      }
    } else if (Array.isArray(value)) {
      value.forEach((item) => look(item, depth + 1));
    } else if (isRecord(value)) {
      Object.values(value).forEach((item) => look(item, depth + 1));
    }
  };
  for (const block of arrayField(result, 'content') ?? []) {
    look(stringField(block, 'uri'), 0);
    look(stringField(recordField(block, 'resource'), 'uri'), 0);
  }
  look(recordField(result, 'structuredContent'), 0);
  return [...files];
}

function pathOf(uri: string): string | undefined {
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined; // of another machine, or broken: no file here
  }
}

const maxFiles = 200;
const maxDepth = 8;

function readTool(item: unknown): ServerTool | undefined {
  const name = stringField(item, 'name');
  const inputSchema = recordField(item, 'inputSchema');
  const annotations = recordField(item, 'annotations');
  const description = isRecord(item) ? (item.description ?? '') : undefined;
  if (
    name === undefined ||
    !isString(description) ||
    !isJsonObject(inputSchema) ||
    (inputSchema.type !== undefined && inputSchema.type !== 'object')
  ) {
    return undefined;
  }
  return {
    name,
    description,
    inputSchema: { ...inputSchema, type: 'object' },
    ...(isJsonObject(annotations) ? { annotations } : {}),
  };
}

function describeContent(block: unknown): string {
  const resource = recordField(block, 'resource');
  switch (stringField(block, 'type')) {
    case 'text':
      return stringField(block, 'text') ?? '';
    case 'image':
    case 'audio': {
      const kind = stringField(block, 'type') ?? '';
      return `[${kind === 'image' ? 'An image' : 'A sound'} of type ${stringField(block, 'mimeType') ?? 'unknown'}, ${decodedBytes(stringField(block, 'data'))} bytes; it cannot be shown here.]`;
    }
    case 'resource': {
      const where = stringField(resource, 'uri') ?? 'unknown';
      const text = stringField(resource, 'text');
      return text === undefined
        ? `[The resource ${where}, ${decodedBytes(stringField(resource, 'blob'))} bytes of type ${stringField(resource, 'mimeType') ?? 'unknown'}; it cannot be shown here.]`
        : `[The resource ${where}:]\n${text}`;
    }
    case 'resource_link': {
      const description = stringField(block, 'description');
      return `[A link to the resource ${stringField(block, 'uri') ?? 'unknown'} (${stringField(block, 'name') ?? 'without a name'})${description === undefined ? '' : `: ${description}`}]`;
    }
    default:
      return '[Content of a kind that Patchbay does not know.]';
  }
}

function decodedBytes(base64: string | undefined): number {
  let end = base64?.length ?? 0;
  while (end > 0 && base64?.[end - 1] === '=') {
    end -= 1;
  }
  return Math.floor((end * 3) / 4);
}
