import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyDecisions } from '../../../src/edits/hunks';
import { createFileEdit } from '../../../src/edits/proposal';
import type { FileEdit } from '../../../src/edits/fileEdit';
import type { PendingEdit } from '../../../src/session/contract';
import { PendingEdits } from '../../../src/session/pendingEdits';
import type { EditProposal, ReviewOutcome } from '../../../src/tools/contract';
import { FakeClock } from '../../fakes/fakeClock';

const base = numbered(1, 30);
const threeChanges = base
  .replace('line 3\n', 'LINE 3\n')
  .replace('line 15\n', 'LINE 15\n')
  .replace('line 28\n', 'LINE 28\n');

describe('PendingEdits', () => {
  it('[R221][R223] settles with the last decision, with exactly the approved hunks and the words of each denial', async () => {
    const edits = create();
    const outcome = edits.review(proposal(), signal());
    const [edit] = edits.list();
    const [first, second, third] = hunkIds(edit);
    expect(edit).toMatchObject({
      state: 'open',
      label: 'src/a.ts',
      asker: 'Claude Code',
      callId: 'call-1',
    });

    expect(edits.decide('edit-1', [first!], 'approve')).toBe(true);
    expect(edits.decide('edit-1', [second!], 'deny', '  keep the small letters ')).toBe(true);
    expect(edits.get('edit-1')?.state).toBe('open');
    expect(edits.decide('edit-1', [third!], 'deny')).toBe(true);

    expect(await outcome).toEqual({
      kind: 'decided',
      verdict: {
        kind: 'partly',
        text: base.replace('line 3\n', 'LINE 3\n'),
        baseText: base,
        approvedCount: 1,
        deniedHunks: [
          { hunk: edit?.hunks[1]?.hunk, reason: 'keep the small letters' },
          { hunk: edit?.hunks[2]?.hunk },
        ],
      },
    });
    expect(edits.get('edit-1')?.state).toBe('partly');
  });

  it('[R223] deciding all of an edit is one answer: every hunk, and nothing else is asked', async () => {
    const edits = create();
    const outcome = edits.review(proposal(), signal());
    edits.decide('edit-1', 'all', 'approve');
    expect(await outcome).toMatchObject({
      kind: 'decided',
      verdict: { kind: 'approved', text: threeChanges, approvedCount: 3, deniedHunks: [] },
    });
  });

  it('an empty list of hunks means those that are undecided', async () => {
    const edits = create();
    const outcome = edits.review(proposal(), signal());
    edits.decide('edit-1', [hunkIds(edits.list()[0])[1]!], 'approve');
    edits.decide('edit-1', [], 'deny', 'no');
    expect(await outcome).toMatchObject({
      verdict: { kind: 'partly', text: base.replace('line 15\n', 'LINE 15\n'), approvedCount: 1 },
    });
  });

  it('a decision can be revised and undone while the edit is open', async () => {
    const edits = create();
    const outcome = edits.review(proposal(), signal());
    const [first, second, third] = hunkIds(edits.list()[0]);
    expect(edits.undoDecision('edit-1')).toBe(false);
    edits.decide('edit-1', [first!], 'deny');
    edits.decide('edit-1', [first!], 'approve');
    edits.decide('edit-1', [second!], 'approve');
    expect(edits.undoDecision('edit-1')).toBe(true);
    expect(kinds(edits.get('edit-1'))).toEqual(['approved', 'pending', 'pending']);
    expect(edits.undoDecision('edit-1')).toBe(true);
    expect(kinds(edits.get('edit-1'))).toEqual(['denied', 'pending', 'pending']);
    edits.decide('edit-1', [second!, third!], 'approve');
    expect(await outcome).toMatchObject({ verdict: { kind: 'partly', approvedCount: 2 } });
    expect(edits.undoDecision('edit-1')).toBe(false);
  });

  it('an unknown edit, an unknown hunk and a closed edit change nothing and announce nothing', async () => {
    const edits = create();
    const outcome = edits.review(proposal(), signal());
    const [first] = hunkIds(edits.list()[0]);
    const before = edits.list();
    const seen: string[] = [];
    edits.onDidChange(({ editId }) => seen.push(editId));
    expect(edits.decide('edit-9', 'all', 'approve')).toBe(false);
    expect(edits.decide('edit-1', [first!, 'h-unknown'], 'approve')).toBe(false);
    expect(edits.list()).toEqual(before);
    expect(seen).toEqual([]);
    edits.decide('edit-1', 'all', 'deny');
    await outcome;
    seen.length = 0;
    expect(edits.decide('edit-1', 'all', 'approve')).toBe(false);
    edits.updateProposal('edit-1', 'x');
    edits.updateBase('edit-1', 'x');
    edits.withdraw('edit-1');
    expect(seen).toEqual([]);
    expect(edits.get('edit-1')?.state).toBe('denied');
  });

  it('[R223] an abort withdraws a partly decided edit: there is no text to write', async () => {
    const edits = create();
    const abort = new AbortController();
    const outcome = edits.review(proposal(), abort.signal);
    edits.decide('edit-1', [hunkIds(edits.list()[0])[0]!], 'approve');
    abort.abort();
    expect(await outcome).toEqual({ kind: 'withdrawn' });
    expect(edits.get('edit-1')?.state).toBe('withdrawn');
    expect(edits.decide('edit-1', 'all', 'approve')).toBe(false);
    expect(await edits.review(proposal(), abort.signal)).toEqual({ kind: 'withdrawn' });
    expect(edits.list()).toHaveLength(1);
  });

  it('withdraws the edits of one session and of all of them at the end, and no other', async () => {
    const edits = create();
    const own = edits.review(proposal({ sessionId: 'one' }), signal());
    const other = edits.review(proposal({ sessionId: 'two' }), signal());
    edits.withdrawSession('one');
    expect(await own).toEqual({ kind: 'withdrawn' });
    expect(edits.listOpen().map((edit) => edit.sessionId)).toEqual(['two']);
    edits.dispose();
    edits.dispose();
    expect(await other).toEqual({ kind: 'withdrawn' });
    expect(await edits.review(proposal(), signal())).toEqual({ kind: 'withdrawn' });
  });

  it('a proposal the user changed is applied as it stands, and the verdict says how it was changed', async () => {
    const edits = create();
    const outcome = edits.review(proposal(), signal());
    const [first] = hunkIds(edits.list()[0]);
    edits.decide('edit-1', [first!], 'approve');
    edits.updateProposal('edit-1', threeChanges.replace('LINE 15', 'Line fifteen'));
    expect(kinds(edits.get('edit-1'))).toEqual(['approved', 'pending', 'pending']);
    edits.decide('edit-1', 'all', 'approve');
    const result = await outcome;
    expect(result).toMatchObject({
      verdict: { kind: 'approved', text: threeChanges.replace('LINE 15', 'Line fifteen') },
    });
    expect(verdictOf(result).userChange).toContain('-LINE 15\n+Line fifteen');
  });

  it('a hunk that the user changes after deciding it is undecided again', () => {
    const edits = create();
    void edits.review(proposal(), signal());
    edits.decide('edit-1', [hunkIds(edits.list()[0])[1]!], 'approve');
    edits.updateProposal('edit-1', threeChanges.replace('LINE 15', 'Line fifteen'));
    expect(kinds(edits.get('edit-1'))).toEqual(['pending', 'pending', 'pending']);
    expect(edits.undoDecision('edit-1')).toBe(true);
    expect(kinds(edits.get('edit-1'))).toEqual(['pending', 'pending', 'pending']);
  });

  it('taking every hunk out of the proposal denies it; taking the last undecided one out settles it', async () => {
    const edits = create();
    const all = edits.review(proposal(), signal());
    edits.updateProposal('edit-1', base);
    expect(await all).toMatchObject({
      verdict: { kind: 'denied', text: base, approvedCount: 0, deniedHunks: [{}, {}, {}] },
    });
    const rest = edits.review(proposal(), signal());
    const [first, second] = hunkIds(edits.get('edit-2'));
    edits.decide('edit-2', [first!, second!], 'approve');
    edits.updateProposal('edit-2', threeChanges.replace('LINE 28', 'line 28'));
    const result = await rest;
    expect(verdictOf(result).text).toBe(threeChanges.replace('LINE 28', 'line 28'));
    expect(verdictOf(result).userChange).toContain('-LINE 28');
  });

  it('[R228] a change of the file that overlaps nothing is merged, said so, and keeps the decisions', async () => {
    const edits = create();
    const outcome = edits.review(proposal(), signal());
    edits.decide('edit-1', [hunkIds(edits.list()[0])[0]!], 'approve');
    const changed = `new first line\n${base}`.replace('line 20\n', 'line twenty\n');
    edits.updateBase('edit-1', changed);
    const edit = edits.get('edit-1');
    expect(edit?.note).toBe(
      'The file changed meanwhile. Both changes fit together and were merged.',
    );
    expect(kinds(edit)).toEqual(['approved', 'pending', 'pending']);
    expect(edit?.hunks.map(({ hunk }) => hunk.oldStart)).toEqual([4, 16, 29]);
    edits.decide('edit-1', 'all', 'deny');
    const verdict = verdictOf(await outcome);
    expect(verdict.text).toBe(changed.replace('line 3\n', 'LINE 3\n'));
    expect(verdict.baseText).toBe(changed);
    expect(verdict.userChange).toBeUndefined();
  });

  it('[R228] a change of the file that overlaps the proposal is shown anew and asked again', async () => {
    const edits = create();
    const outcome = edits.review(proposal(), signal());
    edits.decide('edit-1', 'all', 'deny');
    await outcome;
    void edits.review(proposal(), signal());
    const [first, second] = hunkIds(edits.get('edit-2'));
    edits.decide('edit-2', [first!, second!], 'approve');
    edits.updateBase('edit-2', base.replace('line 15\n', 'line fifteen\n'));
    const edit = edits.get('edit-2');
    expect(edit?.note).toBe(
      'The file changed meanwhile. These are the new differences; check them again.',
    );
    expect(kinds(edit)).toEqual(['approved', 'pending', 'pending']);
    expect(edit?.hunks[1]?.hunk.oldText).toBe('line fifteen\n');
    expect(edit?.proposedText).toBe(threeChanges);
  });

  it('a file that has become what was proposed needs no decision any more', async () => {
    const edits = create();
    const outcome = edits.review(proposal(), signal());
    edits.updateBase('edit-1', threeChanges);
    expect(await outcome).toMatchObject({
      verdict: { kind: 'approved', text: threeChanges, baseText: threeChanges, approvedCount: 0 },
    });
  });

  it('creating an empty file is one decision', async () => {
    const edits = create();
    const outcome = edits.review(
      proposal({}, createFileEdit('/w/empty', '', '', 'create')),
      signal(),
    );
    expect(edits.list()[0]?.hunks).toHaveLength(1);
    edits.decide('edit-1', 'all', 'deny', 'not needed');
    expect(await outcome).toMatchObject({
      verdict: { kind: 'denied', text: '', deniedHunks: [{ reason: 'not needed' }] },
    });
  });

  it('keeps what a mode wrote without asking, as readable hunks that nobody can decide', () => {
    const edits = create();
    edits.noteWritten(proposal(), 'mode accept-edits');
    const [edit] = edits.list();
    expect(edit).toMatchObject({ state: 'written', reason: 'mode accept-edits', baseText: base });
    expect(kinds(edit)).toEqual(['approved', 'approved', 'approved']);
    expect(edits.decide('edit-1', 'all', 'deny')).toBe(false);
    expect(edits.listOpen()).toEqual([]);
  });

  it('announces every change with the edit as it is then, and finds the edit of a call at once', () => {
    const edits = create();
    const seen: (readonly [string, string | undefined])[] = [];
    edits.onDidChange(({ editId, edit }) => seen.push([editId, edit?.state]));
    void edits.review(proposal(), signal());
    expect(edits.findByCall('session-1', 'call-1')?.id).toBe('edit-1');
    edits.decide('edit-1', [hunkIds(edits.list()[0])[0]!], 'approve');
    edits.undoDecision('edit-1');
    edits.decide('edit-1', 'all', 'approve');
    expect(seen).toEqual([
      ['edit-1', 'open'],
      ['edit-1', 'open'],
      ['edit-1', 'open'],
      ['edit-1', 'approved'],
    ]);
  });

  it('keeps the last fifty closed edits, the texts of large ones shortened, and says which are gone', () => {
    const edits = create();
    const gone: string[] = [];
    edits.onDidChange(({ editId, edit }) => edit === undefined && gone.push(editId));
    const large = createFileEdit('/w/src/a.ts', '', 'x'.repeat(1_500_000), 'create');
    for (let count = 0; count < 52; count++) {
      edits.noteWritten(proposal({}, count < 2 || count === 51 ? large : undefined), 'auto');
    }
    expect(gone).toEqual(['edit-1', 'edit-2']);
    expect(edits.list()).toHaveLength(50);
    edits.noteWritten(proposal({}, large), 'auto');
    const kept = edits.list().map((edit) => edit.proposedText.length);
    expect(kept.at(-1)).toBe(1_500_000);
    const chars = edits
      .list()
      .flatMap((edit) => [
        edit.proposedText,
        edit.baseText,
        ...edit.hunks.flatMap(({ hunk }) => [hunk.oldText, hunk.newText]),
      ])
      .reduce((sum, text) => sum + text.length, 0);
    expect(chars).toBeLessThan(4_200_000);
  });

  it('[R221] whatever is decided, undone, typed and changed below it, the verdict is the newest base with exactly the approved hunks', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('decide' as const), pick: fc.nat(5), approve: fc.boolean() }),
      fc.record({ kind: fc.constant('undo' as const) }),
      fc.record({ kind: fc.constant('type' as const), line: fc.integer({ min: 1, max: 30 }) }),
      fc.record({ kind: fc.constant('base' as const), line: fc.integer({ min: 1, max: 30 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.boolean(), async (steps, last) => {
        const edits = create();
        const outcome = edits.review(proposal(), signal());
        let latest = edits.get('edit-1');
        edits.onDidChange(({ edit }) => (latest = edit));
        for (const [index, one] of steps.entries()) {
          const edit = edits.get('edit-1');
          if (edit?.state !== 'open') {
            break;
          }
          if (one.kind === 'decide') {
            const ids = hunkIds(edit);
            edits.decide('edit-1', [ids[one.pick % ids.length]!], one.approve ? 'approve' : 'deny');
          } else if (one.kind === 'undo') {
            edits.undoDecision('edit-1');
          } else if (one.kind === 'type') {
            edits.updateProposal(
              'edit-1',
              withLine(edit.proposedText, one.line, `typed ${String(index)}`),
            );
          } else {
            edits.updateBase('edit-1', withLine(edit.baseText, one.line, `saved ${String(index)}`));
          }
        }
        edits.decide('edit-1', 'all', last ? 'approve' : 'deny');
        const verdict = verdictOf(await outcome);
        const approved = (latest?.hunks ?? []).filter(
          ({ decision }) => decision.kind === 'approved',
        );
        expect(verdict.baseText).toBe(latest?.baseText);
        expect(verdict.approvedCount).toBe(approved.length);
        expect(verdict.text).toBe(
          applyDecisions(
            verdict.baseText,
            (latest?.hunks ?? []).map(({ hunk }) => hunk),
            approved.map(({ hunk }) => hunk.id),
          ),
        );
        if (verdict.kind === 'approved') {
          expect(verdict.text).toBe(latest?.proposedText);
        }
      }),
      { numRuns: 400, seed: 7 },
    );
  });
});

function create(): PendingEdits {
  let count = 0;
  return new PendingEdits({
    clock: new FakeClock(),
    labelFor: (path) => path.replace('/w/', ''),
    createEditId: () => `edit-${String(++count)}`,
  });
}

function proposal(fields: Partial<EditProposal> = {}, edit?: FileEdit): EditProposal {
  return {
    sessionId: 'session-1',
    callId: 'call-1',
    asker: 'Claude Code',
    reason: 'writes ask in this mode',
    edit: edit ?? createFileEdit('/w/src/a.ts', base, threeChanges, 'edit'),
    ...fields,
  };
}

function signal(): AbortSignal {
  return new AbortController().signal;
}

function hunkIds(edit: PendingEdit | undefined): readonly string[] {
  return (edit?.hunks ?? []).map(({ hunk }) => hunk.id);
}

function kinds(edit: PendingEdit | undefined): readonly string[] {
  return (edit?.hunks ?? []).map(({ decision }) => decision.kind);
}

function verdictOf(outcome: ReviewOutcome) {
  if (outcome.kind !== 'decided') {
    throw new Error('withdrawn');
  }
  return outcome.verdict;
}

function numbered(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, index) => `line ${String(from + index)}\n`).join(
    '',
  );
}

function withLine(text: string, line: number, content: string): string {
  const lines = text.split('\n');
  lines[Math.min(line, lines.length - 1) - 1] = content;
  return lines.join('\n');
}
