import { recordField, stringField, isRecord, numberField } from '../../base/guard';
import { errorMessage, PatchbayError } from '../../base/patchbayError';
import { createRedactor } from '../../base/redact';
import { abortedFailure, oneLine, type Failure, type FailureCode } from '../../events/failure';

/** Who was asked, in the words of the message to the user. */
export interface EndpointNames {
  /** `Anthropic`, `my-ollama`. */
  readonly provider: string;
  readonly model: string;
  readonly address: string;
  /** For exact redaction; never shown. */
  readonly key?: string;
}

/** What a server said about a failure, in HTTP or inside a stream. */
export interface ServerFault {
  readonly status?: number;
  readonly message: string;
  /** The dialect's own name of the fault: `overloaded_error`, `insufficient_quota`. */
  readonly type?: string;
  readonly retryAfterMs?: number;
  /** The body, when it was not the dialect's JSON. */
  readonly body?: string;
}

/** A provider's name for people: an endpoint goes by the name that its user gave it. */
export function displayName(model: { readonly provider: string }): string {
  return model.provider.replace(/^endpoint:/, '');
}

const keptWords = 'Your message and what has arrived are kept.';

/** The failure that a server's own words mean. Pure. */
export function failureOfFault(fault: ServerFault, names: EndpointNames): Failure {
  const code = codeOfFault(fault);
  const said = oneLine(withoutKeys(fault.message, names.key));
  const body = fault.body === undefined ? '' : withoutKeys(fault.body, names.key).slice(0, 2000);
  return {
    code,
    message: oneLine(wordsOf(code, fault, names, said)),
    ...(said === '' && body === ''
      ? {}
      : { detail: body === '' ? said : `${said}\n${body}`.trim() }),
    ...(fault.status === undefined ? {} : { status: fault.status }),
    ...(fault.retryAfterMs === undefined ? {} : { retryAfterMs: fault.retryAfterMs }),
  };
}

/** The failure that a thrown value means: an SDK's error with a status, a refused redirect, a broken connection. */
export function failureOfThrown(
  error: unknown,
  names: EndpointNames,
  signal: AbortSignal,
): Failure {
  if (signal.aborted) {
    return abortedFailure();
  }
  const fault = faultOfThrown(error);
  if (fault !== undefined) {
    return failureOfFault(fault, names);
  }
  const cause = findInCauses(error, (item) => PatchbayError.is(item));
  if (PatchbayError.is(cause)) {
    return failureOfRefusal(cause, names);
  }
  const systemCode = findInCauses(error, (item) => stringField(item, 'code') !== undefined);
  return failureOfConnection(stringField(systemCode, 'code'), error, names);
}

/** The server's words inside an SDK's status error; undefined when it was no answer of a server. */
export function faultOfThrown(error: unknown): ServerFault | undefined {
  const status = numberField(error, 'status');
  if (status === undefined) {
    return undefined;
  }
  const body = isRecord(error) ? error.error : undefined;
  const inner = recordField(body, 'error') ?? (isRecord(body) ? body : undefined);
  const headers = isRecord(error) ? error.headers : undefined;
  const retryAfterMs =
    headers instanceof Headers ? readRetryAfterMs(headers, Date.now()) : undefined;
  const said =
    stringField(inner, 'message') ?? stringField(body, 'error') ?? stringField(body, 'detail');
  const type = stringField(inner, 'code') ?? stringField(inner, 'type');
  return {
    status,
    message: said ?? errorMessage(error),
    ...(type === undefined ? {} : { type }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(said === undefined ? { body: errorMessage(error) } : {}),
  };
}

/** `retry-after-ms`, `retry-after` in seconds or as a date. */
export function readRetryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const exactMs = Number.parseFloat(headers.get('retry-after-ms') ?? '');
  if (Number.isFinite(exactMs)) {
    return Math.max(0, exactMs);
  }
  const value = headers.get('retry-after') ?? '';
  const seconds = Number(value);
  if (value.trim() !== '' && Number.isFinite(seconds)) {
    return Math.max(0, seconds * 1000);
  }
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs);
}

export function streamCutFailure(names: EndpointNames, why: string): Failure {
  return {
    code: 'stream_cut',
    message: `The answer of ${names.provider} broke off: ${why}. What arrived is kept; send your message again to go on.`,
  };
}

const overflowWords =
  /context[ _-]?(length|window|size)|maximum context|prompt is too long|too many (input )?tokens|input is too long|exceeds? the (model'?s )?(maximum|context)|request[ _]too[ _]large|n_ctx/i;
const creditWords =
  /insufficient_quota|billing|credit balance|insufficient (credits|funds)|payment required/i;

function codeOfFault({ status, message, type = '', body = '' }: ServerFault): FailureCode {
  const words = `${type} ${message} ${body}`;
  if (status === 402 || creditWords.test(words)) {
    return 'auth_required';
  }
  if (status === 413 || (isRequestFault(status) && overflowWords.test(words))) {
    return 'context_overflow';
  }
  return codeOfStatus(status) ?? codeOfType(`${type} ${message}`);
}

function isRequestFault(status: number | undefined): boolean {
  return status === undefined || status === 400 || status === 422;
}

function codeOfStatus(status: number | undefined): FailureCode | undefined {
  if (status === undefined) {
    return undefined;
  }
  switch (status) {
    case 401:
    case 403:
    case 407:
      return 'auth_required';
    case 404:
      return 'model_not_found';
    case 408:
    case 504:
      return 'timeout';
    case 429:
      return 'rate_limited';
    default:
      return status >= 500 ? 'overloaded' : 'invalid_request';
  }
}

/** Faults inside a stream come without a status: the dialect's type tells. */
function codeOfType(words: string): FailureCode {
  if (/rate.?limit|resource_exhausted|too many requests/i.test(words)) {
    return 'rate_limited';
  }
  if (/overloaded|server.?error|api_error|unavailable|internal|bad gateway|upstream/i.test(words)) {
    return 'overloaded';
  }
  if (/authentication|permission|invalid.?api.?key/i.test(words)) {
    return 'auth_required';
  }
  if (/timeout|timed out/i.test(words)) {
    return 'timeout';
  }
  if (/not_found/i.test(words)) {
    return 'model_not_found';
  }
  return /invalid/i.test(words) ? 'invalid_request' : 'unknown';
}

function wordsOf(
  code: FailureCode,
  fault: ServerFault,
  names: EndpointNames,
  said: string,
): string {
  const status = fault.status === undefined ? '' : ` (${fault.status})`;
  const quoted = said === '' ? '' : ` It says: ${said}`;
  switch (code) {
    case 'auth_required':
      return wordsOfAuth(fault, names, status, quoted);
    case 'model_not_found':
      return `${names.provider} does not know the model "${names.model}"${status} at ${names.address}. Choose another model, or check the address.${quoted}`;
    case 'context_overflow':
      return `The conversation is too long for ${names.model}${status}. ${keptWords} Start a new session, or choose a model with a larger window.${quoted}`;
    case 'rate_limited':
      return `${names.provider} limits the rate of requests${status}. ${keptWords} Try again ${waitWords(fault.retryAfterMs)}.${quoted}`;
    case 'overloaded':
      return `${names.provider} could not answer right now${status}. ${keptWords} Try again in a moment.${quoted}`;
    case 'timeout':
      return `${names.provider} took too long${status}. ${keptWords} Try again.${quoted}`;
    default:
      return `${names.provider} refused the request${status}. ${keptWords}${quoted || ' Try again, or choose another model.'}`;
  }
}

function wordsOfAuth(
  fault: ServerFault,
  names: EndpointNames,
  status: string,
  quoted: string,
): string {
  if (fault.status === 402 || creditWords.test(`${fault.type ?? ''} ${fault.message}`)) {
    return `The account at ${names.provider} has no credit left${status}. ${keptWords} Top it up, or set the key of another account.${quoted}`;
  }
  return names.key === undefined
    ? `${names.provider} wants a key${status}. ${keptWords} Set a key for it, then try again.${quoted}`
    : `${names.provider} refused the key${status}. ${keptWords} Set another key, then try again.${quoted}`;
}

function waitWords(retryAfterMs: number | undefined): string {
  if (retryAfterMs === undefined) {
    return 'in a moment';
  }
  const seconds = Math.ceil(retryAfterMs / 1000);
  return seconds < 120 ? `in ${seconds} s` : `in ${Math.ceil(seconds / 60)} minutes`;
}

function failureOfRefusal(error: PatchbayError, names: EndpointNames): Failure {
  switch (error.code) {
    case 'redirect_refused':
    case 'foreign_address':
      return {
        code: 'network',
        message: oneLine(
          `${names.provider} sent the request elsewhere: ${error.message}. It was not followed, so your key and text went nowhere else. If that address is right, set it as the base URL.`,
        ),
      };
    case 'line_too_long':
      return {
        code: 'line_too_long',
        message: `A single piece of the answer of ${names.provider} was too long to hold. What arrived is kept.`,
      };
    default:
      return { code: 'unknown', message: oneLine(withoutKeys(error.message, names.key)) };
  }
}

function failureOfConnection(
  systemCode: string | undefined,
  error: unknown,
  names: EndpointNames,
): Failure {
  const detail = withoutKeys(`${systemCode ?? ''} ${describeCauses(error)}`.trim(), names.key);
  const failed = (code: FailureCode, words: string): Failure => ({
    code,
    message: oneLine(words),
    detail,
  });
  switch (systemCode) {
    case 'ECONNREFUSED':
      return failed(
        'network',
        `Nothing answers at ${names.address} (connection refused). ${keptWords} Start the server, or check the address, then try again.`,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return failed(
        'network',
        `The host of ${names.address} was not found. ${keptWords} Check the address and your connection, then try again.`,
      );
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
      return failed(
        'stream_cut',
        `The connection to ${names.address} was closed before the answer was complete. ${keptWords} Try again.`,
      );
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return failed(
        'timeout',
        `${names.provider} was silent for too long. ${keptWords} Try again.`,
      );
    default:
      return failed(
        'network',
        `${names.address} could not be reached${systemCode === undefined ? '' : ` (${systemCode})`}. ${keptWords} Check the address, the proxy and your connection, then try again.`,
      );
  }
}

/** Node puts the reason of a failed `fetch` into `cause`, for several addresses into `errors`. */
function findInCauses(error: unknown, matches: (item: unknown) => boolean): unknown {
  let item: unknown = error;
  for (let depth = 0; depth < 6 && isRecord(item); depth += 1) {
    if (matches(item)) {
      return item;
    }
    const errors = item.errors;
    item = item.cause ?? (Array.isArray(errors) ? errors[0] : undefined);
  }
  return undefined;
}

function describeCauses(error: unknown): string {
  const words: string[] = [];
  let item: unknown = error;
  for (let depth = 0; depth < 4 && item instanceof Error; depth += 1) {
    words.push(item.message);
    item = item.cause;
  }
  return [...new Set(words)].join(': ');
}

/** What a server or an error wrote, without the key that was sent and without whatever else is a secret. */
function withoutKeys(text: string, key: string | undefined): string {
  return createRedactor(key === undefined ? [] : [key])(text);
}
