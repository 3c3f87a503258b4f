// The browser that the tests drive: CHROME_PATH, an installed Chrome or Chromium, else the one in the npm package
// `@sparticuz/chromium` (Linux x64). PATCHBAY_BROWSER=bundled skips the installed ones.
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { hostCache } from './install-host.mjs';
import { withLock } from './lock.mjs';

const exec = promisify(execFile);
const require = createRequire(import.meta.url);

const places = {
  linux: [
    'chromium',
    'chromium-browser',
    'google-chrome',
    'google-chrome-stable',
    'chrome',
  ].flatMap((name) => (process.env.PATH ?? '').split(':').map((folder) => path.join(folder, name))),
  darwin: ['Google Chrome', 'Chromium'].map(
    (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
  ),
  win32: [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA].map(
    (folder) => folder && path.join(folder, 'Google/Chrome/Application/chrome.exe'),
  ),
};

/**
 * @param {{ report?: (line: string) => void }} [options]
 * @returns {Promise<{ executablePath: string, env: Record<string, string>, from: string }>}
 */
export async function findBrowser({ report } = {}) {
  const given = process.env.CHROME_PATH;
  if (given) {
    if (!existsSync(given)) throw new Error(`CHROME_PATH is ${given}, and that is not there`);
    return { executablePath: given, env: {}, from: 'CHROME_PATH' };
  }
  if (process.env.PATCHBAY_BROWSER !== 'bundled') {
    const installed = (places[process.platform] ?? []).find((file) => file && existsSync(file));
    if (installed) return { executablePath: installed, env: {}, from: 'installed' };
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      'No Chrome or Chromium was found. Install one, or give its program in CHROME_PATH.',
    );
  }
  return bundledBrowser(report);
}

/** Unpacks the packed browser once per version into the cache folder. */
async function bundledBrowser(report) {
  const packageFolder = path.dirname(path.dirname(require.resolve('@sparticuz/chromium')));
  const { version } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8'));
  const folder = path.join(hostCache(), `chromium-${version}`);
  if (!existsSync(folder)) {
    mkdirSync(hostCache(), { recursive: true });
    await withLock(`${folder}.lock`, { report, what: 'the unpacking of the browser' }, async () => {
      if (existsSync(folder)) return;
      report?.(`unpacking the browser of @sparticuz/chromium ${version}`);
      const aside = mkdtempSync(`${folder}.`);
      try {
        await unpack(aside);
        writeFileSync(path.join(aside, 'fonts.conf'), fontsConfig(folder));
        renameSync(aside, folder);
      } finally {
        rmSync(aside, { recursive: true, force: true });
      }
    });
  }
  const env = { FONTCONFIG_FILE: path.join(folder, 'fonts.conf') };
  const libraries = path.join(folder, 'al2023/lib');
  if (existsSync(libraries)) env.LD_LIBRARY_PATH = libraries;
  return { executablePath: path.join(folder, 'chromium'), env, from: 'bundled' };
}

/** The fonts of the system, and the package's own for a system without any. */
const fontsConfig = (folder) => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${folder}/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
</fontconfig>
`;

/**
 * The package unpacks into the temporary folder, so it runs in a process whose temporary folder is `folder`.
 * Its own copy of the system libraries comes along only where the system has none.
 */
async function unpack(folder) {
  const script = (more) => `
    const { default: chromium, inflate } = await import(${JSON.stringify(pathToFileURL(require.resolve('@sparticuz/chromium')).href)});
    ${more}`;
  const node = (code) =>
    exec(process.execPath, ['--input-type=module', '-e', script(code)], {
      env: { ...process.env, TMPDIR: folder },
    });
  await node('await chromium.executablePath();');
  try {
    await exec(path.join(folder, 'chromium'), ['--version']);
  } catch {
    const packed = path.join(
      path.dirname(path.dirname(require.resolve('@sparticuz/chromium'))),
      'bin/al2023.tar.br',
    );
    await node(`await inflate(${JSON.stringify(packed)});`);
    await exec(path.join(folder, 'chromium'), ['--version'], {
      env: { ...process.env, LD_LIBRARY_PATH: path.join(folder, 'al2023/lib') },
    });
  }
}

/**
 * A browser with one page. Nothing outside this machine is ever asked for.
 * @param {{ headless?: boolean, width?: number, height?: number, profile?: string, report?: (line: string) => void,
 *   hosts?: boolean, args?: string[] }} [options] `profile` keeps what the browser stores, and with it the state of
 *   VS Code; `args`: more flags of the browser
 */
export async function openBrowser(options = {}) {
  const {
    headless = !process.env.HEADED,
    width = 1400,
    height = 900,
    profile,
    report,
    args = [],
  } = options;
  const { chromium } = await import('playwright-core');
  const { executablePath, env } = await findBrowser({ report });
  const folder = profile ?? mkdtempSync(path.join(tmpdir(), 'patchbay-browser-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath,
    headless,
    viewport: { width, height },
    serviceWorkers: 'allow',
    env: { ...process.env, ...env },
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      ...args,
    ],
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => {
    // not every browser knows them
  });
  return {
    context,
    page: context.pages()[0] ?? (await context.newPage()),
    async close() {
      await context.close();
      if (!profile) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
