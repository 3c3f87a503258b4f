import type { Clock } from '../src/base/clock';
import { PatchbayError } from '../src/base/patchbayError';
import { PendingMap } from '../src/base/pendingMap';
import { runNotification } from '../src/protocol/envelope';
import { checkHostMessage, isResultOf } from '../src/protocol/hostMessageGuard';
import type {
  CommandMethod,
  Commands,
  NotificationHandlers,
  RequestMethod,
  Requests,
  ViewMessage,
} from '../src/protocol/methods';

export interface HostLinkOptions {
  readonly post: (message: ViewMessage) => void;
  readonly clock: Clock;
  readonly handlers: NotificationHandlers;
  /** A message that does not fit the contract; it was dropped. */
  readonly onBroken: (problem: string) => void;
}

const answerDeadlineMs = 60_000;

/** The panel's end of the one transport. Requests reject with a `PatchbayError` whose message is for people. */
export class HostLink {
  private readonly waiting = new PendingMap<number, unknown>();
  private lastId = 0;

  constructor(private readonly options: HostLinkOptions) {}

  command<M extends CommandMethod>(method: M, params: Commands[M]): void {
    this.options.post({ type: 'command', method, params });
  }

  async request<M extends RequestMethod>(
    method: M,
    params: Requests[M]['params'],
  ): Promise<Requests[M]['result']> {
    const id = ++this.lastId;
    const answer = this.waiting.wait(id);
    const deadline = this.options.clock.schedule(answerDeadlineMs, () => {
      this.waiting.reject(
        id,
        new PatchbayError('timeout', 'The extension did not answer. Try again.'),
      );
    });
    try {
      this.options.post({ type: 'request', id, method, params });
      const result = await answer;
      if (!isResultOf(method, result)) {
        throw new PatchbayError(
          'bad_answer',
          'The extension gave an unexpected answer. Reload the window.',
        );
      }
      return result;
    } finally {
      deadline.dispose();
    }
  }

  /** Takes whatever arrived from the host. */
  accept(data: unknown): void {
    const checked = checkHostMessage(data);
    if (!checked.ok) {
      this.options.onBroken(checked.problem);
      return;
    }
    const { message } = checked;
    if (message.type === 'notification') {
      runNotification(this.options.handlers, message);
    } else if (message.error !== undefined) {
      this.waiting.reject(message.id, new PatchbayError('refused', message.error));
    } else {
      this.waiting.resolve(message.id, message.result);
    }
  }
}
