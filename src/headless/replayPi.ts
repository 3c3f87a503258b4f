import { isRecord, isString, stringField } from '../base/guard';
import { flagValue, type ReplayDialect } from './replayDialect';

/** `pi --mode rpc`: commands are answered by id, events have none. */
export const piReplay: ReplayDialect = {
  name: 'pi-rpc',
  steers: true,
  toWord: (message) => {
    const type = stringField(message, 'type') ?? '';
    const id = stringField(message, 'id');
    switch (type) {
      case 'prompt':
        return {
          kind: 'prompt',
          key: type,
          text: stringField(message, 'message') ?? '',
          ...(id === undefined ? {} : { id }),
        };
      case 'abort':
        return { kind: 'interrupt', key: type, ...(id === undefined ? {} : { id }) };
      case 'extension_ui_response':
        return id === undefined ? { kind: 'other' } : { kind: 'answer', id };
      default:
        return id === undefined ? { kind: 'other' } : { kind: 'request', key: type, id };
    }
  },
  answeredId: (message) =>
    stringField(message, 'type') === 'response' ? stringField(message, 'id') : undefined,
  withAnsweredId: (message, id) => (isRecord(message) ? { ...message, id } : message),
  questionId: (message) =>
    stringField(message, 'type') === 'extension_ui_request'
      ? stringField(message, 'id')
      : undefined,
  toDecision: (_question, answer) => {
    const isYes =
      isRecord(answer) &&
      answer.cancelled !== true &&
      (answer.confirmed === true || (isString(answer.value) && answer.value !== ''));
    return { kind: isYes ? 'allow' : 'deny' };
  },
  genericAnswer: (word) =>
    word.kind === 'answer' || word.kind === 'other' || word.id === undefined
      ? undefined
      : { id: word.id, type: 'response', command: word.key, success: true, data: {} },
  isOfTurn: (message) =>
    ['agent_start', 'turn_start', 'message_update', 'agent_end'].includes(
      stringField(message, 'type') ?? '',
    ),
  launchPrompt: () => undefined,
  resumeToken: ({ command }) => flagValue(command, '--session'),
  filesBefore: () => [],
};

/** `codex exec --json`: nothing is said to it but its prompt, at its start. */
export const codexExecReplay: ReplayDialect = {
  name: 'codex-exec',
  steers: false,
  toWord: () => ({ kind: 'other' }),
  answeredId: () => undefined,
  withAnsweredId: (message) => message,
  questionId: () => undefined,
  toDecision: () => undefined,
  genericAnswer: () => undefined,
  isOfTurn: (message) => stringField(message, 'type') !== undefined,
  launchPrompt: (command) => {
    const prompt = command.at(-1);
    return prompt === '-' ? '(from standard input)' : prompt;
  },
  resumeToken: ({ command }) => (command.includes('resume') ? command.at(-2) : undefined),
  filesBefore: () => [],
};
