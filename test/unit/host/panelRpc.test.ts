import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import type { Logger } from '../../../src/base/logger';
import { PanelRpc } from '../../../src/host/panelRpc';
import type {
  CommandHandlers,
  HostMessage,
  RequestHandlers,
  Requests,
} from '../../../src/protocol/methods';
import { settle } from '../../fakes/fakeClock';

function start(
  handlers: { requests?: Partial<RequestHandlers>; commands?: Partial<CommandHandlers> } = {},
) {
  const posted: HostMessage[] = [];
  const calls: string[] = [];
  const warnings: string[] = [];
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => void warnings.push(message),
    error: (message) => void warnings.push(message),
  };
  const note = (name: string) => () => void calls.push(name);
  const rpc = new PanelRpc({
    redact: (text) => text.replaceAll('known-secret', '[redacted]'),
    log,
    post: (message) => void posted.push(message),
    requests: {
      'prompt/submit': () => Promise.resolve({ accepted: true }),
      'prompt/resend': () => Promise.resolve({ accepted: true }),
      'queue/edit': () => Promise.resolve({ ok: true }),
      'queue/takeBack': () => Promise.resolve({}),
      'branch/choose': () => Promise.resolve({ ok: true }),
      'session/fork': () => Promise.resolve({ ok: true }),
      'session/search': () => Promise.resolve({ matches: [], isTruncated: false }),
      'tool/detail': () => Promise.resolve({ text: '', isTruncated: false }),
      'item/before': () => Promise.resolve({ items: [], before: 0 }),
      'file/find': () => Promise.resolve({ paths: [] }),
      'endpoint/probe': () => Promise.resolve({ models: [] }),
      'endpoint/add': () => Promise.resolve({ ok: true }),
      'session/list': () => Promise.resolve({ sessions: [] }),
      ...handlers.requests,
    },
    commands: {
      'view/ready': note('view/ready'),
      'view/resync': note('view/resync'),
      'view/draft': note('view/draft'),
      'view/draftPictures': note('view/draftPictures'),
      'turn/stop': note('turn/stop'),
      'queue/remove': note('queue/remove'),
      'queue/steer': note('queue/steer'),
      'queue/send': note('queue/send'),
      'session/export': note('session/export'),
      'permission/answer': note('permission/answer'),
      'hunk/decide': note('hunk/decide'),
      'edit/decideAll': note('edit/decideAll'),
      'edit/open': note('edit/open'),
      'change/decide': note('change/decide'),
      'change/decideAll': note('change/decideAll'),
      'change/open': note('change/open'),
      'turn/restore': note('turn/restore'),
      'model/choose': note('model/choose'),
      'mode/choose': note('mode/choose'),
      'effort/choose': note('effort/choose'),
      'session/new': note('session/new'),
      'session/open': note('session/open'),
      'session/rename': note('session/rename'),
      'session/remove': note('session/remove'),
      'file/open': note('file/open'),
      'link/open': note('link/open'),
      'text/copy': note('text/copy'),
      'text/insert': note('text/insert'),
      'action/run': note('action/run'),
      ...handlers.commands,
    },
  });
  return { rpc, posted, calls, warnings };
}

const submit = (id: number) => ({
  type: 'request',
  id,
  method: 'prompt/submit',
  params: { text: 'hi' },
});

describe('the messages of the view', () => {
  it('are answered by their own id', async () => {
    const { rpc, posted } = start();
    rpc.accept(submit(7));
    await settle();
    expect(posted).toEqual([{ type: 'response', id: 7, result: { accepted: true } }]);
  });

  it('reach no handler when they are malformed, unknown or of another shape', async () => {
    const { rpc, posted, calls } = start();
    for (const bad of [
      undefined,
      'turn/stop',
      { type: 'command', method: 'terminal/run', params: { command: 'rm' } },
      { type: 'command', method: '__proto__', params: {} },
      { type: 'command', method: 'mode/choose', params: { mode: 'bypass' } },
      { type: 'command', method: 'link/open', params: { url: 'command:workbench.action.quit' } },
      { type: 'command', method: 'action/run', params: { action: 'workbench.action.quit' } },
      { type: 'request', id: 3, method: 'prompt/submit', params: { text: 5 } },
    ]) {
      rpc.accept(bad);
    }
    await settle();
    expect(calls).toEqual([]);
    expect(posted).toEqual([{ type: 'response', id: 3, error: 'The request was malformed.' }]);
  });

  it('end in an answer when the handler throws', async () => {
    const { rpc, posted } = start({
      requests: { 'prompt/submit': () => Promise.reject(new Error('no folder')) },
    });
    rpc.accept(submit(1));
    await settle();
    expect(posted).toEqual([{ type: 'response', id: 1, error: 'no folder' }]);
  });

  it('[R178] tell no secret when the handler throws', async () => {
    const { rpc, posted } = start({
      requests: { 'prompt/submit': () => Promise.reject(new Error('refused known-secret')) },
    });
    rpc.accept(submit(1));
    await settle();
    expect(posted).toEqual([{ type: 'response', id: 1, error: 'refused [redacted]' }]);
  });

  it('survive a command that throws', () => {
    const { rpc, calls } = start({
      commands: {
        'turn/stop': () => {
          throw new Error('broken');
        },
      },
    });
    rpc.accept({ type: 'command', method: 'turn/stop', params: {} });
    rpc.accept({ type: 'command', method: 'session/new', params: {} });
    expect(calls).toEqual(['session/new']);
  });

  it('are refused when too many requests run or an id is used twice', async () => {
    const open = new Deferred<Requests['prompt/submit']['result']>();
    const { rpc, posted } = start({ requests: { 'prompt/submit': () => open.promise } });
    for (let id = 0; id < 33; id += 1) {
      rpc.accept(submit(id));
    }
    rpc.accept(submit(0));
    await settle();
    expect(posted.map((message) => message.type === 'response' && message.id)).toEqual([32, 0]);
  });

  it('are aborted, and not answered any more, when the view goes', async () => {
    let seen: AbortSignal | undefined;
    const open = new Deferred<Requests['prompt/submit']['result']>();
    const { rpc, posted } = start({
      requests: {
        'prompt/submit': (_params, signal) => {
          seen = signal;
          return open.promise;
        },
      },
    });
    rpc.accept(submit(1));
    rpc.dispose();
    open.resolve({ accepted: true });
    await settle();
    expect(seen?.aborted).toBe(true);
    expect(posted).toEqual([]);
  });

  it('cannot fill the log', () => {
    const { rpc, warnings } = start();
    for (let count = 0; count < 500; count += 1) {
      rpc.accept({});
    }
    expect(warnings).toHaveLength(3);
  });
});
