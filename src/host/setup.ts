import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import type { SetupView } from '../protocol/methods';
import { buildAgentDirectory, type AgentDirectory } from '../runtime/agentDirectory';
import { untakenChoices, type UntakenChoices } from '../runtime/choices';
import { coverageOf, type AgentInfo, type Bridge, type ModelRef } from '../runtime/contract';
import {
  shippedKeyProviders,
  type CredentialVault,
  type KeyProvider,
} from '../runtime/credentials';
import {
  discoverAgents,
  discoverLocalServers,
  type AgentFinding,
  type DiscoveryPorts,
  type LocalServerFinding,
} from '../runtime/discovery';
import type { UserEndpoint } from '../runtime/endpointSettings';
import {
  buildModelCatalog,
  endpointKeyProvider,
  type EditorModelInfo,
  type ModelCatalog,
} from '../runtime/modelCatalog';
import { toLocalEndpoints, toSetupView } from './discoveryView';
import type { Settings } from './settings';
import { toSpecTable } from './settingsValues';

export interface SetupDeps {
  readonly settings: Settings;
  readonly discovery: DiscoveryPorts;
  readonly fetchJson: (url: string, timeoutMs: number) => Promise<unknown>;
  readonly editorModels: () => Promise<readonly EditorModelInfo[]>;
  readonly log: Logger;
}

/**
 * What can be chosen here: found agents, keys, local servers, the editor's models, the playground. Built anew when a
 * setting, a key or the trust changes; nothing is looked for before somebody looks at the panel.
 */
export class Setup implements Disposable {
  private readonly store = new DisposableStore();
  private readonly didChange = this.store.add(new Emitter<SetupView>());
  readonly onDidChange = this.didChange.event;
  private agents: readonly AgentFinding[] = [];
  private servers: readonly LocalServerFinding[] = [];
  private editorModels: readonly EditorModelInfo[] = [];
  private keys: ReadonlyMap<string, string> = new Map();
  private rootNames: readonly string[] = [];
  private built: ModelCatalog;
  private agentDirectory: AgentDirectory;
  private bridges: () => readonly Bridge[] = () => [];
  private readonly learned = new Map<string, NonNullable<AgentInfo['models']>>();
  /** By model id: what an agent's session turned out to take. Until agents are looked for again: it may be another version then. */
  private readonly learnedControls = new Map<string, NonNullable<AgentInfo['controls']>>();
  private readonly agentCommands = new Map<string, ReadonlySet<string>>();
  private probing: Promise<void> | undefined;
  private vault: CredentialVault | undefined;
  private isListingEditorModels = false;
  private hasLooked = false;

  constructor(private readonly deps: SetupDeps) {
    this.agentDirectory = this.listAgents();
    this.built = this.build();
    this.store.add(deps.settings.onDidChange(() => this.onSettings()));
    this.store.add(vscode.lm.onDidChangeChatModels(() => void this.refreshEditorModels()));
    this.store.add(vscode.workspace.onDidGrantWorkspaceTrust(() => void this.refresh()));
    this.store.add(vscode.workspace.onDidChangeWorkspaceFolders(() => void this.refresh()));
  }

  get catalog(): ModelCatalog {
    return this.built;
  }

  /** Whose key a model takes; one of an agent takes one only where the agent works with a key of ours. */
  keyProviderOf(model: ModelRef): KeyProvider | undefined {
    const id =
      this.catalog.keyProviderOf(model.id) ??
      (model.runtime?.authMode === 'api-key' ? model.provider : undefined);
    return this.keyProviders().find((provider) => provider.id === id);
  }

  /** Providers a key can be kept for: the shipped ones and the user's endpoints. */
  keyProviders(): readonly KeyProvider[] {
    return [
      ...shippedKeyProviders,
      ...this.endpoints().flatMap((endpoint) =>
        endpoint.keyId === undefined
          ? []
          : [{ id: endpointKeyProvider(endpoint.keyId), name: endpoint.name, isStrict: false }],
      ),
    ];
  }

  get directory(): AgentDirectory {
    return this.agentDirectory;
  }

  /** Where the agents of other extensions are known. */
  useBridges(runtime: {
    bridges(): readonly Bridge[];
    readonly onDidChangeBridges: (listener: () => void) => Disposable;
  }): void {
    this.bridges = () => runtime.bridges();
    this.store.add(runtime.onDidChangeBridges(() => this.onAgents()));
    this.onAgents();
  }

  /** An agent told what it has; `modelId`: what it was opened with. */
  noteAgentInfo(adapter: string, modelId: string, { models, commands, controls }: AgentInfo): void {
    if (commands !== undefined) {
      this.agentCommands.set(adapter, new Set(commands.map(({ name }) => name)));
    }
    if (
      models !== undefined &&
      JSON.stringify(models) !== JSON.stringify(this.learned.get(adapter))
    ) {
      this.learned.set(adapter, models);
      this.rebuild();
    }
    if (
      controls !== undefined &&
      JSON.stringify(controls) !== JSON.stringify(this.learnedControls.get(modelId))
    ) {
      this.learnedControls.set(modelId, controls);
      this.didChange.fire(this.current());
    }
  }

  /** What of the panel's choices this model does not take, as far as is known. */
  untaken(model: ModelRef): UntakenChoices {
    return untakenChoices(model, this.bridgeOf(model), this.learnedControls.get(model.id));
  }

  /** Whether the agent told of a command of this name. */
  hasAgentCommand(adapter: string | undefined, name: string): boolean {
    return this.agentCommands.get(adapter ?? '')?.has(name) === true;
  }

  useVault(vault: CredentialVault): void {
    this.vault = vault;
  }

  find(modelId: string): ModelRef | undefined {
    return this.built.find(modelId);
  }

  agent(adapter: string): AgentFinding | undefined {
    return this.agents.find((agent) => agent.adapter === adapter);
  }

  current(): SetupView {
    return toSetupView({
      isTrusted: vscode.workspace.isTrusted,
      hasFolder: (vscode.workspace.workspaceFolders ?? []).length > 0,
      isProbing: this.probing !== undefined,
      agents: this.agents,
      hiddenAgents: this.hiddenAgents(),
      keyProviders: this.keyProviders(),
      keys: this.keys,
      localServers: this.servers,
      catalog: this.built,
      coverageOf: (model) => {
        const bridge = this.bridgeOf(model);
        return bridge === undefined ? undefined : coverageOf(bridge, model).coverage;
      },
      problemOf: (model) => this.untaken(model).model,
      rootNames: this.rootNames,
    });
  }

  /** What was found of every agent. */
  get findings(): readonly AgentFinding[] {
    return this.agents;
  }

  /** The rows of the empty state stay few: variants, and agents that cannot be had from a registry, show when found. */
  private hiddenAgents(): ReadonlySet<string> {
    return new Set(
      this.agents
        .filter(({ adapter, state }) => {
          const entry = this.agentDirectory.find(adapter);
          return (
            entry?.variantOf !== undefined ||
            (state === 'missing' && entry?.installUrl === undefined)
          );
        })
        .map(({ adapter }) => adapter),
    );
  }

  /** The model a new session starts with: the user's, else the first that can be used, else the playground. */
  defaultModelId(): string {
    const wanted = this.deps.settings.values.defaultModel;
    if (wanted !== undefined && this.find(wanted) !== undefined) {
      return wanted;
    }
    return this.current().models.find((model) => model.isUsable)?.id ?? 'playground/tour';
  }

  /** Looks again. Asked while it looks, it joins. Never rejects. */
  refresh(): Promise<void> {
    this.probing ??= this.probe().finally(() => {
      this.probing = undefined;
      this.rebuild();
    });
    this.didChange.fire(this.current());
    return this.probing;
  }

  /** Keys changed: says so without looking for programs again. */
  async refreshKeys(): Promise<void> {
    this.keys = await this.findKeys();
    this.rebuild();
  }

  dispose(): void {
    this.store.dispose();
  }

  private async probe(): Promise<void> {
    this.hasLooked = true;
    this.learnedControls.clear();
    const { discovery, fetchJson, editorModels, log } = this.deps;
    const failed = (what: string) => (error: unknown) =>
      log.warn(`${what} could not be looked for: ${errorMessage(error)}`);
    await Promise.all([
      discoverAgents(discovery, this.agentDirectory.entries).then(
        (agents) => (this.agents = agents),
        failed('Agents'),
      ),
      discoverLocalServers(fetchJson).then(
        (servers) => (this.servers = servers),
        failed('Local model servers'),
      ),
      editorModels().then((models) => (this.editorModels = models), failed('The editor’s models')),
      this.findKeys().then((keys) => (this.keys = keys), failed('Keys')),
      this.readRoot().then((names) => (this.rootNames = names), failed('The folder')),
    ]);
  }

  /**
   * The editor has other models now, for instance because somebody signed in. Listing can itself announce a change, so
   * what is announced meanwhile is ignored, and an equal list is no news.
   */
  private async refreshEditorModels(): Promise<void> {
    if (this.isListingEditorModels || this.probing !== undefined) {
      return;
    }
    this.isListingEditorModels = true;
    try {
      const models = await this.deps.editorModels();
      if (JSON.stringify(models) !== JSON.stringify(this.editorModels)) {
        this.editorModels = models;
        this.rebuild();
      }
    } catch (error) {
      this.deps.log.warn(`The editor’s models could not be listed: ${errorMessage(error)}`);
    } finally {
      this.isListingEditorModels = false;
    }
  }

  private bridgeOf(model: ModelRef): Bridge | undefined {
    return this.bridges().find(({ adapter }) => adapter === model.runtime?.adapter);
  }

  private async findKeys(): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (const provider of this.keyProviders()) {
      const key = await this.vault?.find(provider.id);
      if (key !== undefined) {
        found.set(provider.id, key.from);
      }
    }
    return found;
  }

  private async readRoot(): Promise<readonly string[]> {
    const folder = vscode.workspace.workspaceFolders?.[0];
    return folder === undefined
      ? []
      : (await vscode.workspace.fs.readDirectory(folder.uri)).map(([name]) => name);
  }

  private endpoints(): readonly UserEndpoint[] {
    return this.deps.settings.values.endpoints;
  }

  private onSettings(): void {
    const before = this.agentDirectory.entries;
    this.rebuild();
    if (this.hasLooked && JSON.stringify(before) !== JSON.stringify(this.agentDirectory.entries)) {
      void this.refresh();
    }
  }

  private onAgents(): void {
    this.rebuild();
    if (this.hasLooked) {
      void this.refresh();
    }
  }

  private listAgents(): AgentDirectory {
    const { agents, customAgents } = this.deps.settings.values;
    return buildAgentDirectory({
      custom: customAgents,
      bridges: this.bridges(),
      specs: toSpecTable(agents),
      learned: this.learned,
    });
  }

  private rebuild(): void {
    this.agentDirectory = this.listAgents();
    this.built = this.build();
    this.didChange.fire(this.current());
  }

  private build(): ModelCatalog {
    const own = this.endpoints();
    return buildModelCatalog({
      endpoints: [...own, ...toLocalEndpoints(this.servers, own)],
      editorModels: this.editorModels,
      agentModels: this.agentDirectory.models,
      addresses: this.deps.settings.values.providerUrls,
    });
  }
}
