import { describe, expect, it } from 'vitest';
import { checkViewMessage } from '../../../src/protocol/guards';
import {
  notificationMessage,
  runCommand,
  runNotification,
  runRequest,
} from '../../../src/protocol/envelope';
import type {
  CommandHandlers,
  NotificationHandlers,
  RequestHandlers,
} from '../../../src/protocol/methods';
import { renderShell } from '../../../src/protocol/shell';
import { modeList } from '../../../src/protocol/viewTypes';

const shell = renderShell({
  nonce: 'n0nce',
  cspSource: 'https://files.example',
  scriptUri: 'https://files.example/main.js?a=1&b="2"',
  styleUri: 'styles.css',
  codiconUri: 'codicon.css',
  lang: 'en',
});

describe('renderShell', () => {
  it('allows scripts by nonce and own files, styles and fonts from own files, and nothing else', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(shell)?.[1];
    expect(policy?.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'nonce-n0nce' https://files.example",
      "style-src https://files.example 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
      'font-src https://files.example',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  it('has the root, the sheets and one script with the nonce, and no inline script or style', () => {
    expect(shell).toContain('<div id="root"></div>');
    expect(shell).toContain('<link rel="stylesheet" href="styles.css">');
    expect(shell).toContain('<link rel="stylesheet" href="codicon.css">');
    expect(shell.match(/<script/g)).toHaveLength(1);
    expect(shell).toContain(
      '<script type="module" nonce="n0nce" src="https://files.example/main.js?a=1&amp;b=&quot;2&quot;"></script>',
    );
    expect(shell).not.toMatch(/<style|\sstyle=|\son[a-z]+=/);
  });
});

describe('the envelope', () => {
  const requests: RequestHandlers = {
    'prompt/submit': ({ text }) => Promise.resolve({ accepted: text !== '' }),
    'prompt/resend': () => Promise.resolve({ accepted: true }),
    'queue/edit': () => Promise.resolve({ ok: true }),
    'queue/takeBack': () => Promise.resolve({}),
    'branch/choose': () => Promise.resolve({ ok: true }),
    'session/fork': () => Promise.resolve({ ok: true }),
    'session/search': () => Promise.resolve({ matches: [], isTruncated: false }),
    'tool/detail': () => Promise.reject(new Error('gone')),
    'item/before': () => Promise.resolve({ items: [], before: 0 }),
    'file/find': () => Promise.resolve({ paths: [] }),
    'endpoint/probe': () => Promise.resolve({ models: [] }),
    'endpoint/add': () => Promise.resolve({ ok: true }),
    'session/list': () => Promise.resolve({ sessions: [] }),
  };
  const toProblem = (error: unknown): string => (error instanceof Error ? error.message : 'x');
  const { signal } = new AbortController();

  async function answer(method: string, params: unknown): Promise<unknown> {
    const checked = checkViewMessage({ type: 'request', id: 5, method, params });
    if (!checked.ok || checked.message.type !== 'request') {
      throw new Error('not a request');
    }
    return runRequest(requests, checked.message, signal, toProblem);
  }

  it('hands a request to its handler and gives its answer with the id', async () => {
    expect(await answer('prompt/submit', { text: 'x' })).toEqual({
      type: 'response',
      id: 5,
      result: { accepted: true },
    });
  });

  it('turns a throwing handler into a sentence', async () => {
    expect(await answer('tool/detail', { callId: 'c', part: 'input' })).toEqual({
      type: 'response',
      id: 5,
      error: 'gone',
    });
  });

  it('hands commands and notifications to theirs', () => {
    const heard: unknown[] = [];
    const hear = (method: string) => (params: unknown) => void heard.push([method, params]);
    const commands: CommandHandlers = {
      'view/ready': hear('view/ready'),
      'view/resync': hear('view/resync'),
      'view/draft': hear('view/draft'),
      'view/draftPictures': hear('view/draftPictures'),
      'turn/stop': hear('turn/stop'),
      'queue/remove': hear('queue/remove'),
      'queue/steer': hear('queue/steer'),
      'queue/send': hear('queue/send'),
      'session/export': hear('session/export'),
      'permission/answer': hear('permission/answer'),
      'hunk/decide': hear('hunk/decide'),
      'edit/decideAll': hear('edit/decideAll'),
      'edit/open': hear('edit/open'),
      'change/decide': hear('change/decide'),
      'change/decideAll': hear('change/decideAll'),
      'change/open': hear('change/open'),
      'turn/restore': hear('turn/restore'),
      'model/choose': hear('model/choose'),
      'mode/choose': hear('mode/choose'),
      'effort/choose': hear('effort/choose'),
      'session/new': hear('session/new'),
      'session/open': hear('session/open'),
      'session/rename': hear('session/rename'),
      'session/remove': hear('session/remove'),
      'file/open': hear('file/open'),
      'link/open': hear('link/open'),
      'text/copy': hear('text/copy'),
      'text/insert': hear('text/insert'),
      'action/run': hear('action/run'),
    };
    const notifications: NotificationHandlers = {
      'state/snapshot': hear('state/snapshot'),
      'turn/events': hear('turn/events'),
      'turn/text': hear('turn/text'),
      'prompt/changed': hear('prompt/changed'),
      'edit/changed': hear('edit/changed'),
      'change/changed': hear('change/changed'),
      'setup/changed': hear('setup/changed'),
      'composer/insert': hear('composer/insert'),
      'composer/picture': hear('composer/picture'),
      'composer/focus': hear('composer/focus'),
      'view/show': hear('view/show'),
    };
    runCommand(commands, { type: 'command', method: 'view/draft', params: { text: 'x' } });
    runNotification(notifications, notificationMessage('view/show', { what: 'models' }));
    expect(heard).toEqual([
      ['view/draft', { text: 'x' }],
      ['view/show', { what: 'models' }],
    ]);
  });
});

describe('modeList', () => {
  it('has the modes in the order in which they are offered', () => {
    expect(modeList).toEqual(['ask', 'accept-edits', 'plan', 'auto']);
  });
});
