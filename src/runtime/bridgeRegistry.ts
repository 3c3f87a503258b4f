import { toDisposable, type Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import type { Bridge } from './contract';

/** The bridges by adapter id, an open string. Registering an id again replaces the former; running exchanges keep theirs. */
export class BridgeRegistry {
  private readonly bridges = new Map<string, Bridge>();
  private readonly didChange = new Emitter<void>();
  readonly onDidChange = this.didChange.event;

  /** Disposing takes the bridge away, unless another has replaced it meanwhile. */
  register(bridge: Bridge): Disposable {
    this.bridges.set(bridge.adapter, bridge);
    this.didChange.fire();
    return toDisposable(() => {
      if (this.bridges.get(bridge.adapter) === bridge) {
        this.bridges.delete(bridge.adapter);
        this.didChange.fire();
      }
    });
  }

  get(adapter: string): Bridge | undefined {
    return this.bridges.get(adapter);
  }

  list(): readonly Bridge[] {
    return [...this.bridges.values()];
  }
}
