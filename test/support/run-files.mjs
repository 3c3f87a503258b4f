// Runs test files that are written with node:test one after another, each in a process of its own with a time limit.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inRoot } from '../../scripts/lib/root.mjs';
import { run, say, seconds } from '../../scripts/lib/steps.mjs';

const reporter = fileURLToPath(new URL('./reporter.mjs', import.meta.url));

/**
 * @param {{ folder: string, suffix: string, only?: readonly string[], env?: NodeJS.ProcessEnv, retries?: number,
 *   timeoutMs?: number }} options `only`: parts of file names
 * @returns {Promise<{ passed: number, failed: number, retried: string[] }>}
 */
export async function runFiles(options) {
  const { folder, suffix, only = [], env = process.env, retries = 1 } = options;
  const timeoutMs = options.timeoutMs ?? Number(process.env.PATCHBAY_FILE_TIMEOUT_MS ?? 1_200_000);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .filter((name) => only.length === 0 || only.some((part) => name.includes(part)))
    .sort();
  const total = { passed: 0, failed: 0, retried: [] };
  for (const [index, name] of files.entries()) {
    say(`${name} (${index + 1} of ${files.length})`);
    let result = await runFile(path.join(folder, name), env, timeoutMs);
    for (let again = 0; again < retries && result.failed > 0; again++) {
      say(`${name}: ${result.failed} failed; once more`);
      total.retried.push(name);
      result = await runFile(path.join(folder, name), env, timeoutMs);
    }
    total.passed += result.passed;
    total.failed += result.failed;
  }
  if (total.retried.length > 0) say(`run twice because of a failure: ${total.retried.join(', ')}`);
  return total;
}

async function runFile(file, env, timeoutMs) {
  mkdirSync(inRoot('out'), { recursive: true });
  const resultFile = inRoot('out', `result-${process.pid}-${path.basename(file)}.json`);
  const startedMs = performance.now();
  const { code, timedOut } = await run(
    process.execPath,
    [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout', file],
    { env: { ...env, PATCHBAY_RESULT: resultFile }, timeoutMs },
  );
  const counts = existsSync(resultFile) ? JSON.parse(readFileSync(resultFile, 'utf8')) : undefined;
  rmSync(resultFile, { force: true });
  const took = seconds(performance.now() - startedMs);
  if (timedOut) console.log(`not ok - ${path.basename(file)}: not done after ${took}`);
  else if (!counts)
    console.log(`not ok - ${path.basename(file)}: ended with ${code} and no result`);
  const isBroken = timedOut || !counts || (code !== 0 && counts.failed === 0);
  return { passed: counts?.passed ?? 0, failed: (counts?.failed ?? 0) + (isBroken ? 1 : 0) };
}
