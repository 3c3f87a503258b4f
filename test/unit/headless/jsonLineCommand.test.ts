import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerJsonLines, BadLine } from '../../../src/headless/jsonLineCommand';

async function* inChunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

async function run(text: string, size = 7): Promise<readonly unknown[]> {
  const lines: string[] = [];
  await answerJsonLines(
    inChunks(text, size),
    (line) => lines.push(line),
    (message) => {
      if (message.bad === true) {
        throw new BadLine('this is bad');
      }
      return Promise.resolve({ got: message.value });
    },
  );
  return lines.map((line): unknown => JSON.parse(line));
}

describe('JSON lines in, JSON lines out', () => {
  it('answers each line in order, and goes on after a bad one', async () => {
    expect(
      await run('{"id":"1","value":1}\nnope\n\n[1]\n{"id":2,"bad":true}\r\n{"value":"é"}'),
    ).toEqual([
      { id: '1', got: 1 },
      { error: 'not JSON: nope' },
      { error: 'not an object' },
      { id: 2, error: 'this is bad' },
      { got: 'é' },
    ]);
  });

  it('does not care where the bytes are cut', async () => {
    const text = '{"id":"ü","value":1}\nx\n{"id":"2","value":"→"}\n';
    const whole = await run(text, 1000);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), async (size) => {
        expect(await run(text, size)).toEqual(whole);
      }),
    );
  });

  it('gives one error for a line that is far too long, and reads the next', async () => {
    const text = `{"id":"1","value":"${'x'.repeat(33 * 1024 * 1024)}"}\n{"id":"2","value":2}\n`;
    expect(await run(text, 1024 * 1024)).toEqual([
      { error: 'A line of more than 32768 KiB came; the rest was not read.' },
      { id: '2', got: 2 },
    ]);
  }, 60_000);
});
