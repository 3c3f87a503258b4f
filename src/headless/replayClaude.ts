import { arrayField, isRecord, isString, recordField, stringField } from '../base/guard';
import {
  flagValue,
  textOfContent,
  type RecordedDecision,
  type RecordedFile,
  type ReplayDialect,
} from './replayDialect';

/** Claude Code's stream-json: control requests with ids of their own in both directions. */
export const claudeReplay: ReplayDialect = {
  name: 'claude-cli',
  steers: false,
  toWord: (message) => {
    const id = stringField(message, 'request_id');
    switch (stringField(message, 'type')) {
      case 'user':
        return {
          kind: 'prompt',
          key: 'user',
          text: textOfContent(recordField(message, 'message')?.content),
        };
      case 'control_request': {
        const key = stringField(recordField(message, 'request'), 'subtype') ?? '';
        if (key === 'interrupt') {
          return { kind: 'interrupt', key, ...(id === undefined ? {} : { id }) };
        }
        return id === undefined ? { kind: 'other' } : { kind: 'request', key, id };
      }
      case 'control_response': {
        const answered = stringField(recordField(message, 'response'), 'request_id');
        return answered === undefined ? { kind: 'other' } : { kind: 'answer', id: answered };
      }
      default:
        return { kind: 'other' };
    }
  },
  answeredId: (message) =>
    stringField(message, 'type') === 'control_response'
      ? stringField(recordField(message, 'response'), 'request_id')
      : undefined,
  withAnsweredId: (message, id) =>
    isRecord(message)
      ? { ...message, response: { ...recordField(message, 'response'), request_id: id } }
      : message,
  questionId: (message) =>
    stringField(message, 'type') === 'control_request'
      ? stringField(message, 'request_id')
      : undefined,
  toDecision: (question, answer) => decisionOf(recordField(question, 'request'), answer),
  genericAnswer: (word) =>
    word.kind === 'request' || (word.kind === 'interrupt' && word.id !== undefined)
      ? {
          type: 'control_response',
          response: { subtype: 'success', request_id: word.id, response: {} },
        }
      : undefined,
  isOfTurn: (message) =>
    ['assistant', 'stream_event', 'result'].includes(stringField(message, 'type') ?? ''),
  launchPrompt: (command) => {
    const at = command.indexOf('-p');
    const prompt = at === -1 ? undefined : command[at + 1];
    return prompt === undefined || prompt.startsWith('-') ? undefined : prompt;
  },
  resumeToken: ({ command }) => flagValue(command, '--resume') ?? flagValue(command, '-r'),
  filesBefore: (message, _answer, later) => filesBefore(recordField(message, 'request'), later),
};

function decisionOf(request: unknown, answer: unknown): RecordedDecision | undefined {
  const given = recordField(answer, 'response');
  if (stringField(given, 'subtype') === 'error') {
    return { kind: 'deny', reason: stringField(given, 'error') ?? 'the client gave an error' };
  }
  const response = recordField(given, 'response');
  switch (stringField(response, 'behavior')) {
    case 'deny':
      return { kind: 'deny', reason: stringField(response, 'message') ?? '' };
    case 'allow': {
      const updated = recordField(response, 'updatedInput');
      const content = stringField(updated, 'content');
      const isOther = content !== stringField(recordField(request, 'input'), 'content');
      const answers = recordField(updated, 'answers');
      return {
        kind: 'allow',
        ...(content === undefined || !isOther ? {} : { text: content }),
        ...(answers === undefined
          ? {}
          : {
              answers: Object.fromEntries(
                Object.entries(answers).filter((pair): pair is [string, string] =>
                  isString(pair[1]),
                ),
              ),
            }),
      };
    }
    default:
      return undefined;
  }
}

/** The result of an edit says what the file was before. */
function filesBefore(request: unknown, later: Iterable<unknown>): readonly RecordedFile[] {
  const callId = stringField(request, 'tool_use_id');
  const path = stringField(recordField(request, 'input'), 'file_path');
  if (path === undefined || callId === undefined) {
    return [];
  }
  for (const message of later) {
    const blocks = arrayField(recordField(message, 'message'), 'content') ?? [];
    if (blocks.some((block) => stringField(block, 'tool_use_id') === callId)) {
      const result = recordField(message, 'tool_use_result');
      const text = stringField(result, 'originalFile');
      const isNew = isRecord(result) && result.originalFile === null;
      return text === undefined && !isNew ? [] : [{ path, text }];
    }
  }
  return [];
}
