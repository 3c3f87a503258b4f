import {
  Lexer,
  Parser,
  Renderer,
  Tokenizer,
  type MarkedOptions,
  type Token,
  type Tokens,
} from 'marked';
import { maxInlineLength } from './markdownLimits';

/**
 * Markdown to HTML text, block by block and without a DOM. Raw HTML is off: tags are text. Images become links, links
 * keep only the addresses that may be opened, task boxes become characters. What comes out still goes through the
 * sanitiser of `markdown.ts` before it is drawn.
 */
export interface MarkdownBlocks {
  lex(text: string): readonly Token[];
  toHtml(block: Token): string;
}

export function createMarkdownBlocks(): MarkdownBlocks {
  const tokenizer = new TextTokenizer();
  const options: MarkedOptions = { gfm: true, tokenizer, renderer: new PanelRenderer() };
  return {
    lex: (text) => {
      const lexer = new BoundedLexer(options);
      tokenizer.rules = withShortAddresses(tokenizer.rules);
      return lexer.lex(text);
    },
    toHtml: (block) => new Parser(options).parse([block]),
  };
}

/** Looks for emphasis, code and links in short texts only: each sign may be compared with all after it. */
class BoundedLexer extends Lexer {
  override inlineTokens(text: string, tokens: Token[] = []): Token[] {
    if (text.length <= maxInlineLength) {
      return super.inlineTokens(text, tokens);
    }
    tokens.push({ type: 'text', raw: text, text, escaped: false } satisfies Tokens.Text);
    return tokens;
  }
}

/**
 * At each letter of a word marked looks to the word's end for the `@` of an address, which is quadratic in its length. The
 * name in an address has 64 letters at most.
 *
 * Seen in marked 18.2; can go when a word of 30,000 letters is read there in the time of one of as many short ones.
 */
function withShortAddresses<R extends { readonly inline: { readonly text: RegExp } }>(rules: R): R {
  const { text } = rules.inline;
  const short = new RegExp(text.source.replaceAll(']+@', ']{1,64}@'), text.flags);
  return { ...rules, inline: { ...rules.inline, text: short } };
}

/** Raw HTML is no Markdown here: without these rules a tag is ordinary text. */
class TextTokenizer extends Tokenizer {
  override html(): undefined {
    return undefined;
  }

  override tag(): undefined {
    return undefined;
  }
}

class PanelRenderer extends Renderer {
  override html({ text }: Tokens.HTML | Tokens.Tag): string {
    return escapeHtml(text);
  }

  override link({ href, tokens }: Tokens.Link): string {
    return linkHtml(href, this.parser.parseInline(tokens));
  }

  override image({ href, text }: Tokens.Image): string {
    return linkHtml(href, escapeHtml(text === '' ? href : text));
  }

  override checkbox({ checked }: Tokens.Checkbox): string {
    return checked ? '☑ ' : '☐ ';
  }

  override code({ text, lang }: Tokens.Code): string {
    const language = languageOf(lang);
    const name = language === '' ? '' : ` class="language-${language}"`;
    return `<pre><code${name}>${escapeHtml(text.replace(/\n$/, ''))}\n</code></pre>\n`;
  }
}

/** The first word of a fence's info string, when it can be a language name. */
export function languageOf(info: string | undefined): string {
  return /^[A-Za-z0-9+#._-]{1,30}(?=[\s{,:]|$)/.exec(info?.trim() ?? '')?.[0].toLowerCase() ?? '';
}

/** Only these leave the panel, through the editor's own question. */
export const openableUrl = /^(?:https?:\/\/|mailto:)/i;

function linkHtml(href: string, inner: string): string {
  // Browsers drop tabs and line breaks inside a scheme, so they count as part of the address.
  const url = href.trim();
  return openableUrl.test(url) && !/[\p{Cc}\s]/u.test(url)
    ? `<a href="${escapeHtml(url)}" title="${escapeHtml(url)}">${inner}</a>`
    : inner;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

export interface BlockSplit {
  /** Blocks that no later text can change. */
  readonly settled: readonly Token[];
  /** Source length of `settled`. */
  readonly settledLength: number;
  /** What may still change. */
  readonly open: readonly Token[];
}

/**
 * Splits the blocks of a text that is still growing at its end. What comes before a blank line is settled when the
 * line after it is complete: until then that line may turn out to belong to the block before it (`2` becomes `2.` and
 * goes on with a list), and without the blank line even later lines may say what an earlier one was.
 */
export function splitBlocks(tokens: readonly Token[], source: string): BlockSplit {
  const isExact = tokens.reduce((length, token) => length + token.raw.length, 0) === source.length;
  const openFrom = isExact ? firstOpenBlock(tokens) : 0;
  const settled = tokens.slice(0, openFrom);
  return {
    settled,
    settledLength: settled.reduce((length, token) => length + token.raw.length, 0),
    open: tokens.slice(openFrom),
  };
}

function firstOpenBlock(tokens: readonly Token[]): number {
  const isBoundary = (token: Token, index: number): boolean => {
    const before = tokens[index - 1];
    return (
      token.type !== 'space' &&
      (index + 1 < tokens.length || token.raw.includes('\n')) &&
      before !== undefined &&
      (before.type === 'space' || /\n[ \t]*\n$/.test(before.raw))
    );
  };
  return Math.max(tokens.findLastIndex(isBoundary), 0);
}

/** True when a link may be defined somewhere else than where it is used: then a block alone does not say how it looks. */
export function hasLinkDefinition(text: string): boolean {
  return /^[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]*)?\[[^\]\n]+\]:/m.test(text);
}

/** An open code fence without indentation at the start of `source`. */
export interface OpenFence {
  readonly marker: string;
  /** Where the code begins in `source`. */
  readonly codeStart: number;
}

export function openFenceAt(source: string): OpenFence | undefined {
  const found = /^\n*(`{3,}(?=[^`\n]*\n)|~{3,}(?!~))[^\n]*\n/.exec(source);
  const marker = found?.[1];
  return found === null || marker === undefined
    ? undefined
    : { marker, codeStart: found[0].length };
}

/**
 * How much of `code`, the text after an open fence's first line, is certainly code: up to its end, without a last line
 * that may become the closing fence. Undefined when a complete line closes it; `from` is where the search may begin.
 */
export function certainCodeLength(
  fence: OpenFence,
  code: string,
  from: number,
): number | undefined {
  let lineStart = code.lastIndexOf('\n', Math.max(from - 1, 0)) + 1;
  for (;;) {
    const lineEnd = code.indexOf('\n', lineStart);
    const line = code.slice(lineStart, lineEnd < 0 ? undefined : lineEnd);
    if (lineEnd < 0) {
      return mayClose(line) ? Math.max(lineStart - 1, 0) : code.length;
    }
    if (closes(fence, line)) {
      return undefined;
    }
    lineStart = lineEnd + 1;
  }
}

function closes(fence: OpenFence, line: string): boolean {
  const body = line.replace(/^ {0,3}/, '');
  return body.startsWith(fence.marker) && /^[~`]* *$/.test(body.slice(fence.marker.length));
}

function mayClose(line: string): boolean {
  const body = line.replace(/^ {0,3}/, '');
  return body === '' || /^[~`]+ *$/.test(body);
}
