import { isRecord } from '../../src/base/guard';
import type { FetchFunction } from '../../src/runtime/network/producer';

export interface SentRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A `fetch` that answers from a list, in order, and keeps what was asked. One request too many is an error. */
export class ScriptedFetch {
  readonly sent: SentRequest[] = [];
  private readonly answers: (() => Response | Promise<Response>)[];

  constructor(...answers: readonly (() => Response | Promise<Response>)[]) {
    this.answers = [...answers];
  }

  readonly fetch: FetchFunction = async (input, init) => {
    const body: unknown = typeof init?.body === 'string' ? JSON.parse(init.body) : {};
    this.sent.push({
      url: input instanceof Request ? input.url : String(input),
      headers: Object.fromEntries(new Headers(init?.headers)),
      body: isRecord(body) ? body : {},
    });
    const answer = this.answers.shift();
    if (answer === undefined) {
      throw new Error('a request that the script does not know');
    }
    return answer();
  };
}

/** A streaming answer of the given events, each as one `data:` record; strings go out as they are. */
export function sse(...events: readonly (string | object)[]): () => Response {
  const text = events
    .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
    .join('');
  return () =>
    new Response(text, { status: 200, headers: { 'content-type': 'text/event-stream' } });
}

export function jsonAnswer(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): () => Response {
  return () =>
    new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json', ...headers },
    });
}
