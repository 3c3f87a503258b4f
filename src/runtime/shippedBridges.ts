import { createAcpBridge } from './bridges/acp';
import { acpProfiles } from './bridges/acpProfiles';
import { claudeCliBridge } from './bridges/claudeCli';
import { codexAppServerBridge } from './bridges/codexAppServer';
import { codexExecBridge } from './bridges/codexExec';
import { createIndusagiBridge, createPiBridge } from './bridges/indusagiCli';
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
    createPiBridge(options.piGatePath),
    createIndusagiBridge(options.piGatePath),
  ];
}
