import type { Redactor } from './redact';

/**
 * Redacts a text that comes in pieces, cut anywhere. What is given out are whole lines that no later piece can change:
 * an open line waits for its end, a private key for its last line, and a line that only begins something (`machine …`,
 * `password: |`) for the next. A line without an end is given out when it is very long, but for its last words.
 */
export class RedactingStream {
  private held = '';

  constructor(private readonly redact: Redactor) {}

  /** What can be shown by now; may be empty. */
  push(piece: string): string {
    this.held += piece;
    const isLong = this.held.length > maxHeldChars;
    if (!isLong && !/[\r\n]/.test(piece)) {
      return '';
    }
    const cut = safeCut(this.held);
    return this.take(cut === 0 && isLong ? forcedCut(this.held) : cut);
  }

  /** The rest. */
  end(): string {
    return this.take(this.held.length);
  }

  private take(length: number): string {
    const text = this.held.slice(0, length);
    this.held = this.held.slice(length);
    return text === '' ? '' : this.redact(text);
  }
}

const maxHeldChars = 64 * 1024;
const maxSecretChars = 8 * 1024;

/** Behind the last line end before which nothing is open: no later line makes a secret of what stands there. */
export function safeCut(text: string): number {
  const lines = Array.from(
    text.matchAll(/\r\n|\n|\r(?=.)/gs),
    ({ index, 0: end }) => index + end.length,
  );
  let cut = lines.at(-1) ?? 0;
  const key = openKey(text.slice(0, cut));
  if (key !== -1) {
    cut = lines.findLast((at) => at <= key) ?? 0;
  }
  for (let index = lines.indexOf(cut); cut > 0 && index >= 0; index--) {
    const start = lines[index - 1] ?? 0;
    if (!opens.test(text.slice(start, cut).slice(-maxSecretChars))) {
      return cut;
    }
    cut = start;
  }
  return cut;
}

/** Where a private key begins that has no end yet; -1 when there is none. */
function openKey(text: string): number {
  const begin = text.lastIndexOf('BEGIN ');
  const isOpen =
    begin !== -1 &&
    text.slice(begin, begin + 80).includes('PRIVATE KEY') &&
    !/END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)? ?-{4}/.test(text.slice(begin));
  return isOpen ? begin : -1;
}

/** Lines after which the next one may hold the value: netrc, name and value, a block, a part of a key. */
const opens =
  /^[\s>+#-]*(?:machine|default|login|account|user)\b|(?:name|key)\\*["']?\s*[:=]|[:=,]\s*[|>]?[+-]?\d?\s*$|^[ \t]+[^\s:=]+\s*$|(?:^|[\s"'`])[A-Za-z0-9+/=]{16,}\s*$/;

/** Between words, and far enough from the end for the longest secret. */
function forcedCut(text: string): number {
  const limit = text.length - maxSecretChars;
  const blank = text.lastIndexOf(' ', limit);
  return blank <= 0 ? limit : blank + 1;
}
