import { Deferred } from '../../src/base/deferred';
import { applyDecisions } from '../../src/edits/hunks';
import type { EditVerdict } from '../../src/edits/fileEdit';
import type { EditProposal, EditReviewer, ReviewOutcome } from '../../src/tools/contract';

/** How a review ends: a yes, a no with or without words, or that per hunk (true or the words of a no). */
type ScriptedDecision =
  | 'approve'
  | { readonly deny: string | undefined }
  | { readonly perHunk: readonly (true | string)[] };

/** `pending` stays open until the signal withdraws it. */
export type ScriptedReview =
  ScriptedDecision | 'pending' | ((proposal: EditProposal) => ReviewOutcome);

/** Decides edits by script; the last entry stays for all further ones. */
export class FakeReviewer implements EditReviewer {
  readonly proposals: EditProposal[] = [];
  readonly written: { readonly proposal: EditProposal; readonly why: string }[] = [];
  script: ScriptedReview[] = ['approve'];
  /** Called while the user looks at a proposal. */
  whileOpen: (proposal: EditProposal) => void = () => undefined;

  async review(proposal: EditProposal, signal: AbortSignal): Promise<ReviewOutcome> {
    this.proposals.push(proposal);
    const step = this.script.length > 1 ? this.script.shift() : this.script[0];
    this.whileOpen(proposal);
    if (step === undefined || step === 'pending') {
      const withdrawn = new Deferred<ReviewOutcome>();
      signal.addEventListener('abort', () => withdrawn.resolve({ kind: 'withdrawn' }), {
        once: true,
      });
      return signal.aborted ? { kind: 'withdrawn' } : await withdrawn.promise;
    }
    return typeof step === 'function'
      ? step(proposal)
      : { kind: 'decided', verdict: toVerdict(proposal, step) };
  }

  noteWritten(proposal: EditProposal, why: string): void {
    this.written.push({ proposal, why });
  }
}

function toVerdict({ edit }: EditProposal, step: ScriptedDecision): EditVerdict {
  const answers = edit.hunks.map((_, index) => answerOf(step, index));
  const approved = new Set(
    edit.hunks.filter((_, index) => answers[index] === true).map((hunk) => hunk.id),
  );
  const deniedHunks = edit.hunks.flatMap((hunk, index) => {
    const words = answers[index];
    return words === true || words === undefined
      ? []
      : [{ hunk, ...(words === '' ? {} : { reason: words }) }];
  });
  return {
    kind: deniedHunks.length === 0 ? 'approved' : approved.size === 0 ? 'denied' : 'partly',
    text:
      deniedHunks.length === 0
        ? edit.proposedText
        : applyDecisions(edit.baseText, edit.hunks, approved),
    baseText: edit.baseText,
    approvedCount: approved.size,
    deniedHunks,
  };
}

function answerOf(step: ScriptedDecision, index: number): true | string {
  if (step === 'approve') {
    return true;
  }
  return 'deny' in step ? (step.deny ?? '') : (step.perHunk[index] ?? true);
}
