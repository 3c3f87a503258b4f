/** A piece of text is laid out again whenever something is added to it. */
const chunkLength = 16 * 1024;

/**
 * The end of a text as it is written, growing. It stands in chunks of whole lines, and where one ends is a matter of the
 * text alone, however it came.
 */
export class PlainTail {
  private shownLength = 0;
  private chunkStart = 0;
  private node: Text | undefined;

  constructor(private readonly container: Element) {}

  /** `text` is the whole of it, which begins with what is shown. */
  grow(text: string): void {
    while (this.shownLength < text.length) {
      const lineEnd = text.indexOf('\n', Math.max(this.shownLength, this.chunkStart + chunkLength));
      this.node ??= this.openChunk();
      this.node.appendData(text.slice(this.shownLength, lineEnd < 0 ? undefined : lineEnd));
      this.shownLength = lineEnd < 0 ? text.length : lineEnd + 1;
      if (lineEnd >= 0) {
        this.node = undefined;
        this.chunkStart = this.shownLength;
      }
    }
  }

  private openChunk(): Text {
    const { ownerDocument } = this.container;
    const box = ownerDocument.createElement('div');
    box.className = 'is-plain';
    const node = ownerDocument.createTextNode('');
    box.append(node);
    this.container.append(box);
    return node;
  }
}
