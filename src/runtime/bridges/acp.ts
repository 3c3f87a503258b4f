import { PatchbayError } from '../../base/patchbayError';
import type { Bridge, LaunchPlan } from '../contract';
import { worksWithOurTools } from '../delegatedTools';
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
    compaction: 'listed',
    coverageOf: (model) =>
      worksWithOurTools(model)
        ? {
            coverage: agent.ourTools?.coverage ?? 'none',
            note: agent.ourTools?.coverageNote ?? cannotTakeOurs,
          }
        : { coverage: agent.coverage, note: agent.coverageNote },
    controls: {
      model: true,
      reasoning: agent.takesReasoning,
      plan: true,
      extraFolders: agent.takesExtraFolders,
      images: true,
    },
    requiresCredential: (spec) => spec.authMode === 'api-key',
    launch: (spec, { model, context, opts }): LaunchPlan => {
      const isOurTools = worksWithOurTools(model);
      if (isOurTools && agent.ourTools === undefined) {
        throw new PatchbayError(
          'runtime_missing',
          `${agent.displayName} ${cannotTakeOurs} Choose it with its own tools.`,
        );
      }
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
        env: { ...agent.env, ...(isOurTools ? agent.ourTools?.env : {}) },
        folderCode: agent.folderCode,
        ...(isOurTools ? { needsToolRelay: true } : {}),
        leaseKey: JSON.stringify([
          spec.binaryPath,
          args,
          spec.env,
          opts.cwd,
          opts.extraFolders,
          context.systemPrompt,
          isOurTools ? context.tools.map((tool) => tool.name) : [],
        ]),
      };
    },
    createParser: (context) => new AcpParser(context, agent),
  };
}

const cannotTakeOurs = 'cannot be given Patchbay’s tools.';
