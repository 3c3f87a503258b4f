import type { AssistantMessage } from './message';
import type { FinishReason } from './normalizedEvent';
import type { ToolCall } from './toolCall';

/**
 * What a consumer of one assistant message sees. `contentIndex` is the block's position in `message.content` at the
 * time of the event. `partial` is a snapshot that later events do not change.
 */
export type AssistantMessageEvent =
  | { readonly type: 'start'; readonly partial: AssistantMessage }
  | {
      readonly type: 'text_start';
      readonly contentIndex: number;
      readonly blockId?: string;
      readonly parentCallId?: string;
    }
  | { readonly type: 'text_delta'; readonly contentIndex: number; readonly delta: string }
  | { readonly type: 'text_end'; readonly contentIndex: number; readonly content: string }
  | {
      readonly type: 'thinking_start';
      readonly contentIndex: number;
      readonly blockId?: string;
      readonly parentCallId?: string;
    }
  | { readonly type: 'thinking_delta'; readonly contentIndex: number; readonly delta: string }
  | { readonly type: 'thinking_end'; readonly contentIndex: number; readonly content: string }
  | {
      readonly type: 'toolcall_start';
      readonly contentIndex: number;
      readonly callId: string;
      readonly name: string;
    }
  | { readonly type: 'toolcall_delta'; readonly contentIndex: number; readonly delta: string }
  | { readonly type: 'toolcall_end'; readonly contentIndex: number; readonly call: ToolCall }
  | { readonly type: 'done'; readonly reason: FinishReason; readonly message: AssistantMessage }
  | {
      readonly type: 'error';
      readonly reason: 'error' | 'aborted';
      readonly message: AssistantMessage;
    };
