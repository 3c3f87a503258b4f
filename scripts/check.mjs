#!/usr/bin/env node
// `npm run check`: all static checks, as many at once as there are processors; a failure does not hide the ones after it.
import { availableParallelism } from 'node:os';
import { isMain } from './lib/root.mjs';
import { eachOf, ensureDependencies, npm, requireNode, runMain, seconds } from './lib/steps.mjs';

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
export function runChecks() {
  return eachOf(checks, availableParallelism(), async ([name, script]) => {
    const startedMs = performance.now();
    const { code, output, timedOut } = await npm(['run', '--silent', script], {
      quiet: true,
      timeoutMs: 900_000,
    });
    const isGood = code === 0;
    const took = seconds(performance.now() - startedMs);
    console.log(
      `${isGood ? 'ok    ' : 'FAILED'} ${name} (${took})${timedOut ? ', out of time' : ''}`,
    );
    if (!isGood) console.log(`${output.trimEnd()}\n`);
    return { name, isGood };
  });
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    requireNode();
    await ensureDependencies();
    const results = await runChecks();
    return results.every((r) => r.isGood) ? 0 : 1;
  });
}
