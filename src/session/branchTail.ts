import type { SessionStorage } from './contract';
import { indexLines } from './lineIndex';
import { decodeLine, type EntryLine, type PartialLine } from './sessionEntry';
import { sessionSchema } from './sessionFormat';
import { readSession } from './sessionRecord';

/** The end of a session's active branch, oldest first. */
export interface BranchTail {
  readonly entries: readonly EntryLine[];
  /** Streamed text of a turn whose answer is not there; it stands behind the entries. */
  readonly partials: readonly PartialLine[];
  /** There is more before the first entry. */
  readonly hasMore: boolean;
}

const firstBlockBytes = 256 * 1024;

/**
 * The last `count` messages of a session, with what stands between them, read from the end of its file: a screen of a
 * long conversation costs as much as one of a short. A file that is damaged on the way is read whole instead.
 * Undefined when there is no such session, or nothing of it can be read.
 */
export async function readBranchTail(
  storage: Pick<SessionStorage, 'read' | 'readRange'>,
  sessionId: string,
  count: number,
): Promise<BranchTail | undefined> {
  const walk = new BackwardWalk(count);
  const end = await storage.readRange(sessionId, 0, 0);
  if (end === undefined) {
    return undefined;
  }
  let rest: Uint8Array = new Uint8Array(0);
  let blockBytes = firstBlockBytes;
  let at = end.sizeBytes;
  while (at > 0 && !walk.isDone) {
    const start = Math.max(0, at - blockBytes);
    const read = await storage.readRange(sessionId, start, at - start);
    if (read?.bytes.length !== at - start) {
      return undefined; // removed meanwhile
    }
    const bytes = joined(read.bytes, rest);
    const firstEnd = start === 0 ? -1 : bytes.indexOf(0x0a);
    // What stands before the first line end began in an earlier block.
    rest = bytes.slice(0, firstEnd + 1);
    if (start === 0 || firstEnd >= 0) {
      walk.takeLines(bytes.subarray(firstEnd + 1));
    } else {
      rest = bytes;
      blockBytes *= 2; // a long line is not copied once per block
    }
    at = start;
  }
  if (walk.isDone || walk.isAtRoot) {
    return walk.tail();
  }
  const whole = await storage.read(sessionId);
  const record = whole === undefined ? undefined : readSession(whole);
  return (
    record && {
      entries: lastMessages(record.branch, count),
      partials: [],
      hasMore: lastMessages(record.branch, count).length < record.branch.length,
    }
  );
}

class BackwardWalk {
  private readonly found: EntryLine[] = [];
  private readonly openPartials: PartialLine[] = [];
  /** The entry that comes next on the way back; undefined while the leaf is not known, null before the first. */
  private wanted: string | null | undefined;
  private messages = 0;

  constructor(private readonly count: number) {}

  get isDone(): boolean {
    return this.messages >= this.count;
  }

  get isAtRoot(): boolean {
    return this.wanted === null;
  }

  takeLines(bytes: Uint8Array): void {
    const lines = indexLines(bytes);
    for (let line = lines.count - 1; line >= 0 && !this.isDone && !this.isAtRoot; line--) {
      this.take(lines.textAt(line));
    }
  }

  tail(): BranchTail {
    const answered = new Set(
      this.found.flatMap((entry) =>
        entry.kind === 'message' && entry.message.role === 'assistant' ? [entry.turn] : [],
      ),
    );
    return {
      entries: [...this.found].reverse(),
      partials: this.openPartials.filter(({ turn }) => !answered.has(turn)).reverse(),
      hasMore: !this.isAtRoot,
    };
  }

  private take(text: string): void {
    // Entries of other branches need no parsing.
    if (text.startsWith(entryStart) && typeof this.wanted === 'string') {
      const id = JSON.stringify(this.wanted);
      if (!text.startsWith(id, entryStart.length)) {
        return;
      }
    }
    const decoded = decodeLine(text);
    if (decoded.kind !== 'line') {
      return;
    }
    const { line } = decoded;
    if (line.type === 'partial') {
      if (this.messages === 0) {
        this.openPartials.push(line);
      }
    } else if (line.type === 'head') {
      if (this.wanted === undefined && line.leaf !== undefined) {
        this.wanted = line.leaf;
      }
    } else if (this.wanted === undefined || this.wanted === line.id) {
      this.wanted = line.parent;
      this.found.push(line);
      this.messages += line.kind === 'message' ? 1 : 0;
    }
  }
}

/** How `encodeLine` begins an entry. */
const entryStart = `{"schema":${JSON.stringify(sessionSchema)},"type":"entry","id":`;

function lastMessages(branch: readonly EntryLine[], count: number): readonly EntryLine[] {
  let messages = 0;
  const at = branch.findLastIndex((entry) => {
    messages += entry.kind === 'message' ? 1 : 0;
    return messages >= count;
  });
  return branch.slice(Math.max(0, at));
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}
