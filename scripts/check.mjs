#!/usr/bin/env node
// `npm run check`: all static checks one after another; a failure does not hide the ones after it.
import { isMain } from './lib/root.mjs';
import { ensureDependencies, npm, requireNode, runMain, seconds } from './lib/steps.mjs';

const checks = [
  ['types', 'check:types'],
  ['lint', 'check:lint'],
  ['layers', 'check:layers'],
  ['dead code', 'check:dead'],
  ['format', 'check:format'],
  ['generated docs', 'check:docs'],
  ['package list', 'check:package'],
];

/** @returns {Promise<{ name: string, isGood: boolean }[]>} */
export async function runChecks() {
  const results = [];
  for (const [name, script] of checks) {
    const startedMs = performance.now();
    const { code, output, timedOut } = await npm(['run', '--silent', script], {
      quiet: true,
      timeoutMs: 300_000,
    });
    const isGood = code === 0;
    const took = seconds(performance.now() - startedMs);
    console.log(
      `${isGood ? 'ok    ' : 'FAILED'} ${name} (${took})${timedOut ? ', out of time' : ''}`,
    );
    if (!isGood) console.log(`${output.trimEnd()}\n`);
    results.push({ name, isGood });
  }
  return results;
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    requireNode();
    await ensureDependencies();
    const results = await runChecks();
    return results.every((r) => r.isGood) ? 0 : 1;
  });
}
