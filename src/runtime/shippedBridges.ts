import { createAcpBridge } from './bridges/acp';
import { acpProfiles } from './bridges/acpProfiles';
import { claudeCliBridge } from './bridges/claudeCli';
import { codexAppServerBridge } from './bridges/codexAppServer';
import { codexExecBridge } from './bridges/codexExec';
import { createPeerBridge, indusagiCliBridge } from './bridges/indusagiCli';
import type { Bridge } from './contract';

export interface ShippedBridgesOptions {
  /** Absolute path of `pi-gate.mjs` as it is shipped: pi's extension that puts every call before the gate. */
  readonly piGatePath: string;
}

/** The bridges of this release. The agents of the user's settings speak one of these dialects. */
export function createShippedBridges(options: ShippedBridgesOptions): readonly Bridge[] {
  return [
    claudeCliBridge,
    codexAppServerBridge,
    codexExecBridge,
    ...acpProfiles.map(createAcpBridge),
    createPeerBridge({
      adapter: 'pi',
      displayName: 'pi',
      defaultBinary: 'pi',
      forms: ['rpc'],
      gate: { extensionPath: options.piGatePath, isRequired: true },
    }),
    indusagiCliBridge,
  ];
}
