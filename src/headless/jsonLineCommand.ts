import { once } from 'node:events';
import { isJsonObject } from '../base/guard';
import type { JsonObject, JsonValue } from '../base/json';
import { JsonLinesDecoder } from '../base/jsonLines';
import { errorMessage } from '../base/patchbayError';

/**
 * JSON lines in, JSON lines out: one answer for each line, in the order of the lines. What is no JSON object, or what
 * `handle` throws on, gives `{"id"?, "error"}` and the rest goes on. A reader that is slow slows us down. Gives the exit
 * status, which is 0 also where lines were bad.
 */
export async function runJsonLines(
  handle: (input: JsonObject) => Promise<JsonObject> | JsonObject,
  input: AsyncIterable<unknown> = process.stdin,
): Promise<number> {
  const waiting: (() => Promise<JsonObject> | JsonObject)[] = [];
  const decoder = new JsonLinesDecoder(
    {
      onMessage: (message) => waiting.push(() => answer(message, handle)),
      onInvalidLine: (excerpt) =>
        waiting.push(() => ({ error: `This line is no JSON: ${excerpt.slice(0, shownChars)}` })),
    },
    { maxLineBytes: 1024 * 1024 * 1024 },
  );
  const answerWaiting = async (): Promise<void> => {
    for (const next of waiting.splice(0)) {
      const line = JSON.stringify(await next());
      if (!process.stdout.write(`${line}\n`)) {
        await once(process.stdout, 'drain');
      }
    }
  };
  for await (const chunk of input) {
    decoder.push(chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk)));
    await answerWaiting();
  }
  decoder.end();
  await answerWaiting();
  return 0;
}

const shownChars = 80;

async function answer(
  message: unknown,
  handle: (input: JsonObject) => Promise<JsonObject> | JsonObject,
): Promise<JsonObject> {
  if (!isJsonObject(message)) {
    return { error: 'The line must be a JSON object.' };
  }
  try {
    return await handle(message);
  } catch (error) {
    return { ...idOf(message), error: errorMessage(error) };
  }
}

/** The line's own id, whatever kind of value it is, for the answer to bring back. */
export function idOf(input: JsonObject): { readonly id?: JsonValue } {
  return input.id === undefined ? {} : { id: input.id };
}
