import { coverageOf, type Bridge, type BridgeControls, type ModelRef } from './contract';
import { planThinking } from './network/anthropicThinking';
import { takesPictures } from './pictures';

/**
 * Which of the panel's choices a model or its agent does not take: for each the reason, a sentence for people.
 * Absent: it is taken, or nobody knows.
 */
export interface UntakenChoices {
  /** This model of the agent's cannot be chosen from here. */
  readonly model?: string;
  readonly effort?: string;
  readonly plan?: string;
  readonly extraFolders?: string;
  readonly images?: string;
}

/**
 * What is greyed out for a model. `learned`: what its agent turned out to take once a session of it was open; it counts
 * before what the bridge declares. A bridge that declares nothing is not judged.
 */
export function untakenChoices(
  model: ModelRef,
  bridge: Bridge | undefined,
  learned: Partial<BridgeControls> = {},
): UntakenChoices {
  const controls = { ...bridge?.controls, ...learned };
  const name = bridge?.displayName ?? model.name;
  const effort = bridge === undefined ? networkEffort(model) : agentEffort(controls, name);
  return {
    ...(controls.model === false && model.model !== agentDefault
      ? { model: `${name} does not let its model be chosen from here.` }
      : {}),
    ...(effort === undefined ? {} : { effort }),
    ...(bridge !== undefined && isBeyondPlan(bridge, model)
      ? { plan: `${name} cannot be kept from changing files and running commands.` }
      : {}),
    ...(controls.extraFolders === false
      ? { extraFolders: `${name} works in the first folder of this workspace only.` }
      : {}),
    ...(takesPictures(model, { controls }) ? {} : { images: `${name} takes no pictures.` }),
  };
}

/** In plan mode nothing is changed; such an agent can neither plan by itself nor be kept from it. */
export function isBeyondPlan(bridge: Bridge, model: ModelRef): boolean {
  return coverageOf(bridge, model).coverage === 'none' && bridge.controls?.plan !== true;
}

/** The model of an agent that leaves the choice to the agent's own settings. */
const agentDefault = 'default';

function agentEffort(controls: Partial<BridgeControls>, name: string): string | undefined {
  return controls.reasoning === false ? `${name} takes no thinking effort from here.` : undefined;
}

function networkEffort(model: ModelRef): string | undefined {
  switch (model.api) {
    case 'playground':
    case 'editor':
      return `${model.name} takes no thinking effort from here.`;
    case 'anthropic-messages':
      return thinks(model)
        ? undefined
        : `${model.name} does not reason: there is no effort to set.`;
    default:
      return model.supportsReasoning === false
        ? `${model.name} does not reason: there is no effort to set.`
        : undefined;
  }
}

/** Asked of the function that writes the request. Any budget would do. */
function thinks({ model, supportsReasoning }: ModelRef): boolean {
  const plan = planThinking({ model, supportsReasoning, effort: 'high', maxTokens: 32_768 });
  return plan.thinking !== undefined;
}
