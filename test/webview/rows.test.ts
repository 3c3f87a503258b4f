import { describe, expect, it } from 'vitest';
import type { SessionItem, ToolItem } from '../../src/events/sessionItem';
import type { EditView, PromptView } from '../../src/protocol/methods';
import { depthOf, queuedPrompts, rowsOf } from '../../webview/rows';
import { blankState, type LiveState } from '../../webview/store';

const tool = (id: string, parentCallId?: string): ToolItem => ({
  kind: 'tool',
  id,
  toolName: 'Read',
  action: 'read',
  object: 'a',
  input: '',
  state: 'running',
  executedBy: 'child',
  ...(parentCallId === undefined ? {} : { parentCallId }),
});
const queued: SessionItem = { kind: 'user', id: 'q', text: 'later', isQueued: true };
const prompt = (callId: string): PromptView => ({
  id: `p-${callId}`,
  digest: 'd',
  callId,
  asker: 'A',
  toolName: 'Bash',
  effects: [],
  reason: '',
  inputText: '',
});
const edit = (callId: string, state: EditView['state']): EditView => ({
  id: `e-${callId}`,
  callId,
  asker: 'A',
  path: '/a',
  label: 'a',
  kind: 'edit',
  state,
  reason: '',
  added: 0,
  removed: 0,
  hunks: [],
});

function live(part: Partial<LiveState>): LiveState {
  return { ...blankState, sessionId: 's', ...part };
}

describe('rowsOf', () => {
  it('is the list of items itself when nothing else is to be shown', () => {
    const items = [tool('a')];
    expect(rowsOf(live({ items, prompts: [prompt('a')], edits: [edit('a', 'open')] }), false)).toBe(
      items,
    );
  });

  it('shows a question or open edit whose call is not in the list, so that nothing waits unseen', () => {
    const rows = rowsOf(
      live({
        items: [tool('a')],
        prompts: [prompt('gone')],
        edits: [edit('lost', 'open'), edit('over', 'approved')],
      }),
      false,
    );
    expect(rows.map((row) => row.id)).toEqual(['a', 'prompt:p-gone', 'edit:e-lost']);
  });

  it('leaves queued prompts to the list above the composer', () => {
    const items = [tool('a'), queued];
    expect(rowsOf(live({ items }), true).map((row) => row.id)).toEqual(['a']);
    expect(queuedPrompts(items)).toEqual([queued]);
  });
});

describe('depthOf', () => {
  it('counts the calls above a row, at most three', () => {
    const rows = [tool('a'), tool('b', 'a'), tool('c', 'b'), tool('d', 'c'), tool('e', 'd')];
    expect(rows.map((_, index) => depthOf(rows, index))).toEqual([0, 1, 2, 3, 3]);
  });

  it('ends for a call that names itself or one that is not there', () => {
    const rows = [tool('a', 'a'), tool('b', 'gone')];
    expect(rows.map((_, index) => depthOf(rows, index))).toEqual([1, 1]);
  });
});
