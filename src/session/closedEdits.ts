import type { PendingEdit } from './contract';

/** How many closed edits stay for the cards, and how many characters of text they may hold together. */
export interface ClosedEditLimits {
  readonly maxEdits: number;
  readonly maxChars: number;
  /** Of an edit that is over the limit, each side of a hunk keeps this many characters. */
  readonly maxHunkChars: number;
}

export const defaultClosedEditLimits: ClosedEditLimits = {
  maxEdits: 50,
  maxChars: 4_000_000,
  maxHunkChars: 2_000,
};

/** The edits that are over, oldest first, in bounded memory: the oldest lose their texts first, then they go. */
export class ClosedEdits {
  private readonly edits = new Map<string, PendingEdit>();

  constructor(private readonly limits: ClosedEditLimits) {}

  list(): readonly PendingEdit[] {
    return [...this.edits.values()];
  }

  get(editId: string): PendingEdit | undefined {
    return this.edits.get(editId);
  }

  /** An edit is open again. */
  remove(editId: string): void {
    this.edits.delete(editId);
  }

  /** Adds an edit; gives back the ids that were dropped for it. */
  add(edit: PendingEdit): readonly string[] {
    this.edits.set(edit.id, edit);
    this.shorten();
    const dropped: string[] = [];
    for (const id of this.edits.keys()) {
      if (this.edits.size <= this.limits.maxEdits) {
        break;
      }
      this.edits.delete(id);
      dropped.push(id);
    }
    return dropped;
  }

  private shorten(): void {
    let chars = 0;
    for (const edit of this.list().toReversed()) {
      chars += charsOf(edit);
      if (chars > this.limits.maxChars && (edit.baseText !== '' || edit.proposedText !== '')) {
        const short = withoutTexts(edit, this.limits.maxHunkChars);
        this.edits.set(edit.id, short);
        chars += charsOf(short) - charsOf(edit);
      }
    }
  }
}

function charsOf(edit: PendingEdit): number {
  return edit.hunks.reduce(
    (sum, { hunk }) => sum + hunk.oldText.length + hunk.newText.length,
    edit.baseText.length + edit.proposedText.length,
  );
}

function withoutTexts(edit: PendingEdit, maxHunkChars: number): PendingEdit {
  return {
    ...edit,
    baseText: '',
    proposedText: '',
    hunks: edit.hunks.map(({ hunk, decision }) => ({
      decision,
      hunk: {
        ...hunk,
        oldText: cut(hunk.oldText, maxHunkChars),
        newText: cut(hunk.newText, maxHunkChars),
      },
    })),
  };
}

/** The round trip makes a copy: a piece of a string would keep the whole string in memory. */
function cut(text: string, maxChars: number): string {
  const short = text.length > maxChars ? `${text.slice(0, maxChars)}…` : text;
  const copy: unknown = JSON.parse(JSON.stringify(short));
  return typeof copy === 'string' ? copy : short;
}
