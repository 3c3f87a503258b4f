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
  const total = { passed: 0, failed: 0, failures: [], retried: [] };
  for (const name of values.only ?? Object.keys(parts)) {
    const startedMs = performance.now();
    console.log('');
    say(`${name} ...`);
    const { passed, failed, failures, retried } = await parts[name]();
    total.passed += passed;
    total.failed += failed;
    total.failures.push(...failures);
    total.retried.push(...retried);
    say(`${name}: ${passed} passed, ${failed} failed, ${seconds(performance.now() - startedMs)}`);
  }
  const { printFailures } = await import('../test/support/run-files.mjs');
  printFailures(total);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed > 0 || total.passed === 0 ? 1 : 0;
});

async function check() {
  const { runChecks } = await import('./check.mjs');
  const results = await runChecks();
  const failures = results
    .filter((r) => !r.isGood)
    .map(({ name }) => ({ title: `check ${name}`, error: 'its output stands above' }));
  const failed = failures.length;
  return { passed: results.length - failed, failed, failures, retried: [] };
}

/** A file that fails is run once more, and the end of the report says so. */
async function unit() {
  const first = await unitRun([]);
  const files = [...new Set(first.failures.map(({ file }) => file))];
  if (files.length === 0 || files.includes(undefined)) return { ...first, retried: [] };
  say(`once more: ${files.join(', ')}`);
  const again = await unitRun(files);
  const passed = first.passed + first.failed - again.failed;
  return { passed, failed: again.failed, failures: again.failures, retried: first.failures };
}

/** @param {readonly string[]} files none: all of them */
async function unitRun(files) {
  const resultFile = inRoot('out/unit.json');
  mkdirSync(inRoot('out'), { recursive: true });
  rmSync(resultFile, { force: true });
  const reporters = [
    '--reporter=default',
    `--reporter=${inRoot('test/support/unit-reporter.mjs')}`,
  ];
  const { code, timedOut } = await npm(
    ['run', '--silent', 'test:unit', '--', ...reporters, ...files],
    { timeoutMs: 1_500_000, env: { ...process.env, PATCHBAY_RESULT: resultFile } },
  );
  const broken = (error) => ({ title: 'the unit tests', error });
  if (timedOut || !existsSync(resultFile)) {
    const failure = broken(
      timedOut ? 'did not end in 25 minutes' : `ended with ${code}, no result`,
    );
    return { passed: 0, failed: 1, failures: [failure] };
  }
  const result = JSON.parse(readFileSync(resultFile, 'utf8'));
  if (code === 0 || result.failed > 0) return result;
  return { ...result, failed: 1, failures: [broken(`ended with ${code}, and no test failed`)] };
}

async function host() {
  const { runHostTests } = await import('../test/host/run.mjs');
  return runHostTests();
}

async function e2e() {
  const { runE2e } = await import('../test/e2e/run.mjs');
  return runE2e();
}
