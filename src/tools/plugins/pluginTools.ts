import { errorMessage } from '../../base/patchbayError';
import type { Disposable } from '../../base/disposable';
import type { Logger } from '../../base/logger';
import type { Tool } from '../contract';

/** A tool that should be offered. `key` is a hash of its qualified name and definition, and of how it is called. */
export interface WantedTool {
  readonly key: string;
  readonly create: () => Tool;
}

/** The plugin tools in the registry of all tools: after each `set` exactly those that were wanted, each once. */
export class PluginTools implements Disposable {
  private readonly registered = new Map<string, Disposable>();

  constructor(
    private readonly registry: { register(tool: Tool): Disposable },
    private readonly log: Logger,
  ) {}

  get size(): number {
    return this.registered.size;
  }

  set(wanted: readonly WantedTool[]): void {
    const keys = new Set(wanted.map(({ key }) => key));
    for (const [key, registration] of this.registered) {
      if (!keys.has(key)) {
        this.registered.delete(key);
        registration.dispose();
      }
    }
    for (const { key, create } of wanted) {
      if (!this.registered.has(key)) {
        this.add(key, create());
      }
    }
  }

  dispose(): void {
    this.set([]);
  }

  /** A name that somebody else has keeps that tool out; the others go on. */
  private add(key: string, tool: Tool): void {
    try {
      this.registered.set(key, this.registry.register(tool));
    } catch (error) {
      this.log.warn(`${tool.name} is not offered: ${errorMessage(error)}`);
    }
  }
}
