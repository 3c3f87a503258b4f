import type { JsonObject } from '../base/json';
import type { ToolResult } from './toolCall';
import type { ToolIntent } from './toolIntent';
import type { Usage } from './usage';

/** What travels beside the normalized events. Closed; every one may name the sub-agent's call it belongs to. */
export type Observation = (
  | { readonly kind: 'tool_result'; readonly callId: string; readonly result: ToolResult }
  /** The newest progress text of a running call; replaces the one before. */
  | { readonly kind: 'tool_progress'; readonly callId: string; readonly text: string }
  | { readonly kind: 'permission_request'; readonly request: PermissionRequest }
  /** The dialect withdrew its question, for instance after an interrupt. */
  | { readonly kind: 'permission_withdrawn'; readonly requestId: string }
  | { readonly kind: 'usage'; readonly usage: Usage }
  | { readonly kind: 'plan'; readonly items: readonly PlanItem[] }
  | { readonly kind: 'file_change'; readonly callId?: string; readonly paths: readonly string[] }
  | {
      readonly kind: 'notice';
      readonly level: NoticeLevel;
      readonly text: string;
      readonly code?: string;
      /** It waits and then asks again by itself; the text is for the log, a view counts down. */
      readonly retry?: RetryWait;
    }
  /** The block's text so far is void: it is taken out of the view and of the message. */
  | { readonly kind: 'retract'; readonly blockId: string }
) & { readonly parentCallId?: string };

export type NoticeLevel = 'info' | 'warning';

/** `attempt` counts from 1; `of`: the most there will be. */
export interface RetryWait {
  readonly attempt: number;
  readonly of?: number;
  readonly delayMs: number;
  /** `Rate limited`. */
  readonly reason: string;
}

export interface PlanItem {
  readonly text: string;
  readonly status: 'pending' | 'active' | 'done';
}

/** A child's question before it runs a call of its own. Exactly one `reply` counts; later ones are ignored. */
export interface PermissionRequest {
  /** The dialect's own id of the question. */
  readonly requestId: string;
  /** The call that the question is about; the `tool_call` event may come before or after. */
  readonly callId: string;
  readonly toolName: string;
  readonly input: JsonObject;
  readonly intents: readonly ToolIntent[];
  /** The agent's own words about why; untrusted text. */
  readonly description?: string;
  /**
   * The dialect knows only yes or no for an edit: a partly approved one is written by us, and the answer is a deny that
   * says so. Absent: the child writes the approved text.
   */
  readonly takesWholeEditsOnly?: boolean;
  reply(answer: PermissionAnswer): void;
}

export type PermissionAnswer =
  | {
      readonly kind: 'allow';
      /** For a write: the text the user approved. The bridge makes its dialect's input from it; absent = as asked. */
      readonly approved?: {
        readonly path: string;
        readonly baseText: string;
        readonly text: string;
      };
      /** For a question: question text -> chosen label or words. */
      readonly answers?: Readonly<Record<string, string>>;
      /** Told to the agent after the call: which hunks were denied and why. */
      readonly message?: string;
    }
  | {
      readonly kind: 'deny';
      readonly message: string;
      readonly interrupts?: boolean;
      /** The message is more than the bare no (the user's words, what was written instead): the agent must hear it. */
      readonly saysMore?: boolean;
    };
