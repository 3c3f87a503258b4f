import { callsOf } from '../transcript/pairs';
import { indexLines } from './lineIndex';
import { decodeLine } from './sessionEntry';
import { readSession } from './sessionRecord';

/** Something that is wrong with a session file. `line` counts from 1; 0 means the file as a whole. */
export interface SessionProblem {
  readonly line: number;
  readonly why: string;
}

/**
 * Everything in a session file that does not hold: lines that cannot be read, entries that hang on nothing, and calls
 * and results of the active branch that are not whole. Reading such a file works all the same, without those lines.
 */
export function verifySession(sessionId: string, file: Uint8Array): readonly SessionProblem[] {
  const problems: SessionProblem[] = [];
  const entries = new Map<string, { readonly line: number; readonly text: string }>();
  const index = indexLines(file);
  let hasHead = false;
  for (let at = 0; at < index.count; at++) {
    const line = at + 1;
    const text = index.textAt(at);
    if (text.trim() === '') {
      continue;
    }
    const decoded = decodeLine(text);
    const problem = (why: string): void => void problems.push({ line, why });
    if (decoded.kind === 'malformed') {
      problem(
        index.isTorn && line === index.count
          ? 'the last line was cut off while it was written'
          : 'this line is damaged: it is no line of a session',
      );
    } else if (decoded.kind === 'otherSchema') {
      problem('this line was written by another version of Patchbay');
    } else if (decoded.line.type === 'head') {
      const { leaf } = decoded.line;
      if (!hasHead && decoded.line.session !== sessionId) {
        problem(`the head names another session, "${decoded.line.session.slice(0, 80)}"`);
      }
      if (typeof leaf === 'string' && !entries.has(leaf)) {
        problem(`the active branch ends at "${leaf.slice(0, 80)}", which no line before has`);
      }
      hasHead = true;
    } else if (decoded.line.type === 'entry') {
      const { id, parent } = decoded.line;
      const known = entries.get(id);
      if (known !== undefined) {
        // A write that failed half-way is repeated whole: the same line twice is no harm.
        if (known.text !== text) {
          problem(`the entry "${id.slice(0, 80)}" is on line ${String(known.line)} already`);
        }
        continue;
      }
      if (parent !== null && !entries.has(parent)) {
        problem(`its parent "${parent.slice(0, 80)}" is on no line before`);
      }
      entries.set(id, { line, text });
    }
  }
  if (!hasHead) {
    problems.unshift({ line: 0, why: 'there is no head line' });
  }
  return [...problems, ...pairProblems(file, entries)].sort((a, b) => a.line - b.line);
}

/** A turn that was interrupted leaves open calls, which is no damage. */
function pairProblems(
  file: Uint8Array,
  entries: ReadonlyMap<string, { readonly line: number }>,
): readonly SessionProblem[] {
  const record = readSession(file);
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
