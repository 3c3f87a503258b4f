import { PatchbayError } from '../../src/base/patchbayError';
import type {
  McpHub,
  McpReply,
  ServerTool,
  StartedServer,
  StartRequest,
} from '../../src/tools/plugins/contract';

type Behaviour =
  | { readonly kind: 'works'; readonly tools: readonly ServerTool[] }
  | { readonly kind: 'fails'; readonly message: string }
  | { readonly kind: 'hangs' };

/** Servers that behave as they are told, without any process. */
export class FakeMcpHub implements McpHub {
  readonly started: StartRequest[] = [];
  readonly stopped: string[] = [];
  readonly calls: string[] = [];
  reply: (tool: string) => McpReply | Promise<McpReply> = (tool) => ({
    text: `${tool} ran`,
    isError: false,
  });
  private readonly behaviours = new Map<string, Behaviour>();
  private readonly toolListeners = new Set<
    (change: { readonly key: string } & StartedServer) => void
  >();
  private readonly endListeners = new Set<(end: { key: string; message: string }) => void>();

  behave(key: string, behaviour: Behaviour): void {
    this.behaviours.set(key, behaviour);
  }

  announce(key: string, tools: readonly ServerTool[]): void {
    this.toolListeners.forEach((listener) => listener({ key, tools, notes: [] }));
  }

  end(key: string, message: string): void {
    this.endListeners.forEach((listener) => listener({ key, message }));
  }

  start(request: StartRequest, signal: AbortSignal): Promise<StartedServer> {
    this.started.push(request);
    const behaviour = this.behaviours.get(request.key) ?? { kind: 'works', tools: [] };
    switch (behaviour.kind) {
      case 'works':
        return Promise.resolve({ tools: behaviour.tools, notes: [] });
      case 'fails':
        return Promise.reject(new PatchbayError('mcp_start', behaviour.message));
      case 'hangs':
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new PatchbayError('aborted', 'stopped')));
        });
    }
  }

  async call({ key, tool }: { key: string; tool: string }): Promise<McpReply> {
    this.calls.push(`${key}/${tool}`);
    return this.reply(tool);
  }

  async stop(key: string): Promise<void> {
    this.stopped.push(key);
  }

  log(key: string): Promise<string> {
    return Promise.resolve(`the log of ${key}`);
  }

  onDidChangeTools(listener: (change: { readonly key: string } & StartedServer) => void) {
    this.toolListeners.add(listener);
    return { dispose: () => void this.toolListeners.delete(listener) };
  }

  onDidEnd(listener: (end: { key: string; message: string }) => void) {
    this.endListeners.add(listener);
    return { dispose: () => void this.endListeners.delete(listener) };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
