// P9, the file picker as a module: 100,000 paths, 200 queries of our own with the file that each is meant for.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inRoot } from '../../scripts/lib/root.mjs';
import { runBundled } from './bundled.mjs';
import { remark, report } from './goals.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
const quantile = (values, part) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * part)];

try {
  // Real paths around the labelled ones: whatever is installed here.
  const filler = path.join(folder, 'paths.txt');
  const installed = readdirSync(inRoot('node_modules'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(inRoot('.'), path.join(entry.parentPath, entry.name)))
    .map((name) => name.replaceAll('\\', '/'))
    .sort();
  writeFileSync(filler, `${installed.join('\n')}\n`);
  const { count, labels, ours, theirs, typed, buildMs, prepareMs } = await runBundled(
    'test/bench/picker.mjs',
    {
      pathsFile: inRoot('test/fixtures/picker/paths.txt'),
      queriesFile: inRoot('test/fixtures/picker/queries.txt'),
      filler,
      count: 100_000,
    },
  );
  const p95 = (took) => quantile(took, 0.95);
  const missed = (said) => said.wrong.length / labels;
  report(`P9 the file picker over ${count} paths, ${labels} queries`, [
    {
      what: 'p95 of a key pressed / fuzzysort prepared',
      value: p95(typed.ours) / p95(typed.theirs),
      goal: 1 / 25,
      note: `1/${(p95(typed.theirs) / p95(typed.ours)).toFixed(0)}; ${p95(typed.ours).toFixed(1)} and ${p95(typed.theirs).toFixed(1)} ms of processor time, goal for a person 8 ms`,
    },
    {
      what: 'queries whose first hit is not the expected one',
      value: 100 * missed(ours),
      goal: 5,
      unit: '%',
      note: `fuzzysort ${(100 * missed(theirs)).toFixed(1)} %`,
    },
  ]);
  remark(
    `whole queries: p95 ${p95(ours.took).toFixed(1)} and ${p95(theirs.took).toFixed(1)} ms; built in ${buildMs.toFixed(0)} ms (fuzzysort prepares in ${prepareMs.toFixed(0)} ms)`,
  );
  if (process.env.BENCH_DETAIL) {
    for (const from of [0, 40, 80, 120, 160]) {
      const some = ours.took.slice(from, from + 40).map((ms) => ms.toFixed(1));
      remark(`queries from ${from}: ${some.join(' ')} ms`);
    }
  }
  for (const { query, expected, first } of process.env.BENCH_DETAIL ? ours.wrong : []) {
    remark(`${query}: ${first}, and not ${expected}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
