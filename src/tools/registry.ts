import { toDisposable, type Disposable } from '../base/disposable';
import type { Tool } from './contract';

/** The tools of the host, in the order in which they were registered. */
export class ToolRegistry {
  private readonly tools = new Map<string, Tool>();

  /** A name can be taken only once; the disposable gives it back. */
  register(tool: Tool): Disposable {
    if (this.tools.has(tool.name)) {
      throw new Error(`a tool named ${tool.name} is already registered`);
    }
    this.tools.set(tool.name, tool);
    return toDisposable(() => this.tools.delete(tool.name));
  }

  get(name: string): Tool | undefined {
    return this.tools.get(name);
  }

  list(): readonly Tool[] {
    return [...this.tools.values()];
  }
}
