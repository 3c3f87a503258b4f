import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkHostMessage,
  isHostMessage,
  isResultOf,
} from '../../../src/protocol/hostMessageGuard';
import type {
  ChangeView,
  EditView,
  NotificationMethod,
  Notifications,
  PanelSnapshot,
  PromptView,
} from '../../../src/protocol/methods';

const tally = { known: 1, untold: 0 };
const used = {
  exchanges: 1,
  inputTokens: tally,
  outputTokens: tally,
  cacheReadTokens: tally,
  cacheWriteTokens: { known: 0, untold: 1 },
  costNanoUsd: tally,
};

const prompt: PromptView = {
  id: 'p',
  digest: 'd',
  callId: 'c',
  asker: 'a',
  toolName: 't',
  effects: [
    { kind: 'read', path: 'a', target: 'b', pathClass: 'secret' },
    { kind: 'write', path: 'a', target: 'b', pathClass: 'inside', change: 'edits' },
    { kind: 'write', path: 'a', target: 'b', pathClass: 'inside', change: 'patch' },
    { kind: 'command', command: 'ls', cwd: '/', cwdClass: 'outside' },
    { kind: 'network', url: 'https://x' },
    { kind: 'mcp', server: 's', tool: 't' },
    { kind: 'question' },
    { kind: 'none' },
    { kind: 'unknown', description: 'x' },
  ],
  reason: 'r',
  description: 'w',
  inputText: '',
  questions: [{ question: 'q', options: [{ label: 'l', description: 'd' }], allowsMany: true }],
  offers: [{ id: 'exact', text: 'x' }],
};
const change: ChangeView = {
  id: 'c',
  turnId: 't',
  callId: 'call',
  path: '/w/a.ts',
  label: 'a.ts',
  kind: 'edit',
  added: 1,
  removed: 1,
  hunks: [
    {
      hunk: {
        id: 'c1',
        oldStart: 1,
        oldLines: 1,
        newStart: 1,
        newLines: 1,
        oldText: 'a\n',
        newText: 'b\n',
      },
      origin: 'during "npm test"',
    },
  ],
};
const edit: EditView = {
  id: 'e',
  callId: 'c',
  asker: 'a',
  path: '/a',
  label: 'a',
  kind: 'create',
  state: 'open',
  reason: 'r',
  note: 'n',
  added: 1,
  removed: 0,
  hunks: [
    {
      hunk: {
        id: 'h',
        oldStart: 0,
        oldLines: 0,
        newStart: 1,
        newLines: 1,
        oldText: '',
        newText: 'x',
      },
      decision: { kind: 'denied', reason: 'no' },
    },
  ],
};
const snapshot: PanelSnapshot = {
  version: 1,
  seq: 0,
  sessionId: 's',
  title: 't',
  items: [
    { kind: 'user', id: '1', text: 'x', isQueued: true },
    { kind: 'text', id: '2', text: 'x', isOpen: false, parentCallId: 'c' },
    { kind: 'thinking', id: '3', text: 'x', isOpen: true, durationMs: 3 },
    {
      kind: 'tool',
      id: '4',
      toolName: 'T',
      action: 'run',
      object: 'o',
      path: '/p',
      input: 'i',
      output: 'o',
      outputBytes: 1,
      summary: 's',
      diff: 'd',
      state: 'ok',
      executedBy: 'host',
      why: 'w',
      editId: 'e',
    },
    { kind: 'plan', id: '5', items: [{ text: 'x', status: 'active' }] },
    { kind: 'notice', id: '6', level: 'info', text: 'x' },
    {
      kind: 'compaction',
      id: '8',
      text: '## Objective',
      trigger: 'auto',
      writtenBy: 'digest',
      tokensBefore: 100,
      tokensAfter: 10,
    },
    { kind: 'usage', id: '9', total: used },
    { kind: 'error', id: '7', message: 'm', detail: 'd', code: 'network', actions: ['retry'] },
  ],
  prompts: [prompt],
  edits: [edit],
  changes: [change],
  status: {
    phase: 'idle',
    title: 't',
    modelId: 'm',
    modelName: 'M',
    runtimeName: 'R',
    coverage: { level: 'asks', note: 'n' },
    mode: 'auto',
    effort: 'high',
    untaken: { model: 'm', effort: 'e', plan: 'p', extraFolders: 'f', images: 'i' },
    activity: { text: 'w', sinceMs: 1 },
    queuedCount: 0,
    usage: { inputTokens: 1, reportedBy: 'child' },
    context: {
      usedTokens: 5,
      windowTokens: 10,
      reserveTokens: 1,
      limitTokens: 7,
      parts: { system: 1, tools: 1, mcp: 1, files: 1, conversation: 1 },
      basis: 'reported',
    },
    spent: used,
    compaction: 'ours',
    instructionFiles: ['AGENTS.md'],
  },
  setup: {
    isTrusted: true,
    hasFolder: true,
    isProbing: false,
    runtimes: [
      {
        id: 'r',
        name: 'R',
        kind: 'agent',
        state: 'ready',
        detail: 'd',
        modelId: 'm',
        action: 'signIn',
      },
    ],
    models: [{ id: 'm', name: 'M', group: 'g', detail: 'd', isUsable: true, problem: 'p' }],
    examples: ['e'],
  },
  draft: '',
};

/** One valid message for each method: a new method does not compile until it has one. */
const notifications: { readonly [M in NotificationMethod]: Notifications[M] } = {
  'state/snapshot': snapshot,
  'turn/events': {
    seq: 1,
    deltas: [
      { op: 'add', item: { kind: 'user', id: '8', text: 'x' }, index: 0 },
      { op: 'text', id: '2', delta: 'y' },
      { op: 'close', id: '2', durationMs: 5 },
      { op: 'replace', item: { kind: 'user', id: '8', text: 'z' } },
      { op: 'remove', id: '8' },
    ],
    status: snapshot.status,
  },
  'turn/text': { seq: 2, id: '2', delta: 'y' },
  'prompt/changed': { prompts: [prompt] },
  'edit/changed': { edits: [edit] },
  'change/changed': { changes: [change] },
  'setup/changed': snapshot.setup,
  'composer/insert': { text: 'x' },
  'composer/picture': { id: 'p', name: 'a.png', mediaType: 'image/png', data: 'aGVsbG8=' },
  'composer/focus': {},
  'view/show': { what: 'history' },
};

const notification = (method: string, params: unknown) => ({
  type: 'notification',
  method,
  params,
});

describe('checkHostMessage', () => {
  it('accepts each notification of the contract, unchanged', () => {
    for (const [method, params] of Object.entries(notifications)) {
      expect(checkHostMessage(notification(method, params))).toEqual({
        ok: true,
        message: { type: 'notification', method, params },
      });
    }
  });

  it('refuses a message with any one value of another type, however deep', () => {
    for (const [method, params] of Object.entries(notifications)) {
      for (const path of pathsOf(params)) {
        const broken = replaced(params, path, Symbol('wrong'));
        expect([method, path, isHostMessage(notification(method, broken))]).toEqual([
          method,
          path,
          false,
        ]);
      }
    }
  });

  it('accepts a message without the values that may be absent', () => {
    const bare = { seq: 1, deltas: [] };
    expect(isHostMessage(notification('turn/events', bare))).toBe(true);
    const { coverage: _coverage, activity: _activity, usage: _usage, ...status } = snapshot.status;
    expect(isHostMessage(notification('turn/events', { ...bare, status }))).toBe(true);
  });

  it('takes answers with a result or a sentence, and an id', () => {
    expect(checkHostMessage({ type: 'response', id: 3, result: 1 })).toEqual({
      ok: true,
      message: { type: 'response', id: 3, result: 1 },
    });
    expect(isHostMessage({ type: 'response', id: 3, error: 'no' })).toBe(true);
    expect(isHostMessage({ type: 'response', id: 3, error: 5 })).toBe(false);
    expect(isHostMessage({ type: 'response', id: '3' })).toBe(false);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(isHostMessage(value)).toBe(false);
        expect(isHostMessage(notification('state/snapshot', value))).toBe(false);
      }),
    );
  });
});

describe('isResultOf', () => {
  it('knows the shape of each answer', () => {
    expect(isResultOf('prompt/submit', { accepted: false, problem: 'x' })).toBe(true);
    expect(isResultOf('prompt/submit', { accepted: 1 })).toBe(false);
    expect(isResultOf('tool/detail', { text: 'x', isTruncated: false })).toBe(true);
    expect(isResultOf('tool/detail', { text: 'x'.repeat(2 ** 21), isTruncated: false })).toBe(
      false,
    );
    expect(isResultOf('endpoint/probe', { models: ['a'] })).toBe(true);
    expect(isResultOf('endpoint/probe', { models: [1] })).toBe(false);
    expect(isResultOf('endpoint/add', { ok: true })).toBe(true);
    expect(isResultOf('endpoint/add', {})).toBe(false);
    const session = { id: 's', title: 't', updatedAtMs: 1, isCurrent: true };
    expect(isResultOf('session/list', { sessions: [session] })).toBe(true);
    const newer = { ...session, isNewer: true };
    expect(isResultOf('session/list', { sessions: [newer] })).toBe(true);
    expect(isResultOf('session/list', { sessions: [{ ...newer, isNewer: false }] })).toBe(false);
    expect(isResultOf('session/list', { sessions: [{ ...session, title: 1 }] })).toBe(false);
  });
});

type Path = readonly (string | number)[];

/** Every place in a value that holds something, the lists and objects included. */
function pathsOf(value: unknown, at: Path = []): readonly Path[] {
  const entries: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((entry: unknown, index) => [index, entry] as const)
    : typeof value === 'object' && value !== null
      ? Object.entries(value)
      : [];
  return entries.flatMap(([name, inner]) => [[...at, name], ...pathsOf(inner, [...at, name])]);
}

function replaced(value: unknown, [name, ...rest]: Path, by: unknown): unknown {
  if (name === undefined) {
    return by;
  }
  if (Array.isArray(value)) {
    return value.map((entry: unknown, index) =>
      index === name ? replaced(entry, rest, by) : entry,
    );
  }
  const inner: [string, unknown][] = Object.entries(value ?? {});
  return Object.fromEntries(
    inner.map(([key, entry]) => [key, key === name ? replaced(entry, rest, by) : entry]),
  );
}
