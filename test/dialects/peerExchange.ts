import { createPeerBridge } from '../../src/runtime/bridges/indusagiCli';
import type { Dialect } from './dialect';
import { requestId } from './peerRpc';

const notify = (method: string, params: unknown): unknown => ({ jsonrpc: '2.0', method, params });

/** The form alone: what follows a form that is not understood has tests of its own. */
export const exchangeBridge = createPeerBridge({
  adapter: 'indusagi-cli',
  displayName: 'Indusagi',
  defaultBinary: 'indusagi',
  forms: ['exchange'],
});

/** `runExchange` with its notifications, as documented; no server of it is public. */
export const peerExchangeDialect: Dialect = {
  name: 'peer-exchange',
  bridge: exchangeBridge,
  questionIds: [],
  canInterrupt: false,
  resumeToken: '0',
  failureCode: 'rate_limited',
  isInterrupt: (message) => requestId(message, 'abort') !== undefined,
  answer: () => undefined,
  child: () => ({
    hear: () => [],
    hello: () => [notify('session/resume', { resumeToken: '0' })],
    text: (delta) => [notify('stream/text', { delta })],
    unnamedText: (delta) => [{ jsonrpc: '2.0', method: 'stream/text', params: { delta } }],
    unnamedCalls: () =>
      [0, 1].map((id) =>
        notify('stream/toolCall', { id, name: 'bash', arguments: { command: 'ls' } }),
      ),
    call: (id) => [notify('stream/toolCall', { id, name: 'bash', arguments: { command: 'ls' } })],
    result: () => [],
    question: () => [],
    finish: () => [notify('stream/done', { reason: 'stop' })],
    failure: () => [notify('stream/error', { message: '429 rate limit', aborted: false })],
    interrupted: () => [notify('stream/error', { message: 'stopped', aborted: true })],
    unknownKinds: () => [
      notify('stream/smell', { delta: 'x' }),
      { type: 'telepathy', id: 0 },
      { jsonrpc: '2.0', id: 99, result: {} },
      { no: 'type' },
      [],
      0,
      null,
    ],
    withoutIds: () => [
      notify('stream/text', undefined),
      notify('stream/text', { delta: 0 }),
      notify('stream/toolCall', { id: 'x' }),
      notify('session/resume', {}),
      { jsonrpc: '2.0', result: {} },
    ],
  }),
};
