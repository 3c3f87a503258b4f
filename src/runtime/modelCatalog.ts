import type { ExternalRuntimeSpec, ModelRef } from './contract';
import type { UserEndpoint } from './endpointSettings';
import { shippedModels, type ApiProvider } from './shippedModels';
import { attachRuntime } from './specs';

/** A model that the editor itself offers, as far as the catalog needs it. */
export interface EditorModelInfo {
  readonly id: string;
  readonly vendor: string;
  readonly family: string;
  readonly name: string;
  readonly maxInputTokens?: number;
}

/** A model of a shipped provider that the user added by name. */
interface ExtraModel {
  readonly provider: ApiProvider;
  readonly model: string;
  readonly name?: string;
  readonly contextWindowTokens?: number;
  readonly maxOutputTokens?: number;
}

export interface CatalogSources {
  readonly endpoints?: readonly UserEndpoint[];
  readonly extraModels?: readonly ExtraModel[];
  readonly editorModels?: readonly EditorModelInfo[];
  /** The agents' models; see agentDirectory. */
  readonly agentModels?: readonly ModelRef[];
  /** Another address for a shipped provider, set at user scope. */
  readonly addresses?: Readonly<Partial<Record<ApiProvider, string>>>;
}

export interface ModelCatalog {
  /** Agents, then APIs, endpoints, the editor's models, the playground; ids are unique, entries frozen. */
  readonly models: readonly ModelRef[];
  find(id: string): ModelRef | undefined;
  /** Whose key a model needs (a provider of the credential vault); undefined when it takes none of ours. */
  keyProviderOf(id: string): string | undefined;
}

export const playgroundModelId = 'playground/tour';

export const playgroundModel: ModelRef = Object.freeze({
  id: playgroundModelId,
  api: 'playground',
  provider: 'playground',
  model: 'tour',
  name: 'Playground',
});

/** Everything a turn can go to, from the shipped tables and the user's settings. Pure; call it again when one changes. */
export function buildModelCatalog(sources: CatalogSources = {}): ModelCatalog {
  const byId = new Map<string, ModelRef>();
  const keyProviders = new Map<string, string>();
  const add = (model: ModelRef, keyProvider?: string): void => {
    // The first entry of an id stays: nothing the user adds can take the place of a shipped one unseen.
    if (byId.has(model.id)) {
      return;
    }
    byId.set(model.id, Object.freeze(model));
    if (keyProvider !== undefined) {
      keyProviders.set(model.id, keyProvider);
    }
  };
  (sources.agentModels ?? []).forEach((model) => add(model));
  shippedModels.forEach((model) => add(withAddress(model, sources), model.provider));
  (sources.extraModels ?? []).forEach((extra) =>
    add(withAddress(toExtraModel(extra), sources), extra.provider),
  );
  for (const endpoint of sources.endpoints ?? []) {
    const keyProvider =
      endpoint.keyId === undefined ? undefined : endpointKeyProvider(endpoint.keyId);
    toEndpointModels(endpoint).forEach((model) => add(model, keyProvider));
  }
  (sources.editorModels ?? []).forEach((info) => add(toEditorModel(info)));
  add(playgroundModel);
  return {
    models: [...byId.values()],
    find: (id) => byId.get(id),
    keyProviderOf: (id) => keyProviders.get(id),
  };
}

/** The same model bound to an agent: a new, frozen object; the given one is left alone. */
export function annotateRuntime(model: ModelRef, spec: ExternalRuntimeSpec): ModelRef {
  return Object.freeze(attachRuntime(model, spec));
}

/** The name under which the vault keeps the key of a user's endpoint. */
export function endpointKeyProvider(keyId: string): string {
  return `endpoint:${keyId}`;
}

export type ModelKind = 'agent' | 'api' | 'local' | 'editor' | 'playground';

/** Where a model lives, for grouping: an endpoint on this machine or in the local network is `local`. */
export function modelKindOf(model: ModelRef): ModelKind {
  switch (model.api) {
    case 'external':
      return 'agent';
    case 'editor':
      return 'editor';
    case 'playground':
      return 'playground';
    default:
      if (model.runtime !== undefined) {
        return 'agent';
      }
      return model.address !== undefined && isLocalAddress(model.address) ? 'local' : 'api';
  }
}

function isLocalAddress(address: string): boolean {
  if (!URL.canParse(address)) {
    return false;
  }
  const { hostname } = new URL(address);
  return (
    /^(localhost|\[::1\]|host\.docker\.internal|127\.\d+\.\d+\.\d+)$/.test(hostname) ||
    /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(hostname) ||
    hostname.endsWith('.local') ||
    hostname.endsWith('.localhost')
  );
}

function withAddress(model: ModelRef, sources: CatalogSources): ModelRef {
  const address = isApiProvider(model.provider) ? sources.addresses?.[model.provider] : undefined;
  return address === undefined || address === '' ? { ...model } : { ...model, address };
}

function isApiProvider(provider: string): provider is ApiProvider {
  return provider === 'anthropic' || provider === 'openai';
}

function toExtraModel(extra: ExtraModel): ModelRef {
  return {
    id: `${extra.provider}/${extra.model}`,
    api: extra.provider === 'anthropic' ? 'anthropic-messages' : 'openai-responses',
    provider: extra.provider,
    model: extra.model,
    name: extra.name ?? extra.model,
    ...numbersOf(extra),
  };
}

function toEndpointModels(endpoint: UserEndpoint): readonly ModelRef[] {
  return endpoint.models.map((model) => ({
    id: `endpoint:${endpoint.name}/${model.model}`,
    api: 'openai-chat',
    provider: `endpoint:${endpoint.name}`,
    model: model.model,
    name: model.name ?? model.model,
    address: endpoint.url,
    ...numbersOf(model),
    ...(model.supportsReasoning === undefined
      ? {}
      : { supportsReasoning: model.supportsReasoning }),
    ...(model.supportsImages === undefined ? {} : { supportsImages: model.supportsImages }),
  }));
}

function numbersOf(model: {
  readonly contextWindowTokens?: number;
  readonly maxOutputTokens?: number;
}): Pick<ModelRef, 'contextWindowTokens' | 'maxOutputTokens'> {
  return {
    ...(model.contextWindowTokens === undefined
      ? {}
      : { contextWindowTokens: model.contextWindowTokens }),
    ...(model.maxOutputTokens === undefined ? {} : { maxOutputTokens: model.maxOutputTokens }),
  };
}

function toEditorModel(info: EditorModelInfo): ModelRef {
  return {
    id: `editor/${info.vendor}/${info.id}`,
    api: 'editor',
    provider: `editor:${info.vendor}`,
    model: info.id,
    name: info.name,
    // The editor tells what may go in; that is the window as far as anyone can know.
    ...(info.maxInputTokens === undefined ? {} : { contextWindowTokens: info.maxInputTokens }),
  };
}
