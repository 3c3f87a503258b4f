import { describe, expect, it } from 'vitest';
import type { EditView, PromptView } from '../../src/protocol/methods';
import { announcements } from '../../webview/announcements';
import { blankState, type LiveState } from '../../webview/store';

const state: LiveState = {
  ...blankState,
  sessionId: 's',
  status: {
    ...blankState.status,
    phase: 'streaming',
    modelId: 'm',
    modelName: 'M',
    runtimeName: 'R',
  },
};
const idle: LiveState = { ...state, status: { ...state.status, phase: 'idle' } };
const prompt: PromptView = {
  id: 'p',
  digest: 'd',
  callId: 'c',
  asker: 'Claude Code',
  toolName: 'Bash',
  effects: [{ kind: 'command', command: 'ls', cwd: '/a', cwdClass: 'inside' }],
  reason: '',
  inputText: '',
};
const edit: EditView = {
  id: 'e',
  callId: 'c',
  asker: 'Claude Code',
  path: '/a/b.ts',
  label: 'b.ts',
  kind: 'edit',
  state: 'open',
  reason: '',
  added: 1,
  removed: 1,
  hunks: [
    {
      hunk: {
        id: 'h',
        oldStart: 1,
        oldLines: 1,
        newStart: 1,
        newLines: 1,
        oldText: 'a',
        newText: 'b',
      },
      decision: { kind: 'pending' },
    },
  ],
};

describe('announcements', () => {
  it('says a question once, in the words of what would happen', () => {
    const asked = { ...state, prompts: [prompt] };
    expect(announcements(state, asked)).toEqual(['Claude Code asks to run a command']);
    expect(announcements(asked, { ...asked, prompts: [{ ...prompt }] })).toEqual([]);
    expect(announcements(asked, state)).toEqual([]);
  });

  it('says a proposal when it opens, not when it was decided', () => {
    const proposed = { ...state, edits: [edit] };
    expect(announcements(state, proposed)).toEqual([
      'Claude Code proposes 1 change in b.ts, waiting for review',
    ]);
    expect(announcements(proposed, { ...state, edits: [{ ...edit, state: 'approved' }] })).toEqual(
      [],
    );
  });

  it('says the end of a turn, with the sentence of the error when it ended so', () => {
    expect(announcements(state, idle)).toEqual(['Answer finished']);
    expect(announcements(idle, idle)).toEqual([]);
    const failed: LiveState = {
      ...idle,
      items: [
        { kind: 'error', id: 'x', message: 'No key is set.', code: 'auth_required', actions: [] },
      ],
    };
    expect(announcements(state, failed)).toEqual(['No key is set.']);
  });

  it('says of another session only what waits for the user', () => {
    expect(announcements(state, { ...idle, sessionId: 'other', prompts: [prompt] })).toEqual([
      'Claude Code asks to run a command',
    ]);
    expect(announcements({ kind: 'waiting' }, idle)).toEqual([]);
    expect(announcements(state, { kind: 'foreign' })).toEqual([]);
  });
});
