// Runs test files that are written with node:test, each in a process of its own with a time limit: as many at once as
// the machine has pairs of processors (an editor with its browser keeps two busy).
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inRoot } from '../../scripts/lib/root.mjs';
import { eachOf, run, say, seconds } from '../../scripts/lib/steps.mjs';

const reporter = fileURLToPath(new URL('./reporter.mjs', import.meta.url));

/**
 * @typedef {{ file?: string, title: string, error: string }} Failure
 * @typedef {{ passed: number, failed: number, failures: Failure[], retried: Failure[] }} Outcome `retried`: what failed
 *   and was run a second time
 */

/**
 * A file that fails is run once more, alone, after all the others; the report says so.
 * @param {{ folder: string, suffix: string, only?: readonly string[], env?: NodeJS.ProcessEnv, retries?: number,
 *   timeoutMs?: number, atOnce?: number }} options `only`: parts of file names; `atOnce`: PATCHBAY_JOBS by default
 * @returns {Promise<Outcome>}
 */
export async function runFiles(options) {
  const { folder, suffix, only = [], env = process.env, retries = 1 } = options;
  const timeoutMs = options.timeoutMs ?? Number(process.env.PATCHBAY_FILE_TIMEOUT_MS ?? 1_200_000);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .filter((name) => only.length === 0 || only.some((part) => name.includes(part)))
    .sort();
  const atOnce = Math.min(files.length, options.atOnce ?? jobs());
  const results = await eachOf(files, atOnce, async (name, index) => {
    const place = `${name} (${index + 1} of ${files.length})`;
    if (atOnce === 1) say(place);
    const { lines, ...result } = await runFile(path.join(folder, name), env, timeoutMs, atOnce > 1);
    // Files that run beside each other are reported whole, one after another.
    if (atOnce > 1) say([place, ...lines].join('\n'));
    return result;
  });
  const retried = [];
  for (let again = 0; again < retries; again++) {
    for (const [index, name] of files.entries()) {
      if (results[index].failed === 0) continue;
      say(`${name}: ${results[index].failed} failed; once more`);
      retried.push(...results[index].failures);
      results[index] = await runFile(path.join(folder, name), env, timeoutMs, false);
    }
  }
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const failures = results.flatMap((result) => result.failures);
  return { passed: sum('passed'), failed: sum('failed'), failures, retried };
}

function jobs() {
  const asked = Number(process.env.PATCHBAY_JOBS ?? '');
  return asked >= 1 ? Math.floor(asked) : Math.max(1, Math.floor(availableParallelism() / 2));
}

/**
 * The end of a run, which is all that some logs keep: what failed at first and what failed for good, one line each.
 * @param {Pick<Outcome, 'failures' | 'retried'>} outcome
 */
export function printFailures({ failures, retried }) {
  const line = ({ file, title, error }) => `  ${file ? `${file}: ` : ''}${title}\n      ${error}`;
  const list = (head, some) => some.length > 0 && console.log([head, ...some.map(line)].join('\n'));
  list('\nfailed at first, and was run once more:', retried);
  list('\nfailed:', failures);
}

/** @returns {Promise<Omit<Outcome, 'retried'> & { lines: string[] }>} `lines`: what it printed, when kept */
async function runFile(file, env, timeoutMs, isKept) {
  mkdirSync(inRoot('out'), { recursive: true });
  const resultFile = inRoot('out', `result-${process.pid}-${path.basename(file)}.json`);
  const startedMs = performance.now();
  const lines = [];
  const print = isKept ? (line) => lines.push(line) : console.log;
  const { code, timedOut } = await run(
    process.execPath,
    [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout', file],
    {
      env: { ...env, PATCHBAY_RESULT: resultFile },
      timeoutMs,
      ...(isKept ? { onLine: print } : {}),
    },
  );
  const counts = existsSync(resultFile) ? JSON.parse(readFileSync(resultFile, 'utf8')) : undefined;
  rmSync(resultFile, { force: true });
  const took = seconds(performance.now() - startedMs);
  const name = path.basename(file);
  const failures = (counts?.failures ?? []).map((failure) => ({ file: name, ...failure }));
  const isBroken = timedOut || !counts || (code !== 0 && failures.length === 0);
  if (isBroken) {
    const error = timedOut
      ? `not done after ${took}`
      : `ended with ${code} and ${counts ? 'no failed test' : 'no result'}`;
    print(`not ok - ${name}: ${error}`);
    failures.push({ file: name, title: 'the file', error });
  }
  return { passed: counts?.passed ?? 0, failed: failures.length, failures, lines };
}
