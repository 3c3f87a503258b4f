import { recordField, stringField } from '../../src/base/guard';
import { claudeCliBridge } from '../../src/runtime/bridges/claudeCli';
import type { Dialect } from './dialect';

const streamed = (event: unknown): unknown => ({
  type: 'stream_event',
  event,
  parent_tool_use_id: null,
});

/** Claude Code's stream-json. */
export const claudeCliDialect: Dialect = {
  name: 'claude-cli',
  bridge: claudeCliBridge,
  questionIds: [0, '0', ''],
  canInterrupt: true,
  resumeToken: '0',
  failureCode: 'rate_limited',
  isInterrupt: (message) => stringField(recordField(message, 'request'), 'subtype') === 'interrupt',
  answer: (message) => {
    const response = recordField(message, 'response');
    const id = response?.request_id;
    const behavior = stringField(recordField(response, 'response'), 'behavior');
    return (typeof id !== 'string' && typeof id !== 'number') || behavior === undefined
      ? undefined
      : { id, allows: behavior === 'allow' };
  },
  child: () => ({
    hear: (message) =>
      stringField(recordField(message, 'request'), 'subtype') === 'initialize'
        ? [
            {
              type: 'control_response',
              response: {
                subtype: 'success',
                request_id: stringField(message, 'request_id'),
                response: {},
              },
            },
          ]
        : [],
    hello: () => [
      { type: 'system', subtype: 'init', session_id: '0', claude_code_version: '2.1.329' },
      streamed({ type: 'message_start', message: { id: '0' } }),
    ],
    text: (delta) => [
      streamed({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: delta },
      }),
    ],
    unnamedText: (delta) => [
      { type: 'assistant', message: { content: [{ type: 'text', text: delta }] } },
    ],
    unnamedCalls: () =>
      ['ls', 'pwd'].map((command) => ({
        type: 'assistant',
        message: { content: [{ type: 'tool_use', name: 'Bash', input: { command } }] },
        parent_tool_use_id: null,
      })),
    call: (id) => [
      {
        type: 'assistant',
        message: {
          id: '0',
          content: [{ type: 'tool_use', id, name: 'Bash', input: { command: 'ls' } }],
        },
        parent_tool_use_id: null,
      },
    ],
    result: (id) => [
      {
        type: 'user',
        message: {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: id, content: 'README.md' }],
        },
        parent_tool_use_id: null,
      },
    ],
    question: (id) => [
      {
        type: 'control_request',
        request_id: id,
        request: {
          subtype: 'can_use_tool',
          tool_name: 'Bash',
          tool_use_id: '0',
          input: { command: 'rm -rf .' },
        },
      },
    ],
    finish: () => [
      { type: 'result', subtype: 'success', is_error: false, session_id: '0', result: '' },
    ],
    failure: () => [
      {
        type: 'result',
        subtype: 'success',
        is_error: true,
        api_error_status: 429,
        result: 'API Error: 429',
      },
    ],
    interrupted: () => [
      {
        type: 'result',
        subtype: 'error_during_execution',
        is_error: true,
        terminal_reason: 'aborted_streaming',
      },
    ],
    unknownKinds: () => [
      { type: 'telepathy', id: 0 },
      { type: 'system', subtype: 'aura' },
      { type: 'control_response' },
      streamed({ type: 'content_block_delta', index: 0, delta: { type: 'smell_delta' } }),
      { no: 'type' },
      [],
      0,
      null,
    ],
    withoutIds: () => [
      { type: 'control_request', request: { subtype: 'can_use_tool', tool_name: 'Bash' } },
      { type: 'control_request', request_id: {}, request: { subtype: 'can_use_tool' } },
      { type: 'control_cancel_request' },
      { type: 'control_response', response: { subtype: 'success', response: {} } },
      { type: 'assistant', message: { content: [{ type: 'tool_use', name: 'Bash' }] } },
      { type: 'assistant', message: { content: [{ type: 'tool_use', id: 0, name: 0 }] } },
      { type: 'user', message: { content: [{ type: 'tool_result', content: 'whose?' }] } },
      { type: 'user', message: { content: 0 } },
      { type: 'system', subtype: 'init' },
      { type: 'system', subtype: 'task_progress' },
      { type: 'stream_event' },
    ],
  }),
};
