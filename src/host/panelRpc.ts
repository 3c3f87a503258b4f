import type { Disposable } from '../base/disposable';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import {
  runCommand,
  runRequest,
  type CommandMessage,
  type RequestMessage,
} from '../protocol/envelope';
import { checkViewMessage } from '../protocol/guards';
import type { CommandHandlers, HostMessage, RequestHandlers } from '../protocol/methods';

export interface PanelRpcOptions {
  readonly requests: RequestHandlers;
  readonly commands: CommandHandlers;
  readonly post: (message: HostMessage) => void;
  /** Takes secrets out of what an error says. */
  readonly redact: (text: string) => string;
  readonly log: Logger;
}

const maxRunning = 32;

/** Answers the page: a message that fails its guard reaches no handler, and a handler that throws ends in an answer. */
export class PanelRpc implements Disposable {
  private readonly running = new Map<number, AbortController>();
  private rejectedCount = 0;

  constructor(private readonly options: PanelRpcOptions) {}

  accept(value: unknown): void {
    const checked = checkViewMessage(value);
    if (!checked.ok) {
      this.reject(checked.problem);
      if (checked.id !== undefined) {
        this.options.post({
          type: 'response',
          id: checked.id,
          error: 'The request was malformed.',
        });
      }
      return;
    }
    if (checked.message.type === 'command') {
      this.command(checked.message);
    } else {
      void this.request(checked.message);
    }
  }

  /** Aborts what still runs; no answers are sent any more. */
  dispose(): void {
    for (const controller of this.running.values()) {
      controller.abort();
    }
    this.running.clear();
  }

  private command(message: CommandMessage): void {
    try {
      runCommand(this.options.commands, message);
    } catch (error) {
      this.options.log.error(`${message.method} failed: ${errorMessage(error)}`);
    }
  }

  private async request(message: RequestMessage): Promise<void> {
    const { id, method } = message;
    if (this.running.has(id) || this.running.size >= maxRunning) {
      this.options.post({ type: 'response', id, error: 'Too many requests at once.' });
      return;
    }
    const controller = new AbortController();
    this.running.set(id, controller);
    const response = await runRequest(
      this.options.requests,
      message,
      controller.signal,
      (error) => {
        this.options.log.error(`${method} failed: ${errorMessage(error)}`);
        return this.options.redact(errorMessage(error));
      },
    );
    this.running.delete(id);
    if (!controller.signal.aborted) {
      this.options.post(response);
    }
  }

  /** Logged at each tenfold count only, so that a broken page cannot fill the log. */
  private reject(problem: string): void {
    this.rejectedCount += 1;
    if (Number.isInteger(Math.log10(this.rejectedCount))) {
      this.options.log.warn(
        `The panel sent a bad message (${problem}); ignored, ${this.rejectedCount} so far.`,
      );
    }
  }
}
