// The panel as it is shipped in a browser, fed by `panel-worker.mjs`, for the benches that measure it.
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { inRoot } from '../../scripts/lib/root.mjs';
import { openBrowser } from '../support/browser.mjs';

const types = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.ttf': 'font/ttf',
  '.html': 'text/html',
};

const page = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<link rel="stylesheet" href="/codicon.css">
<link rel="stylesheet" href="/styles.css">
<style>html, body, #root { height: 100%; margin: 0 }</style>
</head>
<body class="vscode-dark"><div id="root"></div><script type="module" src="/main.js"></script></body>
</html>`;

const bundle = async (options) => {
  const made = await esbuild.build({
    absWorkingDir: inRoot('.'),
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    ...options,
  });
  return made.outputFiles[0].text;
};

/** Whole message per delta: what a panel does that draws a message anew for each piece of it. */
const naive = `
  import { marked } from 'marked';
  import purify from 'dompurify';
  const row = document.getElementById('root').appendChild(document.createElement('div'));
  window.showWhole = (text) => { row.innerHTML = purify.sanitize(marked.parse(text)); };`;

/** A stretch of an answer as models write it, as about `count` pieces of a word each. */
export function answerPieces(count) {
  const paragraph =
    'The cord joins **two** jacks and a signal goes from one `room` to another; see the [manual](https://example.com/a) for the rest.\n\n' +
    '- the first item of a list\n- the second one, with `code` and *stress*\n\n' +
    '```ts\nexport function parse(text: string): readonly string[] {\n  return text.split("\\n").filter((line) => line.length > 0);\n}\n```\n\n' +
    '## What comes next\n\n| a | b |\n|---|---|\n| one | two |\n| three | four |\n\n';
  const words = paragraph.match(/\s*\S+|\s+$/g);
  return Array.from({ length: count }, (_, index) => words[index % words.length]);
}

export async function openPanelPage({ count }) {
  const files = new Map([
    ['/panel', ['.html', page]],
    ['/naive', ['.html', page.replace('/main.js', '/naive.js')]],
    ['/blank', ['.html', '<!DOCTYPE html><title>blank</title>']],
    ['/naive.js', ['.js', await bundle({ stdin: { contents: naive, resolveDir: inRoot('.') } })]],
    ['/worker.js', ['.js', await bundle({ entryPoints: ['test/bench/panel-worker.mjs'] })]],
  ]);
  const server = createServer((request, response) => {
    const name = new URL(request.url, 'http://bench').pathname;
    const known = files.get(name);
    const file = inRoot('dist/webview', path.basename(name));
    if (known !== undefined) {
      response.writeHead(200, { 'content-type': types[known[0]] }).end(known[1]);
    } else if (existsSync(file)) {
      const type = types[path.extname(file)] ?? 'text/plain';
      response.writeHead(200, { 'content-type': type }).end(readFileSync(file));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = `http://127.0.0.1:${server.address().port}`;
  const browser = await openBrowser({ width: 420, height: 900 });
  await browser.context.addInitScript(inPage);
  const devtools = await browser.context.newCDPSession(browser.page);
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const metric = async (name) => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return metrics.find((one) => one.name === name).value;
  };
  return {
    page: browser.page,
    devtools,
    /** Processor time of the page's main thread. */
    mainThreadMs: async () => 1000 * (await metric('TaskDuration')),
    nodes: () => metric('Nodes'),
    async heapBytes() {
      await devtools.send('HeapProfiler.collectGarbage');
      return metric('JSHeapUsedSize');
    },
    async openPanel() {
      await browser.page.goto(`${at}/panel`);
      await browser.page.waitForFunction(() => window.isReady);
      await browser.page.evaluate((n) => window.startHost(n), count);
      await browser.page.waitForFunction(
        // Without a message there is no list.
        (n) => n === 0 || document.querySelector(`[aria-setsize="${n}"]`) !== null,
        count,
      );
      await browser.page.waitForTimeout(1500);
    },
    async openNaive() {
      await browser.page.goto(`${at}/naive`);
      await browser.page.waitForFunction(() => window.showWhole !== undefined);
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Runs in the page before anything else: the editor's API, and what the benches ask of the page. */
function inPage() {
  let state;
  window.acquireVsCodeApi = () => ({
    postMessage: (message) => {
      if (message.method === 'view/ready') window.isReady = true;
      if (message.method === 'view/resync') window.resyncs = (window.resyncs ?? 0) + 1;
      if (message.method === 'view/resync') window.host.postMessage({ kind: 'ready' });
    },
    getState: () => state,
    setState: (next) => {
      state = next;
    },
  });
  window.now = () => performance.timeOrigin + performance.now();
  window.asked = new Map();
  window.startHost = (count) => {
    window.host = new Worker('/worker.js', { type: 'module' });
    window.host.onmessage = ({ data }) => {
      if (data.toPanel !== undefined) {
        window.dispatchEvent(new MessageEvent('message', { data: data.toPanel }));
      } else if (data.ended !== undefined) {
        window.endedAtMs = data.atMs;
      } else if (data.asked !== undefined) {
        window.asked.set(data.asked, data.postedAtMs);
      }
    };
    window.host.postMessage({ kind: 'items', count });
    window.host.postMessage({ kind: 'ready' });
  };
  /** The moment after the frame in which `isThere` first holds has been painted. */
  window.painted = (isThere) =>
    new Promise((resolve) => {
      const look = () => {
        if (!isThere()) requestAnimationFrame(look);
        else requestAnimationFrame(() => setTimeout(() => resolve(window.now())));
      };
      look();
    });
  /** Streams and looks at every frame meanwhile. */
  window.streamAndWatch = async (id, pieces, perSecond) => {
    window.endedAtMs = undefined;
    const frames = [];
    let isOver = false;
    let lastMs = performance.now();
    const tick = (atMs) => {
      frames.push(atMs - lastMs);
      lastMs = atMs;
      if (!isOver) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
    window.host.postMessage({ kind: 'stream', id, pieces, perSecond });
    const paintedAtMs = await window.painted(() => {
      const row = document.querySelector(`[data-render-id="${id}"] .markdown`);
      return row?.getAttribute('aria-busy') === 'false';
    });
    isOver = true;
    const html = document.querySelector(`[data-render-id="${id}"] .markdown`).innerHTML;
    return { frames: frames.slice(1), lagMs: paintedAtMs - window.endedAtMs, html };
  };
}
