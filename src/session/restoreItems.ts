import type { Message } from '../events/message';
import type { SessionItem } from '../events/sessionItem';
import { isAnythingTold, noUsage, plusUsage } from '../events/usageTotal';
import { isSummary, type SummaryMessage } from '../transcript/compactionView';
import { failureItem } from './failureItem';
import type { ItemReducer } from './itemReducer';
import { usageOf } from './sessionContext';

/**
 * Rebuilds the items of a stored conversation, in order. The last answer of an interrupted one was not stopped by the
 * user, and nothing says so.
 * Ids are `<turn>.<n>` again, so they are stable across reloads.
 */
export function restoreItems(
  reducer: ItemReducer,
  messages: readonly Message[],
  isInterrupted: boolean,
  /** The turns that the user's messages began, in order. */
  turnIds: readonly (string | undefined)[] = [],
): void {
  let turn = 0;
  let userCount = 0;
  let used = noUsage;
  const nextTurn = (): void => {
    reducer.endTurn();
    if (isAnythingTold(used)) {
      reducer.add({ kind: 'usage', id: reducer.nextId(), total: used });
    }
    used = noUsage;
    turn += 1;
    reducer.beginTurn(`restored${turn}`);
  };
  reducer.beginTurn('restored0');
  for (const message of messages) {
    switch (message.role) {
      case 'user':
        userCount += 1;
        if (!isSummary(message)) {
          nextTurn();
          addUser(reducer, message.text, turnIds[userCount - 1]);
          break;
        }
        if (message.compaction.trigger === 'manual') {
          nextTurn();
        }
        reducer.add(compactionItem(reducer.nextId(), message));
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
    used = plusUsage(used, usageOf(message));
  }
  nextTurn();
  reducer.takeDeltas();
}

/** How a summary is shown: what it is about stays above it. */
export function compactionItem(
  id: string,
  { text, compaction }: SummaryMessage,
): Extract<SessionItem, { kind: 'compaction' }> {
  const { trigger, writtenBy, tokensBefore, tokensAfter } = compaction;
  return { kind: 'compaction', id, text, trigger, writtenBy, tokensBefore, tokensAfter };
}

function addUser(reducer: ItemReducer, text: string, turnId: string | undefined): void {
  const id = reducer.nextId();
  reducer.add({ kind: 'user', id, text, ...(turnId === undefined ? {} : { turnId }) });
}
