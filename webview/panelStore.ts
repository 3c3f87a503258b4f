import { Emitter } from '../src/base/emitter';
import { announcements } from './announcements';
import {
  reduce,
  trimmed,
  withItemsBefore,
  type LiveState,
  type PanelState,
  type StateMessage,
} from './store';

/** Runs later, merged: once per frame for text, at once for what a person waits for. */
export interface Scheduler {
  nextFrame(run: () => void): void;
}

/**
 * Holds the state and tells the view about it: streamed text once per animation frame, everything else at once, so
 * that a question never waits behind text.
 */
export class PanelStore {
  private current: PanelState = { kind: 'waiting' };
  private shown: PanelState = this.current;
  private isFrameAsked = false;
  private readonly didChange = new Emitter<PanelState>();
  private readonly didAnnounce = new Emitter<string>();
  private readonly didFallBehind = new Emitter<number>();

  readonly onDidChange = this.didChange.event;
  /** A sentence for the live region. */
  readonly onDidAnnounce = this.didAnnounce.event;
  /** A delta was missed; the value is the last one that is here. */
  readonly onDidFallBehind = this.didFallBehind.event;

  constructor(private readonly scheduler: Scheduler) {}

  get state(): PanelState {
    return this.current;
  }

  accept(message: StateMessage): void {
    const before = this.current;
    const after = reduce(before, message);
    this.current = after;
    if (after === before) {
      return;
    }
    if (after.kind === 'live' && after.isBehind && !(before.kind === 'live' && before.isBehind)) {
      this.didFallBehind.fire(after.seq);
    }
    if (message.method === 'turn/events' || message.method === 'turn/text') {
      this.askFrame();
    } else {
      this.show();
    }
  }

  /** The end is read: items far above it go. */
  trim(): void {
    this.become((state) => trimmed(state));
  }

  /** Items that were asked for, before `firstId` of the session. */
  prepend(sessionId: string, firstId: string, page: Parameters<typeof withItemsBefore>[2]): void {
    this.become((state) =>
      state.sessionId === sessionId ? withItemsBefore(state, firstId, page) : state,
    );
  }

  private become(change: (state: LiveState) => LiveState): void {
    if (this.current.kind === 'live') {
      this.current = change(this.current);
      this.show();
    }
  }

  private askFrame(): void {
    if (!this.isFrameAsked) {
      this.isFrameAsked = true;
      this.scheduler.nextFrame(() => {
        this.isFrameAsked = false;
        this.show();
      });
    }
  }

  private show(): void {
    const before = this.shown;
    this.shown = this.current;
    if (before === this.current) {
      return;
    }
    this.didChange.fire(this.current);
    for (const sentence of announcements(before, this.current)) {
      this.didAnnounce.fire(sentence);
    }
  }
}
