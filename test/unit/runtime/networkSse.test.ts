import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSse, SseScanner, type SseRecord } from '../../../src/runtime/network/sse';
import { collect } from '../../fakes/networkTurn';

function scan(bytes: Uint8Array, pieceBytes: number): readonly SseRecord[] {
  const scanner = new SseScanner();
  const records: SseRecord[] = [];
  for (let start = 0; start < bytes.length; start += pieceBytes) {
    records.push(...scanner.push(bytes.subarray(start, start + pieceBytes)));
  }
  return [...records, ...scanner.end()];
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const stream =
  ': hello\r\nevent: a\r\ndata: {"x": "ü🤔"}\r\n\r\ndata:no blank\ndata: second line\nid: 7\n\n\n: ping\n\nevent: b\ndata: 漢\u2028字\n\ndata: [DONE]';

const records: readonly SseRecord[] = [
  { event: 'a', data: '{"x": "ü🤔"}' },
  { event: '', data: 'no blank\nsecond line' },
  { event: 'b', data: '漢\u2028字' },
  { event: '', data: '[DONE]' },
];

describe('SseScanner', () => {
  it('gives the same records however the bytes are cut', () => {
    const bytes = encode(stream);
    for (let size = 1; size <= bytes.length; size += 1) {
      expect(scan(bytes, size)).toEqual(records);
    }
  });

  it('gives back any data lines that were written', () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''));
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (lines, size) => {
          const bytes = encode(lines.map((text) => `data: ${text}\n\n`).join(''));
          expect(scan(bytes, size).map((record) => record.data)).toEqual(lines);
        },
      ),
    );
  });

  it('stops at a line above its limit instead of filling the memory', () => {
    const scanner = new SseScanner(1000);
    scanner.push(encode(`data: ${'x'.repeat(900)}`));
    expect(() => scanner.push(encode('y'.repeat(200)))).toThrow(
      expect.objectContaining({ code: 'line_too_long' }),
    );
  });
});

describe('readSse', () => {
  it('closes the connection when its reader leaves early', async () => {
    const body = observedBody(['data: 1\n\n', 'data: 2\n\n']);
    for await (const batch of readSse(body.stream, new AbortController().signal)) {
      expect(batch).toEqual([{ event: '', data: '1' }]);
      break;
    }
    expect(body.isCancelled()).toBe(true);
  });

  it('ends quietly when it is aborted while it waits', async () => {
    const stop = new AbortController();
    const body = observedBody(['data: 1\n\n']);
    const batches = collect(readSse(body.stream, stop.signal));
    stop.abort();
    expect(await batches).toEqual([]);
    expect(body.isCancelled()).toBe(true);
  });
});

/** A body that gives its pieces and then stays open. */
function observedBody(pieces: readonly string[]) {
  let cancelled = false;
  const waiting = [...pieces];
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const piece = waiting.shift();
      if (piece === undefined) {
        return new Promise<void>(() => undefined);
      }
      controller.enqueue(encode(piece));
      return undefined;
    },
    cancel: () => {
      cancelled = true;
    },
  });
  return { stream: body, isCancelled: () => cancelled };
}
