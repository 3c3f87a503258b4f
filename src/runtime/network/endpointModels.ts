import { arrayField, isRecord, isString, stringField } from '../../base/guard';
import { createGuardedFetch } from './guardedFetch';
import { failureOfFault, failureOfThrown, type EndpointNames } from './httpFailure';
import type { FetchFunction } from './producer';

export interface EndpointProbe {
  readonly fetch: FetchFunction;
  /** The base URL as the user wrote it, usually with `/v1`. */
  readonly url: string;
  readonly key?: string;
  readonly signal: AbortSignal;
}

export type EndpointModels =
  | { readonly kind: 'found'; readonly models: readonly string[] }
  /** For people: what failed and what to do. */
  | { readonly kind: 'problem'; readonly problem: string };

const maxModels = 500;

/** Asks an OpenAI-compatible server for its models (`GET <url>/models`). Never throws; an abort is a problem too. */
export async function listEndpointModels(probe: EndpointProbe): Promise<EndpointModels> {
  const address = normalizeEndpointUrl(probe.url);
  if (address === undefined) {
    return {
      kind: 'problem',
      problem: `"${probe.url}" is not an http or https address. Write it like http://localhost:11434/v1.`,
    };
  }
  const names: EndpointNames = {
    provider: address,
    model: '/models',
    address,
    ...(probe.key === undefined || probe.key === '' ? {} : { key: probe.key }),
  };
  try {
    const fetch = createGuardedFetch({
      fetch: probe.fetch,
      baseUrl: address,
      ...(names.key === undefined
        ? {}
        : { keyHeader: { name: 'authorization', value: `Bearer ${names.key}` } }),
    });
    const response = await fetch(`${address}/models`, {
      signal: probe.signal,
      headers: { accept: 'application/json' },
    });
    const text = await response.text();
    return response.ok ? readModels(text, address) : problemOf(response.status, text, names);
  } catch (error) {
    return { kind: 'problem', problem: failureOfThrown(error, names, probe.signal).message };
  }
}

/** The address without trailing slashes; undefined when it is no http(s) URL or carries a user name and password. */
export function normalizeEndpointUrl(url: string): string | undefined {
  const trimmed = url.trim();
  if (!URL.canParse(trimmed)) {
    return undefined;
  }
  const parsed = new URL(trimmed);
  const isHttp = parsed.protocol === 'http:' || parsed.protocol === 'https:';
  const isPlain = parsed.username === '' && parsed.password === '';
  return isHttp && isPlain ? trimmed.replace(/(?<!\/)\/+$/, '') : undefined;
}

function problemOf(status: number, body: string, names: EndpointNames): EndpointModels {
  if (status === 404) {
    return {
      kind: 'problem',
      problem: `${names.address} has no list of models (404). Check the address (most end in /v1), or enter the model names by hand.`,
    };
  }
  return {
    kind: 'problem',
    problem: failureOfFault({ status, message: body.slice(0, 300) }, names).message,
  };
}

function readModels(text: string, address: string): EndpointModels {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Named below in words for the user: a web page instead of an API is the usual case.
    body = undefined;
  }
  const list =
    arrayField(body, 'data') ??
    arrayField(body, 'models') ??
    (Array.isArray(body) ? body : undefined);
  if (list === undefined) {
    return {
      kind: 'problem',
      problem: `${address} answered, but not with a list of models. Check the address (most end in /v1), or enter the model names by hand.`,
    };
  }
  const ids = list.map((item: unknown) =>
    isRecord(item) ? (stringField(item, 'id') ?? stringField(item, 'name')) : item,
  );
  const names = ids.filter(isString).filter((id) => id !== '');
  return { kind: 'found', models: [...new Set(names)].slice(0, maxModels) };
}
