import type { JsonObject } from '../../base/json';
import type { ExchangeParserContext } from '../contract';
import { worksWithOurTools } from '../delegatedTools';
import { promptText } from '../preamble';
import type { AcpChild } from './acpChild';
import { mcpServers } from './acpDelegated';

/** The one protocol version that this bridge speaks. */
export const acpProtocolVersion = 1;

export function initializeParams(context: ExchangeParserContext): JsonObject {
  // With our tools there is nothing that the agent itself would have us read, write or run.
  const serves = context.opts.delegate !== undefined && !worksWithOurTools(context.model);
  return {
    protocolVersion: acpProtocolVersion,
    clientCapabilities: {
      fs: { readTextFile: serves, writeTextFile: serves },
      terminal: serves,
      elicitation: { form: {} },
    },
    clientInfo: { name: 'patchbay', title: 'Patchbay', version: '1.0.0' },
  };
}

/**
 * The parameters of `session/new`, `session/load` and `session/resume`. claude-agent-acp takes options of the Claude SDK
 * here: only the user's own settings, no MCP servers of the folder, and a hook that makes every call a question.
 */
export function sessionParams(context: ExchangeParserContext, child: AcpChild): JsonObject {
  const { opts, toolRelay } = context;
  const folders = opts.extraFolders ?? [];
  return {
    cwd: opts.cwd ?? '',
    mcpServers: toolRelay === undefined ? [] : mcpServers(toolRelay),
    ...(child.takesFolders && folders.length > 0 ? { additionalDirectories: folders } : {}),
    ...(child.kind === 'claude-agent-acp' ? { _meta: claudeMeta(context) } : {}),
  };
}

/** The blocks of one prompt. Instructions go in front where the agent has no other place for them. */
export function promptBlocks(
  context: ExchangeParserContext,
  child: AcpChild,
  remembers: boolean,
): readonly JsonObject[] {
  const { messages, systemPrompt } = context.context;
  const text = promptText(context, remembers);
  const newest = messages.findLast((message) => message.role === 'user');
  const images = newest?.role === 'user' && child.takesImages ? (newest.images ?? []) : [];
  const tellsInstructions =
    systemPrompt !== '' && !context.isContinuation && child.kind !== 'claude-agent-acp';
  return [
    ...(tellsInstructions
      ? [{ type: 'text', text: `<instructions>\n${systemPrompt}\n</instructions>` }]
      : []),
    { type: 'text', text },
    ...images.map(({ mediaType, data }) => ({ type: 'image', mimeType: mediaType, data })),
  ];
}

export function leftOutImages(context: ExchangeParserContext, child: AcpChild): number {
  const newest = context.context.messages.findLast((message) => message.role === 'user');
  return child.takesImages || newest?.role !== 'user' ? 0 : (newest.images ?? []).length;
}

function claudeMeta(context: ExchangeParserContext): JsonObject {
  const { systemPrompt } = context.context;
  return {
    claudeCode: {
      options: {
        settingSources: ['user'],
        strictMcpConfig: true,
        allowDangerouslySkipPermissions: false,
        // One more request to the model behind every turn, for words that nobody here is shown.
        promptSuggestions: false,
        ...(worksWithOurTools(context.model) ? { tools: [] } : {}),
        settings: {
          hooks: {
            PreToolUse: [{ matcher: '*', hooks: [{ type: 'command', command: askHook }] }],
          },
        },
      },
    },
    ...(systemPrompt === '' ? {} : { systemPrompt: { append: systemPrompt } }),
  };
}

/** A hook that has Claude Code ask before the call, whatever its own rules allow. No quotes that a shell could trip over. */
const askHook = `echo '${JSON.stringify({
  hookSpecificOutput: {
    hookEventName: 'PreToolUse',
    permissionDecision: 'ask',
    permissionDecisionReason: 'Patchbay decides about every call.',
  },
})}'`;
