import type { Token } from 'marked';
import {
  certainCodeLength,
  hasLinkDefinition,
  openFenceAt,
  splitBlocks,
  type MarkdownBlocks,
  type OpenFence,
} from './markdownBlocks';
import {
  countElements,
  maxBlockLength,
  maxElements,
  maxLength,
  maxLengthWithDefinitions,
  pieceLength,
  readableLength,
} from './markdownLimits';
import { PlainTail } from './plainTail';
import { ReadPace, type PaceClock } from './readPace';

export interface BlockRenderer {
  readonly blocks: MarkdownBlocks;
  /** The nodes of some blocks, with the panel's own frame around code and tables. */
  readonly draw: (html: string) => DocumentFragment;
  readonly clock: PaceClock;
}

/** So many blocks of a text stand in its element; those after them in stretches of as many. */
const blocksPerStretch = 32;

interface FenceInProgress {
  readonly fence: OpenFence;
  readonly node: Text;
  /** Length of the code that is in `node`. */
  shownLength: number;
}

/**
 * One text of a model in one element, while it grows. Only the open block is read again, an open code fence only
 * grows its text node; what stands when the text is closed is what a parse of the whole text gives. A text that is too
 * much to be read goes on as it is written, from the block on that was too much.
 */
export class MarkdownText {
  private source = '';
  private settledLength = 0;
  /** Blocks that are settled, and where the next one goes. */
  private settledBlocks = 0;
  private settledElements = 0;
  /** Length of what is settled and no fenced code. */
  private settledProse = 0;
  private stretch: Element;
  private openNodes: readonly ChildNode[] = [];
  private inFence: FenceInProgress | undefined;
  private isClosed = false;
  /** What is shown as it is written: all from `settledLength` on. */
  private plain: PlainTail | undefined;
  private readonly pace: ReadPace;

  constructor(
    private readonly renderer: BlockRenderer,
    private readonly container: Element,
    private readonly onCode: (code: Element) => void,
  ) {
    this.stretch = container;
    this.pace = new ReadPace(renderer.clock);
  }

  update(text: string, isOpen: boolean): void {
    const source = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
    if (source === this.source && this.isClosed === !isOpen) {
      return;
    }
    // What became plain on the way may be readable as a whole, and what was read may be meant otherwise by a definition.
    const isReadAgain = !isOpen && (this.plain !== undefined || hasLinkDefinition(source));
    if (!source.startsWith(this.source) || this.isClosed || isReadAgain) {
      this.clear();
    }
    this.source = source;
    this.isClosed = !isOpen;
    this.pace.cancel();
    if (!isOpen) {
      this.readOrGiveUp();
    } else if (this.plain !== undefined) {
      this.growPlain();
    } else if (!this.growFence()) {
      this.pace.request(() => this.readOrGiveUp());
    }
  }

  private readOrGiveUp(): void {
    try {
      this.read();
    } catch {
      // The parser's stack is too small for what is in each other there: nobody wrote that to be read as Markdown.
      this.growPlain();
    }
  }

  private clear(): void {
    this.container.replaceChildren();
    this.settledLength = 0;
    this.settledBlocks = 0;
    this.settledElements = 0;
    this.settledProse = 0;
    this.stretch = this.container;
    this.openNodes = [];
    this.inFence = undefined;
    this.plain = undefined;
  }

  private growPlain(): void {
    this.plain ??= new PlainTail(this.container);
    this.plain.grow(this.source.slice(this.settledLength));
  }

  private read(): void {
    this.openNodes.forEach((node) => node.remove());
    this.openNodes = [];
    this.inFence = undefined;
    const isWhole =
      this.isClosed &&
      this.source.length <= maxLengthWithDefinitions &&
      hasLinkDefinition(this.source);
    const open = this.settleReadable(isWhole ? Infinity : pieceLength);
    if (open === undefined) {
      this.growPlain();
    } else if (this.isClosed) {
      this.settle(open);
      this.settledLength = this.source.length;
    } else if (open !== '') {
      this.openNodes = this.nodesOf(open);
      this.container.append(...this.openNodes);
      this.watchFence();
    }
  }

  /**
   * Settles what can be, piece by piece, and gives the HTML of what may still change. Undefined when what comes next is
   * too much to be drawn.
   */
  private settleReadable(atOnce: number): string | undefined {
    for (let length = atOnce; ;) {
      const piece = this.source.slice(this.settledLength, this.settledLength + length);
      const isLast = this.settledLength + piece.length === this.source.length;
      const readable = piece.slice(0, readableLength(piece));
      const { settled, open } = splitBlocks(this.renderer.blocks.lex(readable), readable);
      if (!this.settleFitting(settled) || readable !== piece || proseOf(open) > maxBlockLength) {
        return undefined;
      }
      const html = this.htmlOf(open);
      if (!this.hasRoom(countElements(html), proseOf(open))) {
        return undefined;
      }
      if (isLast) {
        return html;
      }
      length = settled.length > 0 ? atOnce : length * 2;
    }
  }

  private hasRoom(elements: number, prose: number): boolean {
    return this.settledElements + elements <= maxElements && this.settledProse + prose <= maxLength;
  }

  /** Settles those for which there is room. False when there was none for one of them. */
  private settleFitting(some: readonly Token[]): boolean {
    const fitting: string[] = [];
    for (const block of some) {
      const html = this.htmlOf([block]);
      const elements = countElements(html);
      const prose = proseOf([block]);
      if (!this.hasRoom(elements, prose)) {
        break;
      }
      fitting.push(html);
      this.settledElements += elements;
      this.settledProse += prose;
      this.settledLength += block.raw.length;
    }
    this.settle(fitting.join(''));
    return fitting.length === some.length;
  }

  private htmlOf(some: readonly Token[]): string {
    return some.map((block) => this.renderer.blocks.toHtml(block)).join('');
  }

  private nodesOf(html: string): readonly ChildNode[] {
    return html === '' ? [] : [...this.renderer.draw(html).childNodes];
  }

  /**
   * Of a long text the page looks only at the stretches that are seen: a stretch is laid out and painted on its own (see
   * `.markdown > div:not([class])` in the styles). Which block is in which is a matter of its number, however the text came.
   */
  private settle(html: string): void {
    for (const node of this.nodesOf(html)) {
      if (node instanceof Element) {
        if (this.settledBlocks > 0 && this.settledBlocks % blocksPerStretch === 0) {
          this.stretch = this.container.ownerDocument.createElement('div');
          this.container.append(this.stretch);
        }
        this.settledBlocks += 1;
      }
      this.stretch.append(node);
      this.announceCode(node);
    }
  }

  private announceCode(node: ChildNode): void {
    if (node instanceof Element) {
      node.querySelectorAll('pre > code').forEach((code) => this.onCode(code));
    }
  }

  /** When the open block is a code fence from its start, later text goes straight into its text node. */
  private watchFence(): void {
    const tail = this.source.slice(this.settledLength);
    const fence = openFenceAt(tail);
    const code = this.openNodes.findLast((node) => node instanceof Element);
    const node = code instanceof Element ? code.querySelector('pre > code')?.firstChild : undefined;
    if (fence === undefined || !(node instanceof Text)) {
      return;
    }
    const shownLength = certainCodeLength(fence, tail.slice(fence.codeStart), 0);
    if (shownLength !== undefined) {
      node.data = tail.slice(fence.codeStart, fence.codeStart + shownLength);
      this.inFence = { fence, node, shownLength };
    }
  }

  /** False when there is no open fence, or it has just been closed. */
  private growFence(): boolean {
    const { inFence } = this;
    if (inFence === undefined) {
      return false;
    }
    const { fence, node, shownLength } = inFence;
    const code = this.source.slice(this.settledLength + fence.codeStart);
    const length = certainCodeLength(fence, code, shownLength);
    if (length === undefined) {
      return false;
    }
    if (length > shownLength) {
      node.appendData(code.slice(shownLength, length));
      inFence.shownLength = length;
    }
    return true;
  }
}

/** Length of what is no fenced code: that one costs little to read. */
function proseOf(some: readonly Token[]): number {
  return some.reduce(
    (length, token) =>
      token.type === 'code' && token.codeBlockStyle !== 'indented'
        ? length
        : length + token.raw.length,
    0,
  );
}
