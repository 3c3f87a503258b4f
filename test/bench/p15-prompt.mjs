// P15, the host's share: from a call to the posted prompt, from the answer to the start of the command, and a decision
// that needs nobody. The share while text streams is held against the idle one; the milliseconds are for a person.
import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { inRoot } from '../../scripts/lib/root.mjs';
import { median, remark, report } from './goals.mjs';

const folder = inRoot('out/bench-prompt');
const script = path.join(folder, 'prompt-share.mjs');
const quantile = (values, part) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * part)];

try {
  await esbuild.build({
    entryPoints: [inRoot('test/bench/prompt-share.mjs')],
    outfile: script,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  const job = {
    workerPath: inRoot('dist/shellParserWorker.js'),
    calls: 1000,
    tokensPerSecond: 5000,
  };
  const child = fork(script, [JSON.stringify(job)]);
  let said;
  child.on('message', (message) => (said = message));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0 || said === undefined) throw new Error('no figures');
  const { idle, busy, decideUs } = said;
  report('P15 the prompt, share of the host', [
    {
      what: 'from the call to the posted prompt while 5,000 tokens a second stream / idle, median',
      value: median(busy.toPosted) / median(idle.toPosted),
      goal: 2,
    },
  ]);
  const ms = (value) => `${value.toFixed(2)} ms`;
  remark(
    `call to posted, median ${ms(median(idle.toPosted))}, p99: ${ms(quantile(idle.toPosted, 0.99))} idle, ${ms(quantile(busy.toPosted, 0.99))} streaming (goal 1 ms)`,
  );
  remark(
    `answer to the start of the command, median ${ms(median(idle.toStart))}, p99: ${ms(quantile(idle.toStart, 0.99))} idle, ${ms(quantile(busy.toStart, 0.99))} streaming (goal 5 ms)`,
  );
  remark(`a decision that needs nobody: ${decideUs.toFixed(2)} us (goal 5 us)`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
