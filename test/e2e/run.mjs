#!/usr/bin/env node
// End-to-end tests: every `test/e2e/*.e2e.mjs`, one after another, each in a process of its own, on the packed
// extension. Pictures go to artifacts/. A file that fails is run once more, and the report says so.
//   node test/e2e/run.mjs [part of a file name]...   only these
//   PATCHBAY_E2E_LINK=1    the project's folder in place instead of a package (quicker while writing a test)
import { printFailures, runFiles } from '../support/run-files.mjs';
import { build } from '../../scripts/build.mjs';
import { inRoot, isMain } from '../../scripts/lib/root.mjs';
import { runMain, say } from '../../scripts/lib/steps.mjs';
import { makePackage } from '../../scripts/package.mjs';
import { findBrowser } from '../support/browser.mjs';
import { installHost } from '../support/install-host.mjs';

export async function runE2e(only = []) {
  const env = { ...process.env };
  if (process.env.PATCHBAY_E2E_LINK) {
    await build({ report: () => {} });
  } else if (!env.PATCHBAY_VSIX) {
    env.PATCHBAY_VSIX = await makePackage({ out: inRoot('out/e2e/patchbay.vsix') });
    say(`packed ${env.PATCHBAY_VSIX}`);
  }
  await installHost({ report: say });
  const browser = await findBrowser({ report: say });
  say(`browser: ${browser.executablePath}`);
  return runFiles({ folder: inRoot('test/e2e'), suffix: '.e2e.mjs', only, env });
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const outcome = await runE2e(process.argv.slice(2));
    const { passed, failed } = outcome;
    printFailures(outcome);
    console.log(`\nend to end: ${passed} passed, ${failed} failed`);
    return failed > 0 || passed === 0 ? 1 : 0;
  });
}
