import { PatchbayError } from '../../base/patchbayError';
import type { Bridge, LaunchPlan } from '../contract';
import { AcpParser } from './acpParser';
import type { AcpAgentProfile } from './acpProfiles';

/**
 * An agent that speaks the Agent Client Protocol, as a long-lived child. Who it is shows in its answer to `initialize`,
 * so the generic adapter takes any program; a profile adds how it is started and what is known of its coverage.
 */
export function createAcpBridge(agent: AcpAgentProfile): Bridge {
  return {
    adapter: agent.adapter,
    displayName: agent.displayName,
    coverage: agent.coverage,
    coverageNote: agent.coverageNote,
    controls: {
      model: true,
      reasoning: agent.takesReasoning,
      plan: true,
      extraFolders: agent.takesExtraFolders,
      images: true,
    },
    requiresCredential: (spec) => spec.authMode === 'api-key',
    launch: (spec, { context, opts }): LaunchPlan => {
      if (opts.cwd === undefined) {
        throw new PatchbayError(
          'no_folder',
          `${agent.displayName} needs a folder to work in. Open a folder and send the prompt again.`,
        );
      }
      const args = [...agent.subcommand, ...(spec.args ?? []), ...agent.flags];
      return {
        defaultBinary: agent.defaultBinary,
        args,
        env: agent.env,
        folderCode: agent.folderCode,
        leaseKey: JSON.stringify([
          spec.binaryPath,
          args,
          spec.env,
          opts.cwd,
          opts.extraFolders,
          context.systemPrompt,
        ]),
      };
    },
    createParser: (context) => new AcpParser(context, agent),
  };
}
