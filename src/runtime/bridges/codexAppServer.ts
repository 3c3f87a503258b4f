import { PatchbayError } from '../../base/patchbayError';
import { folderIsolationArgs } from '../codexItems';
import type { Bridge, CoverageInfo, LaunchPlan } from '../contract';
import { worksWithOurTools } from '../delegatedTools';
import { CodexAppServerParser } from './codexAppServerParser';

const asks: CoverageInfo = {
  coverage: 'asks',
  note: 'Codex asks before it changes files, runs a command or calls an MCP tool. What your own Codex rules allow, commands that older versions take for harmless reading (cat, ls), its web search and its looking at pictures come without a question.',
};

/**
 * Codex as a long-lived child that speaks the app-server protocol (JSON-RPC without a version field). The policy is the one
 * that asks, whatever the user's configuration says; the folder's own settings have no effect.
 */
export const codexAppServerBridge: Bridge = {
  adapter: 'codex-cli',
  displayName: 'Codex',
  coverage: asks.coverage,
  coverageNote: asks.note,
  compaction: 'always',
  coverageOf: (model) => (worksWithOurTools(model) ? { coverage: 'all', note: '' } : asks),
  controls: { model: true, reasoning: true, plan: false, extraFolders: true, images: true },
  requiresCredential: (spec) => spec.authMode === 'api-key',
  launch: (spec, { model, context, opts }): LaunchPlan => {
    const { cwd } = opts;
    if (cwd === undefined) {
      throw new PatchbayError(
        'no_folder',
        'Codex needs a folder to work in. Open a folder and send the prompt again.',
      );
    }
    const args = [
      'app-server',
      ...(spec.args ?? []),
      ...folderIsolationArgs(cwd),
      // Else it may ask the user something only while it plans.
      '-c',
      'features.default_mode_request_user_input=true',
      '-c',
      'suppress_unstable_features_warning=true',
      ...(worksWithOurTools(model) ? withoutOwnTools : []),
    ];
    return {
      defaultBinary: 'codex',
      args,
      leaseKey: JSON.stringify([
        spec.binaryPath,
        args,
        spec.env,
        cwd,
        context.systemPrompt,
        worksWithOurTools(model) ? context.tools.map((tool) => tool.name) : [],
      ]),
    };
  },
  createParser: (context) => new CodexAppServerParser(context),
};

/** Features of Codex that give its model tools of Codex's own. As settings, and not as `--disable`, which refuses unknown names. */
const ownToolFeatures = [
  'shell_tool',
  'unified_exec',
  'view_image',
  'multi_agent',
  'goals',
  'sleep_tool',
  'image_generation',
  'apps',
  'plugins',
  'hooks',
  'browser_use',
  'browser_use_external',
  'computer_use',
  'in_app_browser',
  'skill_search',
  'tool_suggest',
  'request_permissions_tool',
] as const;

/**
 * Takes Codex's own tools away. What is left (0.169.0 with gpt-5.2-codex, gpt-5.5 and gpt-6.1-sol): asking the user, a clock, a JavaScript
 * runner that can only call the offered tools, and `apply_patch`, which the policy always asks about.
 */
const withoutOwnTools: readonly string[] = [
  ...ownToolFeatures.flatMap((feature) => ['-c', `features.${feature}=false`]),
  '-c',
  'features.multi_agent_v2.disable_native_tools=true',
  '-c',
  'agents.enabled=false',
  '-c',
  'web_search="disabled"',
];
