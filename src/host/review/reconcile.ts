import { mergeTexts } from '../../edits/merge';
import { hunksOfEdit } from '../../edits/proposal';
import type { PendingEdit } from '../../session/contract';

/**
 * The three states of one proposal: `synced` is the text that its document and the pending set last had in common,
 * `mine` the document as it is, `theirs` the pending set as it is (it moves when the file changes under an edit).
 */
export interface ProposalTexts {
  readonly synced: string;
  readonly mine: string;
  readonly theirs: string;
  /** A clean document was read from us: what it has is no typing. */
  readonly isDirty: boolean;
}

export type Reconciled =
  | { readonly kind: 'same' }
  /** The document is behind and only waits to be read again. */
  | { readonly kind: 'behind' }
  /** The document is behind and dirty: nobody but us brings it along. */
  | { readonly kind: 'push' }
  /** The user typed; `text` is what the proposal is now. */
  | { readonly kind: 'typed'; readonly text: string };

/** What has to happen. Where the user's typing and a change of the file meet in the same lines, the typing counts. */
export function reconcile({ synced, mine, theirs, isDirty }: ProposalTexts): Reconciled {
  if (mine === theirs) {
    return { kind: 'same' };
  }
  if (!isDirty) {
    return { kind: 'behind' };
  }
  if (mine === synced) {
    return { kind: 'push' };
  }
  return {
    kind: 'typed',
    text: theirs === synced ? mine : (mergeTexts(synced, mine, theirs) ?? mine),
  };
}

/** True when nothing of the edit is left to decide once its proposal is `proposedText`: taking it over ends the edit. */
export function leavesNothing(
  edit: Pick<PendingEdit, 'baseText' | 'kind' | 'hunks'>,
  proposedText: string,
): boolean {
  const decided = new Set(
    edit.hunks.filter(({ decision }) => decision.kind !== 'pending').map(({ hunk }) => hunk.id),
  );
  return hunksOfEdit(edit.baseText, proposedText, edit.kind).every(({ id }) => decided.has(id));
}
