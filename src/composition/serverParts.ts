import { McpCenter } from '../host/mcpCenter';
import { createSecrets } from '../host/secrets';
import { askToStart } from '../host/startQuestion';
import { childEnvironment } from '../node/childEnvironment';
import { McpHubProcess } from '../node/mcpHubProcess';
import type { ToolRegistry } from '../tools/registry';
import { estimateTextTokens } from '../transcript/tokenEstimate';
import type { Ground } from './ground';
import type { WorkspaceParts } from './workspaceParts';

/** MCP servers: their tools are ours, run in a process of their own. */
export interface ServerParts {
  readonly mcpHub: McpHubProcess;
  readonly mcp: McpCenter;
}

export function createServerParts(
  ground: Ground,
  { files, lookup }: WorkspaceParts,
  registry: ToolRegistry,
): ServerParts {
  const { context, clock, inheritedEnv, isTrusted, learnSecret, log, redact } = ground;
  const { settings, store, supervisor, userState } = ground;
  const mcpHub = new McpHubProcess({
    ...supervisor,
    hubPath: context.asAbsolutePath('dist/mcpHub.js'),
    inheritedEnv,
    redact,
    onNotice: (text) => log.warn(text),
  });
  const mcp = store.add(
    new McpCenter({
      hub: mcpHub,
      state: userState,
      secrets: createSecrets(context.secrets),
      settings,
      registry,
      isTrusted,
      askToStart,
      estimateTokens: estimateTextTokens,
      clock,
      log,
      lookup,
      environment: (searchPath, env) =>
        childEnvironment({
          inherited: inheritedEnv,
          layers: [searchPath === '' ? undefined : { PATH: searchPath }, env],
          isWindows: process.platform === 'win32',
        }),
      roots: () => files.roots(),
      env: (name) => inheritedEnv[name],
      learnSecret,
    }),
  );
  return { mcpHub, mcp };
}
