import { isRecord, stringField } from '../../src/base/guard';
import { createPiBridge } from '../../src/runtime/bridges/indusagiCli';
import type { Dialect } from './dialect';

const assistant = (stopReason: string, errorMessage?: string): unknown => ({
  role: 'assistant',
  content: [],
  stopReason,
  ...(errorMessage === undefined ? {} : { errorMessage }),
});

const ended = (stopReason: string, errorMessage?: string): readonly unknown[] => [
  { type: 'message_end', message: assistant(stopReason, errorMessage) },
  { type: 'agent_end', messages: [assistant(stopReason, errorMessage)] },
];

const announcedCall = (id: string): unknown => ({
  type: 'message_update',
  assistantMessageEvent: {
    type: 'toolcall_end',
    contentIndex: 1,
    toolCall: { type: 'toolCall', id, name: 'bash', arguments: { command: 'ls' } },
  },
});

/** pi's rpc mode with our extension in it, as pi 0.73.1 speaks. */
export const peerRpcDialect: Dialect = {
  name: 'pi-rpc',
  bridge: createPiBridge('/patchbay/media/pi-gate.mjs'),
  questionIds: ['0', ''],
  canInterrupt: true,
  resumeToken: '0',
  failureCode: 'rate_limited',
  isInterrupt: (message) => stringField(message, 'type') === 'abort',
  answer: (message) => {
    const id = stringField(message, 'id');
    const value = stringField(message, 'value');
    if (stringField(message, 'type') !== 'extension_ui_response' || id === undefined) {
      return undefined;
    }
    const said: unknown = value === undefined ? undefined : JSON.parse(value);
    return { id, allows: stringField(said, 'kind') === 'allow' };
  },
  child: () => {
    let abortId: string | undefined;
    return {
      hear: (message) => {
        const command = stringField(message, 'type');
        const id = stringField(message, 'id');
        const answer = { id, type: 'response', command, success: true };
        switch (command) {
          case 'get_state':
            return [
              {
                type: 'extension_ui_request',
                id: 'sign',
                method: 'setStatus',
                statusKey: 'patchbay.gate',
                statusText: '1',
              },
              { ...answer, data: { sessionFile: '0', messageCount: 2, pendingMessageCount: 0 } },
            ];
          case 'abort':
            abortId = id;
            return [];
          case 'extension_ui_response':
            return [];
          default:
            return [answer];
        }
      },
      hello: () => [
        { type: 'agent_start' },
        { type: 'turn_start' },
        { type: 'message_start', message: assistant('stop') },
      ],
      text: (delta) => [
        {
          type: 'message_update',
          message: { role: 'assistant', content: [{ type: 'text', text: 'not to be read' }] },
          assistantMessageEvent: { type: 'text_delta', contentIndex: 0, delta, partial: {} },
        },
      ],
      unnamedText: (delta) => [
        { type: 'message_update', assistantMessageEvent: { type: 'text_delta', delta } },
      ],
      unnamedCalls: () =>
        ['ls', 'pwd'].flatMap((command, toolCallId) => [
          { type: 'tool_execution_start', toolCallId, toolName: 'bash', args: { command } },
          { type: 'tool_execution_end', toolCallId, toolName: 'bash', result: {} },
        ]),
      call: (id) => [
        announcedCall(id),
        { type: 'tool_execution_start', toolCallId: id, toolName: 'bash', args: { command: 'ls' } },
      ],
      announced: (id) => [announcedCall(id)],
      result: (id) => [
        {
          type: 'tool_execution_end',
          toolCallId: id,
          toolName: 'bash',
          result: { content: [{ type: 'text', text: 'README.md' }] },
          isError: false,
        },
      ],
      question: (id) => [
        {
          type: 'extension_ui_request',
          id,
          method: 'input',
          title: 'patchbay.tool_call',
          placeholder: JSON.stringify({
            callId: '0',
            toolName: 'bash',
            input: { command: 'rm -rf .' },
            cwd: '/workspace',
          }),
        },
      ],
      finish: () => ended('stop'),
      failure: () => ended('error', '429 Too many requests'),
      interrupted: () => [
        ...ended('aborted', 'Request was aborted.'),
        { id: abortId, type: 'response', command: 'abort', success: true },
      ],
      unknownKinds: () => [
        { type: 'telepathy', id: 0 },
        { type: 'response', command: 'nobody_asked', success: false, error: 'Unknown command' },
        { type: 'response', command: 'parse', success: false, error: 'Failed to parse command' },
        { type: 'extension_ui_request', id: 'u', method: 'setTitle', title: 'x' },
        { type: 'message_update', assistantMessageEvent: { type: 'smell_delta', delta: 'x' } },
        { type: 'message_update', assistantMessageEvent: { type: 'text_delta', delta: 7 } },
        { no: 'type' },
        [],
        0,
        null,
      ],
      withoutIds: () => [
        { type: 'response' },
        { type: 'response', id: 7, command: 'prompt', success: false },
        { type: 'extension_ui_request', method: 'input', title: 'patchbay.tool_call' },
        { type: 'extension_ui_request', id: 0, method: 'confirm', title: 'x' },
        { type: 'message_start' },
        { type: 'message_update' },
        { type: 'message_update', assistantMessageEvent: { type: 'toolcall_end', toolCall: {} } },
        { type: 'message_end', message: { role: 'user' } },
        { type: 'tool_execution_start', toolName: 'bash' },
        { type: 'tool_execution_update', partialResult: 0 },
        { type: 'tool_execution_end', result: 0 },
      ],
    };
  },
};

/** The id of a JSON-RPC request of ours with this method. */
export function requestId(message: unknown, method: string): unknown {
  return isRecord(message) && message.method === method ? message.id : undefined;
}
