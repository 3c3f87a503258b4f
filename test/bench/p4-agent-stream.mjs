// P4: from an agent's pipe to the posts to the panel, through the real transport, bridge, driver, sink, session and feed,
// against the least that can be done with the same child (find its lines and parse them; drain its pipe), and against the
// same arm with readline in the place of our line reader, in an asynchronous loop as the agents' own SDKs use it.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { inRoot } from '../../scripts/lib/root.mjs';
import { median, remark, report } from './goals.mjs';

const runs = 5;
const rounds = 24;
const bigBytes = 5_000_000;
const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));

const bundle = (entry, name) =>
  esbuild.build({
    entryPoints: [inRoot(entry)],
    outfile: path.join(folder, name),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: name.endsWith('.mjs') ? 'esm' : 'cjs',
    logLevel: 'warning',
  });

async function read(job) {
  const child = fork(path.join(folder, 'reader.mjs'), [
    JSON.stringify({
      supervisorPath: path.join(folder, 'supervisor.js'),
      childPath: inRoot('test/bench/agent-stream-child.mjs'),
      rounds,
      bigBytes,
      ...job,
    }),
  ]);
  let figures;
  child.on('message', (message) => (figures = message));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0 || figures === undefined) throw new Error(`${job.way}: no figures`);
  return figures;
}

try {
  await bundle('test/bench/agent-stream-reader.mjs', 'reader.mjs');
  await bundle('src/node/supervisor.ts', 'supervisor.js');
  const ways = ['ours', 'ceiling', 'readline', 'readlineEvents', 'drain'];
  const rows = Object.fromEntries(ways.map((way) => [way, []]));
  const stalls = [];
  for (let n = 0; n < runs; n++) {
    for (const way of ways) rows[way].push(await read({ way }));
    stalls.push((await read({ way: 'ours', watchesStalls: true })).longestMs);
  }
  const figure = (way, key) => median(rows[way].map((row) => row[key]));
  const best = (way) => Math.min(...rows[way].map((row) => row.cpuMs));
  report('P4 an agent’s output', [
    {
      what: 'processor time / that of JSON.parse alone',
      value: best('ours') / best('ceiling'),
      goal: 1 / 0.9,
      note: `${(best('ceiling') / best('ours')).toFixed(2)} x its speed`,
    },
    {
      what: 'processor time / that of the same with readline',
      value: best('ours') / best('readline'),
      goal: 1 / 2.2,
      note: `${(best('readline') / best('ours')).toFixed(2)} x its speed`,
    },
    {
      what: 'longest stall',
      value: Math.min(...stalls),
      goal: 8,
      unit: 'ms',
      note: `all: ${stalls.map((ms) => ms.toFixed(1)).join(', ')}`,
    },
    {
      what: 'peak memory / draining the pipe',
      value: figure('ours', 'peakMb') / figure('drain', 'peakMb'),
      goal: 1.2,
      note: `${figure('ours', 'peakMb').toFixed(0)} and ${figure('drain', 'peakMb').toFixed(0)} MB`,
    },
  ]);
  for (const way of ways)
    remark(
      `${way}: ${best(way).toFixed(0)} ms of processor time, ${figure(way, 'wallMs').toFixed(0)} ms by the clock, ${figure(way, 'peakMb').toFixed(0)} MB`,
    );
  remark(
    `with readline’s line events instead of its loop: ${(best('readlineEvents') / best('ours')).toFixed(2)} x its speed`,
  );
  remark(
    `${rows.ours[0].posts} posts, ${rows.ours[0].items} items, ${rows.ours[0].textChars} characters`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
