import { acpDialect } from './acp';
import { claudeCliDialect } from './claudeCli';
import { codexAppServerDialect } from './codexAppServer';
import { codexExecDialect } from './codexExec';
import type { Dialect } from './dialect';
import { peerExchangeDialect } from './peerExchange';
import { peerLinkDialect } from './peerLink';
import { peerRpcDialect } from './peerRpc';

/** Every dialect of an external agent that Patchbay ships a bridge for. */
export const dialects: readonly Dialect[] = [
  claudeCliDialect,
  codexAppServerDialect,
  codexExecDialect,
  acpDialect,
  peerRpcDialect,
  peerExchangeDialect,
  peerLinkDialect,
];
