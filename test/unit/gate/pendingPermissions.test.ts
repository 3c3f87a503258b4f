import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PermissionQuestion, QuestionAnswer } from '../../../src/gate/contract';
import { sha256Hex } from '../../../src/gate/digest';
import { PendingPermissions, type QuestionDraft } from '../../../src/gate/pendingPermissions';
import { FakeClock, settle } from '../../fakes/fakeClock';

function draft(extra: Partial<QuestionDraft> = {}): QuestionDraft {
  return {
    sessionId: 's1',
    callId: 'c1',
    asker: 'Claude Code',
    toolName: 'Bash',
    effects: [{ kind: 'command', command: 'npm test', cwd: '/w/app', cwdClass: 'inside' }],
    reason: 'commands always ask',
    inputText: '',
    ...extra,
  };
}

function start(extra: Partial<QuestionDraft> = {}) {
  const permissions = new PendingPermissions(new FakeClock());
  const controller = new AbortController();
  const verdict = permissions.ask(draft(extra), controller.signal);
  const [question] = permissions.list();
  if (question === undefined) {
    throw new Error('the question is not listed');
  }
  return { permissions, controller, verdict, question };
}

describe('a pending permission', () => {
  it('is listed at once and gone everywhere after the first valid answer', async () => {
    const { permissions, verdict, question } = start();
    const seen: number[] = [];
    permissions.onDidChange((list) => seen.push(list.length));
    expect(permissions.list()).toEqual([question]);
    expect(permissions.answer(question.id, question.digest, { kind: 'allowOnce' })).toBe(true);
    expect(await verdict).toEqual({ kind: 'allow' });
    expect(permissions.list()).toEqual([]);
    expect(seen).toEqual([0]);
  });

  it('grants nothing to a repeated, late, wrong or mismatched answer', async () => {
    const { permissions, verdict, question } = start();
    const other = permissions.ask(draft({ callId: 'c2' }), new AbortController().signal);
    const second = permissions.list()[1];
    expect(second?.digest).not.toBe(question.digest);
    expect(permissions.answer('question-x', question.digest, { kind: 'allowOnce' })).toBe(false);
    expect(permissions.answer(question.id, 'other', { kind: 'allowOnce' })).toBe(false);
    expect(permissions.answer(question.id, second?.digest ?? '', { kind: 'allowOnce' })).toBe(
      false,
    );
    expect(
      permissions.answer(question.id, question.digest, { kind: 'deny', reason: ' not now ' }),
    ).toBe(true);
    expect(permissions.answer(question.id, question.digest, { kind: 'allowOnce' })).toBe(false);
    expect(await verdict).toEqual({ kind: 'deny', reason: 'not now' });
    expect(permissions.list().map(({ callId }) => callId)).toEqual(['c2']);
    permissions.dispose();
    expect(await other).toEqual({ kind: 'withdrawn' });
  });

  it('binds the digest to the exact input', () => {
    const fields: Partial<QuestionDraft>[] = [
      {},
      { inputText: 'x' },
      { reason: 'x' },
      { toolName: 'x' },
      { sessionId: 'x' },
      { effects: [] },
    ];
    const digests = fields.map((extra) => start(extra).question.digest);
    expect(new Set(digests).size).toBe(fields.length);
    expect(digests.every((digest) => /^[0-9a-f]{64}$/.test(digest))).toBe(true);
  });

  it('tells every surface the newest list last, also when one answers at once', async () => {
    const permissions = new PendingPermissions(new FakeClock());
    const seen: string[] = [];
    permissions.onDidChange((list) =>
      list.forEach(({ id, digest }) => permissions.answer(id, digest, { kind: 'allowOnce' })),
    );
    permissions.onDidChange((list) => seen.push(list.map(({ callId }) => callId).join()));
    expect(await permissions.ask(draft(), new AbortController().signal)).toEqual({
      kind: 'allow',
    });
    expect(seen).toEqual(['c1', '']);
  });

  it('is not changed by whoever asked', () => {
    const effects: { kind: 'unknown'; description: string }[] = [
      { kind: 'unknown', description: 'harmless' },
    ];
    const { question } = start({ effects });
    effects[0] = { kind: 'unknown', description: 'changed' };
    expect(question.effects).toEqual([{ kind: 'unknown', description: 'harmless' }]);
  });

  it('offers "for this session" only where it is offered', async () => {
    const without = start();
    expect(
      without.permissions.answer(without.question.id, without.question.digest, {
        kind: 'allowAlways',
        offerId: 'exact',
        scope: 'session',
      }),
    ).toBe(false);
    const offered = start({ offers: [{ id: 'exact', text: 'exactly `npm test`' }] });
    expect(
      offered.permissions.answer(offered.question.id, offered.question.digest, {
        kind: 'allowAlways',
        offerId: 'exact',
        scope: 'session',
      }),
    ).toBe(true);
    expect(await offered.verdict).toEqual({
      kind: 'allowAlways',
      offerId: 'exact',
      scope: 'session',
    });
  });

  it('takes words for a question of the agent, and only to what was asked', async () => {
    const questions = [{ question: 'Which?', options: [{ label: 'A' }] }];
    const { permissions, verdict, question } = start({ questions });
    const answer = (value: QuestionAnswer) =>
      permissions.answer(question.id, question.digest, value);
    expect(answer({ kind: 'allowOnce' })).toBe(false);
    expect(answer({ kind: 'answers', answers: {} })).toBe(false);
    expect(answer({ kind: 'answers', answers: { 'Other?': 'x' } })).toBe(false);
    expect(answer({ kind: 'answers', answers: { 'Which?': 'A' } })).toBe(true);
    expect(await verdict).toEqual({ kind: 'answers', answers: { 'Which?': 'A' } });
    const permission = start();
    expect(
      permission.permissions.answer(permission.question.id, permission.question.digest, {
        kind: 'answers',
        answers: { x: 'y' },
      }),
    ).toBe(false);
  });

  it('is settled as not allowed when its turn, its session or the host ends', async () => {
    const turn = start();
    turn.controller.abort();
    expect(await turn.verdict).toEqual({ kind: 'withdrawn' });
    expect(turn.permissions.list()).toEqual([]);
    expect(
      turn.permissions.answer(turn.question.id, turn.question.digest, { kind: 'allowOnce' }),
    ).toBe(false);

    const session = start();
    const stays = session.permissions.ask(draft({ sessionId: 's2' }), new AbortController().signal);
    session.permissions.withdrawSession('s1');
    expect(await session.verdict).toEqual({ kind: 'withdrawn' });
    expect(session.permissions.list().map(({ sessionId }) => sessionId)).toEqual(['s2']);

    session.permissions.dispose();
    expect(await stays).toEqual({ kind: 'withdrawn' });
    expect(await session.permissions.ask(draft(), new AbortController().signal)).toEqual({
      kind: 'withdrawn',
    });
    expect(await turn.permissions.ask(draft(), AbortSignal.abort())).toEqual({ kind: 'withdrawn' });
    expect(turn.permissions.list()).toEqual([]);
  });

  it('stays while surfaces come and go, and is there once for each that looks', async () => {
    const { permissions, question, verdict } = start();
    const first = permissions.onDidChange(() => undefined);
    first.dispose();
    await settle();
    expect(permissions.list()).toEqual([question]);
    const lists: (readonly PermissionQuestion[])[] = [];
    permissions.onDidChange((list) => lists.push(list));
    expect(permissions.list()).toEqual([question]);
    permissions.answer(question.id, question.digest, { kind: 'allowOnce' });
    expect(await verdict).toEqual({ kind: 'allow' });
    expect(lists).toEqual([[]]);
  });
});

describe('the digest', () => {
  it('is SHA-256 of the text as UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
        expect(sha256Hex(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'));
      }),
    );
    for (const length of [0, 55, 56, 63, 64, 65, 1000]) {
      expect(sha256Hex('a'.repeat(length))).toBe(
        createHash('sha256').update('a'.repeat(length)).digest('hex'),
      );
    }
  });
});
