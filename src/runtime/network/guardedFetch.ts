import { PatchbayError } from '../../base/patchbayError';
import type { FetchFunction } from './producer';

export interface GuardedFetchOptions {
  readonly fetch: FetchFunction;
  /** The address the user chose, or the provider's own; nothing else is ever called. */
  readonly baseUrl: string;
  /** The header that carries the key. Absent: the server wants none. */
  readonly keyHeader?: { readonly name: string; readonly value: string };
  /** The user's own headers for this endpoint; they win over everything else. */
  readonly headers?: Readonly<Record<string, string>>;
}

const maxRedirects = 3;

/** What an SDK may put on a request. The rest (keys and headers from environment variables, telemetry) is left out. */
const passedHeaders = new Set([
  'accept',
  'content-type',
  'user-agent',
  'anthropic-version',
  'anthropic-beta',
]);

/**
 * The only place that puts a key on a request. Requests go to the origin of `baseUrl` and nowhere else; a redirect is
 * followed by hand, only within that origin and only where it keeps method and body (307, 308).
 *
 * Throws PatchbayError `redirect_refused` (the message names the other address) and `foreign_address`.
 */
export function createGuardedFetch(options: GuardedFetchOptions): FetchFunction {
  const origin = new URL(options.baseUrl).origin;
  return async (input, init) => {
    const request = {
      ...init,
      headers: guardedHeaders(options, init?.headers),
      redirect: 'manual',
    } as const;
    let url = new URL(input instanceof Request ? input.url : input);
    for (let redirects = 0; ; redirects += 1) {
      if (url.origin !== origin) {
        throw new PatchbayError('foreign_address', `refused to send a request to ${url.origin}`);
      }
      const response = await options.fetch(url.href, request);
      if (response.status < 300 || response.status > 399) {
        return response;
      }
      await response.body?.cancel();
      const target = redirectTarget(response, url);
      if (target?.origin !== origin || !keepsBody(response.status) || redirects >= maxRedirects) {
        const where = target === undefined ? 'nowhere' : `${target.origin}${target.pathname}`;
        throw new PatchbayError('redirect_refused', `${origin} redirects to ${where}`);
      }
      url = target;
    }
  };
}

function guardedHeaders(options: GuardedFetchOptions, given: RequestInit['headers']): Headers {
  const headers = new Headers();
  new Headers(given).forEach((value, name) => {
    if (passedHeaders.has(name.toLowerCase())) {
      headers.set(name, value);
    }
  });
  if (options.keyHeader !== undefined) {
    headers.set(options.keyHeader.name, options.keyHeader.value);
  }
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    headers.set(name, value);
  }
  return headers;
}

function keepsBody(status: number): boolean {
  return status === 307 || status === 308;
}

function redirectTarget(response: Response, from: URL): URL | undefined {
  const location = response.headers.get('location');
  if (location === null || !URL.canParse(location, from.href)) {
    return undefined;
  }
  return new URL(location, from);
}
