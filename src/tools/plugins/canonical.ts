import { isRecord } from '../../base/guard';
import { sha256Hex } from '../../gate/digest';
import type { ServerTool, ServerTransport } from './contract';
import { pluginToolName } from './pluginNames';

/** JSON with sorted keys and without blanks: equal values have equal texts. Undefined fields are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/** Of the exact definition: anything that would change what runs, or what it is given, changes the hash. */
export function definitionHash(transport: ServerTransport): string {
  return sha256Hex(canonicalJson(transport));
}

/** Of all that a model or the user is told of a tool. */
export function toolHash(serverId: string, tool: ServerTool): string {
  const { name, description, inputSchema, annotations } = tool;
  return sha256Hex(
    canonicalJson({
      name: pluginToolName(serverId, name),
      description,
      inputSchema,
      annotations: annotations ?? {},
    }),
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  return isRecord(value)
    ? Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => [key, sorted(value[key])]),
      )
    : value;
}
