import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Why a request gets no answer, with its status. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** A request that cannot be done; its message goes to whoever asked. */
export class RequestProblem extends Error implements Refusal {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const maxBodyBytes = 256 * 1024 * 1024;

/** Undefined when the request may come in: it names this server, comes from no other origin, and knows the token. */
export function refusalOf(
  request: IncomingMessage,
  port: number,
  token: string,
): Refusal | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host, origin, authorization } = request.headers;
  if (host === undefined || !hosts.includes(host.toLowerCase())) {
    return { status: 403, message: 'The Host header names another host.' };
  }
  if (origin !== undefined && !hosts.some((own) => origin === `http://${own}`)) {
    return { status: 403, message: 'Requests from another origin are refused.' };
  }
  const said =
    authorization === undefined
      ? tokenIn(request.url ?? '')
      : /^Bearer +(\S+)$/i.exec(authorization)?.[1];
  return said !== undefined && timingSafeEqual(digest(said), digest(token))
    ? undefined
    : {
        status: 401,
        message: 'The token is missing or wrong: it goes into Authorization: Bearer, or the path.',
      };
}

/** The first part of a path, where a page has its token. */
export function tokenIn(path: string): string | undefined {
  return /^\/+([^/?#]+)(?=[/?#]|$)/.exec(path)?.[1];
}

/** The JSON of a request's body. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const piece = chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.from(String(chunk));
    bytes += piece.length;
    if (bytes > maxBodyBytes) {
      throw new RequestProblem(413, `The body is larger than ${maxBodyBytes} bytes.`);
    }
    chunks.push(piece);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw new RequestProblem(400, 'The body is no JSON in UTF-8.');
  }
}

/** Equal lengths, whatever was said. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
