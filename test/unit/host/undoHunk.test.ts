import { describe, expect, it } from 'vitest';
import { computeHunks } from '../../../src/edits/hunks';
import { PendingEdits } from '../../../src/session/pendingEdits';
import { FakeClock } from '../../fakes/fakeClock';

const baseText = 'a\nb\nc\nd\ne\n';
const proposedText = 'A\nb\nC\nd\nE\n';

describe('undo on the row of a hunk', () => {
  it('takes back the decision on that hunk and on no other, also when it is not the newest', () => {
    const edits = new PendingEdits({
      clock: new FakeClock(),
      labelFor: (path) => path,
      createEditId: () => 'e',
    });
    const hunks = computeHunks(baseText, proposedText);
    void edits.review(
      {
        sessionId: 's',
        callId: 'c',
        asker: 'A',
        reason: 'r',
        edit: { path: '/a', kind: 'edit', baseText, proposedText, hunks },
      },
      new AbortController().signal,
    );
    const [first, second] = hunks.map(({ id }) => id);
    const kinds = (): readonly string[] =>
      edits.get('e')?.hunks.map(({ decision }) => decision.kind) ?? [];
    edits.decide('e', [first ?? ''], 'approve');
    edits.decide('e', [second ?? ''], 'deny');
    expect(edits.undoDecision('e', first)).toBe(true);
    expect(kinds()).toEqual(['pending', 'denied', 'pending']);
    expect(edits.undoDecision('e', first)).toBe(false);
    expect(edits.undoDecision('e')).toBe(true);
    expect(kinds()).toEqual(['pending', 'pending', 'pending']);
  });
});
