// A built panel page in a real browser, for tests: one server and one browser for the tests of a file.
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { build } from '../../../scripts/build.mjs';
import { findBrowser } from '../browser.mjs';
import { servePanel } from './serve.mjs';

let server;
let browser;

/** Builds and serves the panel before the tests of a file, and ends both after them. */
export function usePanelPage() {
  before(async () => {
    await build({ only: ['webview'], report: () => {} });
    server = await servePanel();
    const { executablePath, env, args = [] } = await findBrowser();
    browser = await chromium.launch({
      executablePath,
      env: { ...process.env, ...env },
      args: [...args, '--no-sandbox'],
    });
  });

  after(async () => {
    await browser?.close();
    await server?.close();
  });
}

/** Opens a scene; fails the test for every error and every breach of the content security policy in the page. */
export async function open(t, scene, { theme = 'dark', width = 420, height = 720, block } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  if (block) await page.route(block, (route) => route.abort());
  t.after(() => context.close());
  await page.goto(server.panelUrl(scene, theme));
  await page.locator('.panel').waitFor();
  if (!block) await page.waitForFunction(() => customElements.get('vscode-button') !== undefined);
  return { page, problems };
}

export const id = (page, name) => page.getByTestId(name);
export const posted = (page, method) =>
  page.evaluate(
    (wanted) => window.fakeHost.posted.filter((m) => m.method === wanted).map((m) => m.params),
    method,
  );
/** Waits until the panel has posted `count` messages of this method, then gives them. */
export async function postedSoon(page, method, count = 1) {
  await page.waitForFunction(
    ([wanted, least]) => window.fakeHost.posted.filter((m) => m.method === wanted).length >= least,
    [method, count],
  );
  return posted(page, method);
}
export const deltas = (page, seq, list, status) =>
  page.evaluate(([n, d, s]) => window.fakeHost.deltas(n, d, s), [seq, list, status]);
export const notify = (page, method, params) =>
  page.evaluate(([m, p]) => window.fakeHost.notify(m, p), [method, params]);
export const frames = (page, count = 2) =>
  page.evaluate(async (n) => {
    for (let i = 0; i < n; i++) await new Promise((done) => requestAnimationFrame(done));
  }, count);
export const focused = (page) =>
  page.evaluate(
    () => document.activeElement?.getAttribute('data-testid') ?? document.activeElement?.tagName,
  );
