import DOMPurify from 'dompurify';
import { languageOfCode } from './codeLanguage';
import { createMarkdownBlocks, openableUrl } from './markdownBlocks';
import { MarkdownText } from './markdownText';
import type { PaceClock } from './readPace';

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
  const draw = (html: string): DocumentFragment => {
    const fragment = sanitise(html, contentTags, contentAttributes);
    fragment.querySelectorAll('pre').forEach((pre) => frameCode(document, pre));
    fragment.querySelectorAll('table').forEach((table) => frameTable(document, table));
    return fragment;
  };
  const clock: PaceClock = {
    nowMs: () => page.performance.now(),
    after: (delayMs, run) => {
      const timer = page.setTimeout(run, delayMs);
      return { cancel: () => page.clearTimeout(timer) };
    },
  };
  return {
    open: (container, onCode) => new MarkdownText({ blocks, draw, clock }, container, onCode),
    warmUp: () =>
      void draw(
        blocks
          .lex(sampleText)
          .map((block) => blocks.toHtml(block))
          .join(''),
      ),
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
