import { isRecord, stringField } from '../../src/base/guard';
import { codexAppServerBridge } from '../../src/runtime/bridges/codexAppServer';
import type { Dialect, DialectChild } from './dialect';

const threadId = '0';
const turnId = 'turn-0';

const told = (method: string, params: object): unknown => ({
  method,
  params: { threadId, turnId, ...params },
});

const command = (id: unknown): object => ({
  type: 'commandExecution',
  id,
  command: '/bin/bash -lc ls',
  cwd: '/workspace',
  status: 'inProgress',
  aggregatedOutput: null,
  exitCode: null,
});

const turn = (status: string, message?: string): object => ({
  turn: {
    id: turnId,
    items: [],
    status,
    error: message === undefined ? null : { message, codexErrorInfo: null },
  },
});

/** What the server answers at once, by method. */
const answers: Readonly<Record<string, unknown>> = {
  initialize: { userAgent: 'patchbay/0.169.0 (Linux; x86_64) unknown (patchbay; 1.0.0)' },
  'model/list': { data: [{ id: 'm', model: 'm', displayName: 'M', hidden: false }] },
  'skills/list': { data: [] },
  'config/read': { config: {} },
  'thread/start': { thread: { id: threadId } },
  'thread/resume': { thread: { id: threadId } },
  'turn/start': { turn: { id: turnId, items: [], status: 'inProgress', error: null } },
  'turn/interrupt': {},
  'turn/steer': { turnId },
};

/** `codex app-server`. */
export const codexAppServerDialect: Dialect = {
  name: 'codex-app-server',
  bridge: codexAppServerBridge,
  questionIds: [0, '0', ''],
  canInterrupt: true,
  resumeToken: threadId,
  failureCode: 'rate_limited',
  isInterrupt: (message) => stringField(message, 'method') === 'turn/interrupt',
  answer: (message) => {
    const id = isRecord(message) ? message.id : undefined;
    if (
      !isRecord(message) ||
      message.method !== undefined ||
      (typeof id !== 'string' && typeof id !== 'number')
    ) {
      return undefined;
    }
    return { id, allows: stringField(message.result, 'decision') === 'accept' };
  },
  child: (): DialectChild => ({
    hear: (message) => {
      const method = stringField(message, 'method') ?? '';
      return isRecord(message) && message.id !== undefined && Object.hasOwn(answers, method)
        ? [{ id: message.id, result: answers[method] }]
        : [];
    },
    hello: () => [
      { method: 'thread/started', params: { thread: { id: threadId } } },
      told('turn/started', turn('inProgress')),
    ],
    text: (delta) => [told('item/agentMessage/delta', { itemId: 'msg-0', delta })],
    unnamedText: (delta) => [
      { method: 'item/agentMessage/delta', params: { delta } },
      told('item/completed', { item: { type: 'agentMessage', text: delta } }),
    ],
    unnamedCalls: () =>
      ['ls', 'pwd'].flatMap((command) => [
        told('item/started', { item: { type: 'commandExecution', command, cwd: '/workspace' } }),
        told('item/completed', {
          item: { type: 'commandExecution', command, status: 'completed', exitCode: 0 },
        }),
      ]),
    call: (id) => [told('item/started', { item: command(id) })],
    result: (id) => [
      told('item/completed', {
        item: { ...command(id), status: 'completed', aggregatedOutput: 'README.md\n', exitCode: 0 },
      }),
    ],
    question: (id) => [
      {
        method: 'item/commandExecution/requestApproval',
        id,
        params: { threadId, turnId, itemId: 'call-0', command: 'rm -rf .', cwd: '/workspace' },
      },
    ],
    finish: () => [told('turn/completed', turn('completed'))],
    failure: () => [
      told(
        'turn/completed',
        turn('failed', 'exceeded retry limit, last status: 429 Too Many Requests'),
      ),
    ],
    interrupted: () => [told('turn/completed', turn('interrupted'))],
    unknownKinds: () => [
      { method: 'aura/changed', params: { threadId } },
      { method: 'aura/ask', id: 0, params: { threadId } },
      told('item/started', { item: { type: 'telepathy', id: '0' } }),
      told('item/completed', { item: { type: 'telepathy', id: '0' } }),
      { id: 4711, result: {} },
      { id: 4712, error: { code: -32600, message: 'late' } },
      { no: 'method' },
      [],
      0,
      null,
      'text',
    ],
    withoutIds: () => [
      { method: 'item/started' },
      { method: 'item/started', params: { item: { type: 'commandExecution' } } },
      { method: 'item/started', params: { item: { type: 'fileChange', id: 0, changes: 0 } } },
      { method: 'item/completed', params: { item: { type: 'agentMessage' } } },
      { method: 'item/agentMessage/delta', params: { itemId: 'msg-0' } },
      { method: 'item/reasoning/summaryTextDelta', params: { delta: 'whose?' } },
      { method: 'item/commandExecution/outputDelta', params: { delta: 'whose?' } },
      { method: 'item/commandExecution/requestApproval', params: {} },
      { method: 'item/fileChange/requestApproval', id: null, params: {} },
      { method: 'serverRequest/resolved', params: {} },
      { method: 'thread/tokenUsage/updated', params: {} },
      { method: 'turn/plan/updated', params: { plan: 7 } },
      { method: 'error', params: {} },
      { method: 'warning' },
      { method: 'turn/started' },
    ],
  }),
};
