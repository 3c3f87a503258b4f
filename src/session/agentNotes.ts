import { isArrayOf, isRecord, isString } from '../base/guard';

/** How much is kept for an agent that may never come back. */
const maxNotes = 50;
const maxChars = 100_000;
const leftOut =
  'There were more decisions than are kept here. Read the files you proposed to change before you go on.';

/** What the agents of sessions are to be told when their conversations go on: bounded, the newest kept. */
export class AgentNotes {
  private readonly notes = new Map<string, readonly string[]>();

  add(sessionId: string, note: string): void {
    this.notes.set(sessionId, bounded([...(this.notes.get(sessionId) ?? []), note]));
  }

  /** Gives them away: they are told once. */
  take(sessionId: string): readonly string[] {
    const notes = this.notes.get(sessionId) ?? [];
    this.notes.delete(sessionId);
    return notes;
  }

  /** The form in storage; undefined where there is nothing to keep. */
  textOf(sessionId: string): string | undefined {
    const notes = this.notes.get(sessionId);
    return notes === undefined ? undefined : JSON.stringify({ schema, sessionId, notes });
  }

  /** False for anything but a record of ours. What is known already stays behind it. Never throws. */
  restore(text: string): boolean {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return false; // cut off or not ours: the same as no record
    }
    if (
      !isRecord(value) ||
      value.schema !== schema ||
      !isString(value.sessionId) ||
      !isArrayOf(isString)(value.notes)
    ) {
      return false;
    }
    const { sessionId, notes } = value;
    this.notes.set(sessionId, bounded([...notes, ...(this.notes.get(sessionId) ?? [])]));
    return true;
  }
}

const schema = 'patchbay.notes/1';

function bounded(notes: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let chars = 0;
  for (const note of notes.filter((one) => one !== leftOut).toReversed()) {
    chars += note.length;
    if (kept.length > 0 && (kept.length >= maxNotes || chars > maxChars)) {
      return [leftOut, ...kept.toReversed()];
    }
    kept.push(note);
  }
  return [...(notes.includes(leftOut) ? [leftOut] : []), ...kept.toReversed()];
}
