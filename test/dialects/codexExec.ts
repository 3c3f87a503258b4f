import { codexExecBridge } from '../../src/runtime/bridges/codexExec';
import type { Dialect, DialectChild } from './dialect';

const command = (id: unknown): object => ({
  id,
  type: 'command_execution',
  command: '/bin/bash -lc ls',
  aggregated_output: '',
  exit_code: null,
  status: 'in_progress',
});

/** `codex exec --json`: takes its whole input at its start and can be told nothing after it. */
export const codexExecDialect: Dialect = {
  name: 'codex-exec',
  bridge: codexExecBridge,
  questionIds: [],
  canInterrupt: false,
  resumeToken: '0',
  failureCode: 'rate_limited',
  isInterrupt: () => false,
  answer: () => undefined,
  child: (): DialectChild => {
    let text = '';
    return {
      hear: () => [],
      hello: () => [{ type: 'thread.started', thread_id: '0' }, { type: 'turn.started' }],
      text: (delta) => {
        text += delta;
        return [{ type: 'item.updated', item: { id: 'item_0', type: 'agent_message', text } }];
      },
      unnamedText: (delta) => [
        { type: 'item.completed', item: { type: 'agent_message', text: delta } },
      ],
      unnamedCalls: () =>
        ['ls', 'pwd'].map((command) => ({
          type: 'item.completed',
          item: { type: 'command_execution', command, status: 'completed' },
        })),
      call: (id) => [{ type: 'item.started', item: command(id) }],
      result: (id) => [
        {
          type: 'item.completed',
          item: {
            ...command(id),
            aggregated_output: 'README.md\n',
            exit_code: 0,
            status: 'completed',
          },
        },
      ],
      question: () => [],
      finish: () => [{ type: 'turn.completed', usage: { input_tokens: 1, output_tokens: 1 } }],
      failure: () => [
        {
          type: 'turn.failed',
          error: { message: 'exceeded retry limit, last status: 429 Too Many Requests' },
        },
      ],
      interrupted: () => [],
      unknownKinds: () => [
        { type: 'telepathy', id: 0 },
        { type: 'item.started', item: { id: 'item_9', type: 'telepathy' } },
        { type: 'item.completed', item: { id: 'item_9', type: 'telepathy' } },
        { no: 'type' },
        [],
        0,
        null,
        'text',
      ],
      withoutIds: () => [
        { type: 'thread.started' },
        { type: 'thread.started', thread_id: 0 },
        { type: 'item.started' },
        { type: 'item.updated', item: 'text' },
        { type: 'item.completed', item: { id: 'item_8' } },
        { type: 'item.completed', item: { id: 'item_7', type: 'agent_message' } },
        { type: 'item.completed', item: { id: 'item_6', type: 'todo_list', items: 7 } },
        { type: 'error' },
      ],
    };
  },
};
