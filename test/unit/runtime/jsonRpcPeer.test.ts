import { describe, expect, it } from 'vitest';
import { JsonRpcPeer } from '../../../src/runtime/jsonRpcPeer';

const peer = (hasVersionField = true, notes = new Map<string, unknown>()): JsonRpcPeer =>
  new JsonRpcPeer({ hasVersionField, notes });

describe('a JSON-RPC peer', () => {
  it('tells requests, notifications and answers apart by their shape, with the id 0', () => {
    const one = peer();
    const { id } = one.request('a', {});
    expect(one.accept({ id: 0, method: 'ask', params: 1 })).toEqual({
      kind: 'request',
      id: 0,
      method: 'ask',
      params: 1,
    });
    expect(one.accept({ method: 'tell' })).toMatchObject({ kind: 'notification', method: 'tell' });
    expect(one.accept({ id, result: null })).toEqual({
      kind: 'result',
      id,
      method: 'a',
      result: null,
    });
  });

  it('takes "0" and 0 for two ids, and an answer to nothing for none', () => {
    const one = peer();
    const { id } = one.request('a', {});
    expect(one.accept({ id: String(id), result: 1 })).toEqual({ kind: 'other' });
    expect(one.accept({ id: 99, result: 1 })).toEqual({ kind: 'other' });
    expect(one.accept({ id, result: 1 }).kind).toBe('result');
    expect(one.accept({ id, result: 1 })).toEqual({ kind: 'other' });
  });

  it('goes on with its ids on the same child, so that a late answer is nobody’s', () => {
    const notes = new Map<string, unknown>();
    const first = peer(true, notes).request('a', {});
    const second = peer(true, notes);
    expect(second.request('b', {}).id).toBe(first.id + 1);
    expect(second.accept({ id: first.id, result: 1 })).toEqual({ kind: 'other' });
  });

  it.each([
    [null],
    [[]],
    ['x'],
    [3],
    [{}],
    [{ id: {}, method: 'm' }],
    [{ id: Number.NaN, result: 1 }],
  ])('takes %j for nothing', (message) => {
    expect(peer().accept(message)).toEqual({ kind: 'other' });
  });

  it('reads an error of any shape', () => {
    const one = peer(false);
    const { id, message } = one.request('a', { x: 1 });
    expect(message).toEqual({ id, method: 'a', params: { x: 1 } });
    expect(one.accept({ id, error: 'no' })).toMatchObject({ kind: 'error', message: 'no' });
    expect(one.error(0, -32601, 'what?')).toEqual({
      id: 0,
      error: { code: -32601, message: 'what?' },
    });
  });
});
