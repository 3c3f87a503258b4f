import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HunkDecision } from '../../../src/edits/fileEdit';
import { computeHunks } from '../../../src/edits/hunks';
import { hunkMarkdown } from '../../../src/host/review/hunkMarkdown';
import {
  edgeHunk,
  hunkRows,
  neighbourEdit,
  nextRow,
  rowAtLine,
} from '../../../src/host/review/hunkRows';
import { lensEntries } from '../../../src/host/review/lensTitles';
import { leavesNothing, reconcile } from '../../../src/host/review/reconcile';
import type { PendingEdit } from '../../../src/session/contract';

const base = 'a\nb\nc\nd\ne\nf\ng\nh\n';
// One hunk that adds, one that replaces, one that removes.
const proposed = 'a\nnew\nb\nc\nD\ne\nf\nh\n';

function pendingEdit(
  overrides: Partial<PendingEdit> & { readonly decisions?: readonly HunkDecision[] } = {},
): PendingEdit {
  const { decisions = [], ...rest } = overrides;
  const baseText = rest.baseText ?? base;
  const proposedText = rest.proposedText ?? proposed;
  return {
    id: 'e1',
    sessionId: 's',
    callId: 'c',
    asker: 'Claude Code',
    path: '/w/a.txt',
    label: 'a.txt',
    kind: 'edit',
    baseText,
    proposedText,
    hunks: computeHunks(baseText, proposedText).map((hunk, index) => ({
      hunk,
      decision: decisions[index] ?? { kind: 'pending' },
    })),
    state: 'open',
    reason: 'writes ask',
    createdAtMs: 0,
    ...rest,
  };
}

const places = (edit: PendingEdit, side: 'proposal' | 'file', lineCount: number) =>
  hunkRows(edit, side, lineCount).map(({ line, endLine, isGap }) => [line, endLine, isGap]);

describe('the rows above hunks', () => {
  it('stand on the first new line in the proposal, and where lines are gone on the line after', () => {
    expect(places(pendingEdit(), 'proposal', 9)).toEqual([
      [1, 1, false],
      [4, 4, false],
      [7, 7, true],
    ]);
  });

  it('stand on the first old line in the file, and where lines come in on the line after', () => {
    expect(places(pendingEdit(), 'file', 9)).toEqual([
      [1, 1, true],
      [3, 3, false],
      [6, 6, false],
    ]);
  });

  it('stay inside the document', () => {
    expect(places(pendingEdit({ baseText: 'a\nb', proposedText: '' }), 'proposal', 1)).toEqual([
      [0, 0, true],
    ]);
    expect(
      places(pendingEdit({ baseText: '', proposedText: 'a\nb\n', kind: 'create' }), 'proposal', 3),
    ).toEqual([[0, 1, false]]);
  });

  it('are found by the cursor in a hunk, and next to a gap', () => {
    const rows = hunkRows(pendingEdit(), 'proposal', 9);
    const at = (line: number): number | undefined => rowAtLine(rows, line)?.position;
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].map(at)).toEqual([
      undefined,
      1,
      undefined,
      undefined,
      2,
      undefined,
      3,
      3,
      undefined,
    ]);
  });

  it('are walked through in both directions, decided ones left out', () => {
    const edit = pendingEdit({
      decisions: [{ kind: 'pending' }, { kind: 'approved' }, { kind: 'pending' }],
    });
    const rows = hunkRows(edit, 'proposal', 9);
    expect(nextRow(rows, 1, 1)?.position).toBe(3);
    expect(nextRow(rows, 7, -1)?.position).toBe(1);
    expect(nextRow(rows, 7, 1)).toBeUndefined();
    expect([edgeHunk(edit, 1), edgeHunk(edit, -1)]).toEqual([
      edit.hunks[0]?.hunk.id,
      edit.hunks[2]?.hunk.id,
    ]);
  });

  it('lead from the last hunk of one file to the next file that waits, and around', () => {
    const edits = [
      pendingEdit({ id: 'e1' }),
      pendingEdit({ id: 'over', state: 'approved' }),
      pendingEdit({ id: 'e2' }),
      pendingEdit({ id: 'e3' }),
    ];
    expect(neighbourEdit(edits, 'e1', 1)?.id).toBe('e2');
    expect(neighbourEdit(edits, 'e1', -1)?.id).toBe('e3');
    expect(neighbourEdit(edits, 'e3', 1)?.id).toBe('e1');
    expect(neighbourEdit(edits, undefined, 1)?.id).toBe('e1');
    expect(neighbourEdit([pendingEdit({ id: 'e1' })], 'e1', 1)).toBeUndefined();
  });

  it('never leave the document and keep their order, for any two texts', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
      .map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, (baseText, proposedText) => {
        const edit = pendingEdit({ baseText, proposedText });
        const lineCount = proposedText.split('\n').length;
        const lines = hunkRows(edit, 'proposal', lineCount).map((row) => row.line);
        expect(lines.every((line) => line >= 0 && line < lineCount)).toBe(true);
        expect(lines).toEqual([...lines].sort((a, b) => a - b));
      }),
    );
  });
});

describe('what a row says', () => {
  const titles = (edit: PendingEdit, index: number, isPlain = false): readonly string[] => {
    const row = hunkRows(edit, 'proposal', 9)[index];
    return row === undefined ? [] : lensEntries(edit, row, isPlain).map(({ title }) => title);
  };

  it('is approve, deny, deny with words and the numbers; the first of several also has the whole file', () => {
    expect(titles(pendingEdit(), 0)).toEqual([
      '$(check)\u00a0Approve',
      '$(close)\u00a0Deny',
      'Deny, say why',
      '$(check-all)\u00a0All in file',
      'edit 1 of 3 · +1 −0 · Claude Code',
    ]);
    expect(titles(pendingEdit(), 1, true)).toEqual([
      '$(check)\u00a0Approve',
      '$(close)\u00a0Deny',
      'Deny, say why',
      'Show',
      'Review',
      'edit 2 of 3 · +1 −1 · Claude Code',
    ]);
  });

  it('is the decision and a way back once it is taken', () => {
    const edit = pendingEdit({
      decisions: [
        { kind: 'pending' },
        { kind: 'approved' },
        { kind: 'denied', reason: 'keep  it' },
      ],
    });
    expect(titles(edit, 1)).toEqual([
      '$(check)\u00a0Approved',
      'Undo',
      'edit 2 of 3 · +1 −1 · Claude Code',
    ]);
    expect(titles(edit, 2)).toEqual([
      '$(close)\u00a0Denied: keep it',
      'Undo',
      'edit 3 of 3 · +0 −1 · Claude Code',
    ]);
  });

  it('is nothing when the edit is over', () => {
    expect(titles(pendingEdit({ state: 'withdrawn' }), 0)).toEqual([]);
  });

  it('says once that the file changed meanwhile', () => {
    const edit = pendingEdit({ note: 'The file changed meanwhile.' });
    expect(titles(edit, 0).at(-1)).toBe(
      'edit 1 of 3 · +1 −0 · Claude Code · file changed meanwhile',
    );
    expect(titles(edit, 1).at(-1)).toBe('edit 2 of 3 · +1 −1 · Claude Code');
  });

  it('takes no icon from a name that comes from elsewhere', () => {
    expect(titles(pendingEdit({ asker: '$(check) Approved' }), 0).at(-1)).toContain(
      '$ (check) Approved',
    );
  });

  it('names the hunk by edit and id, never by an index', () => {
    const edit = pendingEdit();
    const [row] = hunkRows(edit, 'proposal', 9);
    expect(row && lensEntries(edit, row, false)[0]?.args).toEqual(['e1', edit.hunks[0]?.hunk.id]);
  });
});

describe('the hover of a hunk', () => {
  it('shows the lines in a fence that they cannot end', () => {
    const edit = pendingEdit({ proposedText: 'a\n```\n[x](command:evil)\n```\n' + base.slice(2) });
    const [row] = hunkRows(edit, 'file', 9);
    const markdown = row === undefined ? '' : hunkMarkdown(edit, row);
    const fence = /^(`{3,})diff$/m.exec(markdown)?.[1] ?? '';
    expect(fence).toBe('````');
    const outside = markdown
      .split(fence)
      .filter((_, index) => index !== 1)
      .join('');
    expect(outside).not.toContain('evil');
  });

  it('links to our own commands only', () => {
    const edit = pendingEdit({ asker: '[Approve](command:workbench.action.quit)' });
    const [row] = hunkRows(edit, 'file', 9);
    const links = [
      ...(row === undefined ? '' : hunkMarkdown(edit, row)).matchAll(
        /(?<!\\)\]\(command:([\w.]+)/g,
      ),
    ];
    expect(links.map((match) => match[1])).toEqual([
      'patchbay.approveHunk',
      'patchbay.denyHunk',
      'patchbay.denyHunkWithReason',
      'patchbay.openReview',
    ]);
  });
});

describe('a proposal that the user types in', () => {
  const synced = 'a\nb\nc\nd\ne\n';

  it('is in step when both texts are equal', () => {
    expect(reconcile({ synced: 'old', mine: 'new', theirs: 'new', isDirty: true })).toEqual({
      kind: 'same',
    });
  });

  it('becomes what was typed', () => {
    const mine = 'a\nb\nc\nd\nE\n';
    expect(reconcile({ synced, mine, theirs: synced, isDirty: true })).toEqual({
      kind: 'typed',
      text: mine,
    });
  });

  it('is read again by the editor when the document is clean', () => {
    expect(reconcile({ synced, mine: synced, theirs: 'other', isDirty: false })).toEqual({
      kind: 'behind',
    });
  });

  it('is brought along by us when the document is dirty without new typing', () => {
    expect(reconcile({ synced, mine: synced, theirs: 'other', isDirty: true })).toEqual({
      kind: 'push',
    });
  });

  it('keeps both a change of the file and the typing when they do not meet', () => {
    const result = reconcile({
      synced,
      mine: 'a\nb\nc\nd\nE\n',
      theirs: 'A\nb\nc\nd\ne\n',
      isDirty: true,
    });
    expect(result).toEqual({ kind: 'typed', text: 'A\nb\nc\nd\nE\n' });
  });

  it('keeps the typing when they meet', () => {
    const mine = 'a\nmine\nc\nd\ne\n';
    const result = reconcile({ synced, mine, theirs: 'a\ntheirs\nc\nd\ne\n', isDirty: true });
    expect(result).toEqual({ kind: 'typed', text: mine });
  });

  it('[R227] would end the edit with its last undecided hunk, not with another', () => {
    const edit = pendingEdit({ decisions: [{ kind: 'approved' }, { kind: 'denied' }] });
    const withoutLast = proposed.replace('f\nh\n', 'f\ng\nh\n');
    expect(leavesNothing(edit, withoutLast)).toBe(true);
    expect(leavesNothing(edit, `${withoutLast}more\n`)).toBe(false);
    expect(leavesNothing(edit, proposed)).toBe(false);
    expect(leavesNothing(pendingEdit(), withoutLast)).toBe(false);
    expect(leavesNothing(pendingEdit(), base)).toBe(true);
  });
});
