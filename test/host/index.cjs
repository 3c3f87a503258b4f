'use strict';
// What VS Code calls inside its extension host (`extensionTestsPath`): runs the files that run.mjs has built.
// MOCHA_GREP runs a part; PATCHBAY_HOST_RESULT names a file for the counts and what failed. A test that fails is run
// once more, and the result says so.
const { readdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const Mocha = require('mocha');

exports.run = () =>
  new Promise((resolve, reject) => {
    const folder = process.env.PATCHBAY_HOST_TESTS;
    const mocha = new Mocha({
      ui: 'bdd',
      color: false,
      timeout: 20_000,
      retries: 1,
      forbidOnly: Boolean(process.env.CI),
      grep: process.env.MOCHA_GREP || undefined,
    });
    for (const name of readdirSync(folder).sort()) {
      if (name.endsWith('.test.cjs')) mocha.addFile(path.join(folder, name));
    }
    const failures = [];
    const retried = [];
    const noted = (list) => (test, error) =>
      list.push({ title: test.fullTitle(), error: String(error?.message ?? error).split('\n')[0] });
    const runner = mocha.run((failed) => {
      const { passes: passed = 0, pending: skipped = 0 } = runner.stats ?? {};
      if (process.env.PATCHBAY_HOST_RESULT) {
        const result = { passed, failed, skipped, failures, retried };
        writeFileSync(process.env.PATCHBAY_HOST_RESULT, JSON.stringify(result));
      }
      if (failed > 0) reject(new Error(`${failed} in-host test(s) failed`));
      else resolve();
    });
    runner.on('fail', noted(failures)).on('retry', noted(retried));
  });
