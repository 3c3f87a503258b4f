import type { EntryLine } from './sessionEntry';

/** A message of the user on the active branch, and what else was asked in its place. */
export interface PromptPlace {
  readonly entryId: string;
  /** Where a branch begins that asks something else instead; null: at the start of the session. */
  readonly branchPoint: string | null;
  /** Everything that was asked in this place, the oldest first; with this message. */
  readonly siblings: readonly string[];
}

/** The shape of a session's tree, without its texts: who follows whom, and where the user said something. */
export class BranchTree {
  private readonly parentOf = new Map<string, string | null>();
  /** The nearest message above an entry; null: none. */
  private readonly messageAbove = new Map<string, string | null>();
  private readonly messages = new Set<string>();
  /** The messages of the user by the message that they follow. */
  private readonly promptsBelow = new Map<string | null, string[]>();
  private readonly prompts = new Set<string>();
  private readonly turnStarts = new Map<string, { readonly parent: string | null }>();
  private readonly turnStartIds = new Set<string>();

  /** Takes the next entry of the file; its parent was taken before. */
  add(entry: EntryLine): void {
    const { id, parent } = entry;
    const above =
      parent === null || this.messages.has(parent)
        ? parent
        : (this.messageAbove.get(parent) ?? null);
    this.parentOf.set(id, parent);
    this.messageAbove.set(id, above);
    if (entry.kind === 'turnStart') {
      this.turnStarts.set(entry.turn, { parent });
      this.turnStartIds.add(id);
    } else if (entry.kind === 'message') {
      this.messages.add(id);
      // A summary stands in the user's place in a conversation, and is none of their words.
      if (entry.message.role === 'user' && entry.message.compaction === undefined) {
        this.prompts.add(id);
        this.promptsBelow.set(above, [...(this.promptsBelow.get(above) ?? []), id]);
      }
    }
  }

  get parents(): ReadonlyMap<string, string | null> {
    return this.parentOf;
  }

  has(entryId: string): boolean {
    return this.parentOf.has(entryId);
  }

  /** The messages of the user on the branch that ends at `leaf`, the oldest first. */
  promptsTo(leaf: string | null): readonly PromptPlace[] {
    return [...this.promptsFrom(leaf)].reverse();
  }

  /** The newest of them. */
  newestPrompt(leaf: string | null): PromptPlace | undefined {
    for (const place of this.promptsFrom(leaf)) {
      return place;
    }
    return undefined;
  }

  /** From the end of the branch back to its start. */
  private *promptsFrom(leaf: string | null): Generator<PromptPlace> {
    for (let id = leaf; id !== null; id = this.parentOf.get(id) ?? null) {
      if (this.prompts.has(id)) {
        const above = this.messageAbove.get(id) ?? null;
        yield {
          entryId: id,
          branchPoint: this.branchPoint(id),
          siblings: this.promptsBelow.get(above) ?? [id],
        };
      }
    }
  }

  /** Where the turn branched off; undefined: no such turn. */
  beforeTurn(turnId: string): string | null | undefined {
    return this.turnStarts.get(turnId)?.parent;
  }

  /** The end of the branch through this entry that was written last. */
  tipOf(entryId: string): string {
    const below = new Set([entryId]);
    let tip = entryId;
    // Parents come before their children, so one pass is enough.
    for (const [id, parent] of this.parentOf) {
      if (parent !== null && below.has(parent)) {
        below.add(id);
        tip = id;
      }
    }
    return tip;
  }

  /** Before the turn that the message began; a message that joined a running turn is replaced alone. */
  private branchPoint(promptId: string): string | null {
    let id = this.parentOf.get(promptId) ?? null;
    while (id !== null && !this.messages.has(id)) {
      const parent: string | null = this.parentOf.get(id) ?? null;
      if (this.turnStartIds.has(id)) {
        return parent;
      }
      id = parent;
    }
    return this.parentOf.get(promptId) ?? null;
  }
}
