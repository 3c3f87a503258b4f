import type { Message, UserMessage } from '../events/message';
import type { SessionItem } from '../events/sessionItem';
import { isAnythingTold, noUsage, plusUsage } from '../events/usageTotal';
import { isSummary, type SummaryMessage } from '../transcript/compactionView';
import { failureItem } from './failureItem';
import type { ItemReducer } from './itemReducer';
import { usageOf } from './sessionContext';
import type { PrivateCommand } from './sessionRecord';
import { commandCall, type RanCommand } from './userCommand';

/**
 * Rebuilds the items of a stored conversation, in order. The last answer of an interrupted one was not stopped by the
 * user, and nothing says so.
 * Ids are `<turn>.<n>` again, so they are stable across reloads. Gives the item of each message of the user, in order.
 */
export function restoreItems(
  reducer: ItemReducer,
  messages: readonly Message[],
  isInterrupted: boolean,
  {
    turnIds = [],
    privateCommands = [],
  }: {
    /** The turns that the user's messages began, in order. */
    readonly turnIds?: readonly (string | undefined)[] | undefined;
    readonly privateCommands?: readonly PrivateCommand[] | undefined;
  } = {},
): readonly string[] {
  const promptItems: string[] = [];
  const showCommand = (command: RanCommand): void => {
    reducer.ownCommand(commandCall(command, command.callId), command.isShared);
    reducer.toolResult(command.callId, command.result);
  };
  const showCommandsAt = (index: number): void => {
    for (const { atMessage, command } of privateCommands) {
      if (Math.min(atMessage, messages.length) === index) {
        showCommand(command);
      }
    }
  };
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
  messages.forEach((message, index) => {
    showCommandsAt(index);
    switch (message.role) {
      case 'user':
        userCount += 1;
        if (isSummary(message)) {
          if (message.compaction.trigger === 'manual') {
            nextTurn();
          }
          reducer.add(compactionItem(reducer.nextId(), message));
          break;
        }
        nextTurn();
        if (message.command === undefined) {
          promptItems.push(addUser(reducer, message, turnIds[userCount - 1]));
        } else {
          showCommand({ ...message.command, isShared: true });
          promptItems.push(message.command.callId);
        }
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
  });
  showCommandsAt(messages.length);
  nextTurn();
  reducer.takeDeltas();
  return promptItems;
}

/** How a summary is shown: what it is about stays above it. */
export function compactionItem(
  id: string,
  { text, compaction }: SummaryMessage,
): Extract<SessionItem, { kind: 'compaction' }> {
  const { trigger, writtenBy, tokensBefore, tokensAfter } = compaction;
  return { kind: 'compaction', id, text, trigger, writtenBy, tokensBefore, tokensAfter };
}

/** The id of the item. */
function addUser(
  reducer: ItemReducer,
  { text, images = [] }: UserMessage,
  turnId: string | undefined,
): string {
  const id = reducer.nextId();
  reducer.add({
    kind: 'user',
    id,
    text,
    ...(images.length === 0 ? {} : { imageCount: images.length }),
    ...(turnId === undefined ? {} : { turnId }),
  });
  return id;
}
