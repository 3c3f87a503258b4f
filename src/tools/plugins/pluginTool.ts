import type { JsonObject, JsonValue } from '../../base/json';
import { isRecord } from '../../base/guard';
import { errorMessage } from '../../base/patchbayError';
import { toolError, toolOk, type ToolResult } from '../../events/toolCall';
import { makeVisible } from '../../gate/visible';
import type { Tool, ToolRunContext } from '../contract';
import { canonicalJson } from './canonical';
import type { ConfiguredServer, McpReply, ServerTool } from './contract';
import { pluginToolName } from './pluginNames';

/** Runs one call; rejects with a sentence when it was refused or failed. */
export type PluginCall = (
  server: ConfiguredServer,
  tool: string,
  hash: string,
  input: JsonObject,
  context: Pick<ToolRunContext, 'signal'>,
) => Promise<McpReply>;

/**
 * A tool of an MCP server as one of ours: judged, timed and audited like every other. It changes nothing of the world by
 * its server's word only: `readOnlyHint` lets it run beside other reads, and decides nothing.
 */
export function createPluginTool(
  server: ConfiguredServer,
  tool: ServerTool,
  hash: string,
  call: PluginCall,
): Tool {
  return {
    name: pluginToolName(server.id, tool.name),
    shownName: makeVisible(`${server.name}/${tool.name}`),
    ...offeredDefinition(tool),
    kind: tool.annotations?.readOnlyHint === true ? 'read' : 'command',
    timeoutMs: server.timeoutMs,
    intents: (input) => [{ kind: 'mcp', server: server.name, tool: tool.name, input }],
    run: async (input, context): Promise<ToolResult> => {
      try {
        const { text, isError, files } = await call(server, tool.name, hash, input, context);
        context.reportFiles?.(files ?? []);
        return isError
          ? toolError(text === '' ? `The tool '${tool.name}' reported an error.` : text)
          : toolOk(text);
      } catch (error) {
        return toolError(errorMessage(error), context.signal.aborted ? { outcome: 'aborted' } : {});
      }
    },
  };
}

/** What a model is told: the same that the user was shown, so that nothing can be hidden from one of them. */
export function offeredDefinition({
  description,
  inputSchema,
}: ServerTool): Pick<Tool, 'description' | 'inputSchema'> {
  return { description: makeVisible(description), inputSchema: withVisibleTexts(inputSchema) };
}

/** What a definition costs in every request of a turn. */
export function tokenPrice(
  serverId: string,
  tool: ServerTool,
  estimateTokens: (text: string) => number,
): number {
  const definition = { name: pluginToolName(serverId, tool.name), ...offeredDefinition(tool) };
  return estimateTokens(canonicalJson(definition));
}

/** Names and values are what the server compares; only what is there to be read is changed. */
function withVisibleTexts(schema: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      typeof value === 'string' && (key === 'description' || key === 'title')
        ? makeVisible(value)
        : visibleInside(value),
    ]),
  );
}

function visibleInside(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) {
    return value.map((item: JsonValue) => visibleInside(item) ?? null);
  }
  return isJsonRecord(value) ? withVisibleTexts(value) : value;
}

function isJsonRecord(value: JsonValue | undefined): value is JsonObject {
  return isRecord(value);
}
