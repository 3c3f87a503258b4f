import DOMPurify from 'dompurify';
import type { Token } from 'marked';
import { languageOfCode } from './codeLanguage';
import {
  certainCodeLength,
  createMarkdownBlocks,
  hasLinkDefinition,
  openFenceAt,
  openableUrl,
  splitBlocks,
  type MarkdownBlocks,
  type OpenFence,
} from './markdownBlocks';

/**
 * The only place where text of a model becomes DOM: Markdown through an allow-list sanitiser. Nothing of the content
 * keeps an id, a style, a handler, a class but a language's name, or an address other than http, https and mailto.
 */
export interface MarkdownRenderer {
  /** A text that may grow, in an element that nothing else writes to. Told of each code element that is finished. */
  open(container: Element, onCode: (code: Element) => void): MarkdownText;
  /** Reads one text of every kind and throws it away: the first real one is read in a third of the time. */
  warmUp(): void;
  /** Replaces a code element's text by what the highlighter made of it. */
  paintCode(code: Element, html: string): void;
}

const contentTags = [
  ...[
    'p',
    'h1',
    'h2',
    'h3',
    'h4',
    'h5',
    'h6',
    'ul',
    'ol',
    'li',
    'blockquote',
    'pre',
    'code',
    'hr',
    'br',
  ],
  ...['em', 'strong', 'del', 'a', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
];

const sampleText =
  '# a\n\nb *c* **d** `e` [f](https://g.example) <h>\n\n- i\n- j\n\n1. k\n\n> l\n\n```ts\nm\n```\n\n|n|o|\n|-|-|\n|p|q|\n';

const contentAttributes = ['href', 'title', 'class', 'start', 'align'];

export function createMarkdownRenderer(page: Window & typeof globalThis): MarkdownRenderer {
  const blocks = createMarkdownBlocks();
  const purifier = DOMPurify(page);
  purifier.addHook('uponSanitizeAttribute', (node, data) => {
    if (data.attrName === 'class') {
      data.keepAttr = /^(?:language-[a-z0-9+#._-]+|hljs-[a-z_ -]+)$/.test(data.attrValue);
    } else if (data.attrName === 'href') {
      data.keepAttr = node.nodeName === 'A' && openableUrl.test(data.attrValue);
    } else if (data.attrName === 'start') {
      data.keepAttr = node.nodeName === 'OL' && /^\d{1,9}$/.test(data.attrValue);
    } else if (data.attrName === 'align') {
      data.keepAttr =
        /^T[DH]$/.test(node.nodeName) && /^(?:left|center|right)$/.test(data.attrValue);
    }
  });
  const sanitise = (html: string, tags: string[], attributes: string[]): DocumentFragment =>
    purifier.sanitize(html, {
      ALLOWED_TAGS: tags,
      ALLOWED_ATTR: attributes,
      ALLOW_ARIA_ATTR: false,
      ALLOW_DATA_ATTR: false,
      ALLOWED_URI_REGEXP: openableUrl,
      // Every other attribute's value has to look like an address; what these may hold the hook above says.
      ADD_URI_SAFE_ATTR: ['start', 'align'],
      RETURN_DOM_FRAGMENT: true,
    });
  const { document } = page;
  const render = (some: readonly Token[]): DocumentFragment => {
    const html = some.map((block) => blocks.toHtml(block)).join('');
    const fragment = sanitise(html, contentTags, contentAttributes);
    fragment.querySelectorAll('pre').forEach((pre) => frameCode(document, pre));
    fragment.querySelectorAll('table').forEach((table) => frameTable(document, table));
    return fragment;
  };
  return {
    open: (container, onCode) => new MarkdownText({ blocks, render }, container, onCode),
    warmUp: () => void render(blocks.lex(sampleText)),
    paintCode: (code, html) => {
      const painted = sanitise(html, ['span'], ['class']);
      if (painted.textContent === code.textContent) {
        code.replaceChildren(painted);
      }
    },
  };
}

/** Puts the language's name and the buttons above a code block. Clicks are handled by whoever holds the block. */
function frameCode(document: Document, pre: HTMLPreElement): void {
  const box = element(document, 'div', 'code-block');
  const head = element(document, 'div', 'code-head');
  const language = element(document, 'span', 'code-language');
  language.textContent = languageOfCode(pre.firstElementChild);
  head.append(
    language,
    codeButton(document, 'copy', 'copy', 'Copy code'),
    codeButton(document, 'insert', 'insert', 'Insert at the cursor'),
  );
  pre.replaceWith(box);
  pre.tabIndex = 0;
  box.append(head, pre);
}

function frameTable(document: Document, table: HTMLTableElement): void {
  const box = element(document, 'div', 'table-box');
  box.tabIndex = 0;
  table.replaceWith(box);
  box.append(table);
}

function codeButton(document: Document, action: string, icon: string, label: string): HTMLElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = `icon-button codicon codicon-${icon}`;
  button.dataset.codeAction = action;
  button.title = label;
  button.setAttribute('aria-label', label);
  return button;
}

function element(document: Document, name: string, className: string): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

interface BlockRenderer {
  readonly blocks: MarkdownBlocks;
  /** The nodes of some blocks, with the panel's own frame around code and tables. */
  readonly render: (blocks: readonly Token[]) => DocumentFragment;
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
 * grows its text node; what stands when the text is closed is what a parse of the whole text gives.
 */
export class MarkdownText {
  private source = '';
  private settledLength = 0;
  /** Blocks that are settled, and where the next one goes. */
  private settledBlocks = 0;
  private stretch: Element;
  private openNodes: readonly ChildNode[] = [];
  private inFence: FenceInProgress | undefined;
  private isClosed = false;
  /** The text could not be read as Markdown; it is shown as it is written, until it is another one. */
  private isPlain = false;

  constructor(
    private readonly renderer: BlockRenderer,
    private readonly container: Element,
    private readonly onCode: (code: Element) => void,
  ) {
    this.stretch = container;
  }

  update(text: string, isOpen: boolean): void {
    const source = text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
    if (source === this.source && this.isClosed === !isOpen) {
      return;
    }
    if (
      !source.startsWith(this.source) ||
      (this.isClosed && !this.isPlain) ||
      (!isOpen && !this.isPlain && hasLinkDefinition(source))
    ) {
      this.clear();
    }
    this.source = source;
    this.isClosed = !isOpen;
    if (this.isPlain) {
      this.container.textContent = source;
      return;
    }
    try {
      if (!isOpen || !this.growFence()) {
        this.readOpenBlock(isOpen);
      }
    } catch {
      // Nested so deeply that the parser's stack is too small for it: nobody wrote that to be read as Markdown.
      this.showPlain();
    }
  }

  private showPlain(): void {
    this.clear();
    this.isPlain = true;
    this.container.classList.add('is-plain');
    this.container.textContent = this.source;
  }

  private clear(): void {
    this.container.replaceChildren();
    this.container.classList.remove('is-plain');
    this.isPlain = false;
    this.settledLength = 0;
    this.settledBlocks = 0;
    this.stretch = this.container;
    this.openNodes = [];
    this.inFence = undefined;
  }

  private readOpenBlock(isOpen: boolean): void {
    const tail = this.source.slice(this.settledLength);
    const tokens = this.renderer.blocks.lex(tail);
    const split = isOpen
      ? splitBlocks(tokens, tail)
      : { settled: tokens, settledLength: tail.length, open: [] };
    this.openNodes.forEach((node) => node.remove());
    this.inFence = undefined;
    this.settle(split.settled);
    this.settledLength += split.settledLength;
    this.openNodes = this.append(split.open);
    if (split.open.length > 0) {
      this.watchFence();
    }
  }

  private append(some: readonly Token[]): readonly ChildNode[] {
    const nodes = this.nodesOf(some);
    this.container.append(...nodes);
    return nodes;
  }

  /**
   * Of a long text the page looks only at the stretches that are seen: a stretch is laid out and painted on its own (see
   * `.markdown > div:not([class])` in the styles). Which block is in which is a matter of its number, however the text came.
   */
  private settle(some: readonly Token[]): void {
    for (const node of this.nodesOf(some)) {
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

  private nodesOf(some: readonly Token[]): readonly ChildNode[] {
    return some.length === 0 ? [] : [...this.renderer.render(some).childNodes];
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
