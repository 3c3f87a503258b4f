// The real panel in a plain browser, as `npm run -s headless -- webview` serves it, with everything watched that a text
// could do there: scripts, requests, violations of the page's policy, dialogs, new windows.
import { spawn } from 'node:child_process';
import { inRoot } from '../../scripts/lib/root.mjs';
import { openBrowser } from './browser.mjs';
import { emptySnapshot } from './empty-snapshot.mjs';

/** Starts the server; `close` ends it by closing its input. */
export async function startWebview() {
  const child = spawn(
    process.execPath,
    [inRoot('scripts/headless.mjs'), 'webview', '--port', '0'],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const line = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text);
    });
    void ended.then((code) => reject(new Error(`headless webview ended with ${code}`)));
  });
  const { url, token } = JSON.parse(line);
  const ask = async (path, init = {}) => {
    const response = await fetch(new URL(path, url), {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    });
    return { status: response.status, body: await response.json() };
  };
  const post = (path, value) => ask(path, { method: 'POST', body: JSON.stringify(value) });
  return {
    url,
    token,
    ask,
    post,
    /** Streams a text into the panel and waits until it is painted; with `frame` each delta is painted before the next. */
    async render(id, sink, deltas, pace) {
      const { status, body } = await post('/render', { id, sink, deltas, pace });
      if (status !== 200 || !body.shown) {
        throw new Error(`${id} was not shown: ${status} ${JSON.stringify(body)}`);
      }
    },
    /** An empty conversation, or one with these items. */
    async reset(items = []) {
      const snapshot = emptySnapshot('Stand-in', { items, seq: ++seq });
      const { status, body } = await post('/state', [
        { type: 'notification', method: 'state/snapshot', params: snapshot },
      ]);
      if (status !== 200) throw new Error(JSON.stringify(body));
    },
    async close() {
      child.stdin.end();
      return ended;
    },
  };
}

/** The page of a server in a browser of its own. `incidents` is what must stay empty. */
export async function watchWebview(server) {
  const browser = await openBrowser({
    width: 420,
    height: 900,
    // Frames come as fast as they are made: what is looked at is what is drawn, not when.
    args: ['--disable-frame-rate-limit', '--disable-gpu-vsync'],
  });
  const incidents = [];
  const { context, page } = browser;
  context.on('request', (request) => {
    if (!request.url().startsWith(server.url)) incidents.push(`request ${request.url()}`);
  });
  context.on('page', () => incidents.push('a new window'));
  page.on('dialog', (dialog) => {
    incidents.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => incidents.push(`error ${error.message}`));
  await context.exposeFunction('reportIncident', (what) => void incidents.push(what));
  await context.addInitScript(() => {
    for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) {
      globalThis[name] = () => void globalThis.reportIncident(`script ran: ${name}`);
    }
    addEventListener('securitypolicyviolation', (event) => {
      void globalThis.reportIncident(`policy ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  page.on('framenavigated', (frame) => {
    if (!frame.url().startsWith(server.url)) incidents.push(`navigated to ${frame.url()}`);
  });
  await page.goto(server.url);
  await page.frameLocator('#panel').getByTestId('composer').waitFor();
  const frame = page.frames().find((some) => new URL(some.url()).pathname.endsWith('/panel'));
  return { ...browser, frame, incidents };
}

let seq = 0;
