import type { FileEdit } from '../edits/fileEdit';
import type { PermissionAnswer } from '../events/observation';
import type { Grant } from './callGate';

/** What a child was allowed to write, to be compared after it did. */
export interface WrittenByChild {
  readonly edit: FileEdit;
  readonly baseText: string;
  readonly text: string;
  /** What the file must hold until the child writes; undefined: it must not exist. */
  readonly expectedText: string | undefined;
  readonly isReviewed: boolean;
  readonly reason: string;
}

/** How one write of a call was decided. */
export interface WriteRuling {
  readonly grant: Grant;
  readonly written?: WrittenByChild;
  /** Of a file that is moved: the text at its old place, which the user was shown. */
  readonly movedText?: string;
  /** The user approved another text than the child asked for. */
  readonly isTrimmed?: boolean;
  /** That is so because the file changed meanwhile: nothing of the edit was denied or rewritten. */
  readonly isMerged?: boolean;
  /** It was approved on top of unsaved text: only the editor has that. */
  readonly isForEditor?: boolean;
  readonly message?: string;
}

/** How a child's call was decided, with what its bridge has to pass on. */
export interface Ruling {
  readonly grant: Grant;
  readonly writes: readonly WrittenByChild[];
  readonly answers?: Readonly<Record<string, string>>;
  readonly approved?: (PermissionAnswer & { readonly kind: 'allow' })['approved'];
  readonly message?: string;
  /** For the user, where the reason that the agent gets is long. */
  readonly shownReason?: string;
  readonly saysMore?: boolean;
}
