import { assertNever } from '../base/assertNever';
import type { AssistantMessageEvent } from './assistantMessageEvent';
import { oneLine, type Failure } from './failure';
import type { AssistantMessage, ContentBlock } from './message';
import type { FinishReason, NormalizedEvent, NormalizedEventKind } from './normalizedEvent';
import type { ToolCall } from './toolCall';
import type { Usage } from './usage';

/** Where the sink writes: the event stream. */
export interface EventWriter {
  push(event: AssistantMessageEvent): void;
}

/** The bound model's names, put on the message so that every arm's messages look alike. */
export interface MessageStamp {
  readonly api: string;
  readonly provider: string;
  readonly model: string;
  readonly toolSource?: 'patchbay';
  readonly createdAtMs: number;
}

export interface BlockOrigin {
  readonly blockId?: string;
  readonly parentCallId?: string;
}

export interface ThinkingOrigin extends BlockOrigin {
  readonly signature?: string;
  readonly isRedacted?: boolean;
}

/**
 * Folds normalized events into one assistant message; the only writer of its stream. `start` comes lazily before the
 * first emission. At most one text or thinking block is open; a change of kind, of block id or of sub-agent closes it. After the terminal event
 * everything is dropped without a word.
 *
 * A retracted block gives its text back: it is closed with empty content when it is open, keeps its `contentIndex`
 * (so that the indices of later blocks stay what was announced), and is left out of the final message.
 */
export class MessageSink {
  private readonly blocks: SinkBlock[] = [];
  private open: TextualBlock | undefined;
  private hasStarted = false;
  private terminal = false;
  private reportedUsage: Usage | undefined;

  constructor(
    private readonly writer: EventWriter,
    private readonly stamp: MessageStamp,
  ) {}

  get hasFinished(): boolean {
    return this.terminal;
  }

  /** True once something of the answer was shown: a retry would show it twice. */
  get hasContent(): boolean {
    return this.blocks.some((block) => !block.isRetracted);
  }

  start(): void {
    if (!this.hasStarted && !this.terminal) {
      this.hasStarted = true;
      this.writer.push({ type: 'start', partial: this.message('stop') });
    }
  }

  text(delta: string, origin: BlockOrigin = {}): void {
    if (this.terminal || delta === '') {
      return;
    }
    const block = this.openBlock('text', origin, false);
    block.text += delta;
    this.writer.push({ type: 'text_delta', contentIndex: block.index, delta });
  }

  /** An empty delta is dropped unless it brings the block's signature, which its provider wants back. */
  thinking(delta: string, origin: ThinkingOrigin = {}): void {
    if (this.terminal || (delta === '' && origin.signature === undefined)) {
      return;
    }
    const isRedacted = origin.isRedacted === true;
    const block = this.openBlock('thinking', origin, isRedacted);
    block.signature = origin.signature ?? block.signature;
    if (delta !== '' && !isRedacted) {
      block.text += delta;
      this.writer.push({ type: 'thinking_delta', contentIndex: block.index, delta });
    }
  }

  toolCall(call: ToolCall, parentCallId?: string): void {
    if (this.terminal) {
      return;
    }
    this.start();
    this.closeOpenBlock();
    const parent = call.parentCallId ?? parentCallId;
    const owned: ToolCall = parent === undefined ? call : { ...call, parentCallId: parent };
    const contentIndex = this.blocks.length;
    this.blocks.push({ kind: 'tool_call', call: owned, isRetracted: false });
    this.writer.push({ type: 'toolcall_start', contentIndex, callId: owned.id, name: owned.name });
    this.writer.push({
      type: 'toolcall_delta',
      contentIndex,
      delta: JSON.stringify(owned.arguments),
    });
    this.writer.push({ type: 'toolcall_end', contentIndex, call: owned });
  }

  /** Takes the text of every block of that name out of the message. Unknown names do nothing. */
  retract(blockId: string): void {
    if (this.terminal) {
      return;
    }
    for (const block of this.blocks) {
      if (block.kind !== 'tool_call' && block.blockId === blockId && !block.isRetracted) {
        block.text = '';
        block.isRetracted = true;
        if (block === this.open) {
          this.closeOpenBlock();
        }
      }
    }
  }

  /** Numbers for the final message. Later reports replace earlier ones field by field. */
  usage(usage: Usage): void {
    this.reportedUsage = { ...this.reportedUsage, ...usage };
  }

  finishSuccess(reason: FinishReason = 'stop'): void {
    if (this.terminal) {
      return;
    }
    this.start();
    this.closeOpenBlock();
    this.terminal = true;
    this.writer.push({ type: 'done', reason, message: this.message(reason) });
  }

  finishError(failure: Failure): void {
    if (this.terminal) {
      return;
    }
    this.start();
    this.closeOpenBlock();
    this.terminal = true;
    const reason = failure.aborted === true ? 'aborted' : 'error';
    this.writer.push({ type: 'error', reason, message: this.message(reason, failure) });
  }

  emit(event: NormalizedEvent): void {
    dispatch(this, event);
  }

  /** The message as it stands: fresh values, which later events do not change. */
  private message(stopReason: AssistantMessage['stopReason'], failure?: Failure): AssistantMessage {
    const words =
      failure === undefined ? undefined : oneLine(failure.message) || 'The turn failed.';
    return {
      role: 'assistant',
      content: this.blocks.filter((block) => !block.isRetracted).map(toContent),
      api: this.stamp.api,
      provider: this.stamp.provider,
      model: this.stamp.model,
      ...(this.stamp.toolSource === undefined ? {} : { toolSource: this.stamp.toolSource }),
      stopReason,
      ...(failure === undefined || words === undefined
        ? {}
        : { errorMessage: words, failure: { ...failure, message: words } }),
      ...(this.reportedUsage === undefined ? {} : { usage: this.reportedUsage }),
      createdAtMs: this.stamp.createdAtMs,
    };
  }

  private openBlock(
    kind: 'text' | 'thinking',
    origin: BlockOrigin,
    isRedacted: boolean,
  ): TextualBlock {
    this.start();
    const open = this.open;
    if (
      open?.kind === kind &&
      open.parentCallId === origin.parentCallId &&
      open.isRedacted === isRedacted &&
      (origin.blockId === undefined || open.blockId === origin.blockId)
    ) {
      return open;
    }
    this.closeOpenBlock();
    const block: TextualBlock = {
      kind,
      index: this.blocks.length,
      text: '',
      blockId: origin.blockId,
      parentCallId: origin.parentCallId,
      signature: undefined,
      isRedacted,
      isRetracted: false,
    };
    this.blocks.push(block);
    this.open = block;
    const parent = origin.parentCallId === undefined ? {} : { parentCallId: origin.parentCallId };
    this.writer.push(
      kind === 'text'
        ? { type: 'text_start', contentIndex: block.index, ...parent }
        : { type: 'thinking_start', contentIndex: block.index, ...parent },
    );
    return block;
  }

  private closeOpenBlock(): void {
    const block = this.open;
    if (block === undefined) {
      return;
    }
    this.open = undefined;
    this.writer.push({
      type: block.kind === 'text' ? 'text_end' : 'thinking_end',
      contentIndex: block.index,
      content: block.text,
    });
  }
}

interface TextualBlock {
  readonly kind: 'text' | 'thinking';
  readonly index: number;
  text: string;
  readonly blockId: string | undefined;
  readonly parentCallId: string | undefined;
  signature: string | undefined;
  readonly isRedacted: boolean;
  isRetracted: boolean;
}

type SinkBlock =
  | TextualBlock
  | { readonly kind: 'tool_call'; readonly call: ToolCall; readonly isRetracted: false };

function toContent(block: SinkBlock): ContentBlock {
  switch (block.kind) {
    case 'tool_call':
      return { kind: 'tool_call', call: block.call };
    case 'text':
      return { kind: 'text', text: block.text, ...originOf(block) };
    case 'thinking':
      return {
        kind: 'thinking',
        text: block.text,
        ...(block.signature === undefined ? {} : { signature: block.signature }),
        ...(block.isRedacted ? { isRedacted: true } : {}),
        ...originOf(block),
      };
    default:
      return assertNever(block);
  }
}

function originOf(block: TextualBlock): BlockOrigin {
  return {
    ...(block.blockId === undefined ? {} : { blockId: block.blockId }),
    ...(block.parentCallId === undefined ? {} : { parentCallId: block.parentCallId }),
  };
}

type EventOf<K extends NormalizedEventKind> = {
  readonly [P in K]: Extract<NormalizedEvent, { readonly kind: P }> & { readonly kind: P };
}[K];

/** One entry per kind of the closed union; a new kind is a compile error here. `resume` touches no stream. */
export const sinkDispatch: {
  readonly [K in NormalizedEventKind]: (sink: MessageSink, event: EventOf<K>) => void;
} = {
  text: (sink, event) => sink.text(event.delta, event),
  thinking: (sink, event) => sink.thinking(event.delta, event),
  tool_call: (sink, event) => sink.toolCall(event.call, event.parentCallId),
  resume: () => undefined,
  finish: (sink, event) => sink.finishSuccess(event.reason),
  failed: (sink, event) => sink.finishError(event.failure),
};

function dispatch<K extends NormalizedEventKind>(sink: MessageSink, event: EventOf<K>): void {
  sinkDispatch[event.kind](sink, event);
}
