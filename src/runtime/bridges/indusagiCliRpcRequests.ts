import { isNumber, isRecord, isString, stringField } from '../../base/guard';

/** The answer to one of our commands. */
export interface RpcAnswer {
  readonly command: string;
  readonly isSuccess: boolean;
  readonly data: unknown;
  readonly error: string;
}

const lastIdNote = 'peer.lastId';

/**
 * Our commands in the rpc form and which of them are open. A command that the peer does not know is answered without an
 * id (pi 0.73.1): such an answer goes to the oldest open command of that name. Ids go on from one exchange to the next.
 */
export class RpcRequests {
  private readonly open = new Map<string, string>();

  constructor(private readonly notes: Map<string, unknown>) {}

  make(command: string, fields: Readonly<Record<string, unknown>> = {}): unknown {
    const last = this.notes.get(lastIdNote);
    const next = (isNumber(last) ? last : 0) + 1;
    this.notes.set(lastIdNote, next);
    const id = `patchbay-${next}`;
    this.open.set(id, command);
    return { id, type: command, ...fields };
  }

  isOpen(command: string): boolean {
    return [...this.open.values()].includes(command);
  }

  /**
   * A line of ours came to the peer broken: its answer has neither an id nor the name of our command (pi 0.73.1). Gives
   * what it said.
   */
  unread(message: unknown): string | undefined {
    const isUnread =
      isRecord(message) &&
      message.command === 'parse' &&
      message.success !== true &&
      !isString(message.id);
    return isUnread ? (stringField(message, 'error') ?? '') : undefined;
  }

  /** Undefined for an answer to nothing that is open. */
  take(message: unknown): RpcAnswer | undefined {
    if (!isRecord(message)) {
      return undefined;
    }
    const { id } = message;
    const named = stringField(message, 'command');
    const key = isString(id)
      ? id
      : id === undefined || id === null
        ? [...this.open].find(([, command]) => command === named)?.[0]
        : undefined;
    const command = key === undefined ? undefined : this.open.get(key);
    if (key === undefined || command === undefined) {
      return undefined;
    }
    this.open.delete(key);
    return {
      command,
      isSuccess: message.success === true,
      data: message.data,
      error: stringField(message, 'error') ?? '',
    };
  }
}
