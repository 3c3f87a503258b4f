import { assertNever } from '../base/assertNever';
import type { SessionDelta } from '../events/sessionItem';
import type { CheckedHostMessage } from '../protocol/hostMessageGuard';
import { emptySnapshot } from '../protocol/emptySnapshot';
import { applyDeltas } from '../protocol/itemList';
import { changedPictures } from '../protocol/draftPicture';
import {
  type Commands,
  type DraftPicture,
  type HostMessage,
  type NotificationMethod,
  type Notifications,
  type PanelSnapshot,
  type PromptView,
  type Requests,
} from '../protocol/methods';
import { renderSteps, type RenderRequest } from './webviewRender';

/** The questions of the newest so many command lines stay open; older ones become ordinary calls. */
const maxPrompts = 5;

const standInSnapshot: PanelSnapshot = {
  ...emptySnapshot,
  sessionId: 'stand-in',
  title: 'Stand-in',
  status: {
    ...emptySnapshot.status,
    title: 'Stand-in',
    modelId: 'stand-in/model',
    modelName: 'Stand-in',
    runtimeName: 'Stand-in',
  },
};

/**
 * The host's side of the panel without an editor: it holds what the panel was told, so that a page that comes later, or
 * again, gets it as its snapshot.
 */
export class StandInHost {
  private state = standInSnapshot;
  private draftPictures: readonly DraftPicture[] = [];
  /** Whole texts of outputs, which cards fetch when they are opened. */
  private readonly outputs = new Map<string, string>();

  snapshot(): HostMessage {
    return { type: 'notification', method: 'state/snapshot', params: this.state };
  }

  draft(text: string): void {
    this.state = { ...this.state, draft: text };
  }

  changePictures(change: Commands['view/draftPictures']): void {
    this.draftPictures = changedPictures(this.draftPictures, change);
  }

  /** What a page that is ready is told: everything. */
  greeting(): readonly HostMessage[] {
    const pictures = this.draftPictures.map((picture) => notification('composer/picture', picture));
    return [this.snapshot(), ...pictures];
  }

  output(callId: string): string {
    return this.outputs.get(callId) ?? '';
  }

  /** The items before one, as many as were asked for. */
  itemsBefore(itemId: string, count: number): Requests['item/before']['result'] {
    const { items, itemsBefore = 0 } = this.state;
    const end = Math.max(
      0,
      items.findIndex(({ id }) => id === itemId),
    );
    const start = Math.max(0, end - count);
    return { items: items.slice(start, end), before: itemsBefore + start };
  }

  /** Takes a message that passed its guard, as if a host had sent it. */
  accept(message: CheckedHostMessage): HostMessage {
    if (message.type === 'notification') {
      switch (message.method) {
        case 'state/snapshot':
          this.state = message.params;
          break;
        case 'turn/events':
          this.afterDeltas(message.params);
          break;
        case 'turn/text': {
          const { seq, id, delta } = message.params;
          this.afterDeltas({ seq, deltas: [{ op: 'text', id, delta }] });
          break;
        }
        case 'prompt/changed':
          this.state = { ...this.state, prompts: message.params.prompts };
          break;
        case 'edit/changed':
          this.state = { ...this.state, edits: message.params.edits };
          break;
        case 'change/changed':
          this.state = { ...this.state, changes: message.params.changes };
          break;
        case 'setup/changed':
          this.state = { ...this.state, setup: message.params };
          break;
        case 'composer/insert':
        case 'composer/picture':
        case 'composer/focus':
        case 'view/show':
          break;
        default:
          assertNever(message);
      }
    }
    return message;
  }

  /** The messages that bring a text into the panel piece by piece, in order. */
  *render(request: RenderRequest): Generator<HostMessage> {
    this.outputs.set(request.id, request.deltas.join(''));
    for (const { deltas, prompt } of renderSteps(request)) {
      yield this.tell(deltas);
      if (prompt !== undefined) {
        yield this.ask(prompt);
      }
    }
  }

  private tell(deltas: readonly SessionDelta[]): HostMessage {
    const params = { seq: this.state.seq + 1, deltas };
    this.afterDeltas(params);
    return notification('turn/events', params);
  }

  private ask(prompt: PromptView): HostMessage {
    const others = this.state.prompts.filter(({ id }) => id !== prompt.id);
    const prompts = [...others.slice(-maxPrompts + 1), prompt];
    this.state = { ...this.state, prompts };
    return notification('prompt/changed', { prompts });
  }

  /** As the panel's own reducer: what does not follow the last one is not applied. */
  private afterDeltas({ seq, deltas, status }: Notifications['turn/events']): void {
    const { items, itemsBefore = 0 } = this.state;
    const next =
      seq === this.state.seq + 1 ? applyDeltas({ items, before: itemsBefore }, deltas) : undefined;
    if (next !== undefined) {
      this.state = {
        ...this.state,
        seq,
        items: next.items,
        itemsBefore: next.before,
        ...(status === undefined ? {} : { status }),
      };
    }
  }
}

function notification<M extends NotificationMethod>(
  method: M,
  params: Notifications[M],
): HostMessage {
  return { type: 'notification', method, params };
}
