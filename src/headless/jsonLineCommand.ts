import { isRecord } from '../base/guard';
import { encodeJsonLine, JsonLinesDecoder } from '../base/jsonLines';
import { errorMessage, PatchbayError } from '../base/patchbayError';

/** What is wrong with one line, in words for its `error`. Thrown by a handler; any other error is told in the same way. */
export class BadLine extends Error {}

/**
 * JSON lines in, JSON lines out: one line for each line, in order. A line that is no JSON, or that the handler throws
 * for, gives `{"id"?, "error"}`, and the rest goes on. The line's `id` stands first in its answer.
 */
export async function answerJsonLines(
  input: AsyncIterable<Uint8Array>,
  write: (line: string) => void,
  handle: (message: Readonly<Record<string, unknown>>) => Promise<object>,
): Promise<void> {
  let queue: (() => Promise<void>)[] = [];
  const fail = (error: string, id?: unknown): void =>
    write(encodeJsonLine({ ...(isId(id) ? { id } : {}), error }));
  const createDecoder = (): JsonLinesDecoder =>
    new JsonLinesDecoder({
      onMessage: (message) => queue.push(() => answer(message, write, fail, handle)),
      onInvalidLine: (excerpt) =>
        queue.push(() => {
          fail(`not JSON: ${excerpt}`);
          return Promise.resolve();
        }),
    });
  let decoder = createDecoder();
  let isSkipping = false;
  const push = (chunk: Uint8Array): void => {
    const lineEnd = chunk.indexOf(0x0a);
    if (isSkipping) {
      isSkipping = lineEnd === -1;
      if (!isSkipping) {
        push(chunk.subarray(lineEnd + 1));
      }
      return;
    }
    try {
      decoder.push(chunk);
    } catch (error) {
      if (!PatchbayError.is(error, 'line_too_long')) {
        throw error;
      }
      // Only the line that this chunk goes on with can be that long.
      queue.push(() => {
        fail(error.message);
        return Promise.resolve();
      });
      decoder = createDecoder();
      isSkipping = true;
      push(chunk);
    }
  };
  const drain = async (): Promise<void> => {
    const waiting = queue;
    queue = [];
    for (const next of waiting) {
      await next();
    }
  };
  for await (const chunk of input) {
    push(chunk);
    await drain();
  }
  decoder.end();
  await drain();
}

async function answer(
  message: unknown,
  write: (line: string) => void,
  fail: (error: string, id?: unknown) => void,
  handle: (message: Readonly<Record<string, unknown>>) => Promise<object>,
): Promise<void> {
  if (!isRecord(message)) {
    fail('not an object');
    return;
  }
  try {
    const answered = await handle(message);
    write(encodeJsonLine({ ...(isId(message.id) ? { id: message.id } : {}), ...answered }));
  } catch (error) {
    fail(errorMessage(error), message.id);
  }
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
