import { withDeadline, type Clock } from '../base/clock';
import { listEndpointModels, normalizeEndpointUrl } from '../runtime/network/endpointModels';

export interface ProbeOptions {
  readonly url: string;
  readonly key?: string;
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface ProbeResult {
  readonly models: readonly string[];
  /** Absent when the server answered with its models. */
  readonly problem?: string;
}

const timeoutMs = 5000;
const maxBytes = 1024 * 1024;

/**
 * Asks a server that the panel names for its models. The panel is outside the border of trust, so what is asked is
 * limited: no link-local address (cloud metadata lives there), no other origin by redirect, five seconds, 1 MB, and a
 * key goes over an unencrypted line only within this machine or the local network. Never rejects.
 */
export async function probeEndpoint(options: ProbeOptions): Promise<ProbeResult> {
  const { url, key } = options;
  const problem = addressProblem(url, key !== undefined && key !== '');
  if (problem !== undefined) {
    return { models: [], problem };
  }
  const controller = new AbortController();
  const work = listEndpointModels({
    url,
    fetch: limitedFetch(options.fetch),
    signal: controller.signal,
    ...(key === undefined ? {} : { key }),
  });
  const outcome = await withDeadline(options.clock, work, timeoutMs, options.signal);
  controller.abort();
  switch (outcome.kind) {
    case 'value':
      return outcome.value.kind === 'found'
        ? { models: outcome.value.models }
        : { models: [], problem: outcome.value.problem };
    case 'timeout':
      return {
        models: [],
        problem:
          'The server did not answer within 5 seconds. Check the address, and that the server runs.',
      };
    case 'aborted':
      return { models: [], problem: 'Stopped.' };
  }
}

/** Why an address is not asked, as a sentence; undefined when it may be. */
export function addressProblem(url: string, hasKey: boolean): string | undefined {
  const address = normalizeEndpointUrl(url);
  if (address === undefined) {
    return 'This is not an http or https address without user name. Write it like http://localhost:11434/v1.';
  }
  const { hostname, protocol } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  if (isLinkLocal(host)) {
    return 'Link-local addresses are not asked.';
  }
  if (hasKey && protocol === 'http:' && !isLocalNetwork(host)) {
    return 'The line to this address is not encrypted, and the key would be readable on the way. Use https://.';
  }
  return undefined;
}

/** The same fetch, for answers of at most 1 MB. */
function limitedFetch(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    const body: AsyncIterable<Uint8Array<ArrayBuffer>> | null = response.body;
    for await (const chunk of body ?? []) {
      size += chunk.byteLength;
      if (size > maxBytes) {
        throw new Error('the answer is larger than 1 MB'); // leaving the loop cancels the body
      }
      chunks.push(chunk);
    }
    const hasNoBody = response.status === 204 || response.status === 304;
    return new Response(hasNoBody ? null : new Blob(chunks), {
      status: response.status,
      headers: response.headers,
    });
  };
}

function isLinkLocal(host: string): boolean {
  return (
    host.startsWith('169.254.') ||
    /^fe[89ab][0-9a-f]:/.test(host) ||
    host.startsWith('::ffff:a9fe:')
  );
}

function isLocalNetwork(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host.endsWith('.local') ||
    host === '::1' ||
    /^f[cd][0-9a-f]{2}:/.test(host) ||
    /^(?:127|10)\.(?:\d+\.){2}\d+$/.test(host) ||
    /^192\.168\.\d+\.\d+$/.test(host) ||
    /^172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+$/.test(host)
  );
}
