#!/usr/bin/env node
// A stand-in for the editor around the panel: serves the built webview (`dist/webview`) with the same shell and the
// same content security policy, an `acquireVsCodeApi` that answers from canned scenes, and a theme's variables.
//   node test/support/panel-page/serve.mjs [--port 8123]     then open the printed address
// `/` shows the panel in a frame with pickers for scene, theme and width; `/panel?scene=…&theme=…` is the frame alone.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../../..');
export const themes = ['dark', 'light', 'hc-black', 'hc-light'];

const types = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.ttf': 'font/ttf',
  '.html': 'text/html; charset=utf-8',
};

/**
 * @param {{ port?: number, webview?: string }} [options] `webview`: the folder with the built panel
 * @returns {Promise<{ url: string, panelUrl: (scene: string, theme?: string) => string, close: () => Promise<void> }>}
 */
export async function servePanel({ port = 0, webview = path.join(root, 'dist/webview') } = {}) {
  if (!existsSync(path.join(webview, 'main.js'))) {
    throw new Error(`there is no panel in ${webview}; build it first: npm run build`);
  }
  const { renderShell } = await importTypeScript('src/protocol/shell.ts');
  const folders = { '/webview/': webview, '/stand-in/': here };

  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://localhost');
    const origin = `http://${request.headers.host}`;
    if (url.pathname === '/')
      return send(response, '.html', readFileSync(path.join(here, 'index.html')));
    if (url.pathname === '/panel') {
      return send(response, '.html', panelPage(renderShell, origin, url.searchParams));
    }
    const [prefix, folder] =
      Object.entries(folders).find(([start]) => url.pathname.startsWith(start)) ?? [];
    const file = folder && path.join(folder, url.pathname.slice(prefix.length));
    if (!file || !file.startsWith(folder) || !existsSync(file)) {
      response.writeHead(404).end();
      return undefined;
    }
    return send(response, path.extname(file), readFileSync(file));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url,
    panelUrl: (scene, theme = 'dark') => `${url}/panel?scene=${scene}&theme=${theme}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  };
}

/** The shell as the host makes it; before its script, what the editor's own frame does. */
function panelPage(renderShell, origin, query) {
  const nonce = randomBytes(16).toString('hex');
  const shell = renderShell({
    nonce,
    cspSource: origin,
    scriptUri: '/webview/main.js',
    styleUri: '/webview/styles.css',
    codiconUri: '/webview/codicon.css',
    lang: 'en',
  });
  const theme = themes.includes(query.get('theme')) ? query.get('theme') : 'dark';
  const editor =
    `<link rel="stylesheet" href="/stand-in/default-styles.css">` +
    `<script type="module" nonce="${nonce}" src="/stand-in/themes/${theme}.mjs"></script>` +
    `<script type="module" nonce="${nonce}" src="/stand-in/editor.mjs"></script>`;
  return shell.replace('<link rel="stylesheet"', () => `${editor}\n<link rel="stylesheet"`);
}

async function importTypeScript(file) {
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [file],
    bundle: true,
    format: 'esm',
    write: false,
  });
  return import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`
  );
}

function send(response, extension, body) {
  response.writeHead(200, {
    'content-type': types[extension] ?? 'application/octet-stream',
    'cache-control': 'no-store',
  });
  response.end(body);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { port: { type: 'string' } } });
  const { url } = await servePanel({ port: Number(values.port ?? 8123) });
  console.log(`${url}  (Ctrl-C stops it)`);
}
