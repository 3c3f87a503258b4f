import type { Message } from '../events/message';
import type { SessionStorage } from './contract';
import { decodeLine, encodeLine, type EntryLine } from './sessionEntry';
import { storedLines, type LinePlace } from './storedLines';

const groupChars = 1024 * 1024;

/**
 * Copies entries of one session's file to the end of another, with their long texts, which are not all in memory. Those
 * that the file does not have any more go as they are known. An entry that is there already comes twice, and counts once.
 */
export async function copyEntries(
  storage: Pick<SessionStorage, 'append' | 'readRange'>,
  toSessionId: string,
  copied: { readonly from: string; readonly lines: readonly EntryLine[] },
  onCopied: (message: Message, place: LinePlace) => void,
): Promise<void> {
  const left = new Map(copied.lines.map((line) => [line.id, line]));
  let group: EntryLine[] = [];
  let text = '';
  const write = async (): Promise<void> => {
    const { starts, end } = await storage.append(toSessionId, text);
    group.forEach((line, index) => {
      const start = starts[index];
      if (line.kind === 'message' && start !== undefined) {
        onCopied(line.message, { start, bytes: (starts[index + 1] ?? end) - start });
      }
    });
    group = [];
    text = '';
  };
  const add = async (line: EntryLine): Promise<void> => {
    group.push(line);
    text += encodeLine(line);
    if (text.length >= groupChars) {
      await write();
    }
  };
  for await (const lines of storedLines(storage, copied.from)) {
    for (const stored of lines) {
      const decoded = left.size === 0 ? undefined : decodeLine(stored.text);
      const line = decoded?.kind === 'line' ? decoded.line : undefined;
      const wanted = line?.type === 'entry' ? left.get(line.id) : undefined;
      if (line?.type === 'entry' && wanted !== undefined) {
        left.delete(line.id);
        await add({ ...line, parent: wanted.parent });
      }
    }
  }
  for (const line of left.values()) {
    await add(line);
  }
  if (group.length > 0) {
    await write();
  }
}
