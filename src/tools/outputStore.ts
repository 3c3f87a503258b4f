import { createId } from '../base/ids';
import type { ToolResult } from '../events/toolCall';

/** What a model is given of one result at most; the rest waits in the store. */
const maxResultChars = 100_000;
export const maxResultLines = 2000;

/** Where outputs outlive the window, as a port; bounded there. Texts are kept without secrets. */
export interface OutputShelf {
  keep(sessionId: string, id: string, text: string): Promise<void>;
  find(sessionId: string, id: string): Promise<string | undefined>;
  remove(sessionId: string): Promise<void>;
}

export interface OutputStoreOptions {
  readonly maxTotalChars?: number;
  /** Without one, outputs are in memory alone. */
  readonly shelf?: OutputShelf;
  /** The whole result of an earlier call, where the conversation has it shortened. */
  readonly resultOf?: (sessionId: string, callId: string) => Promise<string | undefined>;
}

/**
 * Keeps the whole of capped outputs for `read_output`, per session. In memory it is bounded, the oldest go first; what
 * went is found on the shelf.
 */
export class OutputStore {
  private readonly entries = new Map<
    string,
    { readonly sessionId: string; readonly text: string }
  >();
  private totalChars = 0;

  private readonly maxTotalChars: number;

  constructor(private readonly options: OutputStoreOptions = {}) {
    const megabytes = options.shelf === undefined ? 16 : 4;
    this.maxTotalChars = options.maxTotalChars ?? megabytes * 1024 * 1024;
  }

  put(sessionId: string, text: string): string {
    const id = createId('output');
    this.entries.set(id, { sessionId, text });
    this.totalChars += text.length;
    // A disk that is full must not take the result away: until the window ends the text is in memory.
    this.options.shelf?.keep(sessionId, id, text).catch(() => undefined);
    for (const [oldest, entry] of this.entries) {
      if (this.totalChars <= this.maxTotalChars || oldest === id) {
        break;
      }
      this.entries.delete(oldest);
      this.totalChars -= entry.text.length;
    }
    return id;
  }

  /** Undefined for an unknown, forgotten or another session's id. */
  get(sessionId: string, id: string): string | undefined {
    const entry = this.entries.get(id);
    return entry?.sessionId === sessionId ? entry.text : undefined;
  }

  /** From memory, from the shelf, or the result of the call with this id. Never rejects. */
  async find(sessionId: string, id: string): Promise<string | undefined> {
    const { shelf, resultOf } = this.options;
    try {
      return (
        this.get(sessionId, id) ??
        (await shelf?.find(sessionId, id)) ??
        (await resultOf?.(sessionId, id))
      );
    } catch {
      return undefined; // a file that cannot be read: the model is told that it is not there
    }
  }

  /** The conversation was removed for good. */
  async removeSession(sessionId: string): Promise<void> {
    this.forgetSession(sessionId);
    await this.options.shelf?.remove(sessionId);
  }

  forgetSession(sessionId: string): void {
    for (const [id, entry] of this.entries) {
      if (entry.sessionId === sessionId) {
        this.entries.delete(id);
        this.totalChars -= entry.text.length;
      }
    }
  }
}

/** Head and tail of an output that is too large, with what is missing said between; the whole goes to the store. */
export function capResult(result: ToolResult, sessionId: string, store: OutputStore): ToolResult {
  const capped = capOutput(result.output);
  if (capped === undefined) {
    return result;
  }
  const outputId = store.put(sessionId, result.output);
  const note = `[${capped.leftOutLines} lines (${capped.leftOutChars} characters) are left out here. Read them with read_output, id "${outputId}", from startLine ${capped.firstLeftOutLine}.]`;
  return {
    ...result,
    output: `${capped.head}\n\n${note}\n\n${capped.tail}`,
    details: { ...result.details, outputId },
  };
}

/** The lines that `startLine` counts: those of the text, where one longer than 5,000 characters is cut into several. */
export function readableLines(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => (line.length <= maxLineChars ? [line] : cutLine(line)));
}

/** The first lines that fit. */
export function takeLines(
  lines: readonly string[],
  maxLines: number,
  maxChars: number,
): readonly string[] {
  let chars = 0;
  let count = 0;
  for (const line of lines) {
    chars += line.length + 1;
    if (count >= maxLines || chars > maxChars) {
      break;
    }
    count += 1;
  }
  return lines.slice(0, count);
}

interface CappedOutput {
  readonly head: string;
  readonly tail: string;
  /** One-based. */
  readonly firstLeftOutLine: number;
  readonly leftOutLines: number;
  readonly leftOutChars: number;
}

const maxLineChars = 5000;

function capOutput(text: string): CappedOutput | undefined {
  if (text.length <= maxResultChars && countLines(text) <= maxResultLines) {
    return undefined;
  }
  const lines = readableLines(text);
  const head = takeLines(lines, maxResultLines * 0.6, maxResultChars * 0.6);
  const tail = takeLines(
    lines.slice(head.length).reverse(),
    maxResultLines * 0.4,
    maxResultChars * 0.4,
  );
  const headText = head.join('\n');
  const tailText = [...tail].reverse().join('\n');
  return {
    head: headText,
    tail: tailText,
    firstLeftOutLine: head.length + 1,
    leftOutLines: lines.length - head.length - tail.length,
    leftOutChars: text.length - headText.length - tailText.length,
  };
}

function countLines(text: string): number {
  let count = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    count += 1;
  }
  return count;
}

/** Never in the middle of a surrogate pair. */
function cutLine(line: string): readonly string[] {
  const pieces: string[] = [];
  for (let start = 0; start < line.length;) {
    const end = start + maxLineChars;
    const isSplitPair = /[\ud800-\udbff]/.test(line.charAt(end - 1)) && end < line.length;
    pieces.push(line.slice(start, isSplitPair ? end - 1 : end));
    start = isSplitPair ? end - 1 : end;
  }
  return pieces;
}
