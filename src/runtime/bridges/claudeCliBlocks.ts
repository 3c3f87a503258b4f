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

/** What a whole block changes in what the reader has. */
export interface Confirmed {
  /** The block that was streamed under this id says something else: it is void. */
  readonly retracted?: string;
  readonly added?: NewText;
}

interface StreamedBlock {
  readonly kind: 'text' | 'thinking' | 'other';
  readonly index: number;
  blockId: string;
  text: string;
  /** The whole block was repeated in an `assistant` message: it is final. */
  isConfirmed: boolean;
  /** Its message came to its end: it stands, also when its repetition is lost. */
  isComplete: boolean;
  /** The whole block came before its deltas, and this much of it they have repeated. */
  repeats: { readonly whole: WholeBlock; readonly length: number } | undefined;
}

interface WholeBlock {
  readonly kind: NewText['kind'];
  readonly text: string;
  /** Its deltas come after it. */
  isClaimed: boolean;
}

/**
 * What has been streamed of one speaker (the agent, or one of its sub-agents): so that the whole `assistant` messages
 * that repeat it add only what was missing and put right what came broken, and so that the partial blocks of an answer
 * that was cut can be taken back.
 *
 * One API message comes as several `assistant` messages with one block each, all with the message's id.
 */
export class StreamedBlocks {
  private messageId = '';
  private blocks: StreamedBlock[] = [];
  /** Blocks of the newest message that came whole and were not streamed before. */
  private wholes: WholeBlock[] = [];
  private wholesOf = '';
  private wholeCount = 0;
  private unnamedCount = 0;
  private liveTexts = 0;

  /** Whether the reader has any text since `settle`. */
  get hasText(): boolean {
    return this.liveTexts > 0;
  }

  /** A turn of the speaker is over: its text stands. */
  settle(): void {
    this.liveTexts = 0;
  }

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
    if (messageId !== '' && messageId === this.messageId) {
      // The same answer again, or its first line twice: what comes is measured by the whole message.
      return [];
    }
    const cut = messageId === this.messageId ? [] : this.takeUnfinished();
    this.messageId = messageId;
    this.blocks = [];
    if (messageId === '') {
      this.unnamedCount += 1;
    }
    if (messageId !== this.wholesOf) {
      this.wholes = [];
    }
    return cut;
  }

  /**
   * The model has said why it stopped: what was streamed is all. (A stream that was cut is closed too, block by block, but
   * without a reason: seen in 2.1.329.)
   */
  complete(): void {
    for (const block of this.blocks) {
      block.isComplete = true;
    }
  }

  /** The blocks that were streamed in part and never finished; they are forgotten. */
  takeUnfinished(): readonly string[] {
    const cut = this.blocks.filter((block) => isCut(block) && block.text !== '');
    this.blocks = this.blocks.filter((block) => !isCut(block));
    this.liveTexts = Math.max(0, this.liveTexts - cut.filter(isText).length);
    return cut.map((block) => block.blockId);
  }

  /** True when the answer that is being streamed is another one than this message's. */
  isOther(messageId: string): boolean {
    return this.messageId !== messageId;
  }

  /** A block of a whole `assistant` message: it has the last word about what was streamed of it. */
  confirm(messageId: string, kind: NewText['kind'], full: string): Confirmed {
    const blocks =
      messageId === this.messageId ? this.blocks.filter((block) => block.kind === kind) : [];
    const streamed = bestMatch(blocks, full);
    if (streamed === undefined) {
      const isRepeated = blocks.some((block) => block.isConfirmed && block.text === full);
      return isRepeated ? {} : this.whole(messageId, kind, full);
    }
    const { text, blockId } = streamed;
    streamed.isConfirmed = true;
    // A thought that is kept back comes empty: that says nothing about what was streamed of it.
    if (full === '' || full === text) {
      return {};
    }
    streamed.text = full;
    if (full.startsWith(text)) {
      this.count(kind, text === '');
      return { added: { kind, delta: full.slice(text.length), blockId } };
    }
    streamed.blockId = `${blockId}#2`;
    return { retracted: blockId, added: { kind, delta: full, blockId: streamed.blockId } };
  }

  /** A block of which nothing was streamed. */
  private whole(messageId: string, kind: NewText['kind'], full: string): Confirmed {
    if (messageId !== this.wholesOf) {
      this.wholesOf = messageId;
      this.wholes = [];
    }
    const isRepeated = this.wholes.some((block) => block.kind === kind && block.text === full);
    if (full === '' || (isRepeated && messageId !== '')) {
      return {};
    }
    this.wholeCount += 1;
    this.wholes.push({ kind, text: full, isClaimed: false });
    this.count(kind, true);
    return { added: { kind, delta: full, blockId: `${messageId}:whole-${this.wholeCount}` } };
  }

  /** Where a message starts a block anew at a place, the newer block is meant. */
  private blockAt(index: number, kind: NewText['kind']): StreamedBlock | undefined {
    for (let at = this.blocks.length - 1; at >= 0; at -= 1) {
      const block = this.blocks[at];
      if (block?.index === index && block.kind === kind) {
        return block;
      }
    }
    return undefined;
  }

  private startBlock(index: number, content: unknown): StreamedBlock {
    const type = stringField(content, 'type');
    const kind = type === 'text' || type === 'thinking' ? type : 'other';
    const begun = kind === 'other' ? undefined : this.blockAt(index, kind);
    if (begun?.isConfirmed === false) {
      return begun;
    }
    const whole =
      this.wholesOf === this.messageId && this.messageId !== ''
        ? this.wholes.find((block) => block.kind === kind && !block.isClaimed)
        : undefined;
    if (whole !== undefined) {
      whole.isClaimed = true;
    }
    const name = this.messageId === '' ? this.unnamed() : this.messageId;
    const block: StreamedBlock = {
      kind,
      index,
      blockId: begun === undefined ? `${name}:${index}` : `${begun.blockId}+`,
      text: '',
      isConfirmed: false,
      isComplete: false,
      repeats: whole === undefined ? undefined : { whole, length: 0 },
    };
    this.blocks.push(block);
    return block;
  }

  private unnamed(): string {
    return this.unnamedCount === 0 ? '' : `unnamed-${this.unnamedCount}`;
  }

  private count(kind: NewText['kind'], isNew: boolean): void {
    if (kind === 'text' && isNew) {
      this.liveTexts += 1;
    }
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
    const block = this.blockAt(index, kind) ?? this.startBlock(index, { type: kind });
    if (block.isConfirmed) {
      // A straggler: the whole block is out.
      return undefined;
    }
    return block.repeats === undefined
      ? this.added(block, kind, text)
      : this.repeated(block, block.repeats, kind, text);
  }

  private added(block: StreamedBlock, kind: NewText['kind'], text: string): NewText {
    this.count(kind, block.text === '');
    block.text += text;
    return { kind, delta: text, blockId: block.blockId };
  }

  /** Nothing goes on as long as the deltas repeat the whole block; when they do not, they are of another one. */
  private repeated(
    block: StreamedBlock,
    { whole, length }: NonNullable<StreamedBlock['repeats']>,
    kind: NewText['kind'],
    text: string,
  ): NewText | undefined {
    if (whole.text.startsWith(text, length)) {
      block.repeats = { whole, length: length + text.length };
      block.isConfirmed = length + text.length === whole.text.length;
      return undefined;
    }
    block.repeats = undefined;
    whole.isClaimed = false;
    return this.added(block, kind, whole.text.slice(0, length) + text);
  }
}

/**
 * The streamed block that a whole one repeats: the one that says just this, else the one that got furthest with it; where
 * none fits, the newest is the one that came broken.
 */
function bestMatch(blocks: readonly StreamedBlock[], full: string): StreamedBlock | undefined {
  const open = blocks.filter((block) => !block.isConfirmed && block.repeats === undefined);
  const exact = open.find((block) => block.text === full);
  if (exact !== undefined || blocks.some((block) => block.isConfirmed && block.text === full)) {
    return exact;
  }
  const [furthest] = open
    .filter((block) => full.startsWith(block.text))
    .sort((one, other) => other.text.length - one.text.length);
  return furthest ?? open.at(-1);
}

function isCut(block: StreamedBlock): boolean {
  return !block.isConfirmed && !block.isComplete;
}

function isText(block: StreamedBlock): boolean {
  return block.kind === 'text';
}
