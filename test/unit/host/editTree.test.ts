import { describe, expect, it } from 'vitest';
import type { HunkDecision } from '../../../src/edits/fileEdit';
import { computeHunks } from '../../../src/edits/hunks';
import {
  buildTree,
  changedRows,
  changeSelection,
  hunksBelow,
  inTreeOrder,
  nextWaiting,
  topmost,
  waitingCount,
  type TreeModel,
} from '../../../src/host/review/editTree';
import { fileBadge, waitingFiles } from '../../../src/host/review/fileBadges';
import type { PendingEdit, UnreviewedChange } from '../../../src/session/contract';

const base = '# Title\n\none\ntwo\nthree\n\nend\n';
const proposed = '# New title\n\none\ntwo\n  four\n\nend\nmore\n';
const pending: HunkDecision = { kind: 'pending' };

function edit(
  id: string,
  overrides: Partial<PendingEdit> & { readonly decisions?: readonly HunkDecision[] } = {},
): PendingEdit {
  const { decisions = [], ...rest } = overrides;
  return {
    id,
    sessionId: 's1',
    callId: 'c',
    asker: 'Claude Code',
    path: `/w/src/${id}.md`,
    label: `src/${id}.md`,
    kind: 'edit',
    baseText: base,
    proposedText: proposed,
    hunks: computeHunks(base, proposed).map((hunk, index) => ({
      hunk,
      decision: decisions[index] ?? pending,
    })),
    state: 'open',
    reason: 'edits ask',
    createdAtMs: 0,
    ...rest,
  };
}

function change(id: string, overrides: Partial<UnreviewedChange> = {}): UnreviewedChange {
  return {
    id,
    sessionId: 's1',
    turnId: 't1',
    path: `/w/${id}.md`,
    label: `${id}.md`,
    kind: 'edit',
    baseText: base,
    currentText: proposed,
    hunks: computeHunks(base, proposed).map((hunk, index) => ({
      hunk,
      alsoBy: [],
      origin:
        index === 0 ? { kind: 'during', callId: 'c', what: 'npm test' } : { kind: 'elsewhere' },
    })),
    createdAtMs: 0,
    ...overrides,
  };
}

const titles: Readonly<Record<string, string>> = { s1: 'Rename the parser', s2: 'Fix the fence' };
const tree = (
  edits: readonly PendingEdit[],
  changes: readonly UnreviewedChange[] = [],
): TreeModel => buildTree({ edits, changes, sessionTitle: (sessionId) => titles[sessionId] });

/** The rows as a picture: two spaces for each level. */
function drawn(model: TreeModel, keys = model.rootKeys, indent = ''): readonly string[] {
  return keys.flatMap((key) => {
    const row = model.rows.get(key);
    return row === undefined
      ? [`${indent}missing ${key}`]
      : [
          `${indent}${row.label} | ${row.description}`,
          ...drawn(model, row.childKeys, `${indent}  `),
        ];
  });
}

describe('the tree of pending edits', () => {
  it('[R232] groups what waits by session, file and hunk, with counts and the first changed line', () => {
    const model = tree([
      edit('a', { decisions: [{ kind: 'approved' }] }),
      edit('b', { sessionId: 's2' }),
      edit('over', { state: 'approved' }),
      edit('c', { kind: 'create', asker: 'Codex' }),
    ]);
    expect(drawn(model)).toEqual([
      'Rename the parser | 5 edits in 2 files · Claude Code · Codex',
      '  a.md | 2 of 3 · +3 −2 · src',
      '    1  # New title | +1 −1 · approved',
      '    5  four | +1 −1',
      '    8  more | +1 −0',
      '  c.md | 3 of 3 · +3 −2 · new · src',
      '    1  # New title | +1 −1',
      '    5  four | +1 −1',
      '    8  more | +1 −0',
      'Fix the fence | 3 edits in 1 file · Claude Code',
      '  b.md | 3 of 3 · +3 −2 · src',
      '    1  # New title | +1 −1',
      '    5  four | +1 −1',
      '    8  more | +1 −0',
    ]);
  });

  it('has a section of its own for what changed without review, with the origin of each hunk in words', () => {
    expect(drawn(tree([edit('a')], [change('x', { kind: 'create' })]))).toEqual([
      'Waiting for you | 3 edits in 1 file',
      '  Rename the parser | 3 edits in 1 file · Claude Code',
      '    a.md | 3 of 3 · +3 −2 · src',
      '      1  # New title | +1 −1',
      '      5  four | +1 −1',
      '      8  more | +1 −0',
      'Changed without review | 3 changes in 1 file',
      '  Rename the parser | 3 changes in 1 file',
      '    x.md | +3 −2 · new',
      '      1  # New title | +1 −1 · during "npm test"',
      '      5  four | +1 −1 · by another program',
      '      8  more | +1 −0 · by another program',
    ]);
    expect(tree([], [change('x')]).rootKeys).toEqual(['changed']);
    expect(tree([]).rootKeys).toEqual([]);
  });

  it('[R232] says in words to a screen reader what icons and colours say', () => {
    const model = tree([
      edit('a', {
        decisions: [pending, { kind: 'denied', reason: 'keep it' }],
        kind: 'delete',
        note: 'The file changed meanwhile.',
      }),
    ]);
    expect([...model.rows.values()].map(({ spoken }) => spoken)).toEqual([
      'src/a.md, to be deleted, 2 of 3 edits waiting, 3 lines added, 2 removed, proposed by Claude Code, The file changed meanwhile.',
      'Edit 1 of 3, waiting, line 1, 1 line added, 1 removed, # New title',
      'Edit 2 of 3, denied: keep it, line 5, 1 line added, 1 removed, four',
      'Edit 3 of 3, waiting, line 8, 1 line added, 0 removed, more',
      'Rename the parser, session, 2 edits in 1 file to review',
    ]);
  });

  it('shows every character of words that come from elsewhere, on one short line', () => {
    const text = `\u202egood\u202c ${'x'.repeat(5000)}\n`;
    const [hunk] = computeHunks('', text);
    const row = [
      ...tree([
        edit('a', { hunks: hunk === undefined ? [] : [{ hunk, decision: pending }] }),
      ]).rows.values(),
    ].find(({ node }) => node.kind === 'hunk');
    expect(row?.label).toMatch(/^1 {2}⟨[^⟩]+⟩good⟨[^⟩]+⟩ x+…$/);
    expect(row?.label.length).toBeLessThan(130);
  });

  it('draws again only the topmost rows that look different, and everything when the roots are others', () => {
    const before = tree([edit('a'), edit('b')]);
    expect(changedRows(before, tree([edit('a'), edit('b')]))).toEqual([]);
    const one = tree([edit('a', { decisions: [{ kind: 'approved' }] }), edit('b')]);
    expect(changedRows(before, one)).toEqual(['session:s1']);
    const spoken = tree([edit('a', { note: 'Merged.' }), edit('b')]);
    expect(changedRows(before, spoken)).toEqual(['file:a']);
    expect(changedRows(before, tree([edit('a')], [change('x')]))).toBe('all');
    expect(changedRows(before, tree([]))).toBe('all');
  });

  it('decides below a row what still waits there, and nothing that was decided or is over', () => {
    const edits = [edit('a', { decisions: [{ kind: 'denied' }] }), edit('b')];
    const model = tree(edits);
    const ids = (entry: PendingEdit | undefined, from: number): readonly string[] =>
      (entry?.hunks ?? []).slice(from).map(({ hunk }) => hunk.id);
    expect([...hunksBelow(model, 'session:s1', edits)]).toEqual([
      ['a', ids(edits[0], 1)],
      ['b', ids(edits[1], 0)],
    ]);
    const denied = `hunk:a:${edits[0]?.hunks[0]?.hunk.id ?? ''}`;
    expect(hunksBelow(model, denied, edits).size).toBe(0);
    expect(hunksBelow(model, 'file:a', [edit('a', { state: 'withdrawn' })]).size).toBe(0);
    expect(hunksBelow(model, 'file:gone', edits).size).toBe(0);
  });

  it('takes a selection by its topmost rows, so that nothing is decided twice', () => {
    const edits = [edit('a'), edit('b')];
    const model = tree(edits);
    const hunk = `hunk:a:${edits[0]?.hunks[1]?.hunk.id ?? ''}`;
    expect(topmost(model, [hunk, 'file:a', 'file:b'])).toEqual(['file:a', 'file:b']);
    expect(topmost(model, ['file:a', 'session:s1', hunk])).toEqual(['session:s1']);
  });

  it('[R232] puts the focus on the next row that waits: beside the decided one, else the next file', () => {
    const edits = [edit('a'), edit('b'), edit('c')];
    const model = tree(edits);
    const hunk = (id: string, index: number): string =>
      `hunk:${id}:${edits.find((one) => one.id === id)?.hunks[index]?.hunk.id ?? ''}`;
    const after = [edit('a', { decisions: [pending, { kind: 'approved' }] }), edits[1], edits[2]];
    const open = after.flatMap((entry) => entry ?? []);
    expect(nextWaiting(model, [hunk('a', 1)], open)).toBe(hunk('a', 2));
    expect(nextWaiting(model, [hunk('a', 1)], open.slice(1))).toBe('file:b');
    expect(nextWaiting(model, ['file:c'], open.slice(0, 2))).toBe('file:a');
    expect(nextWaiting(model, ['file:b'], [])).toBeUndefined();
  });

  it('goes from file to file in the order of its rows', () => {
    const edits = [edit('a'), edit('b', { sessionId: 's2' }), edit('c')];
    expect(inTreeOrder(edits).map(({ id }) => id)).toEqual(['a', 'c', 'b']);
  });

  it('counts for the badge what waits for a decision', () => {
    const edits = [
      edit('a', { decisions: [{ kind: 'approved' }] }),
      edit('over', { state: 'denied' }),
    ];
    expect(waitingCount({ edits, changes: [change('x')] })).toEqual({ edits: 2, changes: 3 });
  });

  it('asks to keep or undo by hunk, file, turn and everything; never from a row of what waits', () => {
    expect(changeSelection({ kind: 'changed' })).toEqual({ kind: 'all' });
    expect(changeSelection({ kind: 'turn', sessionId: 's1', turnId: 't1' })).toEqual({
      kind: 'turn',
      sessionId: 's1',
      turnId: 't1',
    });
    expect(changeSelection({ kind: 'changedFile', changeId: 'x' })).toEqual({
      kind: 'file',
      changeId: 'x',
    });
    expect(changeSelection({ kind: 'changedHunk', changeId: 'x', hunkId: 'h' })).toEqual({
      kind: 'hunks',
      changeId: 'x',
      hunkIds: ['h'],
    });
    expect(changeSelection({ kind: 'file', editId: 'a' })).toBeUndefined();
  });
});

describe('the marks on files', () => {
  it('[R232] count the undecided hunks of every edit of a file, and go with the last decision', () => {
    const files = waitingFiles([
      edit('a', { decisions: [{ kind: 'approved' }] }),
      edit('a2', { path: '/w/src/a.md', asker: 'Codex' }),
      edit('b', { state: 'approved' }),
      edit('c', { decisions: [{ kind: 'denied' }, { kind: 'denied' }, { kind: 'approved' }] }),
    ]);
    expect([...files]).toEqual([
      ['/w/src/a.md', { hunkCount: 5, askers: ['Claude Code', 'Codex'] }],
    ]);
  });

  it('fit into two characters', () => {
    expect(fileBadge({ hunkCount: 1, askers: ['Codex'] })).toEqual({
      badge: '1',
      tooltip: '1 edit of Codex to review',
    });
    expect(fileBadge({ hunkCount: 100, askers: ['Codex', 'Claude Code'] })).toEqual({
      badge: '9+',
      tooltip: '100 edits of Codex and Claude Code to review',
    });
  });
});
