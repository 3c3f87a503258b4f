import type {
  CommandHandlers,
  CommandMethod,
  Commands,
  NotificationHandlers,
  NotificationMethod,
  Notifications,
  RequestHandlers,
  RequestMethod,
  Requests,
} from './methods';

/** A message whose method and payload belong together: what the guards make of a checked `ViewMessage` or `HostMessage`. */
export type RequestMessage<M extends RequestMethod = RequestMethod> = {
  readonly [K in M]: {
    readonly type: 'request';
    readonly id: number;
    readonly method: K;
    readonly params: Requests[K]['params'];
  };
}[M];

export type CommandMessage<M extends CommandMethod = CommandMethod> = {
  readonly [K in M]: {
    readonly type: 'command';
    readonly method: K;
    readonly params: Commands[K];
  };
}[M];

export type NotificationMessage<M extends NotificationMethod = NotificationMethod> = {
  readonly [K in M]: {
    readonly type: 'notification';
    readonly method: K;
    readonly params: Notifications[K];
  };
}[M];

/** Exactly one of `result` and `error` is set. `error` is a sentence for people. */
export interface ResponseMessage {
  readonly type: 'response';
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** What a guard says of one inbound message. `problem` is for the log: it names the method and never the payload. */
export type Checked<T> =
  | { readonly ok: true; readonly message: T }
  /** `id` is set when the broken message was a request: its sender waits for an answer. */
  | { readonly ok: false; readonly problem: string; readonly id?: number };

export function notificationMessage<M extends NotificationMethod>(
  method: M,
  params: Notifications[M],
): NotificationMessage<M> {
  return { type: 'notification', method, params };
}

/** Hands a checked command to its handler. */
export function runCommand<M extends CommandMethod>(
  handlers: CommandHandlers,
  message: CommandMessage<M>,
): void {
  handlers[message.method](message.params);
}

/**
 * Hands a checked request to its handler and gives the message to post back; never rejects. A throwing handler becomes
 * an `error` made by `toProblem`.
 */
export async function runRequest<M extends RequestMethod>(
  handlers: RequestHandlers,
  message: RequestMessage<M>,
  signal: AbortSignal,
  toProblem: (error: unknown) => string,
): Promise<ResponseMessage> {
  try {
    const result = await handlers[message.method](message.params, signal);
    return { type: 'response', id: message.id, result };
  } catch (error) {
    return { type: 'response', id: message.id, error: toProblem(error) };
  }
}

/** Hands a checked notification to its handler. */
export function runNotification<M extends NotificationMethod>(
  handlers: NotificationHandlers,
  message: NotificationMessage<M>,
): void {
  handlers[message.method](message.params);
}
