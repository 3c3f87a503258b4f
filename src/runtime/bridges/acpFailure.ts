import { isRecord, isString, recordField, stringField } from '../../base/guard';
import { oneLine, type Failure } from '../../events/failure';
import type { AcpQuirks } from './acpProfiles';

/** A JSON-RPC error of an agent. */
export interface AcpError {
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
}

/** The protocol's own code for "sign in first". */
const authRequired = -32000;

/**
 * What an error means for the user. The message of -32603 is always "Internal error"; the words are in `data`. An agent
 * that fails to reach its model says so in words only, so the words are read for the usual ones.
 */
export function acpFailure(error: AcpError, agentName: string, quirks: AcpQuirks): Failure {
  const words = errorWords(error);
  // claude-agent-acp names the kind of its error: rate_limit, overloaded, server_error …
  const hints = `${words} ${stringField(error.data, 'errorKind') ?? ''}`;
  const isHttp = error.code >= 400 && error.code < 600;
  const status = quirks.errorCodesAreHttp && isHttp ? error.code : httpStatus(error.data, words);
  const common = {
    detail: `${error.code} ${error.message}\n${words}`.trim(),
    ...(status === undefined ? {} : { status }),
  };
  const shown = oneLine(words).slice(0, 240);
  const said = shown === '' || /[.!?…]$/.test(shown) ? shown : `${shown}.`;
  const fail = (code: Failure['code'], message: string): Failure => ({
    code,
    message: oneLine(message),
    ...common,
  });
  if (error.code === authRequired || status === 401 || status === 403 || isSignedOut(hints)) {
    return fail(
      'auth_required',
      `${agentName} is not signed in, or its key was refused. Sign in with its own login, then send the prompt again. ${said}`,
    );
  }
  if (
    /prompt is too long|context (window|length)|too many tokens|token limit|maximum context/i.test(
      words,
    )
  ) {
    return fail(
      'context_overflow',
      'The conversation no longer fits the model. Start a new session.',
    );
  }
  if (status === 429 || /rate.?limit|quota|too many requests|\b429\b/i.test(hints)) {
    return fail(
      'rate_limited',
      `${agentName} has reached a rate limit or the end of its quota. Wait, or choose another model. ${said}`,
    );
  }
  if (
    (status !== undefined && status >= 500 && !isVagueHttp(error, quirks)) ||
    /overloaded|server_error/i.test(hints)
  ) {
    return fail(
      'overloaded',
      `The service behind ${agentName} is overloaded or failing. Try again in a moment. ${said}`,
    );
  }
  if (status === 404 || /model.{0,40}not.{0,10}(found|exist|available|supported)/i.test(hints)) {
    return fail(
      'model_not_found',
      `${agentName} cannot use the chosen model. Choose another one. ${said}`,
    );
  }
  if (
    /unable to connect|connection (error|refused)|ECONN|ENOTFOUND|fetch failed|socket hang up/i.test(
      words,
    )
  ) {
    return fail(
      'network',
      `${agentName} cannot reach its service. Check the connection and the proxy settings, then try again. ${said}`,
    );
  }
  if (/^terminated$|premature close|stream (was )?(ended|closed|cut)/i.test(words.trim())) {
    return fail(
      'stream_cut',
      `The answer of ${agentName} broke off. What has arrived is kept; try again.`,
    );
  }
  if (status !== undefined && status >= 400 && status < 500) {
    return fail(
      'invalid_request',
      `The service behind ${agentName} refused the request. What has arrived is kept. It said: ${said}`,
    );
  }
  return fail('unknown', `${agentName} failed: ${said} What has arrived is kept; try again.`);
}

/** An error before the session was there: nothing was sent to a model yet. */
export function isAuthError(error: AcpError): boolean {
  return error.code === authRequired || isSignedOut(errorWords(error));
}

function isSignedOut(words: string): boolean {
  return /auth(entication)? (is )?required|not (logged|signed) in|please run \/login|run .{1,40}login|invalid (api key|x-api-key)|api key (not valid|is missing|missing)|incorrect api key|unauthorized|authentication_error|\b401\b/i.test(
    words,
  );
}

/** gemini-cli says 500 also for what it knows nothing about. */
function isVagueHttp(error: AcpError, quirks: AcpQuirks): boolean {
  return quirks.errorCodesAreHttp && error.code === 500 && !/\b5\d\d\b/.test(error.message);
}

function httpStatus(data: unknown, words: string): number | undefined {
  for (const field of ['statusCode', 'status', 'httpStatus']) {
    const value = isRecord(data) ? data[field] : undefined;
    if (typeof value === 'number' && value >= 400 && value < 600) {
      return value;
    }
  }
  const found = /\b(?:API Error|status(?: code)?|HTTP)[:\s]+(\d{3})\b/i.exec(words)?.[1];
  const status = found === undefined ? Number.NaN : Number(found);
  return status >= 400 && status < 600 ? status : undefined;
}

function errorWords(error: AcpError): string {
  const words = rawWords(error);
  return innerMessage(words) ?? words;
}

/** The message inside, where an agent passes its service's JSON on as it is. */
function innerMessage(words: string): string | undefined {
  if (!words.startsWith('{')) {
    return undefined;
  }
  try {
    const parsed: unknown = JSON.parse(words);
    return stringField(recordField(parsed, 'error'), 'message') ?? stringField(parsed, 'message');
  } catch {
    // It only looked like JSON: then the words are shown as they are.
    return undefined;
  }
}

function rawWords({ message, data }: AcpError): string {
  const details = isString(data)
    ? data
    : (stringField(data, 'details') ?? stringField(data, 'message') ?? stringField(data, 'error'));
  if (details === undefined || details === '') {
    return message.replace(/^internal error:\s*/i, '');
  }
  return /^internal error$/i.test(message.trim()) ? details : `${message}: ${details}`;
}
