import type { ConversationParts } from './conversationParts';
import type { GateParts } from './gateParts';
import type { Ground } from './ground';
import type { RuntimeParts } from './runtimeParts';
import type { ServerParts } from './serverParts';
import type { ToolParts } from './toolParts';
import type { WorkspaceParts } from './workspaceParts';

/** All that is below what the user sees. */
export interface Parts {
  readonly ground: Ground;
  readonly workspace: WorkspaceParts;
  readonly gate: GateParts;
  readonly tools: ToolParts;
  readonly servers: ServerParts;
  readonly runtimes: RuntimeParts;
  readonly conversations: ConversationParts;
}
