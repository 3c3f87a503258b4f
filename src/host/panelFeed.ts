import type { Clock } from '../base/clock';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { SessionDelta } from '../events/sessionItem';
import {
  protocolVersion,
  type HostMessage,
  type NotificationMethod,
  type Notifications,
  type StatusView,
} from '../protocol/methods';
import type { DraftPictureStore, DraftStore, PanelSource } from './panelSource';

/** One frame at 60 Hz. */
const frameMs = 16;
/**
 * Text alone is told this often, or sooner when there is much of it: nobody reads faster, and each message has a frame
 * around it. The first text after a silence does not wait.
 */
const textEveryMs = 48;
const muchText = 1024;
/** Texts and requests to show something that wait for a view that is just being made. */
const maxWaiting = 20;

/** The notifications that ask the view to do something, rather than tell it a state. */
export type ViewRequestMethod = 'composer/insert' | 'composer/focus' | 'view/show';

export interface PanelFeedOptions {
  readonly source: PanelSource;
  readonly clock: Clock;
  readonly draft: DraftStore;
  readonly pictures: Pick<DraftPictureStore, 'list'>;
  readonly post: (message: HostMessage) => void;
}

/**
 * What the host tells one view: a snapshot whenever the view says that it is there or missed something, numbered
 * deltas merged per frame in between, prompts and edits at once. Nothing is sent to a view that is hidden: its page is
 * gone then, and says that it is ready when it comes back.
 */
export class PanelFeed implements Disposable {
  private readonly store = new DisposableStore();
  private seq = 0;
  private isReady = false;
  /** Which page it is that is ready. */
  private pageCount = 0;
  private deltas: SessionDelta[] = [];
  private status: StatusView | undefined;
  /** The status that the view has, or is about to get, as JSON: told again only when it is another one. */
  private toldStatus = '';
  private frame: Disposable | undefined;
  /** The frame that is asked for is the next one. */
  private isFrameSoon = false;
  private isTextAlone = true;
  private textLength = 0;
  private flushedAtMs = 0;
  private waiting: (() => void)[] = [];

  constructor(private readonly options: PanelFeedOptions) {
    const { source } = options;
    this.store.add(
      source.onDidChangeSession((change) => this.collect(change.deltas, change.status)),
    );
    this.store.add(source.onDidReplaceSession(() => this.snapshot()));
    this.store.add(
      source.onDidChangePrompts((prompts) => this.notify('prompt/changed', { prompts })),
    );
    this.store.add(source.onDidChangeEdits((edits) => this.notify('edit/changed', { edits })));
    this.store.add(
      source.onDidChangeChanges((changes) => this.notify('change/changed', { changes })),
    );
    this.store.add(source.onDidChangeSetup((setup) => this.notify('setup/changed', setup)));
  }

  /** The page has loaded and listens; `anchorId`: where its reader was. */
  ready(anchorId?: string): void {
    this.isReady = true;
    this.pageCount += 1;
    this.snapshot(anchorId);
    void this.putBackPictures(this.pageCount);
    for (const send of this.waiting.splice(0)) {
      send();
    }
  }

  /** The page is gone or not seen: it gets nothing until it is ready again. */
  hidden(): void {
    this.isReady = false;
    this.drop();
  }

  /** Everything, at once. Changes that wait for their frame are part of it. */
  snapshot(anchorId?: string): void {
    this.drop();
    const content = this.options.source.content(anchorId);
    this.toldStatus = JSON.stringify(content.status);
    this.notify('state/snapshot', {
      ...content,
      version: protocolVersion,
      seq: this.seq,
      draft: this.options.draft.read(),
    });
  }

  /** Asks the view to do something; waits when it is not there yet. The oldest waiting ones go when there are too many. */
  request<M extends ViewRequestMethod>(method: M, params: Notifications[M]): void {
    if (this.isReady) {
      this.notify(method, params);
      return;
    }
    this.waiting.push(() => this.notify(method, params));
    this.waiting.splice(0, Math.max(0, this.waiting.length - maxWaiting));
  }

  dispose(): void {
    this.hidden();
    this.store.dispose();
  }

  /** Not with the snapshot: there may be many megabytes of them, and the text does not wait for that. */
  private async putBackPictures(page: number): Promise<void> {
    for (const picture of await this.options.pictures.list()) {
      if (page === this.pageCount) {
        this.notify('composer/picture', picture);
      }
    }
  }

  private collect(deltas: readonly SessionDelta[], status: StatusView | undefined): void {
    if (!this.isReady) {
      return;
    }
    for (const delta of deltas) {
      addDelta(this.deltas, delta);
      this.isTextAlone &&= delta.op === 'text';
      this.textLength += delta.op === 'text' ? delta.delta.length : 0;
    }
    this.collectStatus(status);
    if (this.deltas.length === 0 && this.status === undefined) {
      return;
    }
    const { clock } = this.options;
    const isSoon = !this.isTextAlone || this.textLength >= muchText;
    const waitMs = isSoon
      ? frameMs
      : Math.max(frameMs, this.flushedAtMs + textEveryMs - clock.nowMs());
    if (this.frame === undefined || (isSoon && !this.isFrameSoon)) {
      this.frame?.dispose();
      this.isFrameSoon = waitMs <= frameMs;
      this.frame = clock.schedule(waitMs, () => this.flush());
    }
  }

  private collectStatus(status: StatusView | undefined): void {
    const told = status === undefined ? this.toldStatus : JSON.stringify(status);
    if (told !== this.toldStatus) {
      this.toldStatus = told;
      this.status = status;
      this.isTextAlone = false;
    }
  }

  private flush(): void {
    const { deltas, status } = this;
    this.drop();
    this.seq += 1;
    this.flushedAtMs = this.options.clock.nowMs();
    const { seq } = this;
    const [only] = deltas;
    if (only?.op === 'text' && deltas.length === 1 && status === undefined) {
      this.notify('turn/text', { seq, id: only.id, delta: only.delta });
    } else {
      this.notify('turn/events', { seq, deltas, ...(status === undefined ? {} : { status }) });
    }
  }

  private drop(): void {
    this.frame?.dispose();
    this.frame = undefined;
    this.deltas = [];
    this.status = undefined;
    this.isTextAlone = true;
    this.textLength = 0;
  }

  private notify<M extends NotificationMethod>(method: M, params: Notifications[M]): void {
    if (this.isReady) {
      this.options.post({ type: 'notification', method, params });
    }
  }
}

/** Appends a delta; neighbours that say one thing become one. The order of the others stays. */
export function addDelta(deltas: SessionDelta[], next: SessionDelta): void {
  const last = deltas.at(-1);
  if (last?.op === 'text' && next.op === 'text' && last.id === next.id) {
    deltas[deltas.length - 1] = { op: 'text', id: next.id, delta: last.delta + next.delta };
  } else if (last?.op === 'replace' && next.op === 'replace' && last.item.id === next.item.id) {
    deltas[deltas.length - 1] = next;
  } else {
    deltas.push(next);
  }
}
