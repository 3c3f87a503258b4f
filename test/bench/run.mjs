#!/usr/bin/env node
// `npm run bench`: every goal of speed and size that has a script here, each in a process of its own.
//   node test/bench/run.mjs [p1] [p2] ...   only these
import { readdirSync } from 'node:fs';
import { build } from '../../scripts/build.mjs';
import { inRoot, isMain } from '../../scripts/lib/root.mjs';
import { ensureDependencies, requireNode, run, runMain } from '../../scripts/lib/steps.mjs';

async function runBenches(only) {
  const files = readdirSync(inRoot('test/bench'))
    .filter((name) => /^p\d+-.*\.mjs$/.test(name))
    .filter((name) => only.length === 0 || only.some((part) => name.startsWith(part)))
    .sort((a, b) => Number.parseInt(a.slice(1)) - Number.parseInt(b.slice(1)));
  const short = [];
  for (const name of files) {
    const { code, timedOut } = await run(process.execPath, [inRoot('test/bench', name)], {
      timeoutMs: 300_000,
    });
    if (timedOut) console.log(`${name}: not done after five minutes`);
    if (code !== 0) short.push(name.replace('.mjs', ''));
  }
  console.log(
    `\n${files.length - short.length} of ${files.length} pass${short.length ? `; short: ${short.join(', ')}` : ''}`,
  );
  return short.length === 0;
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    requireNode();
    await ensureDependencies();
    await build({ report: () => {} });
    return (await runBenches(process.argv.slice(2))) ? 0 : 1;
  });
}
