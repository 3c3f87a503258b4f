import { fenceFor } from '../base/markdownFence';
import { assertNever } from '../base/assertNever';
import type { Message } from '../events/message';
import type { ToolResult } from '../events/toolCall';
import { ansiHtml, ansiStyle } from './ansiHtml';

export const exportFormats = ['markdown', 'json', 'html'] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportedSession {
  readonly id: string;
  readonly title: string;
  readonly modelId?: string;
  /** The active branch. */
  readonly messages: readonly Message[];
}

export interface ExportCleaning {
  /** Takes secrets out of every text. */
  readonly redact: (text: string) => string;
  /** Takes terminal escape sequences out of what tools printed. */
  readonly plain: (text: string) => string;
}

/** A conversation as one file for people, or for programs. Texts are cleaned; nothing in it is run or fetched. */
export function exportSession(
  session: ExportedSession,
  format: ExportFormat,
  cleaning: ExportCleaning,
): string {
  const clean = (text: string): string => cleaning.redact(cleaning.plain(text));
  const { parts, printed } = cleanedParts(session.messages, clean);
  const document: ExportDocument = {
    id: session.id,
    title: clean(session.title),
    ...(session.modelId === undefined ? {} : { model: session.modelId }),
    parts,
  };
  switch (format) {
    case 'json':
      return `${JSON.stringify({ schema: 'patchbay.export/1', ...document }, undefined, 2)}\n`;
    case 'markdown':
      return markdownOf(document);
    case 'html':
      return htmlOf(document, (part) =>
        ansiHtml(printed.get(part) ?? part.text, part.text, cleaning.plain, escaped),
      );
    default:
      return assertNever(format);
  }
}

interface ExportDocument {
  readonly id: string;
  readonly title: string;
  readonly model?: string;
  readonly parts: readonly ExportPart[];
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

/** `printed`: what a result was before it was cleaned, colours and all. */
function cleanedParts(
  messages: readonly Message[],
  clean: (text: string) => string,
): { readonly parts: readonly ExportPart[]; readonly printed: ReadonlyMap<ExportPart, string> } {
  const printed = new Map<ExportPart, string>();
  const parts = messages.flatMap((message) => {
    const own = partsOf(message, clean);
    const [first] = own;
    if (message.role === 'tool' && first !== undefined) {
      printed.set(first, resultText(message.result));
    }
    return own;
  });
  return { parts, printed };
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

function markdownOf(document: ExportDocument): string {
  const sections = document.parts.map((part) => {
    const body = [
      part.kind === 'call' || part.kind === 'result'
        ? fenced(part.text, part.kind === 'call' ? 'json' : '')
        : part.text,
      ...(part.diff === undefined ? [] : [fenced(part.diff, 'diff')]),
      ...(part.images ?? []).map((mediaType) => `*(a picture, ${mediaType})*`),
      ...(part.stopped === undefined ? [] : [`*${markdownLine(part.stopped)}*`]),
    ].filter((text) => text !== '');
    return [`## ${markdownLine(headingOf(part))}`, `*${part.at}*`, ...body].join('\n\n');
  });
  return `${[`# ${markdownLine(document.title)}`, ...sections].join('\n\n')}\n`;
}

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
function htmlOf(document: ExportDocument, output: (part: ExportPart) => string): string {
  const sections = document.parts.map((part) => {
    const isCode = part.kind === 'call' || part.kind === 'result';
    return [
      `<section class="${part.kind}"><h2>${escaped(headingOf(part))}</h2><time>${escaped(part.at)}</time>`,
      part.text === ''
        ? ''
        : isCode
          ? `<pre>${part.kind === 'result' ? output(part) : escaped(part.text)}</pre>`
          : `<div class="text">${escaped(part.text)}</div>`,
      part.diff === undefined ? '' : `<pre>${escaped(part.diff)}</pre>`,
      ...(part.images ?? []).map((mediaType) => `<p>(a picture, ${escaped(mediaType)})</p>`),
      part.stopped === undefined ? '' : `<p class="stopped">${escaped(part.stopped)}</p>`,
      '</section>',
    ]
      .filter((text) => text !== '')
      .join('\n');
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${escaped(document.title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(document.title)}</h1>
${sections.join('\n')}
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => `&#${String(mark.charCodeAt(0))};`);
}
