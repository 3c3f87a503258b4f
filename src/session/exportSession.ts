import { fenceFor } from '../base/markdownFence';
import { assertNever } from '../base/assertNever';
import type { Message } from '../events/message';
import type { ToolResult } from '../events/toolCall';
import { ansiHtml, ansiStyle } from './ansiHtml';

export const exportFormats = ['markdown', 'json', 'html'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportHead {
  readonly id: string;
  readonly title: string;
  readonly modelId?: string;
}

export interface ExportCleaning {
  /** Takes secrets out of every text. */
  readonly redact: (text: string) => string;
  /** Takes terminal escape sequences out of what tools printed. */
  readonly plain: (text: string) => string;
}

/**
 * A conversation as one file for people, or for programs, piece by piece as its messages come. Texts are cleaned; nothing
 * in it is run or fetched.
 */
export class SessionExport {
  private readonly form: ExportForm;
  private isEmpty = true;

  constructor(
    private readonly head: ExportHead,
    format: ExportFormat,
    private readonly cleaning: ExportCleaning,
  ) {
    this.form = forms[format];
  }

  begin(): string {
    const { id, title, modelId } = this.head;
    return this.form.begin({
      id,
      title: this.clean(title),
      ...(modelId === undefined ? {} : { model: modelId }),
    });
  }

  /** The next message of the active branch; '' where there is nothing of it to show. */
  message(message: Message): string {
    const printed = message.role === 'tool' ? resultText(message.result) : undefined;
    return partsOf(message, (text) => this.clean(text))
      .map((part) => {
        const isFirst = this.isEmpty;
        this.isEmpty = false;
        return this.form.part(part, isFirst, (text) =>
          ansiHtml(printed ?? text, text, this.cleaning.plain, escaped),
        );
      })
      .join('');
  }

  end(): string {
    return this.form.end(this.isEmpty);
  }

  private clean(text: string): string {
    return this.cleaning.redact(this.cleaning.plain(text));
  }
}

/** The same for messages that are in memory, at once. */
export function exportSession(
  { messages, ...head }: ExportHead & { readonly messages: readonly Message[] },
  format: ExportFormat,
  cleaning: ExportCleaning,
): string {
  const file = new SessionExport(head, format, cleaning);
  const begin = file.begin();
  return [begin, ...messages.map((message) => file.message(message)), file.end()].join('');
}

interface ExportDocument {
  readonly id: string;
  readonly title: string;
  readonly model?: string;
}

/** How a document is written; the pieces one behind the other are the file. */
interface ExportForm {
  readonly begin: (document: ExportDocument) => string;
  /** `output`: what a tool printed, as HTML with its colours. */
  readonly part: (part: ExportPart, isFirst: boolean, output: (text: string) => string) => string;
  readonly end: (isEmpty: boolean) => string;
}

/** What a reader sees as one piece. */
interface ExportPart {
  readonly kind: 'user' | 'summary' | 'assistant' | 'thinking' | 'call' | 'result';
  readonly text: string;
  readonly at: string;
  readonly model?: string;
  readonly tool?: string;
  readonly callId?: string;
  readonly ok?: boolean;
  readonly diff?: string;
  readonly images?: readonly string[];
  /** An answer that did not come to its end: `error` or `aborted`, and why. */
  readonly stopped?: string;
}

function partsOf(message: Message, clean: (text: string) => string): readonly ExportPart[] {
  const at = new Date(message.createdAtMs).toISOString();
  switch (message.role) {
    case 'user':
      return [
        {
          kind: message.compaction === undefined ? 'user' : 'summary',
          text: clean(message.text),
          at,
          ...(message.images === undefined
            ? {}
            : { images: message.images.map(({ mediaType }) => mediaType) }),
        },
      ];
    case 'tool':
      return [
        {
          kind: 'result',
          text: clean(resultText(message.result)),
          at,
          tool: message.toolName,
          callId: message.callId,
          ok: message.result.ok,
          ...(message.result.details?.diff === undefined
            ? {}
            : { diff: clean(message.result.details.diff) }),
        },
      ];
    case 'assistant': {
      const parts = message.content.map((block): ExportPart => {
        switch (block.kind) {
          case 'text':
            return { kind: 'assistant', text: clean(block.text), at, model: message.model };
          case 'thinking':
            return { kind: 'thinking', text: clean(block.text), at };
          case 'tool_call':
            return {
              kind: 'call',
              text: clean(JSON.stringify(block.call.arguments, undefined, 2)),
              at,
              tool: block.call.name,
              callId: block.call.id,
            };
          default:
            return assertNever(block);
        }
      });
      const isStopped = message.stopReason === 'error' || message.stopReason === 'aborted';
      return isStopped
        ? [
            ...parts,
            {
              kind: 'assistant',
              text: '',
              at,
              model: message.model,
              stopped: clean(`${message.stopReason}: ${message.errorMessage ?? ''}`),
            },
          ]
        : parts;
    }
    default:
      return assertNever(message);
  }
}

function resultText(result: ToolResult): string {
  return result.ok
    ? result.output
    : [result.error, result.output].filter((text) => text !== '').join('\n');
}

function headingOf(part: ExportPart): string {
  switch (part.kind) {
    case 'user':
      return 'You';
    case 'summary':
      return 'Summary';
    case 'assistant':
      return part.model === undefined || part.model === '' ? 'Assistant' : part.model;
    case 'thinking':
      return 'Thinking';
    case 'call':
      return `Call: ${part.tool ?? ''}`;
    case 'result':
      return `Result: ${part.tool ?? ''}${part.ok === false ? ' (failed)' : ''}`;
    default:
      return assertNever(part.kind);
  }
}

// ---------------------------------------------------------------- Markdown

const markdownForm: ExportForm = {
  begin: ({ title }) => `# ${markdownLine(title)}`,
  part: (part) => {
    const body = [
      part.kind === 'call' || part.kind === 'result'
        ? fenced(part.text, part.kind === 'call' ? 'json' : '')
        : part.text,
      ...(part.diff === undefined ? [] : [fenced(part.diff, 'diff')]),
      ...(part.images ?? []).map((mediaType) => `*(a picture, ${mediaType})*`),
      ...(part.stopped === undefined ? [] : [`*${markdownLine(part.stopped)}*`]),
    ].filter((text) => text !== '');
    return ['', `## ${markdownLine(headingOf(part))}`, `*${part.at}*`, ...body].join('\n\n');
  },
  end: () => '\n',
};

/** A fence that is longer than any in the text, so that nothing in it ends it. */
function fenced(text: string, language: string): string {
  const fence = fenceFor(text);
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
}

function markdownLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>#|]/g, (mark) => `\\${mark}`);
}

// ---------------------------------------------------------------- HTML

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
section{border-top:1px solid #ccc;padding:.5rem 0}h2{font-size:1rem;margin:.25rem 0}time{color:#666;font-size:.8rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.4 ui-monospace,monospace;background:#f5f5f5;padding:.5rem}
.text{white-space:pre-wrap;overflow-wrap:anywhere}.thinking{color:#666}.stopped{color:#a00}
@media (prefers-color-scheme:dark){body{color:#ddd;background:#1e1e1e}pre{background:#2a2a2a}section{border-color:#444}}${ansiStyle}`;

/** One file without script; its own policy forbids everything but its style, so that nothing is fetched either. */
const htmlForm: ExportForm = {
  begin: ({ title }) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
`,
  part: (part, isFirst, output) => {
    const isCode = part.kind === 'call' || part.kind === 'result';
    const section = [
      `<section class="${part.kind}"><h2>${escaped(headingOf(part))}</h2><time>${escaped(part.at)}</time>`,
      part.text === ''
        ? ''
        : isCode
          ? `<pre>${part.kind === 'result' ? output(part.text) : escaped(part.text)}</pre>`
          : `<div class="text">${escaped(part.text)}</div>`,
      part.diff === undefined ? '' : `<pre>${escaped(part.diff)}</pre>`,
      ...(part.images ?? []).map((mediaType) => `<p>(a picture, ${escaped(mediaType)})</p>`),
      part.stopped === undefined ? '' : `<p class="stopped">${escaped(part.stopped)}</p>`,
      '</section>',
    ]
      .filter((text) => text !== '')
      .join('\n');
    return isFirst ? section : `\n${section}`;
  },
  end: () => '\n</body>\n</html>\n',
};

// ---------------------------------------------------------------- JSON

/** What `JSON.stringify` would write of the whole, with two blanks a level. */
const jsonForm: ExportForm = {
  begin: (document) => {
    const head = JSON.stringify({ schema: 'patchbay.export/1', ...document }, undefined, 2);
    return `${head.slice(0, -2)},\n  "parts": [`;
  },
  part: (part, isFirst) =>
    `${isFirst ? '' : ','}\n    ${JSON.stringify(part, undefined, 2).replaceAll('\n', '\n    ')}`,
  end: (isEmpty) => `${isEmpty ? '' : '\n  '}]\n}\n`,
};

const forms: { readonly [Format in ExportFormat]: ExportForm } = {
  markdown: markdownForm,
  json: jsonForm,
  html: htmlForm,
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => `&#${String(mark.charCodeAt(0))};`);
}
