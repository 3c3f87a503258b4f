import { resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { agentEntry } from '../runtime/agentCatalog';
import { withValuesJoined } from './joinedValues';
import type { PolicyCommand } from './policy';
import { replayCommand, type ReplayCommand } from './replayCommand';
import { sessionCommand, type SessionCommand } from './sessionCommand';
import { webviewCommand, type WebviewCommand } from './webviewCommand';

/** What `headless -- <command>` was asked to do; `usage` is wrong usage, with one line that says what is wrong. */
export type HeadlessCommand =
  | TurnCommand
  | ExchangeCommand
  | DoctorCommand
  | PolicyCommand
  | ReplayCommand
  | AuditVerifyCommand
  | { readonly kind: 'paths' }
  | { readonly kind: 'redact' }
  | { readonly kind: 'transcript' }
  | SessionCommand
  | WebviewCommand
  | { readonly kind: 'hunks' }
  | { readonly kind: 'match' }
  | { readonly kind: 'usage'; readonly message: string };

interface Common {
  readonly prompt: string;
  readonly decide: 'allow' | 'deny';
  readonly cancelAfterMs?: number;
  readonly startTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  readonly closeTimeoutMs?: number;
}

export type HeadlessProvider = 'anthropic' | 'openai-responses' | 'openai-chat';

export interface TurnCommand extends Common {
  readonly kind: 'turn';
  readonly provider: HeadlessProvider;
  readonly baseUrl: string;
  readonly model: string;
  readonly key?: string;
  readonly cwd?: string;
}

export interface ExchangeCommand extends Common {
  readonly kind: 'exchange';
  readonly adapter: string;
  readonly cwd: string;
  readonly binary?: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly resume?: string;
  /** `--tools patchbay`: the agent works with our tools in the place of its own. Absent: with its own. */
  readonly toolSource?: 'patchbay';
}

export interface DoctorCommand {
  readonly kind: 'doctor';
  readonly cwd?: string;
}

export interface AuditVerifyCommand {
  readonly kind: 'auditVerify';
  readonly file: string;
}

const timing = {
  'cancel-after-ms': { type: 'string' },
  'start-timeout-ms': { type: 'string' },
  'idle-timeout-ms': { type: 'string' },
  'close-timeout-ms': { type: 'string' },
  prompt: { type: 'string' },
  decide: { type: 'string', default: 'deny' },
  cwd: { type: 'string' },
} as const;

const providers: readonly HeadlessProvider[] = ['anthropic', 'openai-responses', 'openai-chat'];

const commandNames =
  'turn, exchange, replay, doctor, policy, paths, redact, audit, transcript, session, hunks, match, webview';

class UsageError extends Error {}

export function parseHeadlessArgs(
  argv: readonly string[],
  adapters: readonly string[],
): HeadlessCommand {
  const [name, ...rest] = argv;
  try {
    switch (name) {
      case 'turn':
        return turnCommand(rest);
      case 'exchange':
        return exchangeCommand(rest, adapters);
      case 'replay':
        return replayCommand(rest);
      case 'doctor':
        return doctorCommand(rest);
      case 'policy':
        return policyCommand(rest);
      case 'audit':
        return auditCommand(rest);
      case 'paths':
        return withoutOptions('paths', rest);
      case 'redact':
        return withoutOptions('redact', rest);
      case 'transcript':
        return withoutOptions('transcript', rest);
      case 'session':
        return sessionCommand(rest);
      case 'hunks':
        return withoutOptions('hunks', rest);
      case 'match':
        return withoutOptions('match', rest);
      case 'webview':
        return webviewCommand(withValuesJoined(rest));
      case undefined:
        throw new UsageError(`a command is needed: ${commandNames}`);
      default:
        throw new UsageError(`unknown command "${name}"; there are: ${commandNames}`);
    }
  } catch (error) {
    return {
      kind: 'usage',
      message: (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '',
    };
  }
}

function turnCommand(argv: readonly string[]): TurnCommand {
  const { values } = parseArgs({
    args: withValuesJoined(argv),
    strict: true,
    options: {
      ...timing,
      provider: { type: 'string' },
      'base-url': { type: 'string' },
      model: { type: 'string' },
      key: { type: 'string' },
    },
  });
  const provider = providers.find((known) => known === values.provider);
  if (provider === undefined) {
    throw new UsageError(`--provider must be one of ${providers.join(', ')}`);
  }
  const baseUrl = needed('--base-url', values['base-url']);
  if (!/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl)) {
    throw new UsageError('--base-url must be an http or https address');
  }
  return {
    kind: 'turn',
    provider,
    baseUrl,
    model: needed('--model', values.model),
    ...common(values),
    ...(values.key === undefined ? {} : { key: values.key }),
    ...(values.cwd === undefined ? {} : { cwd: values.cwd }),
  };
}

function exchangeCommand(argv: readonly string[], adapters: readonly string[]): ExchangeCommand {
  const { values } = parseArgs({
    args: withValuesJoined(argv),
    strict: true,
    options: {
      ...timing,
      adapter: { type: 'string' },
      binary: { type: 'string' },
      arg: { type: 'string', multiple: true },
      env: { type: 'string', multiple: true },
      resume: { type: 'string' },
      tools: { type: 'string', default: 'own' },
    },
  });
  const adapter = needed('--adapter', values.adapter);
  if (!adapters.includes(adapter)) {
    throw new UsageError(`--adapter must be one of ${adapters.join(', ')}`);
  }
  const { tools } = values;
  if (tools !== 'own' && tools !== 'patchbay') {
    throw new UsageError('--tools must be own or patchbay');
  }
  if (tools === 'patchbay' && adapter !== 'acp' && agentEntry(adapter)?.takesOurTools !== true) {
    throw new UsageError(`--tools patchbay: ${adapter} cannot be given other tools than its own`);
  }
  return {
    kind: 'exchange',
    adapter,
    cwd: needed('--cwd', values.cwd),
    args: values.arg ?? [],
    env: Object.fromEntries((values.env ?? []).map(variable)),
    ...common(values),
    ...(values.binary === undefined ? {} : { binary: program(values.binary) }),
    ...(values.resume === undefined ? {} : { resume: values.resume }),
    ...(tools === 'patchbay' ? { toolSource: tools } : {}),
  };
}

function doctorCommand(argv: readonly string[]): DoctorCommand {
  const { values } = parseArgs({
    args: withValuesJoined(argv),
    strict: true,
    options: { cwd: { type: 'string' } },
  });
  return { kind: 'doctor', ...(values.cwd === undefined ? {} : { cwd: values.cwd }) };
}

function auditCommand(argv: readonly string[]): AuditVerifyCommand {
  const [verb, file, ...more] = argv;
  if (verb !== 'verify' || file === undefined || file === '' || more.length > 0) {
    throw new UsageError('usage: audit verify FILE');
  }
  return { kind: 'auditVerify', file: resolve(file) };
}

/** What it works on comes as JSON lines on standard input. */
function withoutOptions<const T extends string>(
  kind: T,
  argv: readonly string[],
): { readonly kind: T } {
  parseArgs({ args: [...argv], strict: true, options: {} });
  return { kind };
}

function policyCommand(argv: readonly string[]): PolicyCommand {
  const { values } = parseArgs({
    args: withValuesJoined(argv),
    strict: true,
    options: { root: { type: 'string' } },
  });
  return { kind: 'policy', root: needed('--root', values.root) };
}

function common(values: Readonly<Record<string, unknown>>): Common {
  const { decide } = values;
  if (decide !== 'allow' && decide !== 'deny') {
    throw new UsageError('--decide must be allow or deny');
  }
  const prompt = needed('--prompt', values.prompt);
  if (prompt.trim() === '') {
    throw new UsageError('--prompt is empty');
  }
  const cancelAfterMs = milliseconds('--cancel-after-ms', values['cancel-after-ms']);
  const startTimeoutMs = milliseconds('--start-timeout-ms', values['start-timeout-ms']);
  const idleTimeoutMs = milliseconds('--idle-timeout-ms', values['idle-timeout-ms']);
  const closeTimeoutMs = milliseconds('--close-timeout-ms', values['close-timeout-ms']);
  return {
    prompt,
    decide,
    ...(cancelAfterMs === undefined ? {} : { cancelAfterMs }),
    ...(startTimeoutMs === undefined ? {} : { startTimeoutMs }),
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
    ...(closeTimeoutMs === undefined ? {} : { closeTimeoutMs }),
  };
}

/** A name is looked up, a path is meant from here, as in a shell. */
function program(text: string): string {
  const isPath = text.includes('/') || text.includes(sep);
  return isPath && !text.startsWith('~') ? resolve(text) : text;
}

function needed(flag: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw new UsageError(`${flag} is needed`);
  }
  return value;
}

function milliseconds(flag: string, value: unknown): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  if (typeof value !== 'string' || !/^\d{1,9}$/.test(value)) {
    throw new UsageError(`${flag} must be a whole number of milliseconds`);
  }
  return Number(value);
}

function variable(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) {
    throw new UsageError(`--env must be NAME=VALUE, not "${text}"`);
  }
  return [text.slice(0, at), text.slice(at + 1)];
}
