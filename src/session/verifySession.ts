import { assertNever } from '../base/assertNever';
import type { Message } from '../events/message';
import { toolOk } from '../events/toolCall';
import { callsOf } from '../transcript/pairs';
import type { SessionStorage } from './contract';
import { decodeLine, type EntryLine, type SessionLine } from './sessionEntry';
import { recordOf, type SessionRecord } from './sessionRecord';
import { lineAt, storedLines, type LinePlace, type StoredLine } from './storedLines';

/** Something that is wrong with a session file. `line` counts from 1; 0 means the file as a whole. */
export interface SessionProblem {
  readonly line: number;
  readonly why: string;
}

/**
 * Everything in a session file that does not hold: lines that cannot be read, entries that hang on nothing, and calls
 * and results of the active branch that are not whole. Reading such a file works all the same, without those lines.
 * The file is read in pieces, and none of its texts are kept. Undefined when there is no such session.
 */
export async function verifySession(
  storage: Pick<SessionStorage, 'readRange'>,
  sessionId: string,
): Promise<readonly SessionProblem[] | undefined> {
  if ((await storage.readRange(sessionId, 0, 0)) === undefined) {
    return undefined;
  }
  const check = new FileCheck(sessionId, (place) => lineAt(storage, sessionId, place));
  for await (const lines of storedLines(storage, sessionId)) {
    for (const line of lines) {
      await check.take(line);
    }
  }
  return check.end();
}

interface KnownEntry extends LinePlace {
  readonly line: number;
}

class FileCheck {
  private readonly problems: SessionProblem[] = [];
  private readonly entries = new Map<string, KnownEntry>();
  /** The lines without their texts. */
  private readonly shapes: SessionLine[] = [];
  private count = 0;
  private hasHead = false;

  constructor(
    private readonly sessionId: string,
    private readonly textAt: (place: LinePlace) => Promise<string | undefined>,
  ) {}

  async take({ text, start, bytes, isTorn }: StoredLine): Promise<void> {
    const line = (this.count += 1);
    if (text.trim() === '') {
      return;
    }
    const decoded = decodeLine(text);
    const problem = (why: string): void => void this.problems.push({ line, why });
    if (decoded.kind === 'malformed') {
      problem(
        isTorn
          ? 'the last line was cut off while it was written'
          : 'this line is damaged: it is no line of a session',
      );
    } else if (decoded.kind === 'otherSchema') {
      problem('this line was written by another version of Patchbay');
    } else if (decoded.line.type === 'head') {
      const { leaf } = decoded.line;
      if (!this.hasHead && decoded.line.session !== this.sessionId) {
        problem(`the head names another session, "${decoded.line.session.slice(0, 80)}"`);
      }
      if (typeof leaf === 'string' && !this.entries.has(leaf)) {
        problem(`the active branch ends at "${leaf.slice(0, 80)}", which no line before has`);
      }
      this.hasHead = true;
      this.shapes.push(decoded.line);
    } else if (decoded.line.type === 'entry') {
      const { id, parent } = decoded.line;
      const known = this.entries.get(id);
      if (known !== undefined) {
        // A write that failed half-way is repeated whole: the same line twice is no harm.
        if ((await this.textAt(known))?.replace(/\n$/, '') !== text) {
          problem(`the entry "${id.slice(0, 80)}" is on line ${String(known.line)} already`);
        }
        return;
      }
      if (parent !== null && !this.entries.has(parent)) {
        problem(`its parent "${parent.slice(0, 80)}" is on no line before`);
      }
      this.entries.set(id, { line, start, bytes });
      this.shapes.push(shapeOf(decoded.line));
    }
  }

  end(): readonly SessionProblem[] {
    const noHead = this.hasHead ? [] : [{ line: 0, why: 'there is no head line' }];
    const record = recordOf({ lines: this.shapes, notices: [], isTorn: false });
    return [...noHead, ...this.problems, ...pairProblems(record, this.entries)].sort(
      (a, b) => a.line - b.line,
    );
  }
}

/** What of an entry says where it stands and what it calls or answers. */
function shapeOf(entry: EntryLine): EntryLine {
  switch (entry.kind) {
    case 'message':
      return { ...entry, message: shapeOfMessage(entry.message) };
    case 'custom':
      return { ...entry, data: {} };
    default:
      return entry;
  }
}

function shapeOfMessage(message: Message): Message {
  const { createdAtMs } = message;
  switch (message.role) {
    case 'user':
      return { role: 'user', text: '', createdAtMs };
    case 'tool': {
      const { callId, toolName } = message;
      return { role: 'tool', callId, toolName, result: toolOk(''), createdAtMs };
    }
    case 'assistant': {
      const { api, provider, model, stopReason } = message;
      const content = message.content.flatMap((block) =>
        block.kind === 'tool_call' ? [{ ...block, call: { ...block.call, arguments: {} } }] : [],
      );
      return { role: 'assistant', content, api, provider, model, stopReason, createdAtMs };
    }
    default:
      return assertNever(message);
  }
}

/** A turn that was interrupted leaves open calls, which is no damage. */
function pairProblems(
  record: SessionRecord | undefined,
  entries: ReadonlyMap<string, KnownEntry>,
): readonly SessionProblem[] {
  const called = new Set<string>();
  const open = new Map<string, { readonly line: number; readonly turn: string | undefined }>();
  const problems: SessionProblem[] = [];
  for (const entry of record?.branch ?? []) {
    if (entry.kind !== 'message') {
      continue;
    }
    const line = entries.get(entry.id)?.line ?? 0;
    if (entry.message.role === 'assistant') {
      for (const { id } of callsOf(entry.message)) {
        called.add(id);
        open.set(id, { line, turn: entry.turn });
      }
    } else if (entry.message.role === 'tool') {
      const { callId } = entry.message;
      if (!called.has(callId)) {
        problems.push({ line, why: `a result without its call "${callId.slice(0, 80)}"` });
      }
      open.delete(callId);
    }
  }
  const ended = new Set(
    record?.branch.flatMap((entry) => (entry.kind === 'turnEnd' ? [entry.turn] : [])),
  );
  for (const [callId, { line, turn }] of open) {
    if (turn !== undefined && ended.has(turn)) {
      problems.push({ line, why: `the call "${callId.slice(0, 80)}" has no result` });
    }
  }
  return problems;
}
