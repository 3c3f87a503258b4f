// A running VS Code with Patchbay in it, for the end-to-end tests: what a person sees and can do.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inRoot, manifest, root } from '../../scripts/lib/root.mjs';
import { openBrowser } from './browser.mjs';
import * as drive from './drive.mjs';
import { startHost } from './host.mjs';
import { installHost } from './install-host.mjs';

export const sampleProject = inRoot('test/fixtures/sample-project');
export const artifacts = process.env.PATCHBAY_ARTIFACTS ?? inRoot('artifacts');

/** A fresh copy of the sample project, or of `from`, in a temporary folder. */
export function copyProject(from = sampleProject) {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'patchbay-ws-')), path.basename(from));
  cpSync(from, folder, { recursive: true });
  return folder;
}

/**
 * @typedef {object} PatchbayOptions
 * @property {Record<string, unknown>} [settings] the user's settings
 * @property {NodeJS.ProcessEnv} [env] for the extension host, e.g. ANTHROPIC_BASE_URL or a PATH with agents
 * @property {string} [folder] the folder to open; default: a fresh copy of the sample project
 * @property {boolean} [workspaceTrust] keep the trust feature on: the folder starts untrusted
 * @property {string} [home] HOME of the host; default: a fresh folder
 * @property {string} [vsix] default: PATCHBAY_VSIX (the runner packs one); without both the project's folder is linked
 * @property {string[]} [extensions] folders of further extensions to link next to Patchbay
 * @property {number} [width]
 * @property {number} [height]
 */

/** @param {PatchbayOptions} [options] */
export async function startPatchbay(options = {}) {
  const { settings, env, workspaceTrust, home, width, height } = options;
  const vsix = options.vsix ?? process.env.PATCHBAY_VSIX;
  const { publisher, name } = manifest();
  const extensionId = `${publisher}.${name}`;
  const base = mkdtempSync(path.join(tmpdir(), 'patchbay-e2e-'));
  const folder = options.folder ?? copyProject();
  const profile = path.join(base, 'browser');

  await installHost({ report: console.error });
  const hostOptions = {
    folder,
    settings,
    env,
    workspaceTrust,
    home,
    root: path.join(base, 'host'),
  };
  mkdirSync(hostOptions.root, { recursive: true });
  const further = options.extensions ?? [];
  const installed = vsix ? { vsix: [vsix], link: further } : { link: [root, ...further] };
  let host = await startHost({ ...hostOptions, ...installed });
  let browser;
  try {
    browser = await openBrowser({ width, height, profile, report: console.error });
    await drive.openWorkbench(browser.page, host);
  } catch (error) {
    await browser?.close();
    await host.stop();
    throw error;
  }

  /** What a person does in a window. */
  const windowTools = (page) => ({
    /** Opens the chat (a click on the activity bar) and gives the frame of its document. */
    async openChat(has = 'body *') {
      await drive.openView(page(), 'Patchbay');
      await page().mouse.move(600, 300, { steps: 5 }); // off the icon
      return this.chatFrame(has);
    },
    /** The frame of the chat's document, once `has` is visible in it. */
    chatFrame: (has = 'body *') => drive.webviewFrame(page(), { extensionId, has }),

    command: (title) => drive.runCommand(page(), title),
    pick: (text) => drive.pickRow(page(), text),
    fillInput: (text) => drive.fillInput(page(), text),
    notifications: () => drive.notifications(page()),
    answerNotification: (text, button) => drive.answerNotification(page(), text, button),
    answerDialog: (button) => drive.answerDialog(page(), button),

    /** Reloads the window: the extension host starts anew, the server stays. */
    async reload() {
      await page().reload({ waitUntil: 'domcontentloaded' });
      await drive.workbenchReady(page());
    },
  });

  const app = {
    extensionId,
    folder,
    get host() {
      return host;
    },
    get page() {
      return browser.page;
    },

    ...windowTools(() => browser.page),

    /** A second window of the same folder, with an extension host of its own; the same person’s, in the same browser. */
    async openWindow() {
      const page = await browser.context.newPage();
      await drive.openWorkbench(page, host);
      return { page, ...windowTools(() => page), close: () => page.close() };
    },

    /** The bytes of a file of the folder. */
    bytes: (...parts) => readFileSync(path.join(folder, ...parts)),
    text: (...parts) => readFileSync(path.join(folder, ...parts), 'utf8'),

    /** A picture of the whole window, kept as `artifacts/<name>.png`. */
    async shot(shotName) {
      const file = path.join(artifacts, `${shotName}.png`);
      mkdirSync(path.dirname(file), { recursive: true });
      await app.page.screenshot({ path: file });
      return file;
    },

    /** Quits VS Code and starts it again with the same data, state and secrets. */
    async restart() {
      await app.page.goto('about:blank');
      await browser.close();
      const { port } = host;
      await host.stop();
      host = await startHost({ ...hostOptions, port });
      browser = await openBrowser({ width, height, profile });
      await drive.openWorkbench(browser.page, host);
    },

    /** Keeps what explains a failure: a picture, the logs. */
    async keepEvidence(evidenceName) {
      await app.shot(evidenceName).catch(() => {});
      const logs = host
        .logFiles()
        .filter((file) => /remoteexthost\.log$|Patchbay/i.test(file))
        .map((file) => `==== ${path.basename(file)}\n${readFileSync(file, 'utf8').slice(-40_000)}`);
      writeFileSync(
        path.join(artifacts, `${evidenceName}.log`),
        [...logs, `==== server\n${host.serverLog().slice(-20_000)}`].join('\n\n'),
      );
    },

    async close() {
      await browser.close();
      await host.stop();
      rmSync(base, { recursive: true, force: true, maxRetries: 5 });
      if (!options.folder)
        rmSync(path.dirname(folder), { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return app;
}
