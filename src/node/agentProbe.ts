import type { DiscoveryPorts } from '../runtime/discovery';
import { childEnvironment } from './childEnvironment';
import type { ExecutableLookup } from './executables';
import { runProgram } from './programRunner';
import type { SupervisorOptions } from './supervisedProcess';

export interface AgentProbeOptions extends SupervisorOptions {
  readonly lookup: (nameOrPath: string) => Promise<ExecutableLookup>;
  readonly inheritedEnv: Readonly<Record<string, string | undefined>>;
  /** Variables of an agent's own that pass from the user's environment, by adapter. */
  readonly passVariables: (adapter: string) => readonly string[];
  /** What the user set for this agent; null removes a variable. */
  readonly ownEnv?: (adapter: string) => Readonly<Record<string, string | null>> | undefined;
}

/** Asks an agent's program a short question (its version, whether somebody is signed in), as it would be started. */
export function createAgentProbe(options: AgentProbeOptions): DiscoveryPorts['runProbe'] {
  return async (path, args, { timeoutMs, adapter }) => {
    const found = await options.lookup(path);
    if (found.kind !== 'found') {
      return { kind: 'failed', message: found.message };
    }
    const env = childEnvironment({
      inherited: options.inheritedEnv,
      isWindows: process.platform === 'win32',
      pass: options.passVariables(adapter),
      layers: [{ PATH: found.searchPath }, options.ownEnv?.(adapter)],
    });
    return runProgram({ launch: found.launch, args, env, timeoutMs }, options);
  };
}
