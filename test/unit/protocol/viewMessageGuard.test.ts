import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkViewMessage, isViewMessage } from '../../../src/protocol/guards';
import { protocolLimits } from '../../../src/protocol/limits';
import type {
  CommandMethod,
  Commands,
  RequestMethod,
  Requests,
} from '../../../src/protocol/methods';

/** One valid message for each method: a new method does not compile until it has one. */
const commands: { readonly [M in CommandMethod]: Commands[M] } = {
  'view/ready': { version: 1 },
  'view/resync': { lastSeq: 4 },
  'view/draft': { text: '' },
  'view/draftPictures': {
    added: [{ id: 'p', name: 'a.png', mediaType: 'image/png', data: 'aGVsbG8=' }],
    removed: ['q'],
  },
  'turn/stop': {},
  'queue/remove': { itemId: 'i' },
  'queue/steer': { itemId: 'i' },
  'queue/send': {},
  'session/export': { sessionId: 's' },
  'permission/answer': { questionId: 'q', digest: 'd', answer: { kind: 'deny', reason: 'no' } },
  'hunk/decide': { editId: 'e', hunkIds: ['h'], decision: 'approve' },
  'edit/decideAll': { decision: 'deny' },
  'edit/open': { editId: 'e', hunkId: 'h' },
  'change/decide': { changeId: 'c', hunkIds: ['h'], decision: 'keep' },
  'change/decideAll': { decision: 'undo' },
  'change/open': { changeId: 'c', hunkId: 'h' },
  'turn/restore': { turnId: 't' },
  'model/choose': { modelId: 'm' },
  'mode/choose': { mode: 'accept-edits' },
  'effort/choose': { effort: 'high' },
  'session/new': {},
  'session/open': { sessionId: 's' },
  'session/rename': { title: 't' },
  'session/remove': { sessionId: 's' },
  'file/open': { path: '/a', lineOneBased: 3 },
  'link/open': { url: 'https://x.example/a' },
  'text/copy': { text: 't' },
  'text/insert': { text: 't' },
  'action/run': { action: 'retry', target: 'x' },
};
const requests: { readonly [M in RequestMethod]: Requests[M]['params'] } = {
  'prompt/submit': {
    text: 'hello',
    kind: 'steer',
    images: [{ mediaType: 'image/png', data: 'aGVsbG8=' }],
  },
  'prompt/resend': { itemId: 'i', text: 'hello' },
  'queue/edit': { itemId: 'i', text: 'hello' },
  'queue/takeBack': {},
  'branch/choose': { itemId: 'i', index: 1 },
  'session/fork': { itemId: 'i' },
  'session/search': { query: 'hello' },
  'tool/detail': { callId: 'c', part: 'output' },
  'item/before': { itemId: 'i', count: 100 },
  'file/find': { query: 'pars' },
  'endpoint/probe': { url: 'http://localhost:1/v1', key: 'k' },
  'endpoint/add': { name: 'n', url: 'u', models: ['m'] },
  'session/list': {},
};

const command = (method: string, params: unknown) => ({ type: 'command', method, params });
const request = (method: string, params: unknown, id: unknown = 1) => ({
  type: 'request',
  id,
  method,
  params,
});
const isOk = (message: unknown): boolean => checkViewMessage(message).ok;

describe('checkViewMessage', () => {
  it('accepts each command and each request of the contract, unchanged', () => {
    for (const [method, params] of Object.entries(commands)) {
      expect(checkViewMessage(command(method, params))).toEqual({
        ok: true,
        message: { type: 'command', method, params },
      });
    }
    for (const [method, params] of Object.entries(requests)) {
      expect(checkViewMessage(request(method, params, 7))).toEqual({
        ok: true,
        message: { type: 'request', id: 7, method, params },
      });
    }
  });

  it('refuses each of them with a field of another type, and without its fields', () => {
    for (const [method, params] of [...Object.entries(commands), ...Object.entries(requests)]) {
      const asMessage = method in requests ? request : command;
      for (const name of Object.keys(params)) {
        for (const wrong of [{ no: 'thing' }, -1, null, [1]]) {
          const broken = { ...params, [name]: wrong };
          expect([method, name, wrong, isOk(asMessage(method, broken))]).toEqual([
            method,
            name,
            wrong,
            false,
          ]);
        }
      }
      expect([method, isOk(asMessage(method, undefined))]).toEqual([method, false]);
      expect([method, isOk(asMessage(method, 'x'))]).toEqual([method, false]);
    }
  });

  it('knows no method outside the contract, also not one that every object has', () => {
    for (const method of [
      'toString',
      '__proto__',
      'constructor',
      'setting/set',
      '',
      'prompt/submit ',
    ]) {
      expect([method, isOk(command(method, {})), isOk(request(method, {}))]).toEqual([
        method,
        false,
        false,
      ]);
    }
  });

  it('does not take a command for a request or the other way round', () => {
    expect(isOk(request('turn/stop', {}))).toBe(false);
    expect(isOk(command('prompt/submit', { text: 'x' }))).toBe(false);
  });

  it('names a broken request by its id, so that its sender gets an answer', () => {
    expect(checkViewMessage(request('prompt/submit', { text: 1 }, 9))).toEqual({
      ok: false,
      id: 9,
      problem: 'malformed or unknown: "prompt/submit"',
    });
    for (const id of [undefined, '1', -1, 1.5, Number.NaN, 2 ** 60]) {
      expect(checkViewMessage(request('session/list', {}, id))).not.toHaveProperty('id');
    }
  });

  it('says nothing of the payload in its problem', () => {
    const checked = checkViewMessage(command('endpoint/add', { key: 'sk-secret' }));
    expect(JSON.stringify(checked)).not.toContain('sk-secret');
  });

  it('limits sizes', () => {
    const { text, reason, url, hunkIds } = protocolLimits;
    const whole = 'x'.repeat(text);
    expect(isOk(request('prompt/submit', { text: whole }))).toBe(true);
    expect(isOk(request('prompt/submit', { text: `${whole}x` }))).toBe(false);
    expect(isOk(command('view/draft', { text: `${whole}x` }))).toBe(false);
    expect(isOk(command('link/open', { url: `https://${'x'.repeat(url)}` }))).toBe(false);
    const deny = {
      questionId: 'q',
      digest: 'd',
      answer: { kind: 'deny', reason: 'x'.repeat(reason + 1) },
    };
    expect(isOk(command('permission/answer', deny))).toBe(false);
    const many = Array.from({ length: hunkIds + 1 }, () => 'h');
    expect(isOk(command('hunk/decide', { editId: 'e', hunkIds: many, decision: 'approve' }))).toBe(
      false,
    );
  });

  it('lets only web and mail addresses out', () => {
    const urls = [
      'http://a',
      'HTTPS://a',
      'mailto:a@b',
      'javascript:1',
      'command:x',
      'file:///a',
      ' https://a',
      'https://a b',
      'vscode://x',
      '',
    ];
    expect(urls.filter((address) => isOk(command('link/open', { url: address })))).toEqual([
      'http://a',
      'HTTPS://a',
      'mailto:a@b',
    ]);
  });

  it('takes only the answers and actions that exist', () => {
    const answer = (given: unknown) =>
      isOk(command('permission/answer', { questionId: 'q', digest: 'd', answer: given }));
    expect(answer({ kind: 'allowOnce' })).toBe(true);
    expect(answer({ kind: 'allowAlways', offerId: 'exact', scope: 'session' })).toBe(true);
    expect(answer({ kind: 'allowAlways', offerId: 'exact', scope: 'everywhere' })).toBe(false);
    expect(answer({ kind: 'allowAlways', scope: 'session' })).toBe(false);
    expect(answer({ kind: 'answers', answers: { a: 'b' } })).toBe(true);
    expect(answer({ kind: 'answers', answers: { a: 1 } })).toBe(false);
    expect(answer({ kind: 'answers', answers: ['a'] })).toBe(false);
    expect(answer({ kind: 'allowAlways' })).toBe(false);
    expect(answer({ kind: 'allow', rule: '*' })).toBe(false);
    expect(isOk(command('action/run', { action: 'workbench.action.quit' }))).toBe(false);
    expect(isOk(command('action/run', { action: 'toString' }))).toBe(false);
    expect(isOk(command('mode/choose', { mode: 'bypass' }))).toBe(false);
    expect(isOk(command('effort/choose', { effort: 'most' }))).toBe(false);
    expect(isOk(command('effort/choose', {}))).toBe(true);
    expect(isOk(command('file/open', { path: '/a', lineOneBased: 0 }))).toBe(false);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(isViewMessage(value)).toBe(false);
        expect(isViewMessage({ type: 'command', method: 'hunk/decide', params: value })).toBe(
          false,
        );
      }),
    );
  });
});
