// P3, second half: how soon a session of 5,000 messages can be read. The panel as it is shipped, from the arrival of the
// snapshot (its copy out of the message included) to the painted list, against mounting every message (Markdown through marked and DOMPurify) in the same browser.
// Compared is the processor time of the page's main thread: what else the machine does hardly shows in it.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { inRoot } from '../../scripts/lib/root.mjs';
import { openBrowser } from '../support/browser.mjs';
import { emptySnapshot } from '../support/empty-snapshot.mjs';
import { median, remark, report } from './goals.mjs';
import { longSession } from './long-session.mjs';

const count = 5000;
const runs = 5;
const items = longSession(count);
const snapshot = emptySnapshot('Bench', { items });

const page = (script) => `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<link rel="stylesheet" href="/codicon.css">
<link rel="stylesheet" href="/styles.css">
<style>html, body, #root { height: 100%; margin: 0 }</style>
</head>
<body class="vscode-dark"><div id="root"></div><script type="module" src="${script}"></script></body>
</html>`;

/** Mounts every message: what a panel without a windowed list does. */
const fullMount = await esbuild.build({
  stdin: {
    contents: `
      import { marked } from 'marked';
      import purify from 'dompurify';
      window.mountAll = (items) => {
        const list = document.createElement('main');
        for (const item of items) {
          const row = list.appendChild(document.createElement('div'));
          row.className = 'row-in-full';
          if (item.kind === 'text') row.innerHTML = purify.sanitize(marked.parse(item.text));
          else row.textContent = item.text ?? item.toolName + ' ' + item.object;
        }
        document.getElementById('root').append(list);
      };`,
    resolveDir: inRoot('.'),
  },
  bundle: true,
  minify: true,
  format: 'esm',
  write: false,
});

const types = { '.js': 'text/javascript', '.css': 'text/css', '.ttf': 'font/ttf' };
const server = createServer((request, response) => {
  const name = new URL(request.url, 'http://bench').pathname;
  const send = (type, body) => response.writeHead(200, { 'content-type': type }).end(body);
  if (name === '/panel') return send('text/html', page('/main.js'));
  if (name === '/full') return send('text/html', page('/full.js'));
  if (name === '/snapshot.json') return send('application/json', JSON.stringify(snapshot));
  if (name === '/full.js') return send(types['.js'], fullMount.outputFiles[0].text);
  const file = inRoot('dist/webview', path.basename(name));
  if (!existsSync(file)) return response.writeHead(404).end();
  return send(types[path.extname(file)] ?? 'text/plain', readFileSync(file));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const at = `http://127.0.0.1:${server.address().port}`;

const browser = await openBrowser({ width: 420, height: 900 });
try {
  await browser.context.addInitScript(() => {
    let state;
    window.posted = [];
    window.acquireVsCodeApi = () => ({
      postMessage: (message) => window.posted.push(message),
      getState: () => state,
      setState: (next) => {
        state = next;
      },
    });
    /** The moment after the frame in which `isThere` first holds has been painted. */
    window.painted = (isThere) =>
      new Promise((resolve) => {
        const look = () => {
          if (!isThere()) requestAnimationFrame(look);
          else requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
        };
        look();
      });
  });

  const devtools = await browser.context.newCDPSession(browser.page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const mainThreadMs = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return 1000 * metrics.find((m) => m.name === 'TaskDuration').value;
  };

  /** Opens a page, waits for `isReady` in it, then measures `start` until what `isThere` asks for is painted. */
  const measure = async (name, { isReady, prepare, start, isThere }) => {
    await browser.page.goto(`${at}/${name}`);
    await browser.page.evaluate(async () => {
      window.snapshot = await (await fetch('/snapshot.json')).json();
    });
    await browser.page.waitForFunction(isReady);
    await browser.page.waitForLoadState('networkidle');
    if (prepare !== undefined) await browser.page.evaluate(`(${prepare})()`);
    // The page before left thousands of nodes; clearing them away is nobody's paint.
    await devtools.send('HeapProfiler.collectGarbage');
    const beforeMs = await mainThreadMs();
    const wallMs = await browser.page.evaluate(`(async () => {
      const startedMs = performance.now();
      (${start})();
      return (await window.painted(${isThere})) - startedMs;
    })()`);
    return { cpuMs: (await mainThreadMs()) - beforeMs, wallMs };
  };

  const full = [];
  const panel = [];
  let rows = 0;
  for (let i = 0; i < runs; i++) {
    full.push(
      await measure('full', {
        isReady: () => window.mountAll !== undefined,
        start: () => window.mountAll(window.snapshot.items),
        isThere: () => true,
      }),
    );
    panel.push(
      await measure('panel', {
        isReady: () => window.posted.some((m) => m.method === 'view/ready'),
        // The sender's half (the copy into the message) is the host's work, in another process: it is done before.
        prepare: () => {
          const { port1, port2 } = new MessageChannel();
          port1.postMessage({
            type: 'notification',
            method: 'state/snapshot',
            params: window.snapshot,
          });
          window.arrival = port2;
        },
        start: () => {
          window.arrival.onmessage = ({ data }) =>
            window.dispatchEvent(new MessageEvent('message', { data }));
        },
        isThere: () => {
          const last = window.snapshot.items.length;
          return document.querySelector(`[role="list"] [aria-posinset="${last}"]`) !== null;
        },
      }),
    );
    rows = await browser.page.locator('[role="list"] [aria-posinset]').count();
  }

  const figure = (all, key) => median(all.map((one) => one[key]));
  const ratio = figure(panel, 'cpuMs') / figure(full, 'cpuMs');
  report(`P3 first paint of ${count} messages`, [
    {
      what: 'panel / every message mounted',
      value: ratio,
      goal: 1 / 25,
      note: `1/${(1 / ratio).toFixed(0)}; median of ${runs}: ${figure(panel, 'cpuMs').toFixed(0)} and ${figure(full, 'cpuMs').toFixed(0)} ms`,
    },
  ]);
  remark(
    `by the clock: ${figure(panel, 'wallMs').toFixed(0)} and ${figure(full, 'wallMs').toFixed(0)} ms; ${rows} rows in the page`,
  );
} finally {
  await browser.close();
  server.close();
}
