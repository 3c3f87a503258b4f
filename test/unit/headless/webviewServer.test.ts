import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveWebview, type WebviewServer } from '../../../src/headless/webviewServer';

let server: WebviewServer;
beforeAll(async () => {
  server = await serveWebview({ port: 0, webviewFolder: tmpdir(), editorFolder: tmpdir() });
});
afterAll(() => server.close());

/** As a program may ask that sets any header. */
function ask(
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string> } = {},
  body = '',
): Promise<{ readonly status: number; readonly text: string; readonly cors: unknown }> {
  const { port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, ...options }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text,
          cors: response.headers['access-control-allow-origin'],
        }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const bearer = (): Record<string, string> => ({ authorization: `Bearer ${server.token}` });
const post = (path: string, body: unknown) =>
  ask(
    path,
    { method: 'POST', headers: bearer() },
    typeof body === 'string' ? body : JSON.stringify(body),
  );

describe('the panel served to a browser', () => {
  it('needs the token with every request, in the path or as a bearer', async () => {
    expect((await ask('/')).status).toBe(401);
    expect((await ask('/wrong/')).status).toBe(401);
    expect((await ask('/', { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    expect((await ask(`/${server.token}/`)).status).toBe(200);
    expect((await ask('/posted', { headers: bearer() })).text).toBe('[]');
  });

  it('refuses another host’s name and another origin, and lets no other origin read', async () => {
    const path = `/${server.token}/`;
    expect((await ask(path, { headers: { host: 'evil.example' } })).status).toBe(403);
    expect((await ask(path, { headers: { origin: 'http://evil.example' } })).status).toBe(403);
    expect((await ask(path, { headers: { origin: 'null' } })).status).toBe(403);
    expect((await ask(path)).cors).toBeUndefined();
  });

  it('refuses an address that is no path, as a mistake of whoever asked', async () => {
    for (const path of ['//', '//[', '//evil.example/posted', 'http://[/', '///x']) {
      const answer = await ask(path, { headers: bearer() });
      expect([path, answer.status]).toEqual([path, 400]);
      expect(answer.text).toContain('is no path');
    }
  });

  it('gives no file but those of the panel', async () => {
    for (const path of [
      'webview/../package.json',
      'webview/%2e%2e/x.js',
      'webview/x.txt',
      'x.js',
    ]) {
      expect((await ask(`/${server.token}/${path}`)).status).toBe(404);
    }
  });

  it('says what is wrong with a body, and takes none of it', async () => {
    const render = { id: 'r', sink: 'markdown', deltas: ['x'] };
    const wrong: readonly (readonly [string, unknown])[] = [
      ['/state', '{'],
      ['/state', {}],
      ['/state', [{ type: 'notification', method: 'other', params: {} }]],
      ['/render', []],
      ['/render', { ...render, id: '' }],
      ['/render', { ...render, sink: 'html' }],
      ['/render', { ...render, deltas: 'x' }],
      ['/render', { ...render, deltas: [1] }],
      ['/render', { ...render, pace: 'slow' }],
    ];
    for (const [path, body] of wrong) {
      const { status, text } = await post(path, body);
      expect(`${path} ${JSON.stringify(body)} ${status}`).toMatch(/ 400$/);
      expect(text).toMatch(/^\{"error":".+"\}$/);
    }
    expect((await ask('/state', { headers: bearer() })).status).toBe(405);
  });

  it('takes host messages and texts also before a page is open', async () => {
    expect(
      JSON.parse((await post('/render', { id: 'r', sink: 'error', deltas: ['a', 'b'] })).text),
    ).toEqual({ id: 'r', sink: 'error', deltas: 2, shown: false });
    expect(JSON.parse((await post('/state', [])).text)).toEqual({ accepted: 0, pages: 0 });
  });
});
