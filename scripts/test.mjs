#!/usr/bin/env node
// `npm test`: everything that has to hold, on a fresh clone with nothing but Node and npm: dependencies, static checks,
// unit tests, in-host tests, end-to-end tests. The last line says how many passed and failed.
//   npm test -- --only check|unit|host|e2e   a part (may be given several times)
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { inRoot } from './lib/root.mjs';
import { ensureDependencies, npm, requireNode, runMain, say, seconds } from './lib/steps.mjs';

const parts = { check, unit, host, e2e };

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });

await runMain(async () => {
  requireNode();
  await ensureDependencies();
  const total = { passed: 0, failed: 0 };
  for (const name of values.only ?? Object.keys(parts)) {
    const startedMs = performance.now();
    console.log('');
    say(`${name} ...`);
    const { passed, failed } = await parts[name]();
    total.passed += passed;
    total.failed += failed;
    say(`${name}: ${passed} passed, ${failed} failed, ${seconds(performance.now() - startedMs)}`);
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
});

async function check() {
  const { runChecks } = await import('./check.mjs');
  const results = await runChecks();
  const failed = results.filter((r) => !r.isGood).length;
  return { passed: results.length - failed, failed };
}

async function unit() {
  const report = inRoot('out/unit.json');
  mkdirSync(inRoot('out'), { recursive: true });
  rmSync(report, { force: true });
  const args = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code, timedOut } = await npm(['run', '--silent', 'test:unit', '--', ...args], {
    timeoutMs: 600_000,
  });
  if (timedOut) console.log('the unit tests did not end in ten minutes');
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  return { passed, failed: failed === 0 && code !== 0 ? 1 : failed };
}

async function host() {
  const { runHostTests } = await import('../test/host/run.mjs');
  return runHostTests();
}

async function e2e() {
  const { runE2e } = await import('../test/e2e/run.mjs');
  return runE2e();
}
