/**
 * One hunk of a proposal, without context lines. Starts are one-based; with 0 lines the start is the line before, as
 * `diff -U0` prints it. Texts keep their line endings. `id` is stable while both texts are.
 */
export interface Hunk {
  readonly id: string;
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  readonly oldText: string;
  readonly newText: string;
}

/** A proposed change of one file, before any decision. `baseText` is '' for a new file; `proposedText` is '' for a deletion. */
export interface FileEdit {
  readonly path: string;
  readonly kind: 'edit' | 'create' | 'delete';
  readonly baseText: string;
  readonly proposedText: string;
  readonly hunks: readonly Hunk[];
}

export type HunkDecision =
  | { readonly kind: 'pending' }
  | { readonly kind: 'approved' }
  | { readonly kind: 'denied'; readonly reason?: string };

/** What came of a review. `text` is the base with exactly the approved hunks; equal to the base when none was. */
export interface EditVerdict {
  readonly kind: 'approved' | 'partly' | 'denied';
  readonly text: string;
  readonly baseText: string;
  readonly approvedCount: number;
  readonly deniedHunks: readonly { readonly hunk: Hunk; readonly reason?: string }[];
  /** The user changed the proposal before approving: unified diff from what was proposed to what was reviewed. */
  readonly userChange?: string;
}
