import type { Message } from '../events/message';
import type { SessionStorage } from './contract';
import { decodeLine, encodeLine, type EntryLine } from './sessionEntry';
import { storedLines, type LinePlace } from './storedLines';

const groupChars = 1024 * 1024;

export interface CopiedLines {
  readonly from: string;
  /** In the order in which they follow each other; each says which one it follows in the copy. */
  readonly lines: readonly EntryLine[];
  /** The ids of those that are in no file yet. */
  readonly added: ReadonlySet<string>;
}

/**
 * Copies entries of one session's file to the end of another, with their long texts, which are not all in memory. Those
 * that the file does not have any more go as they are known. An entry that is there already comes twice, and counts once.
 */
export async function copyEntries(
  storage: Pick<SessionStorage, 'append' | 'readRange'>,
  toSessionId: string,
  copied: CopiedLines,
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
  /** New ones go in front of what follows them: an entry stands behind its parent. */
  const addNewBefore = async (id: string): Promise<void> => {
    for (const line of left.values()) {
      if (line.id === id || !copied.added.has(line.id)) {
        return;
      }
      left.delete(line.id);
      await add(line);
    }
  };
  for await (const lines of storedLines(storage, copied.from)) {
    for (const stored of lines) {
      const decoded = left.size === 0 ? undefined : decodeLine(stored.text);
      const line = decoded?.kind === 'line' ? decoded.line : undefined;
      const wanted = line?.type === 'entry' ? left.get(line.id) : undefined;
      if (line?.type === 'entry' && wanted !== undefined) {
        await addNewBefore(line.id);
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
