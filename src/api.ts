import type { Disposable } from './base/disposable';
import type { Bridge } from './runtime/contract';
import type { Tool } from './tools/contract';
import type { PostWriteHook } from './tools/postWriteHooks';

/** What `activate()` returns to other extensions. Each registration ends with the disposable it resolves with. */
export interface PatchbayApi {
  /** A bridge of another agent; its models are routed to it by adapter id. */
  registerBridge(bridge: Bridge): Promise<Disposable>;
  /** A tool that models are offered; its calls pass the gate like those of our own. */
  registerTool(tool: Tool): Promise<Disposable>;
  /** Runs after each successful write; a failing hook never fails the call. */
  registerPostWriteHook(hook: PostWriteHook): Promise<Disposable>;
}
