import type { Message } from '../events/message';
import { failureItem } from './failureItem';
import type { ItemReducer } from './itemReducer';

/**
 * Rebuilds the items of a stored conversation, in order. The last answer of an interrupted one was not stopped by the
 * user, and nothing says so.
 * Ids are `<turn>.<n>` again, so they are stable across reloads.
 */
export function restoreItems(
  reducer: ItemReducer,
  messages: readonly Message[],
  isInterrupted: boolean,
): void {
  let turn = 0;
  reducer.beginTurn('restored0');
  for (const message of messages) {
    switch (message.role) {
      case 'user':
        reducer.endTurn();
        turn += 1;
        reducer.beginTurn(`restored${turn}`);
        reducer.add({ kind: 'user', id: reducer.nextId(), text: message.text });
        break;
      case 'assistant': {
        for (const block of message.content) {
          if (block.kind === 'tool_call') {
            reducer.event({ kind: 'tool_call', call: block.call });
          } else {
            reducer.event({
              kind: block.kind,
              delta: block.text,
              ...(block.parentCallId === undefined ? {} : { parentCallId: block.parentCallId }),
            });
            reducer.event({ kind: 'finish', reason: 'stop' });
          }
        }
        if (message.stopReason === 'error' && message.failure !== undefined) {
          reducer.add(failureItem(reducer.nextId(), message.failure, message.api));
        } else if (
          message.stopReason === 'aborted' &&
          !(isInterrupted && message === messages.findLast(({ role }) => role === 'assistant'))
        ) {
          reducer.add({ kind: 'notice', id: reducer.nextId(), level: 'info', text: 'Stopped.' });
        }
        break;
      }
      case 'tool':
        reducer.toolResult(message.callId, message.result);
        break;
    }
  }
  reducer.endTurn();
  reducer.takeDeltas();
}
