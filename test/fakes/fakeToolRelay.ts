import { toDisposable, type Disposable } from '../../src/base/disposable';
import type { ToolRelay } from '../../src/runtime/contract';

/** A tool relay without a socket: keeps what was sent, says what the test lets the agent's MCP client say. */
export class FakeToolRelay implements ToolRelay {
  readonly program = {
    command: '/node',
    args: ['/dist/toolServer.js'],
    env: { PATCHBAY_TOOL_SOCKET: '/private/tools.sock', PATCHBAY_TOOL_TOKEN: 'secret' },
  };
  readonly sent: { readonly message: unknown; readonly connection: string }[] = [];
  private readonly listeners = new Set<(message: unknown, connection: string) => void>();

  get listenerCount(): number {
    return this.listeners.size;
  }

  onMessage(listener: (message: unknown, connection: string) => void): Disposable {
    this.listeners.add(listener);
    return toDisposable(() => this.listeners.delete(listener));
  }

  send(message: unknown, connection: string): void {
    this.sent.push({ message, connection });
  }

  emit(message: unknown, connection = 'tools-1'): void {
    for (const listener of [...this.listeners]) {
      listener(message, connection);
    }
  }
}
