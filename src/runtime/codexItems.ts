import {
  arrayField,
  isJsonObject,
  isRecord,
  isString,
  numberField,
  stringField,
} from '../base/guard';
import type { JsonObject } from '../base/json';
import { oneLine, type Failure, type FailureCode } from '../events/failure';
import type { Usage } from '../events/usage';
import type { ChildExit, ModelRef, ReasoningEffort } from './contract';
import { earlyEnd } from './exchangeEnds';

/** What both dialects of Codex (`codex exec` and `codex app-server`) have in common. */

/** What a model reference is called when the agent's own default model is meant. */
const defaultModel = 'default';

/** The name of the model on Codex's wire; undefined: its own default. */
export function codexModel(model: ModelRef): string | undefined {
  return model.model === '' || model.model === defaultModel ? undefined : model.model;
}

/** Codex passes the word on to the model; these five are what its models know. */
export function codexEffort(reasoning: ReasoningEffort | undefined): string | undefined {
  return reasoning;
}

/** A value as the right side of a `-c key=value`: TOML's basic strings are JSON's but for the DEL character. */
export function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}

/**
 * Settings that keep the folder's own `.codex` (configuration, hooks, rules, MCP servers) without effect, also where the
 * user's configuration trusts the folder, and its `AGENTS.md` out: we give the model its text ourselves, once, and say so.
 * `cwd` has to be the real path, links resolved: Codex compares that.
 * The user's own configuration stays as it is. Seen with 0.169.0.
 */
export function folderIsolationArgs(cwd: string): readonly string[] {
  return [
    '-c',
    `projects={${tomlString(cwd)}={trust_level="untrusted"}}`,
    '-c',
    'project_root_markers=[]',
    '-c',
    'project_doc_max_bytes=0',
  ];
}

interface GrowingText {
  text: string;
  /** The name under which it is given out. */
  name: string;
  versions: number;
  isComplete: boolean;
}

/**
 * How a text that grew becomes deltas: only what is new goes on, and the same text never twice. A text that does not
 * continue what was given out before is another text: the block so far is void, and it is given out whole under a new name.
 */
export class GrowingTexts {
  private readonly blocks = new Map<string, GrowingText>();

  /** A delta of the dialect's own. */
  add(id: string, delta: string): { readonly delta: string; readonly blockId: string } {
    const block = this.block(id);
    block.text += delta;
    return { delta, blockId: block.name };
  }

  /** The whole text of a block as it is now. */
  replace(
    id: string,
    text: string,
    isComplete: boolean,
  ): { readonly delta: string; readonly blockId: string; readonly retracted?: string } {
    const block = this.block(id);
    block.isComplete ||= isComplete;
    if (text.startsWith(block.text)) {
      const delta = text.slice(block.text.length);
      block.text = text;
      return { delta, blockId: block.name };
    }
    const retracted = block.name;
    block.versions += 1;
    block.name = `${id}#${block.versions}`;
    block.text = text;
    return { delta: text, blockId: block.name, retracted };
  }

  /** Names of the blocks that were begun and not completed; they are forgotten. */
  takeOpen(): readonly string[] {
    const open = [...this.blocks].filter(([, { isComplete }]) => !isComplete);
    open.forEach(([id]) => this.blocks.delete(id));
    return open.flatMap(([, { name, text }]) => (text === '' ? [] : [name]));
  }

  private block(id: string): GrowingText {
    const known = this.blocks.get(id);
    if (known !== undefined) {
      return known;
    }
    const fresh: GrowingText = { text: '', name: id, versions: 1, isComplete: false };
    this.blocks.set(id, fresh);
    return fresh;
  }
}

/** Arguments of a call: an object, or JSON text of one; anything else is `{}`. */
export function codexArguments(value: unknown): JsonObject {
  if (isJsonObject(value)) {
    return value;
  }
  if (isString(value) && value !== '') {
    try {
      const parsed: unknown = JSON.parse(value);
      return isJsonObject(parsed) ? parsed : {};
    } catch {
      // Not JSON: the call is shown without arguments.
      return {};
    }
  }
  return {};
}

/** The text of an MCP result, or of its parts; what is not text is named. */
export function mcpResultText(result: unknown): string {
  return (arrayField(result, 'content') ?? [])
    .map((part) => stringField(part, 'text') ?? `[${stringField(part, 'type') ?? 'something'}]`)
    .join('\n');
}

/** Token counts in Codex's words, snake or camel; it counts cached tokens among the input, ours are apart. */
export function codexUsage(counts: {
  readonly input: number | undefined;
  readonly cached: number | undefined;
  readonly cacheWrite: number | undefined;
  readonly output: number | undefined;
  readonly contextWindow?: number | undefined;
}): Usage | undefined {
  const { input, cached, cacheWrite, output, contextWindow } = counts;
  if ((input ?? 0) === 0 && (output ?? 0) === 0) {
    return undefined;
  }
  return {
    ...(input === undefined ? {} : { inputTokens: Math.max(0, input - (cached ?? 0)) }),
    ...(output === undefined ? {} : { outputTokens: output }),
    ...(cached === undefined ? {} : { cacheReadTokens: cached }),
    ...(cacheWrite === undefined || cacheWrite === 0 ? {} : { cacheWriteTokens: cacheWrite }),
    ...(contextWindow === undefined ? {} : { contextWindowTokens: contextWindow }),
    reportedBy: 'child',
  };
}

/** Why Codex ended without a last word: its own error before, else what it said last. */
export function codexExit(exit: ChildExit, lastError: Failure | undefined): Failure {
  return lastError === undefined
    ? earlyEnd('Codex', { ...exit, stderrTail: codexLastWords(exit.stderrTail) })
    : { ...lastError, detail: exit.stderrTail };
}

/** The words of stderr that may tell why it ended: without colours, time stamps and what Codex says at every start. */
function codexLastWords(stderrTail: string): string {
  return stderrTail
    .split('\n')
    .map((line) => line.replace(ansi, '').trim())
    .filter((line) => line !== '' && !startNoise.test(line))
    .join('\n');
}

/** Colours of a terminal: an escape character is what is looked for. */
const ansi = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

const startNoise =
  /bubblewrap|could not create PATH aliases|^Reading (additional input|prompt) from stdin|Model metadata for/;

/** True when the model's answer hit its length limit, which Codex reports as a failed turn. */
export function isLengthLimit(message: string): boolean {
  return /incomplete response/i.test(message) && !/content_filter/i.test(message);
}

const namedErrors: Readonly<Record<string, FailureCode>> = {
  contextWindowExceeded: 'context_overflow',
  sessionBudgetExceeded: 'rate_limited',
  usageLimitExceeded: 'rate_limited',
  rateLimitExceeded: 'rate_limited',
  serverOverloaded: 'overloaded',
  internalServerError: 'overloaded',
  modelNotFound: 'model_not_found',
  unauthorized: 'auth_required',
  badRequest: 'invalid_request',
  httpConnectionFailed: 'network',
  responseStreamConnectionFailed: 'network',
  responseStreamDisconnected: 'stream_cut',
  responseTooManyFailedAttempts: 'network',
};

/**
 * What an error of Codex means. `info` is the app-server's `codexErrorInfo` (a name, or an object with one key that may
 * hold the HTTP status); `codex exec` has only the words.
 */
export function codexFailure(message: string, info?: unknown): Failure {
  const text = readableError(message);
  const name = isString(info) ? info : isRecord(info) ? Object.keys(info)[0] : undefined;
  const inner = isRecord(info) && name !== undefined ? info[name] : undefined;
  const status = numberField(inner, 'httpStatusCode') ?? statusIn(message);
  const named =
    name !== undefined && Object.hasOwn(namedErrors, name) ? namedErrors[name] : undefined;
  const code = codeFor(named, status, message);
  return {
    code,
    message: oneLine(
      `Codex: ${text === '' ? 'the turn failed without a reason.' : sentence(text)}${nextStep(code)}`,
    ),
    ...(status === undefined ? {} : { status }),
    ...(text === message.trim() ? {} : { detail: message }),
  };
}

function codeFor(
  named: FailureCode | undefined,
  status: number | undefined,
  message: string,
): FailureCode {
  if (named === 'context_overflow' || isContextOverflow(message)) {
    return 'context_overflow';
  }
  switch (status) {
    case 401:
    case 403:
      return 'auth_required';
    case 404:
      return 'model_not_found';
    case 429:
      return 'rate_limited';
    case 400:
    case 422:
      return 'invalid_request';
    default:
      break;
  }
  if (status !== undefined && status >= 500) {
    return 'overloaded';
  }
  return named ?? codeInWords(message);
}

function codeInWords(message: string): FailureCode {
  const words: readonly (readonly [RegExp, FailureCode])[] = [
    [
      /missing environment variable|not logged in|log in|login|api key|unauthorized/i,
      'auth_required',
    ],
    [/usage limit|rate limit|quota/i, 'rate_limited'],
    [/overloaded|high demand|at capacity/i, 'overloaded'],
    [/model .{0,200}?(not found|not supported|does not exist)/i, 'model_not_found'],
    [/stream (disconnected|closed|error)|response\.failed/i, 'stream_cut'],
    [/error sending request|connection|dns|network|timed? ?out/i, 'network'],
  ];
  return words.find(([pattern]) => pattern.test(message))?.[1] ?? 'unknown';
}

function isContextOverflow(message: string): boolean {
  return /context window|context_length|prompt is too long|maximum context/i.test(message);
}

/** The HTTP status that the words name: `last status: 429 Too Many Requests`, `unexpected status 401 Unauthorized: …`. */
function statusIn(message: string): number | undefined {
  const found = /\bstatus(?: code)?:? (\d{3})\b/i.exec(message)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Some errors are the service's JSON answer, as it is. */
function readableError(message: string): string {
  const text = message.trim();
  const start = text.indexOf('{');
  if (start === -1) {
    return text;
  }
  try {
    const parsed: unknown = JSON.parse(text.slice(start));
    const words =
      stringField(isRecord(parsed) ? parsed.error : undefined, 'message') ??
      stringField(parsed, 'message') ??
      stringField(parsed, 'detail');
    return words === undefined ? text : `${text.slice(0, start)}${words}`.trim();
  } catch {
    // Not JSON after all: the words are shown as they are.
    return text;
  }
}

const maxAddressChars = 2000;

/** Without the address of the request, which helps nobody in a chat. */
function sentence(text: string): string {
  // It stands at the end, and no address is longer than this.
  const end = Math.max(0, text.length - maxAddressChars);
  const tail = text.slice(end).replace(/, url: \S+(?:, [a-z-]+: \S+)*$/, '');
  const words = `${text.slice(0, end)}${tail}`.trim();
  return /[.!?…]$/.test(words) ? words : `${words}.`;
}

function nextStep(code: FailureCode): string {
  switch (code) {
    case 'auth_required':
      return ' Sign in to Codex (codex login), then send the prompt again.';
    case 'context_overflow':
      return ' The conversation is too long for this model: start a new one, or choose another model.';
    case 'rate_limited':
      return ' Wait, or choose another model.';
    case 'model_not_found':
      return ' Choose another model.';
    case 'overloaded':
    case 'network':
    case 'stream_cut':
      return ' What has arrived is kept; try again in a while.';
    default:
      return ' What has arrived is kept; try again.';
  }
}
