import type { JsonObject } from '../base/json';

/**
 * A call of a tool. `id` is unique in its conversation. `executedBy: 'child'` marks a call that an external agent has
 * run or will run by itself: it is shown and authorized, never executed by us.
 */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: JsonObject;
  readonly executedBy: 'host' | 'child';
  /** The call of the sub-agent that made this one. */
  readonly parentCallId?: string;
}

/** What a tool gave back. `ok` is false exactly when `error` is set; `output` may be present beside an error. */
export type ToolResult =
  | { readonly ok: true; readonly output: string; readonly details?: ToolResultDetails }
  | {
      readonly ok: false;
      readonly output: string;
      readonly error: string;
      readonly details?: ToolResultDetails;
    };

/** For the card, never sent to a model. */
export interface ToolResultDetails {
  /** One or two words for the card's right side: `1.2 KB`, `exit 1`, `2 of 3 hunks`. */
  readonly summary?: string;
  /** Unified diff of what this call changed, whole. */
  readonly diff?: string;
  /** How it ended, where that is more than ok or error. */
  readonly outcome?: 'denied' | 'timeout' | 'aborted' | 'cache_hit';
  /** Of a command that ended by itself. */
  readonly exitCode?: number;
  /** Where the rest of a capped output can be read (`read_output` id). */
  readonly outputId?: string;
  /** Of an output that is not all here: how many letters the whole has. */
  readonly wholeChars?: number;
  /** The text came from an editor's unsaved buffer: it is never cached. */
  readonly isLive?: boolean;
}

export function toolOk(output: string, details?: ToolResultDetails): ToolResult {
  return { ok: true, output, ...(details === undefined ? {} : { details }) };
}

export function toolError(error: string, details?: ToolResultDetails, output = ''): ToolResult {
  return { ok: false, output, error, ...(details === undefined ? {} : { details }) };
}
