import { PatchbayError } from '../../base/patchbayError';
import type { Bridge, ExchangeOptions, ExternalRuntimeSpec, LaunchPlan } from '../contract';
import { worksWithOurTools } from '../delegatedTools';
import { wantedSettings, type ChildSettings } from './claudeCliChild';
import { withoutOwnTools } from './claudeCliDelegated';
import { ClaudeCliParser } from './claudeCliParser';

/**
 * Claude Code as a long-lived child that speaks stream-json. The folder's own settings, hooks and MCP servers are kept
 * out (`--setting-sources user --strict-mcp-config`), the mode is the one that asks, and the hook announced in
 * `initialize` puts every call before our gate, whatever the user's own settings allow (seen with 2.1.112 to 2.1.329; an
 * older version is refused).
 */
export const claudeCliBridge: Bridge = {
  adapter: 'claude-cli',
  displayName: 'Claude Code',
  coverage: 'all',
  coverageNote: '',
  compaction: 'always',
  controls: { model: true, reasoning: true, plan: true, extraFolders: true, images: true },
  requiresCredential: (spec) => spec.authMode === 'api-key',
  launch: (spec, { model, context, opts, resume }): LaunchPlan => {
    if (opts.cwd === undefined) {
      throw new PatchbayError(
        'no_folder',
        'Claude Code needs a folder to work in. Open a folder and send the prompt again.',
      );
    }
    const isOurTools = worksWithOurTools(model);
    const fixed = [...protocolArgs(spec, opts), ...(isOurTools ? withoutOwnTools.args : [])];
    const fork = forkArgs(resume, opts.fork);
    return {
      defaultBinary: 'claude',
      args: [
        ...fixed,
        ...settingArgs(wantedSettings(model, opts)),
        ...(resume === undefined ? [] : [`--resume=${resume}`]),
        ...fork,
      ],
      // Asks for `session_state_changed`: the one sign that nothing is queued and no sub-agent runs any more.
      env: {
        CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: '1',
        ...(isOurTools ? withoutOwnTools.env : {}),
      },
      // Without model, effort and mode: those are changed on the running child.
      leaseKey: JSON.stringify([
        spec.binaryPath,
        fixed,
        fork,
        spec.env,
        opts.cwd,
        context.systemPrompt,
        isOurTools ? context.tools.map((tool) => tool.name) : [],
      ]),
    };
  },
  createParser: (context) => new ClaudeCliParser(context),
};

/** The user's own arguments come first. A value shares its token with its flag, so that it cannot become a flag itself. */
function protocolArgs(spec: ExternalRuntimeSpec, opts: ExchangeOptions): readonly string[] {
  return [
    ...(spec.args ?? []),
    '-p',
    '--output-format=stream-json',
    '--input-format=stream-json',
    '--verbose',
    '--include-partial-messages',
    '--permission-prompt-tool=stdio',
    '--setting-sources=user',
    '--strict-mcp-config',
    ...(opts.extraFolders ?? []).map((folder) => `--add-dir=${folder}`),
  ];
}

function settingArgs({ model, effort, mode }: ChildSettings): readonly string[] {
  return [
    `--permission-mode=${mode}`,
    ...(model === 'default' ? [] : [`--model=${model}`]),
    ...(effort === undefined ? [] : [`--effort=${effort}`]),
  ];
}

/**
 * A copy of the session under a new id; cut behind the message with the uuid `at`. The original stays as it is, so
 * that the other branch can go on with it (seen in 2.1.329).
 */
function forkArgs(resume: string | undefined, fork: ExchangeOptions['fork']): readonly string[] {
  if (resume === undefined || fork === undefined) {
    return [];
  }
  return [...(fork.at === undefined ? [] : [`--resume-session-at=${fork.at}`]), '--fork-session'];
}
