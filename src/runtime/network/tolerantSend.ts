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
 * Sends a request; when the server refuses it (400, 422) and names an optional part, sends it again without that part.
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

function refusedPart<Part extends string>(
  error: unknown,
  tolerant: TolerantSend<Part>,
): Part | undefined {
  const fault = faultOfThrown(error);
  if (fault?.status !== 400 && fault?.status !== 422) {
    return undefined;
  }
  const words = `${fault.type ?? ''} ${fault.message} ${fault.body ?? ''}`;
  return tolerant.parts.find(
    ({ part, refusal }) => !tolerant.refused.has(part) && refusal.test(words),
  )?.part;
}
