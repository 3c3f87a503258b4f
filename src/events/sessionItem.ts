import type { FailureCode } from './failure';
import type { NoticeLevel, PlanItem } from './observation';
import type { UsageTotal } from './usageTotal';

/**
 * One thing in the conversation as it is shown. The session's reducer makes these; the panel draws them; nothing else
 * is sent to a view. Ids are unique in the session and stable across reload.
 */
export type SessionItem =
  | {
      readonly kind: 'user';
      readonly id: string;
      readonly text: string;
      /** Waits behind the running turn. */
      readonly isQueued?: boolean;
      /** The turn that it began. */
      readonly turnId?: string;
      /** Of a waiting one: it joins the running turn when that takes words. */
      readonly isSteering?: boolean;
      /** It joined a turn that was running already. */
      readonly wasSteered?: boolean;
      /** How many pictures came with it. */
      readonly imageCount?: number;
      /** Something else was asked in this place too: this is `index` (from 0) of `count`. */
      readonly branch?: { readonly index: number; readonly count: number };
    }
  | {
      readonly kind: 'text';
      readonly id: string;
      readonly text: string;
      readonly isOpen: boolean;
      readonly parentCallId?: string;
    }
  | {
      readonly kind: 'thinking';
      readonly id: string;
      readonly text: string;
      readonly isOpen: boolean;
      readonly durationMs?: number;
      readonly parentCallId?: string;
    }
  | ToolItem
  | { readonly kind: 'plan'; readonly id: string; readonly items: readonly PlanItem[] }
  | {
      readonly kind: 'notice';
      readonly id: string;
      readonly level: NoticeLevel;
      readonly text: string;
    }
  /** The messages before this were summarised; they stay where they are for the reader. */
  | {
      readonly kind: 'compaction';
      readonly id: string;
      /** The summary, Markdown. */
      readonly text: string;
      readonly trigger: 'auto' | 'manual';
      readonly writtenBy: 'model' | 'digest';
      readonly tokensBefore: number;
      readonly tokensAfter: number;
    }
  /** What the turn above used, as far as it was told. */
  | { readonly kind: 'usage'; readonly id: string; readonly total: UsageTotal }
  | {
      readonly kind: 'error';
      readonly id: string;
      readonly message: string;
      readonly detail?: string;
      readonly code: FailureCode;
      readonly actions: readonly ErrorAction[];
    };

export type ErrorAction =
  | 'retry'
  | 'setKey'
  | 'signIn'
  | 'install'
  | 'openSettings'
  | 'chooseModel'
  | 'openFolder'
  | 'trustFolder'
  | 'newSession'
  | 'showLog';

export type ToolItemState =
  'pending' | 'awaiting' | 'running' | 'ok' | 'error' | 'denied' | 'aborted';

export interface ToolItem {
  readonly kind: 'tool';
  /** The call id. */
  readonly id: string;
  readonly toolName: string;
  /** What it does, for icon and verb. */
  readonly action: 'read' | 'edit' | 'run' | 'search' | 'list' | 'fetch' | 'plan' | 'ask' | 'other';
  /** Path relative to the folder, command line, pattern: what the verb is about. */
  readonly object: string;
  /** Absolute path, when `object` is a file that can be opened. */
  readonly path?: string;
  /** The input as indented JSON or as the command; at most 8 KiB, the rest is fetched. */
  readonly input: string;
  /** Output head and tail, at most 8 KiB; `outputBytes` is the whole size. */
  readonly output?: string;
  readonly outputBytes?: number;
  /** `1.2 KB`, `exit 1`, `2 of 3 hunks`. */
  readonly summary?: string;
  readonly diff?: string;
  readonly state: ToolItemState;
  readonly executedBy: 'host' | 'child';
  /** Why it was allowed or denied, in words: `allowed by you`, `reads inside the workspace run`. */
  readonly why?: string;
  /** The pending or decided edit that belongs to this call. */
  readonly editId?: string;
  readonly parentCallId?: string;
  /** A command line of the user's own; `private`: no model is told of it. */
  readonly ranBy?: 'user' | 'private';
}

/**
 * A change of the item list. `text` appends to a text or thinking item, `close` ends its growth; everything else replaces
 * or adds whole items.
 */
export type SessionDelta =
  | { readonly op: 'add'; readonly item: SessionItem; readonly index?: number }
  | { readonly op: 'text'; readonly id: string; readonly delta: string }
  | { readonly op: 'close'; readonly id: string; readonly durationMs?: number }
  | { readonly op: 'replace'; readonly item: SessionItem }
  | { readonly op: 'remove'; readonly id: string };
