import type { AssistantMessage, ContentBlock, Message } from '../events/message';
import type { EntryLine, PartialLine } from './sessionEntry';

/** What had arrived of an answer when the host died. Its file names the model by its id alone; see `signCutAnswers`. */
export function cutAnswer(
  partials: readonly PartialLine[],
  model: string,
  createdAtMs: number,
): AssistantMessage | undefined {
  const content: ContentBlock[] = [];
  for (const partial of partials) {
    const last = content.at(-1);
    if (last?.kind === partial.block) {
      content[content.length - 1] = { ...last, text: last.text + partial.text };
    } else {
      content.push({ kind: partial.block, text: partial.text });
    }
  }
  return content.length === 0
    ? undefined
    : {
        role: 'assistant',
        content,
        api: '',
        provider: '',
        model,
        stopReason: 'aborted',
        errorMessage:
          'Interrupted: the window was closed or reloaded before the answer was complete.',
        createdAtMs,
      };
}

/**
 * Gives cut answers the name of the model that was asked, so that an agent which goes on in its own session is not told
 * again what it was told with the question. One whose model is not there any more stays unsigned. Pure.
 */
export function signCutAnswers(
  messages: readonly Message[],
  findModel: (modelId: string) => Pick<AssistantMessage, Signature> | undefined,
): readonly Message[] {
  return messages.map((message) => {
    if (!isCut(message)) {
      return message;
    }
    const found = findModel(message.model);
    if (found === undefined) {
      return message;
    }
    const { api, provider, model, toolSource } = found;
    return {
      ...message,
      api,
      provider,
      model,
      ...(toolSource === undefined ? {} : { toolSource }),
    };
  });
}

type Signature = 'api' | 'provider' | 'model' | 'toolSource';

/** An answer whose model is known by its id alone. */
function isCut(message: Message): message is AssistantMessage {
  return message.role === 'assistant' && message.api === '' && message.provider === '';
}

/**
 * A branch for a copy of its session: what had arrived of a cut answer is an entry of its own, because the lines that it
 * was read from stay in the original.
 */
export function branchWithCut(
  record: {
    readonly branch: readonly EntryLine[];
    readonly messages: readonly Message[];
    readonly interruptedTurn: string | undefined;
  },
  createEntryId: () => string,
): readonly EntryLine[] {
  const { branch, interruptedTurn: turn } = record;
  const message = record.messages.at(-1);
  const last = branch.at(-1);
  if (turn === undefined || message === undefined || last === undefined || !isCut(message)) {
    return branch;
  }
  const { atMs } = last;
  return [
    ...branch,
    { type: 'entry', id: createEntryId(), parent: last.id, atMs, kind: 'message', turn, message },
  ];
}
