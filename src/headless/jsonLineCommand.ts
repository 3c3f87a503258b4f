import { once } from 'node:events';
import { isJsonObject, isRecord } from '../base/guard';
import type { JsonObject, JsonValue } from '../base/json';
import { JsonLinesDecoder } from '../base/jsonLines';
import { errorMessage } from '../base/patchbayError';

/**
 * JSON objects in, one answer each out, in their order. A line that is no object, or that `handle` throws for, gives
 * `{"id"?,"error"}`, and the rest goes on. Resolves with the exit status when the input ends.
 */
export async function runJsonLines(
  handle: (input: JsonObject) => Promise<JsonObject> | JsonObject,
  input: AsyncIterable<unknown> = process.stdin,
): Promise<number> {
  let waiting: (() => Promise<JsonObject> | JsonObject)[] = [];
  const decoder = new JsonLinesDecoder({
    onMessage: (message) => waiting.push(() => answer(handle, message)),
    onInvalidLine: (head) => waiting.push(() => ({ error: `This line is no JSON: ${head}` })),
  });
  const answerAll = async (): Promise<void> => {
    const some = waiting;
    waiting = [];
    for (const one of some) {
      await emit(await one());
    }
  };
  try {
    for await (const piece of input) {
      if (piece instanceof Uint8Array) {
        decoder.push(piece);
        await answerAll();
      }
    }
    decoder.end();
    await answerAll();
    return 0;
  } catch (error) {
    await answerAll();
    await emit({ error: `The input could not be read on: ${errorMessage(error)}` });
    return 1;
  }
}

async function answer(
  handle: (input: JsonObject) => Promise<JsonObject> | JsonObject,
  message: unknown,
): Promise<JsonObject> {
  const id = isRecord(message) ? idOf(message.id) : undefined;
  const name = id === undefined ? {} : { id };
  if (!isJsonObject(message)) {
    return { ...name, error: 'A line must be a JSON object, nested no deeper than 64 levels.' };
  }
  try {
    return await handle(message);
  } catch (error) {
    return { ...name, error: errorMessage(error) };
  }
}

function idOf(id: unknown): JsonValue | undefined {
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

/** A reader that is slow slows the answers down; they do not pile up. */
async function emit(line: JsonObject): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(line)}\n`)) {
    await once(process.stdout, 'drain');
  }
}
