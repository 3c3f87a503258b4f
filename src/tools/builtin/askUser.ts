import { arrayField, isString, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import { toolError, toolOk } from '../../events/toolCall';
import type { UserQuestion } from '../../events/toolIntent';
import type { Asker, Tool } from '../contract';
import { nonEmptyText, objectSchema } from './toolParts';

export function createAskUser(asker: Asker): Tool {
  return {
    name: 'ask_user',
    description:
      'Asks the user one question and waits for the answer. Use it when a choice is theirs and a wrong guess would cost work; not to ask for permission, which is asked for by itself.',
    inputSchema: objectSchema(
      {
        question: nonEmptyText('The question, complete by itself.'),
        options: {
          type: 'array',
          maxItems: 8,
          description: 'Short answers to choose from. The user may answer in their own words too.',
          items: nonEmptyText('One answer.'),
        },
      },
      ['question'],
    ),
    kind: 'session',
    timeoutMs: 0,
    intents: (args) => [{ kind: 'question', questions: [toQuestion(args)] }],
    run: async (args, context) => {
      const question = toQuestion(args);
      const { sessionId, callId, asker: name, signal } = context;
      context.onProgress({ kind: 'awaiting', why: 'a question to you' });
      const answers = await asker.askUser({
        sessionId,
        callId,
        asker: name,
        questions: [question],
        signal,
      });
      const answer = answers?.[question.question];
      return answer === undefined
        ? toolError(
            'The user did not answer. Go on with what you know, or stop and say what you need.',
            { summary: 'no answer' },
          )
        : toolOk(`The user answered: ${answer}`, { summary: 'answered' });
    },
  };
}

function toQuestion(args: JsonObject): UserQuestion {
  const options = (arrayField(args, 'options') ?? []).filter(isString);
  return {
    question: stringField(args, 'question') ?? '',
    options: options.map((label) => ({ label })),
  };
}
