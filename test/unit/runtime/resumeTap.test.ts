import { describe, expect, it } from 'vitest';
import { tapToken, tokenIn } from '../../../src/runtime/resumeTap';
import { ExchangeLab } from '../../fakes/exchangeLab';
import { FakeTransport } from '../../fakes/fakeTransport';
import { createLineBridge } from '../../fakes/lineBridge';
import type { ResumeLink } from '../../../src/runtime/resumeLink';

const init = { type: 'system', subtype: 'init', session_id: 'claude-1' };

describe('the tap on what a child says', () => {
  it.each([
    [init, 'claude-1'],
    [{ type: 'thread.started', thread_id: 'codex-1' }, 'codex-1'],
    [{ method: 'session/resume', params: { resumeToken: 'peer-1' } }, 'peer-1'],
    [{ type: 'system', subtype: 'other', session_id: 'x' }, undefined],
    [{ type: 'thread.started', thread_id: '' }, undefined],
    [{ method: 'session/resume', params: 5 }, undefined],
    [null, undefined],
    ['text', undefined],
    [[], undefined],
  ])('[R103] reads %j by itself', (message, token) => {
    expect(tokenIn(message)).toBe(token);
  });

  it('[R103] knows the session even when the parser stumbles over the message', async () => {
    const saved: ResumeLink[] = [];
    const lab = new ExchangeLab(createLineBridge(), undefined, {
      resumeStore: () => ({ find: () => undefined, save: (link) => void saved.push(link) }),
    });
    const turn = lab.run('hello');
    await lab.pass();
    lab.transport.emit({ ...init, throw: 'no idea what that is' });
    expect((await turn.message).stopReason).toBe('error');
    expect(saved.map(({ resumeToken }) => resumeToken)).toEqual(['claude-1']);
  });

  it('tells the first token, and stops listening then or after the first hundred messages', () => {
    const transport = new FakeTransport();
    const tokens: string[] = [];
    tapToken(transport, (token) => tokens.push(token));
    transport.emit({ type: 'text' }, init, { ...init, session_id: 'claude-2' });
    expect(tokens).toEqual(['claude-1']);
    expect(transport.listenerCount).toBe(0);
    const silent = new FakeTransport();
    tapToken(silent, (token) => tokens.push(token));
    silent.emit(...Array.from({ length: 100 }, (_, index) => ({ index })), init);
    expect([tokens.length, silent.listenerCount]).toEqual([1, 0]);
  });
});
