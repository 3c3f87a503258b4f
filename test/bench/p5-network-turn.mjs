// P5: the events of a network turn, read by our provider through the SDK's raw response, against the SDK's own iteration.
import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { inRoot } from '../../scripts/lib/root.mjs';
import { median, remark, report } from './goals.mjs';

const folder = inRoot('out/bench-network');
const script = path.join(folder, 'network-turns.mjs');

try {
  await esbuild.build({
    entryPoints: [inRoot('test/bench/network-turns.mjs')],
    outfile: script,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    logLevel: 'warning',
  });
  const child = fork(script, process.argv.slice(2));
  let said;
  child.on('message', (message) => (said = message));
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0 || said === undefined) throw new Error('no figures');
  const { deltas, figures } = said;
  const names = {
    anthropic: 'Anthropic Messages',
    responses: 'OpenAI Responses',
    chat: 'OpenAI Chat Completions',
  };
  const perEvent = (all) => (median(all) * 1000) / deltas;
  report(
    'P5 a network turn',
    Object.entries(figures).map(([api, { sdk, ours }]) => ({
      what: `${names[api]}, processor time / that of the SDK`,
      value: median(ours) / median(sdk),
      goal: api === 'anthropic' ? 1 / 2 : 1 / 3,
      note: `${(median(sdk) / median(ours)).toFixed(1)} x its events per second`,
    })),
  );
  for (const [api, { sdk, ours }] of Object.entries(figures)) {
    remark(
      `${names[api]}: ${perEvent(ours).toFixed(2)} and ${perEvent(sdk).toFixed(2)} us an event`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
