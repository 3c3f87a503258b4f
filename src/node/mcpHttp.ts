import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import {
  StreamableHTTPClientTransport,
  StreamableHTTPError,
} from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { FetchLike, Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { stringField } from '../base/guard';
import { errorMessage } from '../base/patchbayError';
import type { StartRequest } from '../tools/plugins/contract';
import { FloodGuard } from './floodGuard';
import { floodLimits, maxMessageBytes } from './mcpLimits';

type HttpRequest = StartRequest & { readonly kind: 'http' | 'sse' };

/**
 * The ways to a server over HTTP, best first. The SDK follows a redirect only within the origin, so that headers stay
 * with the host that the user named.
 */
export function httpTransports(request: HttpRequest): readonly (() => Transport)[] {
  const url = new URL(request.url);
  const options = {
    requestInit: { headers: { ...request.headers } },
    fetch: boundedFetch((input, init) => fetch(input, init)),
    redirectPolicy: 'same-origin',
  } as const;
  const streamable = (): Transport => new StreamableHTTPClientTransport(url, options);
  // Servers of the first protocol version know nothing else.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const events = (): Transport => new SSEClientTransport(url, options);
  return request.kind === 'sse' ? [events] : [streamable, events];
}

/** True when the server answered, but does not know this way of talking: the next one is worth a try. */
export function isOtherDialect(error: unknown): boolean {
  return (
    error instanceof StreamableHTTPError && [400, 404, 405, 406, 415].includes(error.code ?? 0)
  );
}

/** What a failed request means, for people. */
export function describeHttpFailure(error: unknown): string {
  const status = error instanceof StreamableHTTPError ? error.code : undefined;
  if (status === 401 || status === 403) {
    return `The server refused the request (HTTP ${status}): it wants a key that it knows. Give it in "headers", as a reference to a secret.`;
  }
  if (error instanceof TypeError) {
    const { cause } = error;
    const code = stringField(cause, 'code') ?? (cause instanceof Error ? cause.message : '');
    return `The server cannot be reached${code === '' ? '' : ` (${code})`}.`;
  }
  return errorMessage(error).replace(/\s+/g, ' ').slice(0, 300);
}

/** Ends an answer whose one message is too long, or that floods: nothing of a server may fill the memory. */
export function boundedFetch(inner: FetchLike): FetchLike {
  const flood = new FloodGuard(floodLimits, () => performance.now());
  return async (input, init) => {
    const response = await inner(input, init);
    const { body, status, statusText, headers } = response;
    if (body === null || (status >= 300 && status < 400)) {
      return response;
    }
    const isStream = headers.get('content-type')?.startsWith('text/event-stream') === true;
    let openBytes = 0;
    const bounded = body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          const lineEnd = isStream ? chunk.lastIndexOf(0x0a) : -1;
          openBytes = lineEnd === -1 ? openBytes + chunk.length : chunk.length - lineEnd - 1;
          if (openBytes > maxMessageBytes || !flood.note(chunk.length, 0)) {
            controller.error(new Error('The server sent more than any server needs to.'));
            return;
          }
          controller.enqueue(chunk);
        },
      }),
    );
    return new Response(bounded, { status, statusText, headers });
  };
}
