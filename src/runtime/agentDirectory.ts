import { agentCatalog, type AgentEntry } from './agentCatalog';
import type { Bridge, ExternalRuntimeSpec, ModelRef } from './contract';
import { runtimeEndpoint } from './contract';
import { builtinRuntimeSpec, createRuntimeSpec, type RuntimeSpecTable } from './specs';

/** The dialects of the shipped bridges, by the adapter whose bridge speaks them. */
export const agentDialects = [
  'acp',
  'claude-cli',
  'codex-cli',
  'codex-exec',
  'indusagi-cli',
] as const;

export type AgentDialect = (typeof agentDialects)[number];

/** An agent that the user added in the settings (machine scope): another program of a dialect that is known. */
export interface CustomAgent {
  readonly name: string;
  readonly dialect: AgentDialect;
  readonly command: string;
  readonly args: readonly string[];
  /** null removes a variable. */
  readonly env: Readonly<Record<string, string | null>>;
}

export interface AgentDirectory {
  /** Shipped ones, the user's, then those that other extensions brought. Adapters are unique. */
  readonly entries: readonly AgentEntry[];
  readonly models: readonly ModelRef[];
  find(adapter: string): AgentEntry | undefined;
}

/** The id of an agent of the user's: `custom:my-agent`. */
export function customAdapter(name: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `custom:${slug === '' ? 'agent' : slug}`;
}

/** The bridge of an agent of the user's: the dialect's own, under another name. */
export function customBridge(agent: CustomAgent, dialect: Bridge): Bridge {
  return { ...dialect, adapter: customAdapter(agent.name), displayName: agent.name };
}

/**
 * Every agent that can be chosen, and its models. `specs` are the user's own ways to start the shipped ones; `learned`
 * are the models that an agent told of itself.
 */
export function buildAgentDirectory(sources: {
  readonly custom: readonly CustomAgent[];
  readonly bridges: readonly Bridge[];
  readonly specs: RuntimeSpecTable;
  readonly learned: ReadonlyMap<string, readonly { readonly id: string; readonly name: string }[]>;
}): AgentDirectory {
  const entries = new Map<string, AgentEntry>();
  const own = new Map<string, ExternalRuntimeSpec>();
  agentCatalog.forEach((entry) => entries.set(entry.adapter, entry));
  for (const agent of sources.custom) {
    const adapter = customAdapter(agent.name);
    if (!entries.has(adapter)) {
      entries.set(adapter, customEntry(adapter, agent));
      own.set(adapter, {
        adapter,
        authMode: 'external-cli',
        binaryPath: agent.command,
        args: agent.args,
        env: agent.env,
      });
    }
  }
  for (const bridge of sources.bridges) {
    if (!entries.has(bridge.adapter) && !isDialectOnly(bridge.adapter)) {
      entries.set(bridge.adapter, foreignEntry(bridge));
    }
  }
  const list = [...entries.values()];
  return {
    entries: list,
    find: (adapter) => entries.get(adapter),
    models: list.flatMap((entry) => {
      const { adapter, variantOf } = entry;
      const ofProgram = variantOf === undefined ? undefined : ownSpec(sources.specs, variantOf);
      const spec = ownSpec(sources.specs, adapter) ??
        own.get(adapter) ??
        (ofProgram === undefined ? undefined : { ...ofProgram, adapter }) ??
        builtinRuntimeSpec(adapter) ?? { adapter, authMode: 'external-cli' };
      return agentModels(entry, sources.learned.get(entry.adapter) ?? []).map((model) => ({
        ...model,
        runtime: createRuntimeSpec(spec),
      }));
    }),
  };
}

function ownSpec(specs: RuntimeSpecTable, adapter: string): ExternalRuntimeSpec | undefined {
  return Object.hasOwn(specs.byAdapter, adapter) ? specs.byAdapter[adapter] : undefined;
}

/** The bridge of a dialect that has no program of its own: it is there for the agents that the user adds. */
function isDialectOnly(adapter: string): boolean {
  return adapter === 'acp';
}

function customEntry(adapter: string, agent: CustomAgent): AgentEntry {
  return {
    adapter,
    displayName: agent.name,
    command: agent.command,
    // Nobody knows what an unknown program makes of a question: it is not asked.
    versionArgs: [],
    installHint: `Check the command of "${agent.name}" in the settings.`,
    passVariables: [],
    ...(dialectsWithOurTools.includes(agent.dialect) ? { takesOurTools: true } : {}),
  };
}

/** The dialects that have a channel for our tools. */
const dialectsWithOurTools: readonly AgentDialect[] = ['acp', 'claude-cli', 'codex-cli'];

function foreignEntry(bridge: Bridge): AgentEntry {
  return {
    adapter: bridge.adapter,
    displayName: bridge.displayName,
    command: '',
    versionArgs: [],
    installHint: `${bridge.displayName} comes from another extension; see its documentation.`,
    passVariables: [],
  };
}

/** Models that are known without asking the agent: `default` leaves the choice to the agent's own settings. */
const shippedAgentModels: Readonly<Record<string, readonly Pick<ModelRef, 'model' | 'name'>[]>> = {
  'claude-cli': [
    { model: 'default', name: 'Claude Code' },
    { model: 'opus', name: 'Claude Code (Opus)' },
    { model: 'sonnet', name: 'Claude Code (Sonnet)' },
    { model: 'haiku', name: 'Claude Code (Haiku)' },
  ],
  'codex-exec': [{ model: 'default', name: 'Codex (exec, cannot ask)' }],
};

function agentModels(
  entry: AgentEntry,
  learned: readonly { readonly id: string; readonly name: string }[],
): readonly ModelRef[] {
  const { adapter, displayName } = entry;
  const shipped = (Object.hasOwn(shippedAgentModels, adapter)
    ? shippedAgentModels[adapter]
    : undefined) ?? [{ model: 'default', name: displayName }];
  const told = learned
    .filter(({ id }) => !shipped.some(({ model }) => model === id))
    .slice(0, maxLearnedModels)
    .map(({ id, name }) => ({ model: id, name: `${displayName} (${name})` }));
  const own = [...shipped, ...told].map(({ model, name }): ModelRef => ({
    model,
    name,
    id: `${adapter}/${model}`,
    api: 'external',
    provider: adapter,
    address: runtimeEndpoint(adapter),
  }));
  return entry.takesOurTools === true ? [...own, ...own.map(withOurTools)] : own;
}

/** The same model of the agent, working with our tools: a choice of its own, with a session of its own. */
function withOurTools(model: ModelRef): ModelRef {
  return {
    ...model,
    id: `${model.id}+patchbay-tools`,
    name: `${model.name} · Patchbay’s tools`,
    toolSource: 'patchbay',
  };
}

/** An agent that fronts every service there is would fill the picker. */
const maxLearnedModels = 60;
