import { describe, expect, it } from 'vitest';
import { untakenChoices } from '../../../src/runtime/choices';
import type { BridgeControls, ModelRef } from '../../../src/runtime/contract';
import { createShippedBridges } from '../../../src/runtime/shippedBridges';
import { createLineBridge } from '../../fakes/lineBridge';

const agent: ModelRef = {
  id: 'line/default',
  api: 'external',
  provider: 'line',
  model: 'default',
  name: 'Line Agent',
};
const network: ModelRef = {
  id: 'net/one',
  api: 'openai-chat',
  provider: 'net',
  model: 'one',
  name: 'One',
};
const nothing: BridgeControls = {
  model: false,
  reasoning: false,
  plan: false,
  extraFolders: false,
  images: false,
};

describe('what the panel greys out for an agent', () => {
  it('[R94] is what its bridge says it does not take, each with the reason', () => {
    expect(untakenChoices(agent, createLineBridge({ controls: nothing }))).toEqual({
      effort: 'Line Agent takes no thinking effort from here.',
      extraFolders: 'Line Agent works in the first folder of this workspace only.',
      images: 'Line Agent takes no pictures.',
    });
  });

  it('[R94] is nothing for a bridge that declares nothing', () => {
    expect(untakenChoices(agent, createLineBridge())).toEqual({});
  });

  it('[R94] is plan mode only where the agent can neither plan by itself nor be kept from acting', () => {
    const planOf = (options: Parameters<typeof createLineBridge>[0]) =>
      untakenChoices(agent, createLineBridge(options)).plan;
    expect(planOf({ coverage: 'none' })).toBe(
      'Line Agent cannot be kept from changing files and running commands.',
    );
    expect(planOf({ coverage: 'none', controls: { ...nothing, plan: true } })).toBeUndefined();
    expect(planOf({ coverage: 'asks', controls: nothing })).toBeUndefined();
  });

  it('[R94] are its models, but for the one that leaves the choice to it', () => {
    const bridge = createLineBridge({ controls: { ...nothing, model: false } });
    expect(untakenChoices({ ...agent, model: 'big' }, bridge).model).toBe(
      'Line Agent does not let its model be chosen from here.',
    );
    expect(untakenChoices(agent, bridge).model).toBeUndefined();
  });

  it('[R94] follows what the open agent turned out to take, in both directions', () => {
    const all: BridgeControls = {
      model: true,
      reasoning: true,
      plan: true,
      extraFolders: true,
      images: true,
    };
    expect(
      untakenChoices(agent, createLineBridge({ controls: all }), { reasoning: false }),
    ).toEqual({ effort: 'Line Agent takes no thinking effort from here.' });
    expect(untakenChoices(agent, createLineBridge({ controls: nothing }), all)).toEqual({});
  });

  it('[R94] is known of the shipped agents: Gemini CLI takes no effort, Claude Code and Codex do', () => {
    const bridges = createShippedBridges({ piGatePath: '/gate.mjs' });
    const effortOf = (adapter: string) => {
      const bridge = bridges.find((one) => one.adapter === adapter);
      expect(bridge).toBeDefined();
      return untakenChoices({ ...agent, provider: adapter }, bridge).effort;
    };
    expect(effortOf('acp:gemini')).toBe('Gemini CLI takes no thinking effort from here.');
    expect(effortOf('claude-cli')).toBeUndefined();
    expect(effortOf('codex-cli')).toBeUndefined();
  });
});

describe('what the panel greys out for a model over the network', () => {
  it('[R94] is the effort when the model is known not to reason, and nothing when nobody knows', () => {
    expect(untakenChoices({ ...network, supportsReasoning: false }, undefined)).toEqual({
      effort: 'One does not reason: there is no effort to set.',
    });
    expect(untakenChoices({ ...network, supportsReasoning: true }, undefined)).toEqual({});
    expect(untakenChoices(network, undefined)).toEqual({});
  });

  it('[R94] is the effort of a Claude from before thinking, by its name', () => {
    const claude = (model: string) =>
      untakenChoices({ ...network, api: 'anthropic-messages', model }, undefined).effort;
    expect(claude('claude-3-5-haiku-20241022')).toBe(
      'One does not reason: there is no effort to set.',
    );
    expect(claude('claude-sonnet-4-5')).toBeUndefined();
  });

  it('[R94] are its pictures when it takes none', () => {
    expect(untakenChoices({ ...network, supportsImages: false }, undefined)).toEqual({
      images: 'One takes no pictures.',
    });
  });

  it('[R94] are effort and pictures of the editor’s models and of the playground', () => {
    for (const api of ['editor', 'playground'] as const) {
      expect(untakenChoices({ ...network, api }, undefined)).toEqual({
        effort: 'One takes no thinking effort from here.',
        images: 'One takes no pictures.',
      });
    }
  });
});
