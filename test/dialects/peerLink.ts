import type { Dialect } from './dialect';
import { exchangeBridge } from './peerExchange';
import { requestId } from './peerRpc';

/** The link, as documented; no server of it is public. The child does not know `runExchange`. */
export const peerLinkDialect: Dialect = {
  name: 'peer-link',
  bridge: exchangeBridge,
  questionIds: [0, '0', ''],
  canInterrupt: true,
  resumeToken: '0',
  failureCode: 'rate_limited',
  isInterrupt: (message) => requestId(message, 'abort') !== undefined,
  answer: (message) => {
    if (typeof message !== 'object' || message === null || !('value' in message)) {
      return undefined;
    }
    const id = 'id' in message ? message.id : undefined;
    return typeof id === 'string' || typeof id === 'number'
      ? { id, allows: message.value === true }
      : undefined;
  },
  child: () => {
    let submitId: unknown;
    let abortId: unknown;
    const signal = (name: string, body: unknown): unknown => ({ type: 'signal', name, body });
    return {
      hear: (message) => {
        const unknown = requestId(message, 'runExchange');
        if (unknown !== undefined) {
          return [
            { jsonrpc: '2.0', id: unknown, error: { code: -32601, message: 'method not found' } },
          ];
        }
        submitId = requestId(message, 'submit') ?? submitId;
        abortId = requestId(message, 'abort') ?? abortId;
        const snapshot = requestId(message, 'snapshot') ?? requestId(message, 'resume');
        return snapshot === undefined
          ? []
          : [{ jsonrpc: '2.0', id: snapshot, result: { sessionId: '0' } }];
      },
      hello: () => [signal('prompt', { kind: 'prompt' }), signal('queue', { size: 0 })],
      text: (delta) => [signal('text', { kind: 'text', delta })],
      unnamedText: (delta) => [signal('text', { delta })],
      unnamedCalls: () =>
        [0, 1].flatMap((id) => [
          signal('tool_start', { id, name: 'bash' }),
          signal('tool_end', { id, ok: true }),
        ]),
      call: (id) => [signal('tool_start', { id, name: 'bash' })],
      result: (id) => [signal('tool_end', { id, ok: true })],
      question: (id) => [
        { type: 'ask', id, kind: 'confirm', payload: { title: 'Run this?', message: 'rm -rf .' } },
      ],
      finish: () => [{ jsonrpc: '2.0', id: submitId, result: { ok: true } }],
      failure: () => [signal('fault', { kind: 'error', message: '429 rate limit' })],
      interrupted: () => [
        signal('fault', { kind: 'aborted', message: 'stopped' }),
        { jsonrpc: '2.0', id: abortId, result: {} },
      ],
      unknownKinds: () => [
        signal('smell', { delta: 'x' }),
        signal('text', 7),
        { type: 'telepathy', id: 0 },
        { type: 'tell', payload: 0 },
        { no: 'type' },
        [],
        0,
        null,
      ],
      withoutIds: () => [
        { type: 'signal' },
        signal('tool_start', { name: 'bash' }),
        signal('tool_end', {}),
        { type: 'ask', kind: 'confirm', payload: 'whose?' },
        { type: 'ask', id: {}, kind: 'confirm' },
      ],
    };
  },
};
