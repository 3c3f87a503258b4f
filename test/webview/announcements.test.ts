import { describe, expect, it } from 'vitest';
import type { ChangeView, EditView, PromptView } from '../../src/protocol/methods';
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

const change = (label: string, hunkIds: readonly string[]): ChangeView => ({
  id: label,
  turnId: 't',
  path: `/a/${label}`,
  label,
  kind: 'edit',
  added: 1,
  removed: 1,
  hunks: hunkIds.map((id) => ({
    hunk: { id, oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, oldText: 'a', newText: 'b' },
    origin: 'during "npm test"',
  })),
});
const retrying = (attempt: number, atMs: number): LiveState => ({
  ...state,
  status: {
    ...state.status,
    activity: { text: 'Rate limited', sinceMs: 1_000, retry: { atMs, attempt } },
  },
});

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

  it('says of a turn that was stopped or paused that it was, and not that it is finished', () => {
    const stopped: LiveState = {
      ...idle,
      items: [{ kind: 'notice', id: 'n', level: 'info', text: 'Stopped.' }],
    };
    expect(announcements(state, stopped)).toEqual(['Stopped.']);
  });

  it('says with the end of a turn that the queue is held', () => {
    const held = { ...idle, status: { ...idle.status, queuedCount: 2, isQueueHeld: true } };
    expect(announcements(state, held)).toEqual(['Answer finished', '2 prompts not sent']);
    expect(announcements(held, { ...held, seq: 1 })).toEqual([]);
  });

  it('says what changed without a review, once, in one sentence for many files', () => {
    const one = { ...state, changes: [change('a.txt', ['h1', 'h2'])] };
    expect(announcements(state, one)).toEqual(['2 changes in a.txt, not reviewed']);
    expect(announcements(one, { ...one, changes: [change('a.txt', ['h2'])] })).toEqual([]);
    const more = {
      ...one,
      changes: [change('a.txt', ['h1', 'h2', 'h3']), change('b.txt', ['h1'])],
    };
    expect(announcements(one, more)).toEqual(['2 changes in 2 files, not reviewed']);
    expect(announcements(state, { ...one, sessionId: 'other' })).toEqual([]);
  });

  it('says once per attempt that the turn waits before it asks again', () => {
    const waits = retrying(1, 5_000);
    expect(announcements(state, waits)).toEqual(['Rate limited, retrying in 4 s']);
    expect(announcements(waits, retrying(1, 5_000))).toEqual([]);
    expect(announcements(waits, retrying(2, 9_000))).toEqual(['Rate limited, retrying in 8 s']);
  });

  it('says of another session only what waits for the user', () => {
    expect(announcements(state, { ...idle, sessionId: 'other', prompts: [prompt] })).toEqual([
      'Claude Code asks to run a command',
    ]);
    expect(announcements({ kind: 'waiting' }, idle)).toEqual([]);
    expect(announcements(state, { kind: 'foreign' })).toEqual([]);
  });
});
