import {
  isNumber,
  isRecord,
  isString,
  numberField,
  recordField,
  stringField,
} from '../../base/guard';

/** A piece of text that is new to the reader. */
export interface NewText {
  readonly kind: 'text' | 'thinking';
  readonly delta: string;
  readonly blockId: string;
}

interface StreamedBlock {
  readonly kind: 'text' | 'thinking' | 'other';
  readonly index: number;
  readonly blockId: string;
  text: string;
  /** The whole block was repeated in an `assistant` message: it is final. */
  isConfirmed: boolean;
}

/**
 * What has been streamed of one speaker (the agent, or one of its sub-agents): so that the whole `assistant` messages
 * that repeat it add only what was missing, and so that the partial blocks of an answer that was cut can be taken back.
 *
 * One API message comes as several `assistant` messages with one block each, all with the message's id.
 */
export class StreamedBlocks {
  private messageId = '';
  private blocks: StreamedBlock[] = [];
  private wholeCount = 0;

  /** A raw API event. Gives the new text, if any. */
  accept(event: unknown): NewText | undefined {
    const type = isRecord(event) ? event.type : undefined;
    switch (type) {
      case 'content_block_start':
        this.startBlock(numberField(event, 'index') ?? 0, recordField(event, 'content_block'));
        return undefined;
      case 'content_block_delta':
        return isRecord(event) ? this.delta(event.index, event.delta) : undefined;
      default:
        return undefined;
    }
  }

  /** A new answer begins. Gives the blocks of the former one that were never finished. */
  begin(messageId: string): readonly string[] {
    const cut = this.messageId === messageId ? [] : this.takeUnfinished();
    this.messageId = messageId;
    this.blocks = [];
    return cut;
  }

  /** The blocks that were streamed in part and never finished; they are forgotten. */
  takeUnfinished(): readonly string[] {
    const cut = this.blocks
      .filter((block) => !block.isConfirmed && block.text !== '')
      .map((block) => block.blockId);
    this.blocks = this.blocks.filter((block) => block.isConfirmed);
    return cut;
  }

  /** True when the answer that is being streamed is another one than this message's. */
  isOther(messageId: string): boolean {
    return this.messageId !== messageId;
  }

  /** A block of a whole `assistant` message. Gives what of it was not streamed. */
  confirm(messageId: string, kind: 'text' | 'thinking', full: string): NewText | undefined {
    const streamed =
      messageId === this.messageId
        ? this.blocks.find((block) => block.kind === kind && !block.isConfirmed)
        : undefined;
    if (streamed === undefined) {
      this.wholeCount += 1;
      return full === ''
        ? undefined
        : { kind, delta: full, blockId: `${messageId}:whole-${this.wholeCount}` };
    }
    streamed.isConfirmed = true;
    const rest = full.startsWith(streamed.text) ? full.slice(streamed.text.length) : '';
    streamed.text = '';
    return rest === '' ? undefined : { kind, delta: rest, blockId: streamed.blockId };
  }

  private openBlock(index: number, kind: NewText['kind']): StreamedBlock | undefined {
    for (const block of this.blocks) {
      if (block.index === index && block.kind === kind) {
        return block;
      }
    }
    return undefined;
  }

  private startBlock(index: number, content: unknown): StreamedBlock {
    const type = stringField(content, 'type');
    const block: StreamedBlock = {
      kind: type === 'text' || type === 'thinking' ? type : 'other',
      index,
      blockId: `${this.messageId}:${index}`,
      text: '',
      isConfirmed: false,
    };
    this.blocks.push(block);
    return block;
  }

  /** For each token: fields are read by their name in the code, which V8 finds at once. */
  private delta(place: unknown, delta: unknown): NewText | undefined {
    if (!isRecord(delta)) {
      return undefined;
    }
    const kind =
      delta.type === 'text_delta'
        ? 'text'
        : delta.type === 'thinking_delta'
          ? 'thinking'
          : undefined;
    const text = kind === 'text' ? delta.text : delta.thinking;
    if (kind === undefined || !isString(text) || text === '') {
      return undefined;
    }
    const index = isNumber(place) ? place : 0;
    const block = this.openBlock(index, kind) ?? this.startBlock(index, { type: kind });
    block.text += text;
    return { kind, delta: text, blockId: block.blockId };
  }
}
