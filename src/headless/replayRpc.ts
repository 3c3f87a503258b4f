import { arrayField, isNumber, isRecord, isString, recordField, stringField } from '../base/guard';
import {
  textOfContent,
  type ClientWord,
  type RecordedDecision,
  type RecordedFile,
  type ReplayDialect,
  type ReplayDialectName,
  type WireId,
} from './replayDialect';
import type { RecordedProcess } from './replayRecording';

interface RpcNames {
  readonly name: ReplayDialectName;
  readonly steers: boolean;
  readonly prompt: string;
  readonly interrupt: string;
  /** Requests that stand for each other: to begin a conversation, or to take one up again. */
  readonly begin: readonly string[];
  readonly promptText: (params: unknown) => string;
  readonly resumeToken: (method: string, params: unknown) => string | undefined;
  readonly isOfTurn: (message: unknown) => boolean;
  readonly generic: (method: string, params: unknown, ahead: Iterable<unknown>) => unknown;
  readonly decision: (
    method: string,
    params: unknown,
    result: unknown,
  ) => RecordedDecision | undefined;
  readonly filesBefore: (
    method: string,
    params: unknown,
    result: unknown,
  ) => readonly RecordedFile[];
}

/** `codex app-server`. */
export const codexReplay: ReplayDialect = rpcReplay({
  name: 'codex-app-server',
  steers: true,
  prompt: 'turn/start',
  interrupt: 'turn/interrupt',
  begin: ['thread/start', 'thread/resume', 'thread/fork'],
  promptText: (params) => textOfContent(recordField({ params }, 'params')?.input),
  resumeToken: (method, params) =>
    method === 'thread/resume' ? stringField(params, 'threadId') : undefined,
  isOfTurn: (message) => /^(item|turn)\//.test(stringField(message, 'method') ?? ''),
  generic: (method, params, ahead) => {
    switch (method) {
      case 'thread/start':
      case 'thread/resume':
      case 'thread/fork': {
        const id = idAhead(ahead, 'threadId', 'thread') ?? stringField(params, 'threadId');
        return { thread: { id: id ?? 'recorded-thread' } };
      }
      case 'turn/start': {
        const id = idAhead(ahead, 'turnId', 'turn') ?? 'recorded-turn';
        return { turn: { id, items: [], status: 'inProgress', error: null } };
      }
      case 'model/list':
      case 'thread/list':
        return { data: [], nextCursor: null };
      default:
        return {};
    }
  },
  decision: (_method, params, result) => {
    const decision = isRecord(result) ? result.decision : undefined;
    if (isString(decision)) {
      return ['decline', 'cancel', 'denied', 'abort'].includes(decision)
        ? { kind: 'deny' }
        : { kind: 'allow' };
    }
    const answers = recordField(result, 'answers');
    return answers === undefined
      ? { kind: 'allow' }
      : { kind: 'allow', answers: answersById(params, answers) };
  },
  filesBefore: () => [],
});

/** The Agent Client Protocol, version 1. */
export const acpReplay: ReplayDialect = rpcReplay({
  name: 'acp',
  steers: false,
  prompt: 'session/prompt',
  interrupt: 'session/cancel',
  begin: ['session/new', 'session/load', 'session/resume'],
  promptText: (params) => textOfContent(recordField({ params }, 'params')?.prompt),
  resumeToken: (method, params) =>
    method === 'session/load' || method === 'session/resume'
      ? stringField(params, 'sessionId')
      : undefined,
  // Not by its updates: those also come with modes, and with a history that is loaded.
  isOfTurn: (message) => stringField(recordField(message, 'result'), 'stopReason') !== undefined,
  generic: (method, params, ahead) => {
    switch (method) {
      case 'initialize':
        return { protocolVersion: 1, agentCapabilities: { loadSession: true }, authMethods: [] };
      case 'session/new':
      case 'session/load':
      case 'session/resume': {
        const id = idAhead(ahead, 'sessionId', 'session') ?? stringField(params, 'sessionId');
        return { sessionId: id ?? 'recorded-session' };
      }
      default:
        return {};
    }
  },
  decision: (method, params, result) => {
    if (method !== 'session/request_permission') {
      return { kind: 'allow' };
    }
    const outcome = recordField(result, 'outcome');
    const optionId = stringField(outcome, 'optionId');
    const option = arrayField(params, 'options')?.find(
      (item) => stringField(item, 'optionId') === optionId,
    );
    const isAllowed =
      stringField(outcome, 'outcome') === 'selected' &&
      stringField(option, 'kind')?.startsWith('allow') === true;
    return { kind: isAllowed ? 'allow' : 'deny' };
  },
  filesBefore: (method, params, result) => {
    const path = stringField(params, 'path');
    if (method === 'fs/read_text_file' && path !== undefined) {
      return [{ path, text: stringField(result, 'content') }];
    }
    return (arrayField(recordField(params, 'toolCall'), 'content') ?? []).flatMap((block) => {
      const changed = stringField(block, 'path');
      return stringField(block, 'type') !== 'diff' || changed === undefined
        ? []
        : [{ path: changed, text: stringField(block, 'oldText') }];
    });
  },
});

function rpcReplay(names: RpcNames): ReplayDialect {
  return {
    name: names.name,
    steers: names.steers,
    toWord: (message) => wordOf(names, message),
    answeredId: (message) =>
      isRecord(message) && message.method === undefined ? idOf(message) : undefined,
    withAnsweredId: (message, id) => (isRecord(message) ? { ...message, id } : message),
    questionId: (message) =>
      isRecord(message) && isString(message.method) ? idOf(message) : undefined,
    toDecision: (question, answer) => {
      const method = stringField(question, 'method') ?? '';
      if (!isRecord(answer) || (answer.error !== undefined && answer.error !== null)) {
        return { kind: 'deny', reason: stringField(recordField(answer, 'error'), 'message') ?? '' };
      }
      return names.decision(method, recordField(question, 'params'), answer.result);
    },
    genericAnswer: (word, message, ahead) => {
      if (word.kind === 'answer' || word.kind === 'other' || word.id === undefined) {
        return undefined;
      }
      if (word.kind === 'prompt' && names.prompt === 'session/prompt') {
        return undefined; // its answer would be the end of the turn
      }
      const method = stringField(message, 'method') ?? '';
      const version = isRecord(message) && message.jsonrpc !== undefined ? { jsonrpc: '2.0' } : {};
      const result = names.generic(method, recordField(message, 'params'), ahead);
      return { ...version, id: word.id, result };
    },
    isOfTurn: names.isOfTurn,
    launchPrompt: () => undefined,
    resumeToken: (process) => resumeTokenOf(names, process),
    filesBefore: (message, answer) =>
      names.filesBefore(
        stringField(message, 'method') ?? '',
        recordField(message, 'params'),
        isRecord(answer) ? answer.result : undefined,
      ),
  };
}

/** The first id of this kind in the lines to come: a field of its own, or the id of a thing. */
function idAhead(ahead: Iterable<unknown>, field: string, thing: string): string | undefined {
  for (const message of ahead) {
    const params = recordField(message, 'params');
    const id = stringField(params, field) ?? stringField(recordField(params, thing), 'id');
    if (id !== undefined) {
      return id;
    }
  }
  return undefined;
}

function wordOf(names: RpcNames, message: unknown): ClientWord {
  if (!isRecord(message)) {
    return { kind: 'other' };
  }
  const id = idOf(message);
  const method = stringField(message, 'method');
  if (method === undefined) {
    return id === undefined ? { kind: 'other' } : { kind: 'answer', id };
  }
  const withId = id === undefined ? {} : { id };
  if (method === names.prompt) {
    return { kind: 'prompt', key: method, text: names.promptText(message.params), ...withId };
  }
  if (method === names.interrupt) {
    return { kind: 'interrupt', key: method, ...withId };
  }
  return id === undefined
    ? { kind: 'other' }
    : { kind: 'request', key: names.begin.includes(method) ? 'begin' : method, id };
}

function resumeTokenOf(names: RpcNames, process: RecordedProcess): string | undefined {
  for (const entry of process.entries) {
    const message = entry.kind === 'client' ? entry.message : undefined;
    const token = names.resumeToken(
      stringField(message, 'method') ?? '',
      recordField(message, 'params'),
    );
    if (token !== undefined) {
      return token;
    }
  }
  return undefined;
}

function answersById(
  params: unknown,
  answers: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (arrayField(params, 'questions') ?? []).flatMap((item): readonly [string, string][] => {
      const id = stringField(item, 'id');
      const question = stringField(item, 'question');
      if (id === undefined || question === undefined) {
        return [];
      }
      const words = arrayField(recordField(answers, id), 'answers')?.filter(isString) ?? [];
      return words.length === 0 ? [] : [[question, words.join(', ')]];
    }),
  );
}

function idOf(message: Readonly<Record<string, unknown>>): WireId | undefined {
  const { id } = message;
  return isString(id) || isNumber(id) ? id : undefined;
}
