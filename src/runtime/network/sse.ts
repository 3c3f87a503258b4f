import { PatchbayError } from '../../base/patchbayError';

/** One server-sent event: `event` is empty when the server named none. */
export interface SseRecord {
  readonly event: string;
  readonly data: string;
}

/** A line above this ends the stream with `line_too_long`: memory stays bounded whatever a server sends. */
const maxSseLineChars = 32 * 1024 * 1024;

/**
 * Cuts bytes into server-sent events. Bytes may be split anywhere, also inside a character; LF and CRLF end a line;
 * comments and unknown fields are skipped; a last record without its blank line still counts.
 *
 * Source: the event stream format of the HTML standard, without the lone CR that no server sends.
 */
export class SseScanner {
  private readonly decoder = new TextDecoder();
  private readonly unfinished: string[] = [];
  private unfinishedChars = 0;
  private event = '';
  private data: string | undefined;

  constructor(private readonly maxLineChars = maxSseLineChars) {}

  push(chunk: Uint8Array): readonly SseRecord[] {
    return this.scan(this.decoder.decode(chunk, { stream: true }));
  }

  /** The body has ended: gives the record that was still open. */
  end(): readonly SseRecord[] {
    return this.scan(`${this.decoder.decode()}\n\n`);
  }

  private scan(text: string): readonly SseRecord[] {
    let lineEnd = text.indexOf('\n');
    if (lineEnd === -1) {
      this.keep(text);
      return [];
    }
    const records: SseRecord[] = [];
    // Pieces are joined once per line, so a line of megabytes in small chunks stays linear.
    this.unfinished.push(text.slice(0, lineEnd));
    this.line(this.unfinished.join(''), records);
    this.unfinished.length = 0;
    this.unfinishedChars = 0;
    let start = lineEnd + 1;
    for (lineEnd = text.indexOf('\n', start); lineEnd !== -1; lineEnd = text.indexOf('\n', start)) {
      this.line(text.slice(start, lineEnd), records);
      start = lineEnd + 1;
    }
    this.keep(text.slice(start));
    return records;
  }

  private keep(text: string): void {
    if (text === '') {
      return;
    }
    this.unfinished.push(text);
    this.unfinishedChars += text.length;
    if (this.unfinishedChars > this.maxLineChars) {
      throw new PatchbayError('line_too_long', 'a line of the answer is longer than the limit');
    }
  }

  private line(raw: string, records: SseRecord[]): void {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line === '') {
      if (this.data !== undefined) {
        records.push({ event: this.event, data: this.data });
      }
      this.event = '';
      this.data = undefined;
      return;
    }
    const value = fieldValue(line, 'data');
    if (value !== undefined) {
      this.data = this.data === undefined ? value : `${this.data}\n${value}`;
      return;
    }
    this.event = fieldValue(line, 'event') ?? this.event;
  }
}

function fieldValue(line: string, name: string): string | undefined {
  if (!line.startsWith(name) || line.charAt(name.length) !== ':') {
    return undefined;
  }
  const start = name.length + 1;
  return line.slice(line.charAt(start) === ' ' ? start + 1 : start);
}

/**
 * Reads a response body as batches of records, one batch per chunk that completed any. An abort ends the reading
 * quietly (the caller asks the signal); leaving the loop early closes the connection.
 */
export async function* readSse(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<readonly SseRecord[]> {
  const reader = body.getReader();
  // Closing a body that has already failed rejects with the failure that `read` reports anyway.
  const close = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', close, { once: true });
  const scanner = new SseScanner();
  const isAborted = (): boolean => signal.aborted;
  try {
    while (!isAborted()) {
      const { done, value } = await reader.read();
      const records = done ? scanner.end() : scanner.push(value);
      if (records.length > 0 && !isAborted()) {
        yield records;
      }
      if (done) {
        return;
      }
    }
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}
