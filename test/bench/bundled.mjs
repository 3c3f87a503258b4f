// Runs a bench that imports the product's TypeScript in a process of its own.
import { fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { inRoot } from '../../scripts/lib/root.mjs';

/**
 * @param {string} entry from the project's root
 * @param {object} job given as JSON in the first argument
 * @param {{ execArgv?: string[] }} [options]
 * @returns {Promise<any>} the one message that the process sends
 */
export async function runBundled(entry, job, { execArgv = [] } = {}) {
  const folder = inRoot(`out/bench-${path.parse(entry).name}-${process.pid}`);
  const script = path.join(folder, 'bench.mjs');
  try {
    await esbuild.build({
      entryPoints: [inRoot(entry)],
      outfile: script,
      bundle: true,
      packages: 'external',
      platform: 'node',
      target: 'node20',
      format: 'esm',
      logLevel: 'warning',
    });
    const child = fork(script, [JSON.stringify(job)], { execArgv });
    let said;
    child.on('message', (message) => (said = message));
    const code = await new Promise((resolve) => child.once('exit', resolve));
    if (code !== 0 || said === undefined) throw new Error(`${entry}: no figures (status ${code})`);
    return said;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
