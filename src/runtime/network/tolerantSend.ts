import { faultOfThrown } from './httpFailure';

/** A part of a request that is welcome but not needed, and how a server's refusal names it. */
export interface OptionalPart<Part extends string> {
  readonly part: Part;
  readonly refusal: RegExp;
}

export interface TolerantSend<Part extends string> {
  readonly parts: readonly OptionalPart<Part>[];
  /** Left out from the start; grows with every refusal. */
  readonly refused: Set<Part>;
  readonly send: (without: ReadonlySet<Part>) => Promise<Response>;
}

/**
 * Sends a request; when the server refuses it (400, 422, and 404 where nobody behind it takes the part) and names an optional part, sends it again without that part.
 * Every part is given up at most once, so this ends. Everything else is thrown on.
 */
export async function sendTolerantly<Part extends string>(
  tolerant: TolerantSend<Part>,
): Promise<Response> {
  for (;;) {
    try {
      return await tolerant.send(tolerant.refused);
    } catch (error) {
      const part = refusedPart(error, tolerant);
      if (part === undefined) {
        throw error;
      }
      tolerant.refused.add(part);
    }
  }
}

export function refusedNotice(provider: string, parts: readonly string[]): string {
  return `${provider} did not take: ${parts.join(', ')}. The request was sent without.`;
}

/** OpenRouter, of a model that it knows. Other words with 404 mean that it does not. */
const noneBehindWords = /no endpoints found that support (image|tool)/i;

function refusedPart<Part extends string>(
  error: unknown,
  tolerant: TolerantSend<Part>,
): Part | undefined {
  const fault = faultOfThrown(error);
  if (fault === undefined) {
    return undefined;
  }
  const words = `${fault.type ?? ''} ${fault.message} ${fault.body ?? ''}`;
  const isRefusal =
    fault.status === 400 ||
    fault.status === 422 ||
    (fault.status === 404 && noneBehindWords.test(words));
  if (!isRefusal) {
    return undefined;
  }
  return tolerant.parts.find(
    ({ part, refusal }) => !tolerant.refused.has(part) && refusal.test(words),
  )?.part;
}
