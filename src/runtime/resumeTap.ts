import type { Disposable } from '../base/disposable';
import { isRecord, recordField, stringField } from '../base/guard';
import type { ChildTransport } from './contract';

/** Agents name their session among their first words; later messages are not looked at. */
const messagesRead = 100;

/**
 * The resume token in a message of one of the dialects that name it by itself, read without any bridge: Claude's
 * `init`, Codex's `thread.started`, the peer's `session/resume`. So a session is known even when a parser stumbles.
 */
export function tokenIn(message: unknown): string | undefined {
  if (!isRecord(message)) {
    return undefined;
  }
  const token =
    message.type === 'system' && message.subtype === 'init'
      ? stringField(message, 'session_id')
      : message.type === 'thread.started'
        ? stringField(message, 'thread_id')
        : message.method === 'session/resume'
          ? stringField(recordField(message, 'params'), 'resumeToken')
          : undefined;
  return token === '' ? undefined : token;
}

/** Tells the first token that a child names, once; disposing ends the tap earlier. */
export function tapToken(transport: ChildTransport, onToken: (token: string) => void): Disposable {
  let left = messagesRead;
  const tap = transport.onMessage((message) => {
    left -= 1;
    const token = tokenIn(message);
    if (token !== undefined || left <= 0) {
      tap.dispose();
    }
    if (token !== undefined) {
      onToken(token);
    }
  });
  return tap;
}
