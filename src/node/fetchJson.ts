/** Larger answers are refused: a list of models is small. */
const maxAnswerBytes = 4 * 1024 * 1024;

/**
 * Asks a URL for JSON, without credentials and without following a redirect. Rejects on any other answer, on a larger
 * one than 4 MiB, and after `timeoutMs` for the whole of it.
 */
export async function fetchJson(url: string, timeoutMs: number): Promise<unknown> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    credentials: 'omit',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`${url} answered with status ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    const chunk = step.value;
    size += chunk.length;
    if (size > maxAnswerBytes) {
      await reader.cancel();
      throw new Error(`${url} answered with more than ${maxAnswerBytes} bytes`);
    }
    chunks.push(chunk);
  }
  const json: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  return json;
}
