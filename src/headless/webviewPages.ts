import { renderShell } from '../protocol/shell';

/** The themes that the stand-in can put on, as the editor gives them to a webview. */
export const standInThemes = ['dark', 'light', 'hc-black', 'hc-light'] as const;
export type StandInTheme = (typeof standInThemes)[number];

/** Between the two pages: what is not one of the panel's own messages. */
const marker = '__standIn';

/**
 * The outer page: it plays the editor. It hears from the server what the host says and passes it to the panel's frame,
 * and brings back what the panel says.
 */
export function outerPage(nonce: string, theme: StandInTheme): string {
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    `connect-src 'self'`,
    `frame-src 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Patchbay, stand-in for the editor</title>
<style nonce="${nonce}">
html, body { height: 100%; margin: 0 }
iframe { display: block; width: 100%; height: 100%; border: 0 }
</style>
</head>
<body>
<iframe id="panel" title="panel" src="panel?theme=${theme}" allow="clipboard-read; clipboard-write"></iframe>
<script nonce="${nonce}" src="outer.js"></script>
</body>
</html>
`;
}

/** The panel's own page with its own policy; before its script comes what the editor puts into every webview. */
export function panelPage(nonce: string, base: string, theme: StandInTheme): string {
  const shell = renderShell({
    nonce,
    cspSource: `${base}webview/`,
    scriptUri: `${base}webview/main.js`,
    styleUri: `${base}webview/styles.css`,
    codiconUri: `${base}webview/codicon.css`,
    lang: 'en',
  });
  const editor =
    `<link rel="stylesheet" href="${base}webview/editor/default-styles.css">` +
    `<script type="module" nonce="${nonce}" src="${base}webview/editor/themes/${theme}.mjs"></script>` +
    `<script nonce="${nonce}" src="${base}webview/editor/frame.js"></script>`;
  return shell.replace('<link rel="stylesheet"', () => `${editor}\n<link rel="stylesheet"`);
}

/** Script of the outer page. */
export const outerScript = `'use strict';
const frame = document.getElementById('panel');
let page = '';
let sending = Promise.resolve();
const tellServer = (message) => {
  sending = sending.then(() =>
    fetch('message', { method: 'POST', body: JSON.stringify({ page, message }) }).catch(() => {}),
  );
};
const tellPanel = (message) => frame.contentWindow.postMessage(message, location.origin);
// Each message in a task of its own, in order, as they come out of the editor; paced ones one in each frame.
const queue = [];
const { port1, port2 } = new MessageChannel();
const next = () => {
  const entry = queue[0];
  tellPanel(entry.message);
  queue.shift();
  if (queue.length === 0) return;
  if (entry.isPaced) requestAnimationFrame(next);
  else port2.postMessage(0);
};
port1.onmessage = next;
const later = (message, isPaced) => {
  queue.push({ message, isPaced });
  if (queue.length === 1) port2.postMessage(0);
};
let readyMessage;
addEventListener('message', (event) => {
  if (event.source !== frame.contentWindow || event.origin !== location.origin) return;
  const { data } = event;
  if (data && data.${marker} === 'height') {
    frame.style.height = 'max(100%, ' + Number(data.px) + 'px)';
    return;
  }
  if (data && data.type === 'command' && data.method === 'view/ready') {
    readyMessage = data;
    if (page === '') return;
  }
  tellServer(data);
});
const events = new EventSource('events');
events.onmessage = (event) => {
  const { hello, messages, settle, isPaced } = JSON.parse(event.data);
  if (hello) {
    page = hello;
    if (readyMessage) tellServer(readyMessage);
    return;
  }
  for (const message of messages ?? []) later(message, isPaced);
  if (settle) later({ ${marker}: 'settle', ...settle }, false);
};
`;

/**
 * Script of the panel's frame: the editor's API, and a user's hand. A card, a thought or an error's detail shows what it
 * holds only when it is opened; \`settle\` opens it and answers when it is painted.
 */
export const frameScript = `'use strict';
{
  const api = {
    postMessage: (message) => parent.postMessage(message, location.origin),
    getState: () => JSON.parse(sessionStorage.getItem('panel-state') ?? 'null') ?? undefined,
    setState: (state) => sessionStorage.setItem('panel-state', JSON.stringify(state)),
  };
  let isTaken = false;
  globalThis.acquireVsCodeApi = () => {
    if (isTaken) throw new Error('the editor gives its API once');
    isTaken = true;
    return Object.freeze(api);
  };
  const nextFrame = () => new Promise((done) => requestAnimationFrame(done));
  const rowOf = (id) =>
    [...document.querySelectorAll('[data-render-id]')].find((row) => row.dataset.renderId === id);
  const folded = '.card-head > button[aria-expanded="false"], .disclosure[aria-expanded="false"]:not(:disabled)';
  const fit = () => {
    const scroller = document.querySelector('.scroller');
    const rows = document.querySelector('.rows');
    if (!scroller || !rows) return;
    const around = document.documentElement.clientHeight - scroller.clientHeight;
    const px = Math.min(rows.scrollHeight + around + 40, 2000000);
    parent.postMessage({ ${marker}: 'height', px }, location.origin);
  };
  const settle = async ({ id, isOpened }) => {
    // A long list draws what is near the view only: all that is rendered is to be seen, so the view grows.
    for (let frame = 0; frame < 240; frame++) {
      await nextFrame();
      const row = rowOf(id);
      const button = isOpened ? row?.querySelector(folded) : undefined;
      button?.click();
      fit();
      if (row && !button) break;
    }
    await nextFrame();
    parent.postMessage({ ${marker}: 'painted', id, isShown: rowOf(id) !== undefined }, location.origin);
  };
  addEventListener('message', (event) => {
    if (event.data && event.data.${marker} === 'settle') {
      event.stopImmediatePropagation();
      void settle(event.data);
    }
  });
}
`;
