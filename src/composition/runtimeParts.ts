import { makeVisibleName } from '../gate/visible';
import { CustomAgents } from '../host/customAgents';
import { createEditorModels } from '../host/editorModels';
import { createFolderCodeConsent } from '../host/folderCodeConsent';
import { createKeyCommands } from '../host/keys';
import { createSecrets } from '../host/secrets';
import { Setup } from '../host/setup';
import { askToStart } from '../host/startQuestion';
import { runtimeNameOf } from '../host/turnGuard';
import { createAgentProbe } from '../node/agentProbe';
import { createChildProcessTransport } from '../node/childProcessTransport';
import { fetchJson } from '../node/fetchJson';
import { RuntimeBroker } from '../runtime/broker';
import type { Bridge, ModelRef } from '../runtime/contract';
import { CredentialVault } from '../runtime/credentials';
import type { DiscoveryPorts } from '../runtime/discovery';
import { createEditorModelsProvider } from '../runtime/network/editorModels';
import { createNetworkLoaders } from '../runtime/network/networkLoaders';
import { createNetworkStream } from '../runtime/network/networkStream';
import { createPlayground } from '../runtime/playground';
import { withPrice } from '../runtime/prices';
import type { ResumeStore } from '../runtime/resumeLink';
import { defaultRetryPolicy } from '../runtime/retry';
import { createShippedBridges } from '../runtime/shippedBridges';
import type { Ground } from './ground';
import type { WorkspaceParts } from './workspaceParts';

/** Models, agents and keys, and where a turn is produced. */
export interface RuntimeParts {
  readonly setup: Setup;
  readonly vault: CredentialVault;
  readonly keys: ReturnType<typeof createKeyCommands>;
  readonly broker: RuntimeBroker;
  readonly bridgeOf: (model: ModelRef) => Bridge | undefined;
  /** How a runtime is called before people. */
  readonly nameOf: (model: ModelRef) => string;
}

export interface RuntimePartsOptions {
  readonly ground: Ground;
  readonly lookup: WorkspaceParts['lookup'];
  readonly resumeStore: (sessionId: string) => ResumeStore | undefined;
}

export function createRuntimeParts({
  ground,
  lookup,
  resumeStore,
}: RuntimePartsOptions): RuntimeParts {
  const { context, clock, home, inheritedEnv, isTrusted, log, redact } = ground;
  const { settings, store, supervisor, userState } = ground;
  const editorModels = createEditorModels();
  const discovery: DiscoveryPorts = {
    lookup,
    isTrusted,
    binaryPath: (adapter) => settings.values.agents[adapter]?.binaryPath,
    runProbe: createAgentProbe({
      ...supervisor,
      lookup,
      inheritedEnv,
      passVariables: (adapter) => setup.directory.find(adapter)?.passVariables ?? [],
      ownEnv: (adapter) => settings.values.agents[adapter]?.env,
    }),
  };
  const setup: Setup = store.add(
    new Setup({ settings, discovery, fetchJson, editorModels: () => editorModels.list(), log }),
  );
  const vault = new CredentialVault({
    secrets: createSecrets(context.secrets),
    providers: () => setup.keyProviders(),
    environment: (name) => inheritedEnv[name],
  });
  setup.useVault(vault);
  const keys = createKeyCommands({
    vault,
    providers: () => setup.keyProviders(),
    onDidChange: () => void setup.refreshKeys(),
  });

  const broker = new RuntimeBroker({
    clock,
    logger: log,
    framework: createNetworkStream({
      clock,
      retry: defaultRetryPolicy,
      load: createNetworkLoaders((input, init) => fetch(input, init), {
        editor: () => Promise.resolve(createEditorModelsProvider(editorModels)),
        playground: () => Promise.resolve(createPlayground(clock)),
      }),
    }),
    transport: createChildProcessTransport({
      ...supervisor,
      lookup,
      isTrusted,
      redact,
      inheritedEnv,
      toolServerPath: context.asAbsolutePath('dist/toolServer.js'),
      passVariables: (adapter) => setup.directory.find(adapter)?.passVariables ?? [],
      installHint: (adapter) => setup.directory.find(adapter)?.installHint,
      homeDirectory: home,
      mayRunFolderCode: createFolderCodeConsent(
        userState,
        (adapter) => setup.directory.find(adapter)?.displayName,
      ),
      mayRunFromWorkspace: (path) =>
        askToStart({
          message: `The agent was found inside this workspace: ${makeVisibleName(path)}. Start it?`,
          detail: 'A program in a repository can be anything. Start it only if you know it.',
        }),
    }),
    resumeStore,
    completeUsage: (model, usage) => withPrice(usage, settings.values.prices[model.id]),
    keyProviderOf: (model) => setup.keyProviderOf(model),
    agentVersion: ({ adapter }) => setup.agent(adapter)?.version,
  });
  const shippedBridges = createShippedBridges({
    piGatePath: context.asAbsolutePath('media/pi-gate.mjs'),
  });
  shippedBridges.forEach((bridge) => broker.register(bridge));
  const customAgents = store.add(
    new CustomAgents({ dialects: shippedBridges, register: (bridge) => broker.register(bridge) }),
  );
  customAgents.update(settings.values.customAgents);
  store.add(settings.onDidChange(({ values }) => customAgents.update(values.customAgents)));
  setup.useBridges(broker);
  const bridgeOf = (model: ModelRef): Bridge | undefined =>
    broker.bridges().find((bridge) => bridge.adapter === model.runtime?.adapter);

  return { setup, vault, keys, broker, bridgeOf, nameOf: runtimeNameOf(() => broker.bridges()) };
}
