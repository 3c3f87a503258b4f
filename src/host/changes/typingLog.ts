/** The editor's own save actions run before extensions hear of the save; they take no longer than this. */
const saveActionsMs = 3000;

/** What is known about who wrote the unsaved part of a document. */
interface Typing {
  /** The text after the last change that a person was seen to make; undefined: none since the last save. */
  readonly userText: string | undefined;
  /** A later change that nobody was seen to make: a formatter at work, or another extension. */
  readonly unseenSinceMs?: number;
  /** The save that was announced since; `text`: without what saving had made of it by then. */
  readonly saving?: { readonly text: string | undefined };
}

/** Tells, per document, what a person typed from what saving made of it. Keys are URIs. */
export class TypingLog {
  private readonly documents = new Map<string, Typing>();

  constructor(private readonly nowMs: () => number) {}

  /** The text changed, and nobody was seen to do it yet. */
  changed(key: string): void {
    const known = this.documents.get(key) ?? { userText: undefined };
    this.documents.set(key, { unseenSinceMs: this.nowMs(), ...known });
  }

  /** A person was seen to write: what is there now is theirs. */
  typed(key: string, userText: string): void {
    this.documents.set(key, { userText });
  }

  hasUnseen(key: string): boolean {
    return this.documents.get(key)?.unseenSinceMs !== undefined;
  }

  /** A save was announced. The editor announces none where nobody takes part in it. */
  saving(key: string, text: string): void {
    const known = this.documents.get(key) ?? { userText: text };
    const since = known.unseenSinceMs;
    const isMadeBySaving = since !== undefined && this.nowMs() - since <= saveActionsMs;
    this.documents.set(key, { ...known, saving: { text: isMadeBySaving ? known.userText : text } });
  }

  /**
   * The document was saved with this text: what of it is the user's. Undefined: nothing was typed since the last save.
   * What was never announced came as it was typed.
   */
  saved(key: string, text: string): string | undefined {
    const saving = this.documents.get(key)?.saving;
    this.documents.delete(key);
    return saving === undefined ? text : saving.text;
  }

  forget(key: string): void {
    this.documents.delete(key);
  }
}
