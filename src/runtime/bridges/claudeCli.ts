import { PatchbayError } from '../../base/patchbayError';
import type {
  Bridge,
  ExternalRuntimeSpec,
  LaunchPlan,
  ModelRef,
  ReasoningEffort,
} from '../contract';
import { ClaudeCliParser } from './claudeCliParser';

/** What a model reference is called when the agent's own default model is meant. */
const defaultModel = 'default';

const efforts: Readonly<Record<ReasoningEffort, string>> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'xhigh',
};

/**
 * Claude Code as a long-lived child that speaks stream-json. The folder's own settings, hooks and MCP servers are kept
 * out (`--setting-sources user --strict-mcp-config`), the mode is the one that asks, and the hook announced in
 * `initialize` puts every call before our gate, whatever the user's own settings allow (seen with 2.1.329).
 */
export const claudeCliBridge: Bridge = {
  adapter: 'claude-cli',
  displayName: 'Claude Code',
  coverage: 'all',
  coverageNote: '',
  requiresCredential: (spec) => spec.authMode === 'api-key',
  launch: (spec, { model, context, opts, resume }): LaunchPlan => {
    if (opts.cwd === undefined) {
      throw new PatchbayError(
        'no_folder',
        'Claude Code needs a folder to work in. Open a folder and send the prompt again.',
      );
    }
    const args = protocolArgs(spec, model, opts.reasoning);
    return {
      defaultBinary: 'claude',
      args: resume === undefined ? args : [...args, `--resume=${resume}`],
      leaseKey: JSON.stringify([spec.binaryPath, args, spec.env, opts.cwd, context.systemPrompt]),
    };
  },
  createParser: (context) => new ClaudeCliParser(context),
};

/** The user's own arguments come first. A value shares its token with its flag, so that it cannot become a flag itself. */
function protocolArgs(
  spec: ExternalRuntimeSpec,
  model: ModelRef,
  reasoning: ReasoningEffort | undefined,
): readonly string[] {
  return [
    ...(spec.args ?? []),
    '-p',
    '--output-format=stream-json',
    '--input-format=stream-json',
    '--verbose',
    '--include-partial-messages',
    '--permission-prompt-tool=stdio',
    '--permission-mode=default',
    '--setting-sources=user',
    '--strict-mcp-config',
    ...(model.model === '' || model.model === defaultModel ? [] : [`--model=${model.model}`]),
    ...(reasoning === undefined ? [] : [`--effort=${efforts[reasoning]}`]),
  ];
}
