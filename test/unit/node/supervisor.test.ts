import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSupervised, type ProcessJob } from '../../../src/node/supervisedProcess';
import { eventually, isAlive, parentOf, processesWith, Workbench } from '../../fakes/realChildren';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const bench = new Workbench();
let supervisorPath = '';
let hostPath = '';

beforeAll(async () => {
  supervisorPath = await bench.supervisor();
  // A host of its own, which can be killed: the real module, bundled, and a few lines that use it.
  hostPath = join(bench.path, 'host.cjs');
  await build({
    absWorkingDir: root,
    stdin: {
      resolveDir: root,
      loader: 'ts',
      contents: `
        import { startSupervised } from './src/node/supervisedProcess';
        const child = startSupervised(
          {
            file: process.argv[3], args: [], cwd: ${JSON.stringify(bench.path)}, env: { PATH: process.env.PATH }, stdin: 'pipe',
            ...(process.argv[4] === undefined ? {} : { scratchFolder: process.argv[4] }),
          },
          { supervisorPath: process.argv[2], orphanGraceMs: 1000 },
        );
        child.stdout.on('data', (chunk) => process.stdout.write(chunk));
        setInterval(() => {}, 1000);`,
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: hostPath,
    logLevel: 'silent',
  });
});
afterAll(async () => {
  await eventually(
    'every process of these tests is gone',
    () => processesWith(bench.path).length === 0,
  );
  bench.remove();
});

/** Says its own pid and those of two `sleep`s: one of its group, one in a group of its own. */
const family = (extra: string): string => `
const { spawn } = require('child_process');
const near = spawn('sleep', ['301'], { stdio: 'ignore' });
const far = spawn('sleep', ['302'], { stdio: 'ignore', detached: true });
${extra}
console.log(JSON.stringify([process.pid, near.pid, far.pid]));
setInterval(() => {}, 1000);`;

async function startHost(
  program: string,
  scratchFolder?: string,
): Promise<{ readonly hostPid: number; readonly pids: readonly number[] }> {
  const host = spawn(
    process.execPath,
    [
      ...[hostPath, supervisorPath, program],
      ...(scratchFolder === undefined ? [] : [scratchFolder]),
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const text = await new Promise<string>((resolve) => {
    host.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  return { hostPid: host.pid ?? 0, pids: JSON.parse(text) as number[] };
}

function job(program: string, more: Partial<ProcessJob> = {}): ProcessJob {
  return {
    file: program,
    args: [],
    cwd: bench.path,
    env: { PATH: process.env.PATH ?? '' },
    stdin: 'none',
    ...more,
  };
}

describe('a host that dies hard', () => {
  it('leaves no child, no grandchild and no supervisor behind', async () => {
    const { hostPid, pids } = await startHost(bench.program(family('')));
    expect(pids.map(isAlive)).toEqual([true, true, true]);
    process.kill(hostPid, 'SIGKILL');
    await eventually('the family is gone', () => !pids.some(isAlive), 5000);
    await eventually(
      'the supervisor is gone',
      () => processesWith(supervisorPath).length === 0,
      5000,
    );
  });

  it('leaves none behind that ignores the end of its stdin and every polite signal', async () => {
    const deaf = `for (const s of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(s, () => {});`;
    const { hostPid, pids } = await startHost(bench.program(family(deaf)));
    process.kill(hostPid, 'SIGKILL');
    await eventually('the family is gone', () => !pids.some(isAlive), 5000);
  });

  it('leaves no folder that it had for the child', async () => {
    const folder = bench.folder('scratch-of-a-dead-host');
    const { hostPid, pids } = await startHost(bench.program(family('')), folder);
    expect(existsSync(folder)).toBe(true);
    process.kill(hostPid, 'SIGKILL');
    await eventually('the folder is gone', () => !existsSync(folder));
    expect(pids.map(isAlive)).toEqual([false, false, false]);
  });

  it('gives the child time to finish after the polite signal', async () => {
    const marker = join(bench.path, 'said goodbye');
    const polite = `process.on('SIGTERM', () => setTimeout(() => { require('fs').writeFileSync(${JSON.stringify(marker)}, ''); process.exit(0); }, 100));`;
    const { hostPid, pids } = await startHost(bench.program(family(polite)));
    process.kill(hostPid, 'SIGKILL');
    await eventually('the family is gone', () => !pids.some(isAlive), 5000);
    expect(existsSync(marker)).toBe(true);
  });
});

/** Starts a `sleep` that has left the group and the family: its parent is gone before it is known. */
const orphan = `
const { spawnSync } = require('child_process');
const { stdout } = spawnSync(process.execPath, ['-e', "const c = require('child_process').spawn('sleep', ['304'], { detached: true, stdio: 'ignore' }); c.unref(); console.log(c.pid)"]);
const lost = Number(stdout);`;

describe('a process that detached twice', () => {
  const program = `${orphan}
console.log(JSON.stringify([process.pid, lost]));
setInterval(() => {}, 1000);`;

  it.runIf(process.platform === 'linux')('does not outlive a host that died hard', async () => {
    const { hostPid, pids } = await startHost(bench.program(program));
    expect(parentOf(pids[1] ?? 0)).not.toBe(pids[0]);
    process.kill(hostPid, 'SIGKILL');
    await eventually('all are gone', () => !pids.some(isAlive), 5000);
  });

  it.runIf(process.platform === 'linux')(
    'is ended with the tree when that is terminated',
    async () => {
      const child = startSupervised(job(bench.program(program)), { supervisorPath });
      const text = await new Promise<string>((resolve) => {
        child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      });
      const pids = JSON.parse(text) as number[];
      child.signal('SIGTERM');
      await child.ended;
      await eventually('all are gone', () => !pids.some(isAlive), 5000);
      child.release();
    },
  );
});

describe('a supervisor', () => {
  it('ends the tree when it is told to end itself', async () => {
    const { hostPid, pids } = await startHost(bench.program(family('')));
    process.kill(parentOf(pids[0] ?? 0), 'SIGTERM');
    await eventually('the family is gone', () => !pids.some(isAlive), 5000);
    process.kill(hostPid, 'SIGKILL');
  });

  it("that is killed itself does not take the host's knowledge along: the child's group is ended", async () => {
    const child = startSupervised(job(bench.program(family(''))), { supervisorPath });
    const text = await new Promise<string>((resolve) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    });
    const [own = 0, near = 0, far = 0] = JSON.parse(text) as number[];
    process.kill(parentOf(own), 'SIGKILL');
    expect(await child.ended).toEqual({ kind: 'exited', code: null, signal: 'SIGKILL' });
    await eventually('the group is gone', () => !isAlive(own) && !isAlive(near), 5000);
    process.kill(far, 'SIGKILL'); // left the group, and nobody was left who knew of it
    child.release();
  });

  it('reports exit code and signal', async () => {
    const one = startSupervised(job(bench.program('process.exit(42)')), { supervisorPath });
    expect(await one.ended).toEqual({ kind: 'exited', code: 42, signal: null });
    const other = startSupervised(job(bench.program('process.kill(process.pid, "SIGABRT")')), {
      supervisorPath,
    });
    expect(await other.ended).toEqual({ kind: 'exited', code: null, signal: 'SIGABRT' });
  });

  it("reports a program that cannot be started with the system's code", async () => {
    const child = startSupervised(job(join(bench.path, 'nothing')), { supervisorPath });
    expect(await child.ended).toMatchObject({ kind: 'failed', code: 'ENOENT' });
  });

  it("[R72] is run as plain Node by the editor's own executable, and the child does not learn of it", async () => {
    // Stands for Electron: it is a Node only when the variable says so.
    const electron = bench.file(
      'electron',
      `#!/bin/sh\n[ "$ELECTRON_RUN_AS_NODE" = 1 ] || exit 9\nexec ${process.execPath} "$@"\n`,
      0o755,
    );
    const child = startSupervised(job(bench.program('console.log(JSON.stringify(process.env))')), {
      supervisorPath,
      execPath: electron,
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    expect(await child.ended).toMatchObject({ code: 0 });
    expect(Object.keys(JSON.parse(text) as object).sort()).toEqual(['PATCHBAY_RUN', 'PATH']);
  });

  it('passes an interrupt to the child', async () => {
    const child = startSupervised(
      job(
        bench.program(
          `process.on('SIGINT', () => process.exit(5)); console.log('up'); setInterval(() => {}, 1000);`,
        ),
      ),
      { supervisorPath },
    );
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.signal('SIGINT');
    expect(await child.ended).toEqual({ kind: 'exited', code: 5, signal: null });
  });

  it('keeps the order of both streams when they are one', async () => {
    const child = startSupervised(
      job(
        bench.program(
          `const fs = require('fs'); for (let n = 0; n < 20; n++) fs.writeSync(n % 2 ? 1 : 2, n + ' ');`,
        ),
        { mergesOutput: true },
      ),
      { supervisorPath },
    );
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await child.ended;
    expect(text.trim().split(' ').map(Number)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });
});
