import type { Disposable } from '../base/disposable';
import { customBridge, type CustomAgent } from '../runtime/agentDirectory';
import type { Bridge } from '../runtime/contract';

/**
 * Keeps a bridge registered for each agent of the user's settings. A changed setting replaces the bridge; a running
 * exchange keeps its own.
 */
export class CustomAgents implements Disposable {
  private registered: readonly Disposable[] = [];
  private shown = '';

  constructor(
    private readonly deps: {
      readonly dialects: readonly Bridge[];
      readonly register: (bridge: Bridge) => Disposable;
    },
  ) {}

  update(agents: readonly CustomAgent[]): void {
    const key = JSON.stringify(agents.map(({ name, dialect }) => [name, dialect]));
    if (key === this.shown) {
      return;
    }
    this.dispose();
    this.shown = key;
    this.registered = agents.flatMap((agent) => {
      const dialect = this.deps.dialects.find(({ adapter }) => adapter === agent.dialect);
      return dialect === undefined ? [] : [this.deps.register(customBridge(agent, dialect))];
    });
  }

  dispose(): void {
    this.registered.forEach((registration) => registration.dispose());
    this.registered = [];
    this.shown = '';
  }
}
