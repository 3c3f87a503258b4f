import type { Message } from '../events/message';
import type { SessionStorage } from './contract';
import { decodeLine } from './sessionEntry';
import { storedLines } from './storedLines';

/** A message that holds what was looked for. */
export interface SessionMatch {
  readonly sessionId: string;
  readonly entryId: string;
  readonly role: Message['role'];
  readonly atMs: number;
  /** The place and what stands around it, in one line. */
  readonly excerpt: string;
}

/**
 * Looks for a text in the messages of all sessions, whatever its case, newest session first; matches come as they are
 * found. Stops when the signal is aborted. Messages of other branches and files that cannot be read whole count too,
 * as far as they can be read. Files are read in pieces: no more of one is in memory than that.
 */
export async function* searchSessions(
  storage: Pick<SessionStorage, 'list' | 'readRange'>,
  query: string,
  signal: AbortSignal,
): AsyncGenerator<SessionMatch> {
  const wanted = query.toLowerCase();
  if (wanted.trim() === '') {
    return;
  }
  // As it stands in a line of JSON.
  const inJson = JSON.stringify(wanted).slice(1, -1).toLowerCase();
  const files = [...(await storage.list())].sort((a, b) => b.updatedAtMs - a.updatedAtMs);
  for (const { sessionId } of files) {
    if (signal.aborted) {
      return;
    }
    const seen = new Set<string>();
    for await (const lines of readable(storedLines(storage, sessionId))) {
      for (const { text } of lines) {
        if (isAborted(signal)) {
          return;
        }
        const match = matchIn(text, sessionId, { wanted, inJson, seen });
        if (match !== undefined) {
          yield match;
        }
      }
    }
  }
}

/** As far as they can be read: one file that cannot must not hide what the others hold. */
async function* readable<T>(pieces: AsyncIterable<T>): AsyncGenerator<T> {
  const reading = pieces[Symbol.asyncIterator]();
  for (;;) {
    const next = await reading.next().catch(() => undefined);
    if (next === undefined || next.done === true) {
      return;
    }
    yield next.value;
  }
}

/** Asked anew after every wait: the compiler believes that an earlier answer still holds. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function matchIn(
  text: string,
  sessionId: string,
  {
    wanted,
    inJson,
    seen,
  }: { readonly wanted: string; readonly inJson: string; readonly seen: Set<string> },
): SessionMatch | undefined {
  if (!text.toLowerCase().includes(inJson)) {
    return undefined;
  }
  const decoded = decodeLine(text);
  if (decoded.kind !== 'line' || decoded.line.type !== 'entry') {
    return undefined;
  }
  const { line } = decoded;
  if (line.kind !== 'message' || seen.has(line.id)) {
    return undefined;
  }
  seen.add(line.id);
  const found = textsOf(line.message).find((one) => one.toLowerCase().includes(wanted));
  return found === undefined
    ? undefined
    : {
        sessionId,
        entryId: line.id,
        role: line.message.role,
        atMs: line.atMs,
        excerpt: excerptOf(found, wanted),
      };
}

function textsOf(message: Message): readonly string[] {
  switch (message.role) {
    case 'user':
      return [message.text];
    case 'tool':
      return message.result.ok
        ? [message.result.output]
        : [message.result.error, message.result.output];
    case 'assistant':
      return message.content.map((block) =>
        block.kind === 'tool_call' ? JSON.stringify(block.call.arguments) : block.text,
      );
  }
}

const aroundChars = 60;

function excerptOf(text: string, wanted: string): string {
  const at = text.toLowerCase().indexOf(wanted);
  const from = Math.max(0, at - aroundChars);
  const to = Math.min(text.length, at + wanted.length + aroundChars);
  const middle = text.slice(from, to).replace(/\s+/g, ' ');
  return `${from > 0 ? '…' : ''}${middle}${to < text.length ? '…' : ''}`;
}
