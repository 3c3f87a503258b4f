import { assertNever } from '../base/assertNever';
import type { ModelView, RuntimeView, SetupView } from '../protocol/methods';
import type { KeyProvider } from '../runtime/credentials';
import type { AgentFinding, LocalServerFinding } from '../runtime/discovery';
import type { UserEndpoint } from '../runtime/endpointSettings';
import { modelKindOf, playgroundModelId, type ModelCatalog } from '../runtime/modelCatalog';
import type { GateCoverage, ModelRef } from '../runtime/contract';
import { worksWithOurTools } from '../runtime/delegatedTools';

/** What was found, and what the catalog makes of it. */
export interface SetupInput {
  readonly isTrusted: boolean;
  readonly hasFolder: boolean;
  readonly isProbing: boolean;
  readonly agents: readonly AgentFinding[];
  /** Other ways to drive an agent that is shown already, and agents that nobody is likely to miss: only in the picker. */
  readonly hiddenAgents: ReadonlySet<string>;
  readonly keyProviders: readonly KeyProvider[];
  /** Where the key of a provider lies, in words (`account default`, `environment variable OPENAI_API_KEY`), by provider id. */
  readonly keys: ReadonlyMap<string, string>;
  readonly localServers: readonly LocalServerFinding[];
  /** Built from the user's endpoints and `toLocalEndpoints(localServers)`. */
  readonly catalog: ModelCatalog;
  /** What of an agent's calls comes before the gate; undefined while nothing drives it. */
  readonly coverageOf: (model: ModelRef) => GateCoverage | undefined;
  /** Why this model of an agent cannot be chosen at all; undefined: it can. */
  readonly problemOf: (model: ModelRef) => string | undefined;
  /** Names in the first workspace folder, for prompts that fit. */
  readonly rootNames: readonly string[];
}

/** Found servers as endpoints of the catalog, so that one click starts with them; an address the user has set stays theirs. */
export function toLocalEndpoints(
  found: readonly LocalServerFinding[],
  own: readonly UserEndpoint[],
): readonly UserEndpoint[] {
  return found
    .filter(
      (server) =>
        !own.some(({ url, name }) => name === server.name || sameAddress(url, server.baseUrl)),
    )
    .map((server) => ({
      name: server.name,
      url: server.baseUrl,
      models: server.models.map((model) => ({ model })),
    }));
}

export function toSetupView(input: SetupInput): SetupView {
  const { isTrusted, hasFolder, isProbing } = input;
  return {
    isTrusted,
    hasFolder,
    isProbing,
    runtimes: [
      ...input.agents
        .filter(({ adapter }) => !input.hiddenAgents.has(adapter))
        .map((agent) => agentView(agent, input)),
      ...input.keyProviders.map((provider) => providerView(provider, input)),
      ...input.localServers.map((server) => localView(server, input)),
      ...editorViews(input),
      playgroundView(input),
    ],
    models: input.catalog.models.map((model) => modelView(model, input)),
    examples: examplePrompts(input.rootNames),
  };
}

/** Three prompts that fit what lies in the folder. */
export function examplePrompts(rootNames: readonly string[]): readonly string[] {
  const has = (pattern: RegExp): boolean => rootNames.some((name) => pattern.test(name));
  const fitting = [
    ...(rootNames.length > 0
      ? ['Explain what this project does and how its parts fit together']
      : []),
    ...(has(/^(tests?|spec|__tests__)$/i) ? ['Run the tests and explain what fails'] : []),
    ...(has(/^package\.json$|^pyproject\.toml$|^go\.mod$|^cargo\.toml$/i)
      ? ['Find a function without a test and write one']
      : []),
    ...(rootNames.length > 0 && !has(/^readme/i) ? ['Write a short README for this project'] : []),
    ...(has(/^readme/i) ? ['Check whether the README still matches the code'] : []),
    'Find something that could go wrong in this code and fix it',
    'Write a small script that counts the lines of each file',
    'Explain how to undo the last commit in git',
  ];
  return fitting.slice(0, 3);
}

function agentView(agent: AgentFinding, { catalog }: SetupInput): RuntimeView {
  const { state, ...rest } = agentState(agent);
  const model = catalog.models.find(({ provider }) => provider === agent.adapter);
  return {
    id: agent.adapter,
    name: agent.displayName,
    kind: 'agent',
    state,
    detail: agent.detail,
    ...(rest.canStart && model !== undefined ? { modelId: model.id } : {}),
    ...(rest.action === undefined ? {} : { action: rest.action }),
  };
}

function agentState(found: AgentFinding): {
  readonly state: RuntimeView['state'];
  readonly canStart: boolean;
  readonly action?: NonNullable<RuntimeView['action']>;
} {
  switch (found.state) {
    case 'ready':
      return { state: 'ready', canStart: true };
    case 'signedOut':
      return {
        state: 'signedOut',
        canStart: found.canStartSignedOut === true,
        ...(found.loginCommand === undefined ? {} : { action: 'signIn' }),
      };
    case 'missing':
      return { state: 'missing', canStart: false, action: 'install' };
    case 'broken':
    case 'tooOld':
      return { state: 'broken', canStart: false, action: 'install' };
    case 'insideWorkspace':
      return { state: 'broken', canStart: false };
    case 'needsTrust':
      return { state: 'needsTrust', canStart: false, action: 'trustFolder' };
    case 'unknown':
      return { state: 'unknown', canStart: true };
    default:
      return assertNever(found.state);
  }
}

function providerView(provider: KeyProvider, input: SetupInput): RuntimeView {
  const from = input.keys.get(provider.id);
  const models = input.catalog.models.filter(
    ({ id }) => input.catalog.keyProviderOf(id) === provider.id,
  );
  const base = { id: provider.id, name: provider.name, kind: 'api' } as const;
  if (from === undefined) {
    return { ...base, state: 'needsKey', detail: 'no key yet', action: 'setKey' };
  }
  const [first] = models;
  return {
    ...base,
    state: 'ready',
    detail: `key: ${from} · ${count(models.length, 'model')}`,
    ...(first === undefined ? {} : { modelId: first.id }),
  };
}

function localView(server: LocalServerFinding, { catalog }: SetupInput): RuntimeView {
  const model = catalog.models.find(
    ({ address }) => address !== undefined && sameAddress(address, server.baseUrl),
  );
  return {
    id: `local:${server.id}`,
    name: server.name,
    kind: 'local',
    state: 'ready',
    detail:
      server.models.length === 0
        ? 'runs, but has no model yet'
        : count(server.models.length, 'model'),
    ...(model === undefined ? {} : { modelId: model.id }),
  };
}

function editorViews({ catalog }: SetupInput): readonly RuntimeView[] {
  const models = catalog.models.filter(({ api }) => api === 'editor');
  const [first] = models;
  return first === undefined
    ? []
    : [
        {
          id: 'editor',
          name: "The editor's language models",
          kind: 'editor',
          state: 'ready',
          detail: count(models.length, 'model'),
          modelId: first.id,
        },
      ];
}

function playgroundView({ catalog }: SetupInput): RuntimeView {
  return {
    id: 'playground',
    name: 'Playground',
    kind: 'playground',
    state: 'ready',
    detail: 'scripted tour, no key and no network',
    ...(catalog.find(playgroundModelId) === undefined ? {} : { modelId: playgroundModelId }),
  };
}

function modelView(model: ModelRef, input: SetupInput): ModelView {
  const kind = modelKindOf(model);
  const keyProvider = input.catalog.keyProviderOf(model.id);
  const hasKey = keyProvider === undefined || input.keys.has(keyProvider);
  switch (kind) {
    case 'agent': {
      const agent = input.agents.find(({ adapter }) => adapter === model.provider);
      const problem = input.problemOf(model);
      return {
        id: model.id,
        name: model.name,
        group: worksWithOurTools(model) ? 'Agents with Patchbay’s tools' : 'Agents',
        detail: [agent?.detail ?? 'not looked for yet', toolWords(model, input)]
          .filter((part) => part !== '')
          .join(' · '),
        isUsable: agent !== undefined && agentState(agent).canStart && problem === undefined,
        ...(problem === undefined ? {} : { problem }),
      };
    }
    case 'api':
    case 'local':
      return {
        id: model.id,
        name: model.name,
        group: groupName(model, input),
        detail: hasKey ? windowText(model) : 'needs a key',
        isUsable: hasKey,
      };
    case 'editor':
      return {
        id: model.id,
        name: model.name,
        group: 'Editor',
        detail: windowText(model),
        isUsable: true,
      };
    case 'playground':
      return {
        id: model.id,
        name: model.name,
        group: 'Playground',
        detail: 'scripted, no network',
        isUsable: true,
      };
    default:
      return assertNever(kind);
  }
}

/** Whose tools an agent works with, and what that means for the person who is asked. */
function toolWords(model: ModelRef, { coverageOf }: SetupInput): string {
  const coverage = coverageOf(model);
  return coverage === undefined
    ? ''
    : toolMeanings[worksWithOurTools(model) ? 'patchbay' : 'own'][coverage];
}

const toolMeanings: Readonly<Record<'own' | 'patchbay', Readonly<Record<GateCoverage, string>>>> = {
  own: {
    all: 'its own tools; every call is judged by your rules first',
    asks: 'its own tools; what it chooses to ask is judged by your rules',
    none: 'its own tools; it cannot ask before it acts',
  },
  patchbay: {
    all: 'Patchbay’s tools only; every call is judged by your rules first, edits go through the editor',
    asks: 'Patchbay’s tools; every call of these is judged by your rules first, edits go through the editor',
    none: 'Patchbay’s tools',
  },
};

/** `Anthropic`, or the name the user gave an endpoint. */
function groupName(model: ModelRef, { keyProviders }: SetupInput): string {
  return (
    keyProviders.find(({ id }) => id === model.provider)?.name ??
    model.provider.replace(/^endpoint:/, '')
  );
}

/** Unknown stays unknown: nothing is said then. */
function windowText(model: ModelRef): string {
  return model.contextWindowTokens === undefined
    ? ''
    : `${Math.round(model.contextWindowTokens / 1000)}k context`;
}

function sameAddress(one: string, other: string): boolean {
  const key = (url: string): string =>
    url
      .replace(/(?<!\/)\/+$/, '')
      .replace('//localhost', '//127.0.0.1')
      .toLowerCase();
  return key(one) === key(other);
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
