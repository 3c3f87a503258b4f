import type { Failure } from './failure';
import type { FinishReason } from './normalizedEvent';
import type { ToolCall, ToolResult } from './toolCall';
import type { Usage } from './usage';

/** One block of an assistant message, in the order it was produced. */
export type ContentBlock =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly blockId?: string;
      readonly parentCallId?: string;
    }
  | {
      readonly kind: 'thinking';
      readonly text: string;
      readonly signature?: string;
      readonly isRedacted?: boolean;
      readonly blockId?: string;
      readonly parentCallId?: string;
    }
  | { readonly kind: 'tool_call'; readonly call: ToolCall };

/**
 * An assistant message, from whichever runtime. `api`, `provider` and `model` are those of the bound model, so an
 * external turn looks like a network turn. `stopReason` agrees with the terminal event.
 */
export interface AssistantMessage {
  readonly role: 'assistant';
  readonly content: readonly ContentBlock[];
  readonly api: string;
  readonly provider: string;
  readonly model: string;
  /** Of an agent that worked with our tools: it keeps a session of its own for them. */
  readonly toolSource?: 'patchbay';
  readonly stopReason: FinishReason | 'error' | 'aborted';
  /** One line; set exactly when `stopReason` is `error` or `aborted`. */
  readonly errorMessage?: string;
  readonly failure?: Failure;
  readonly usage?: Usage;
  readonly createdAtMs: number;
}

/** A picture that the user sent. `data` is base64. */
export interface ImageContent {
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';
  readonly data: string;
}

/** The text of the message is a summary of earlier ones; see transcript/compaction. */
export interface CompactionMark {
  /** How many messages right before this one go on as they are; all before those are in the summary. */
  readonly keptMessages: number;
  readonly trigger: 'auto' | 'manual';
  /** Who wrote the summary: the conversation's model, or we by ourselves. */
  readonly writtenBy: 'model' | 'digest';
  /** Of the conversation as it is sent, estimated. */
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  /** What the writing used, where a model was asked. */
  readonly usage?: Usage;
}

/** A shell line that the user ran, and what came of it. */
export interface OwnCommand {
  readonly callId: string;
  readonly line: string;
  readonly result: ToolResult;
}

export interface UserMessage {
  readonly role: 'user';
  /** What a model reads; of a command, the line and its output. */
  readonly text: string;
  readonly images?: readonly ImageContent[];
  readonly compaction?: CompactionMark;
  /** What the editor has to tell the model before these words: what came of edits that it did not wait for. */
  readonly notes?: readonly string[];
  readonly command?: OwnCommand;
  readonly createdAtMs: number;
}

/** What a model is given of a user's message: what the editor tells it, marked as such, then the user's words. */
export function toldText({ text, notes = [] }: UserMessage): string {
  const lines = notes.map((note) => note.replaceAll('editor_note>', 'editor_note›'));
  return lines.length === 0
    ? text
    : `<editor_note>\n${lines.join('\n\n')}\n</editor_note>\n\n${text}`;
}

export interface ToolResultMessage {
  readonly role: 'tool';
  readonly callId: string;
  readonly toolName: string;
  readonly result: ToolResult;
  readonly createdAtMs: number;
}

export type Message = UserMessage | AssistantMessage | ToolResultMessage;
