'use strict';
// What VS Code calls inside its extension host (`extensionTestsPath`): runs the files that run.mjs has built.
// MOCHA_GREP runs a part; PATCHBAY_HOST_RESULT names a file for the counts.
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
      forbidOnly: Boolean(process.env.CI),
      grep: process.env.MOCHA_GREP || undefined,
    });
    for (const name of readdirSync(folder).sort()) {
      if (name.endsWith('.test.cjs')) mocha.addFile(path.join(folder, name));
    }
    const runner = mocha.run((failures) => {
      const { passes = 0, pending = 0 } = runner.stats ?? {};
      if (process.env.PATCHBAY_HOST_RESULT) {
        const counts = { passed: passes, failed: failures, skipped: pending };
        writeFileSync(process.env.PATCHBAY_HOST_RESULT, JSON.stringify(counts));
      }
      if (failures > 0) reject(new Error(`${failures} in-host test(s) failed`));
      else resolve();
    });
  });
