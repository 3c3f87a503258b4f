import { isNumber, isRecord, isString, recordField, stringField } from '../../src/base/guard';
import { createAcpBridge } from '../../src/runtime/bridges/acp';
import { acpProfiles } from '../../src/runtime/bridges/acpProfiles';
import type { Dialect, DialectChild } from './dialect';

const [generic] = acpProfiles;
if (generic === undefined) {
  throw new Error('there is no ACP profile');
}

/** The Agent Client Protocol, as an agent speaks it that nobody knows by name. */
export const acpDialect: Dialect = {
  name: 'acp',
  bridge: createAcpBridge(generic),
  questionIds: [0, '0', ''],
  canInterrupt: true,
  resumeToken: '0',
  failureCode: 'rate_limited',
  isInterrupt: (message) => stringField(message, 'method') === 'session/cancel',
  answer: (message) => {
    const id = isRecord(message) ? message.id : undefined;
    if ((!isString(id) && !isNumber(id)) || stringField(message, 'method') !== undefined) {
      return undefined;
    }
    const outcome = recordField(recordField(message, 'result'), 'outcome');
    if (outcome === undefined && recordField(message, 'error') === undefined) {
      return undefined;
    }
    return { id, allows: stringField(outcome, 'optionId') === 'yes' };
  },
  child: acpChild,
};

const effortOption = {
  id: 'thoughts',
  category: 'thought_level',
  type: 'select',
  currentValue: 'medium',
  options: [{ value: 'medium' }, { value: 'high' }],
};

function acpChild(): DialectChild {
  let promptId: unknown;
  const reply = (id: unknown, result: unknown): unknown => ({ jsonrpc: '2.0', id, result });
  const update = (fields: unknown): unknown => ({
    jsonrpc: '2.0',
    method: 'session/update',
    params: { sessionId: '0', update: fields },
  });
  return {
    hear: (message) => {
      const id = isRecord(message) ? message.id : undefined;
      switch (stringField(message, 'method')) {
        case 'initialize':
          return [
            reply(id, {
              protocolVersion: 1,
              agentInfo: { name: 'somebody', version: '1.0.0' },
              agentCapabilities: { sessionCapabilities: { resume: {} } },
            }),
          ];
        case 'session/new':
        case 'session/resume':
          return [reply(id, { sessionId: '0', configOptions: [effortOption] })];
        case 'session/set_config_option':
          return [reply(id, { configOptions: [{ ...effortOption, currentValue: 'high' }] })];
        case 'session/prompt':
          promptId = id;
          return [];
        default:
          return [];
      }
    },
    hello: () => [update({ sessionUpdate: 'available_commands_update', availableCommands: [] })],
    text: (delta) => [
      update({
        sessionUpdate: 'agent_message_chunk',
        messageId: 'm0',
        content: { type: 'text', text: delta },
      }),
    ],
    unnamedText: (delta) => [
      update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: delta } }),
    ],
    unnamedCalls: () => [
      update({
        sessionUpdate: 'tool_call',
        toolCallId: 0,
        title: 'ls',
        kind: 'execute',
        status: 'in_progress',
        rawInput: { command: 'ls' },
      }),
      update({ sessionUpdate: 'tool_call_update', toolCallId: 0, status: 'completed' }),
      update({
        sessionUpdate: 'tool_call',
        title: 'pwd',
        kind: 'execute',
        status: 'in_progress',
        rawInput: { command: 'pwd' },
      }),
      update({ sessionUpdate: 'tool_call_update', status: 'completed' }),
    ],
    call: (id) => [
      update({
        sessionUpdate: 'tool_call',
        toolCallId: id,
        title: 'ls',
        kind: 'execute',
        status: 'in_progress',
        rawInput: { command: 'ls' },
      }),
    ],
    // Without a status: that is `pending`.
    announced: (id) => [
      update({ sessionUpdate: 'tool_call', toolCallId: id, title: 'ls', kind: 'execute' }),
      update({
        sessionUpdate: 'tool_call_update',
        toolCallId: id,
        status: 'pending',
        rawInput: { command: 'ls' },
      }),
    ],
    result: (id) => [
      update({
        sessionUpdate: 'tool_call_update',
        toolCallId: id,
        status: 'completed',
        content: [{ type: 'content', content: { type: 'text', text: 'README.md' } }],
      }),
    ],
    question: (id) => [
      {
        jsonrpc: '2.0',
        id,
        method: 'session/request_permission',
        params: {
          sessionId: '0',
          toolCall: {
            toolCallId: `call ${typeof id} ${id}`,
            title: 'rm -rf .',
            kind: 'execute',
            rawInput: { command: 'rm -rf .' },
          },
          options: [
            { optionId: 'always', kind: 'allow_always', name: 'Always' },
            { optionId: 'yes', kind: 'allow_once', name: 'Once' },
            { optionId: 'no', kind: 'reject_once', name: 'No' },
          ],
        },
      },
    ],
    finish: () => [reply(promptId, { stopReason: 'end_turn' })],
    failure: () => [
      {
        jsonrpc: '2.0',
        id: promptId,
        error: { code: -32603, message: 'Internal error', data: { details: 'rate limit (429)' } },
      },
    ],
    interrupted: () => [reply(promptId, { stopReason: 'cancelled' })],
    unknownKinds: () => [
      { jsonrpc: '2.0', method: 'session/telepathy', params: {} },
      update({ sessionUpdate: 'aura', content: {} }),
      { jsonrpc: '2.0', id: 4711, result: { stopReason: 'end_turn' } },
      { jsonrpc: '2.0', id: '1', error: { code: 1, message: 'whose?' } },
      { no: 'method' },
      [],
      0,
      null,
    ],
    withoutIds: () => [
      { jsonrpc: '2.0', method: 'session/request_permission', params: {} },
      { jsonrpc: '2.0', id: null, method: 'session/request_permission', params: {} },
      { jsonrpc: '2.0', id: {}, method: 'fs/read_text_file' },
      { jsonrpc: '2.0', method: 'session/update' },
      { jsonrpc: '2.0', method: 'session/update', params: { update: 0 } },
      update({ sessionUpdate: 'tool_call', title: 'nobody' }),
      update({ sessionUpdate: 'tool_call_update', toolCallId: 0, status: 'completed' }),
      update({ sessionUpdate: 'agent_message_chunk' }),
      update({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 0 } }),
      update({ sessionUpdate: 'plan', entries: 'none' }),
      { jsonrpc: '2.0', result: {} },
    ],
  };
}
