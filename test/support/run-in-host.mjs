// Runs a test entry (a module that exports `run()`) inside the extension host of VS Code's server: what
// @vscode/test-electron does on a desktop.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import { openBrowser } from './browser.mjs';
import { startHost } from './host.mjs';
import { installHost } from './install-host.mjs';

/** Lines of the workbench itself that would stand between the tests' own. */
const noise =
  /^(Canceled: |Ignoring fetching additional builtin|Updating additional builtin|\[AccountPolicyGate\]|\[AgentHost|\[Service Worker\]|DialogService: Dialog requested|Creating a socket|\[reconnection-grace-time\])/;

/**
 * @param {{ dev: string, tests: string, folder?: string, settings?: Record<string, unknown>, env?: NodeJS.ProcessEnv,
 *   timeoutMs?: number, artifacts?: string, out?: (line: string) => void }} options
 * @returns {Promise<{ code: number, lines: string[] }>} code 0: all tests passed
 */
export async function runInHost(options) {
  const {
    dev,
    tests,
    folder,
    settings,
    env,
    timeoutMs = 900_000,
    artifacts,
    out = console.log,
  } = options;
  await installHost({ report: out });
  const host = await startHost({ devPath: dev, folder, settings, env });
  const lines = [];
  let browser;
  try {
    browser = await openBrowser({ report: out });
    const { page } = browser;
    let hasStarted = false;
    let timer;
    const result = new Promise((resolve, reject) => {
      void page.exposeFunction('codeAutomationLog', (type, args) => {
        const text = format(...args);
        lines.push(`${type}: ${text}`);
        hasStarted ||= text === ''; // mocha's report opens with an empty line
        if (process.env.HOST_VERBOSE || (hasStarted && !noise.test(text))) out(text);
      });
      void page.exposeFunction('codeAutomationExit', (code) => resolve(code));
      page.on('crash', () => reject(new Error('the page with the workbench crashed')));
      const late = () => reject(new Error(`no result after ${timeoutMs / 1000} s`));
      timer = setTimeout(late, timeoutMs);
      void host.ended.then(() => reject(new Error(`VS Code's server ended:\n${host.serverLog()}`)));
    });
    result.catch(() => {}); // it may fail while the page is still loading
    await page.goto(host.url([['extensionTestsPath', host.remote(tests)]]));
    const code = await result.finally(() => clearTimeout(timer));
    if (code !== 0 && !hasStarted) for (const line of lines) out(line);
    if (code !== 0) await keepEvidence();
    return { code, lines };
  } catch (error) {
    await keepEvidence();
    throw error;
  } finally {
    await browser?.close();
    await host.stop();
  }

  async function keepEvidence() {
    if (!artifacts) return;
    mkdirSync(artifacts, { recursive: true });
    writeFileSync(path.join(artifacts, 'in-host.log'), lines.join('\n'));
    await browser?.page.screenshot({ path: path.join(artifacts, 'in-host.png') }).catch(() => {
      // the page itself is what failed
    });
  }
}
