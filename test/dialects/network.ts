import type { FailureCode } from '../../src/events/failure';
import type { ModelApi } from '../../src/runtime/contract';

/** One network API, for the behaviour matrix: what its server streams. Records go out as `data:` lines. */
export interface NetworkDialect {
  readonly name: string;
  readonly api: ModelApi;
  readonly failureCode: FailureCode;
  hello(): readonly unknown[];
  text(delta: string): readonly unknown[];
  /** One whole call of a tool of ours. */
  call(id: string): readonly unknown[];
  finish(): readonly unknown[];
  /** The server fails in the middle, because it is overloaded. */
  failure(): readonly unknown[];
  unknownKinds(): readonly unknown[];
  withoutIds(): readonly unknown[];
}

const odd: readonly unknown[] = [{ type: 'telepathy' }, { no: 'type' }, [], 0, null, 'words'];

export const anthropicDialect: NetworkDialect = {
  name: 'anthropic',
  api: 'anthropic-messages',
  failureCode: 'overloaded',
  hello: () => [{ type: 'message_start', message: { id: 'm' } }],
  text: (delta) => [
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: delta } },
  ],
  call: (id) => [
    {
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'tool_use', id, name: 'read_file', input: {} },
    },
    {
      type: 'content_block_delta',
      index: 1,
      delta: { type: 'input_json_delta', partial_json: '{"path":"a"}' },
    },
    { type: 'content_block_stop', index: 1 },
  ],
  finish: () => [{ type: 'message_stop' }],
  failure: () => [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
  unknownKinds: () => [
    ...odd,
    { type: 'content_block_delta', index: 0, delta: { type: 'smell_delta' } },
    { type: 'content_block_start', index: 9, content_block: { type: 'smell' } },
  ],
  withoutIds: () => [
    { type: 'message_start' },
    { type: 'content_block_delta' },
    { type: 'content_block_stop' },
    { type: 'message_delta', usage: 7 },
  ],
};

export const responsesDialect: NetworkDialect = {
  name: 'openai-responses',
  api: 'openai-responses',
  failureCode: 'overloaded',
  hello: () => [{ type: 'response.created', response: { id: 'r' } }],
  text: (delta) => [{ type: 'response.output_text.delta', item_id: 'm', content_index: 0, delta }],
  call: (id) => [
    {
      type: 'response.output_item.done',
      item: { type: 'function_call', call_id: id, name: 'read_file', arguments: '{"path":"a"}' },
    },
  ],
  finish: () => [{ type: 'response.completed', response: { status: 'completed' } }],
  failure: () => [
    {
      type: 'response.failed',
      response: { error: { code: 'server_is_overloaded', message: 'The server is overloaded' } },
    },
  ],
  unknownKinds: () => [
    ...odd,
    { type: 'response.smell.delta', delta: 'x' },
    { type: 'response.output_item.done', item: { type: 'smell' } },
  ],
  withoutIds: () => [
    { type: 'response.output_item.done' },
    { type: 'response.reasoning_summary_text.delta' },
    { type: 'response.output_text.delta' },
  ],
};

const choice = (delta: object, finishReason: string | null = null): unknown => ({
  choices: [{ index: 0, delta, finish_reason: finishReason }],
});

export const chatDialect: NetworkDialect = {
  name: 'openai-chat',
  api: 'openai-chat',
  failureCode: 'overloaded',
  hello: () => [choice({ role: 'assistant' })],
  text: (content) => [choice({ content })],
  call: (id) => [
    choice({
      tool_calls: [{ index: 0, id, function: { name: 'read_file', arguments: '{"path":"a"}' } }],
    }),
  ],
  finish: () => [choice({}, 'stop'), '[DONE]'],
  failure: () => [{ error: { code: 503, message: 'The server is overloaded' } }],
  unknownKinds: () => [...odd.slice(0, -1), { choices: [{ smell: 1 }] }, { choices: 7 }],
  withoutIds: () => [{ choices: [] }, { choices: [{}] }, { choices: [{ delta: { content: 7 } }] }],
};

export const networkDialects: readonly NetworkDialect[] = [
  anthropicDialect,
  responsesDialect,
  chatDialect,
];
