import type { Message } from '../events/message';
import type { SessionStorage } from './contract';
import { indexLines } from './lineIndex';
import { decodeLine } from './sessionEntry';

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
 * as far as they can be read.
 */
export async function* searchSessions(
  storage: Pick<SessionStorage, 'list' | 'read'>,
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
    const bytes = signal.aborted ? undefined : await storage.read(sessionId);
    if (bytes === undefined) {
      continue;
    }
    const seen = new Set<string>();
    const lines = indexLines(bytes);
    for (let at = 0; at < lines.count && !signal.aborted; at++) {
      const text = lines.textAt(at);
      if (!text.toLowerCase().includes(inJson)) {
        continue;
      }
      const decoded = decodeLine(text);
      if (decoded.kind !== 'line' || decoded.line.type !== 'entry') {
        continue;
      }
      const { line } = decoded;
      if (line.kind !== 'message' || seen.has(line.id)) {
        continue;
      }
      seen.add(line.id);
      const found = textsOf(line.message).find((one) => one.toLowerCase().includes(wanted));
      if (found !== undefined) {
        yield {
          sessionId,
          entryId: line.id,
          role: line.message.role,
          atMs: line.atMs,
          excerpt: excerptOf(found, wanted),
        };
      }
    }
  }
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
