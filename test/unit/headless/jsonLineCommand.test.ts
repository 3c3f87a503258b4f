import { Readable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { idOf, runJsonLines } from '../../../src/headless/jsonLineCommand';

const written: string[] = [];
const spy = vi.spyOn(process.stdout, 'write');
afterEach(() => written.splice(0));

async function run(...chunks: readonly string[]): Promise<unknown[]> {
  spy.mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
  const code = await runJsonLines(
    (input) => {
      if (input.fail === true) {
        throw new Error('no such thing');
      }
      return { ...idOf(input), seen: input.text };
    },
    Readable.from(chunks.map((chunk) => Buffer.from(chunk))),
  );
  spy.mockReset();
  expect(code).toBe(0);
  return written
    .join('')
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

describe('JSON lines in, JSON lines out', () => {
  it('answers each line in order; a bad one costs itself only', async () => {
    expect(
      await run('{"id":1,"text":"a"}\n{bad\n[1]\n\n{"id":"2","fail":true}\n{"te', 'xt":"b\u2028"}'),
    ).toEqual([
      { id: 1, seen: 'a' },
      { error: 'This line is no JSON: {bad' },
      { error: 'The line must be a JSON object, not nested too deep.' },
      { id: '2', error: 'no such thing' },
      { seen: 'b\u2028' },
    ]);
  });
});
