import { isRecord, isString } from '../base/guard';
import type { JsonObject } from '../base/json';
import type { McpReply, StartedServer, StartRequest } from '../tools/plugins/contract';

/** What the extension host asks of the hub; one JSON line each. Both sides are ours and of one version. */
export type ToHub =
  | { readonly kind: 'start'; readonly id: string; readonly request: StartRequest }
  | {
      readonly kind: 'call';
      readonly id: string;
      readonly key: string;
      readonly tool: string;
      readonly input: JsonObject;
      readonly timeoutMs: number;
    }
  | { readonly kind: 'stop' | 'log'; readonly id: string; readonly key: string }
  /** Nobody waits for this request any more. */
  | { readonly kind: 'cancel'; readonly id: string };

export type FromHub =
  | { readonly kind: 'started'; readonly id: string; readonly started: StartedServer }
  | { readonly kind: 'replied'; readonly id: string; readonly reply: McpReply }
  | { readonly kind: 'stopped'; readonly id: string }
  | { readonly kind: 'logged'; readonly id: string; readonly text: string }
  | { readonly kind: 'failed'; readonly id: string; readonly failure: HubFailure }
  | { readonly kind: 'tools'; readonly key: string; readonly started: StartedServer }
  | { readonly kind: 'ended'; readonly key: string; readonly failure: HubFailure };

/** Not redacted: the hub does not know what is secret. */
export interface HubFailure {
  readonly code: 'mcp_start' | 'mcp_call' | 'mcp_gone' | 'aborted';
  readonly message: string;
  /** The end of the server's error output. */
  readonly stderrTail: string;
}

/** More than this is cut from the error output before it is redacted and shown. */
export const stderrTailBytes = 16 * 1024;
/** Longest line between host and hub. */
export const maxHubLineBytes = 16 * 1024 * 1024;

/** By its kind alone: the sender is our own program. */
export function isToHub(value: unknown): value is ToHub {
  return isRecord(value) && isString(value.id) && isString(value.kind) && toHub.has(value.kind);
}

export function isFromHub(value: unknown): value is FromHub {
  return isRecord(value) && isString(value.kind) && fromHub.has(value.kind);
}

const toHub: ReadonlySet<string> = new Set(['start', 'call', 'stop', 'log', 'cancel']);
const fromHub: ReadonlySet<string> = new Set([
  'started',
  'replied',
  'stopped',
  'logged',
  'failed',
  'tools',
  'ended',
]);
