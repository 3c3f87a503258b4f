import { recordField, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import type { ToolResult } from '../../events/toolCall';
import { DelegatedTools, type DelegatedToolsOptions } from '../delegatedTools';
import { McpToolServer, toolServerName } from '../mcpToolServer';
import { success, type WireId } from './claudeCliPermissions';

export interface ClaudeDelegatedOptions extends DelegatedToolsOptions {
  /** Answers a control request, now or when the call is done. */
  readonly send: (message: unknown) => void;
  /** Claude has asked which tools there are. */
  readonly onListed: () => void;
  /** For a call that does not name its card: Claude's open calls of this tool, oldest first. */
  readonly openCalls: (toolName: string) => readonly string[];
}

/** Our server lives in our process: Claude Code reaches it by control requests. */
export const ownServerAnnouncement = { sdkMcpServers: [toolServerName] } as const;

/** What Claude Code has of its own is taken away; its reserve of tools that are searched for first is not used. */
export const withoutOwnTools = {
  args: ['--tools='],
  env: {
    ENABLE_TOOL_SEARCH: 'false',
    // Ours are capped by characters, well below; a longer result would be put into a file that Claude could not read.
    MAX_MCP_OUTPUT_TOKENS: '200000',
  },
} as const;

const prefix = `mcp__${toolServerName}__`;

/**
 * Our tools in Claude Code (2.1.329): its model is offered `mcp__patchbay__<tool>` only; each call comes as the control
 * request `mcp_message` with the id of Claude's own call, under whose card it runs.
 */
export class ClaudeDelegatedTools {
  private readonly tools: DelegatedTools;
  private readonly server: McpToolServer;

  constructor(private readonly options: ClaudeDelegatedOptions) {
    this.tools = new DelegatedTools(options);
    this.server = new McpToolServer({
      tools: options.tools,
      call: ({ key, toolName, input, agentCallId }, done) =>
        this.tools.run(
          key,
          { callId: agentCallId ?? this.guessCallId(toolName) ?? key, toolName, input },
          done,
        ),
      cancel: (key) => this.tools.cancel(key),
    });
  }

  /** Our name of a tool of ours, by Claude's name of it. */
  ownName(toolName: string): string | undefined {
    return toolName.startsWith(prefix) ? toolName.slice(prefix.length) : undefined;
  }

  /** What we gave for this call, with its details; once. */
  takeResult(callId: string): ToolResult | undefined {
    return this.tools.takeResult(callId);
  }

  /** The control request `mcp_message`; false when it is for no server of ours. */
  accept(requestId: WireId, request: unknown): boolean {
    if (stringField(request, 'server_name') !== toolServerName) {
      return false;
    }
    const message = recordField(request, 'message');
    if (stringField(message, 'method') === 'tools/list') {
      this.options.onListed();
    }
    const answer = (response: JsonObject): void =>
      this.options.send(success(requestId, { mcp_response: response }));
    this.server.accept(message, { connection: 'sdk', reply: answer });
    if (message !== undefined && message.id === undefined) {
      // Claude waits for an answer to a notification too.
      answer({ jsonrpc: '2.0', id: 0, result: {} });
    }
    return true;
  }

  private guessCallId(toolName: string): string | undefined {
    return this.options.openCalls(toolName).find((callId) => !this.tools.hasBegun(callId));
  }
}
