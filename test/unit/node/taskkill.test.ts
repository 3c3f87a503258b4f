import { fork, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { isNumber, isRecord } from '../../../src/base/guard';
import type { ToSupervisor } from '../../../src/node/supervisorProtocol';
import { eventually, isAlive, Workbench } from '../../fakes/realChildren';

vi.setConfig({ testTimeout: 30_000 });

const bench = new Workbench();
let supervisorPath = '';
let platformPath = '';
afterAll(() => bench.remove());

beforeAll(async () => {
  supervisorPath = await bench.supervisor();
  platformPath = join(bench.path, 'win32.cjs');
  writeFileSync(platformPath, "Object.defineProperty(process, 'platform', { value: 'win32' });\n");
});

/** A system folder with a `taskkill.exe` that notes its arguments, and with /F ends the process as the real one does. */
function systemRoot(name: string): {
  readonly path: string;
  readonly noted: () => readonly string[];
} {
  const path = join(bench.folder(name), 'Windows');
  const log = join(path, 'noted.txt');
  mkdirSync(join(path, 'System32'), { recursive: true });
  const program = join(path, 'System32', 'taskkill.exe');
  writeFileSync(
    program,
    `#!/bin/sh\necho "$*" >> '${log}'\ncase "$*" in *" /F"*) kill -9 "$2";; esac\n`,
  );
  chmodSync(program, 0o755);
  return {
    path,
    // Whole lines only: the file is there before its first words are.
    noted: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []),
  };
}

/** The supervisor as it is shipped, in a process that takes itself for one of Windows, with a child that stays. */
async function supervised(
  root: string,
): Promise<{ readonly supervisor: ChildProcess; readonly pid: number }> {
  const supervisor = fork(supervisorPath, [], {
    execArgv: ['--require', platformPath],
    env: { PATH: process.env.PATH, SystemRoot: root },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const pid = new Promise<number>((resolve) => {
    supervisor.on('message', (message) => {
      if (isRecord(message) && isNumber(message.pid)) {
        resolve(message.pid);
      }
    });
  });
  tell(supervisor, {
    kind: 'start',
    file: process.execPath,
    args: ['-e', 'setInterval(() => {}, 1000)'],
    cwd: bench.path,
    env: { PATH: process.env.PATH ?? '' },
    mergesOutput: false,
    isVerbatim: false,
    graceMs: 100,
    runId: 'taskkill-test',
    leavesNothing: false,
  });
  return { supervisor, pid: await pid };
}

function tell(supervisor: ChildProcess, message: ToSupervisor): void {
  // One that has ended by then hears nothing more, and that is no error of the test.
  supervisor.send(message, () => undefined);
}

describe.skipIf(process.platform === 'win32')('how a tree of processes is ended on Windows', () => {
  it.each([
    ['SIGINT', '/T'],
    ['SIGTERM', '/T'],
    ['SIGKILL', '/T /F'],
  ] as const)('%s is taskkill of the whole tree with %s', async (signal, how) => {
    const root = systemRoot(signal);
    const { supervisor, pid } = await supervised(root.path);
    tell(supervisor, { kind: 'signal', signal });
    await eventually('taskkill ran', () => root.noted().length > 0);
    expect(root.noted()).toEqual([`/PID ${String(pid)} ${how}`]);
    tell(supervisor, { kind: 'signal', signal: 'SIGKILL' });
    await eventually('both are gone', () => !isAlive(pid) && supervisor.exitCode !== null);
  });

  it('a host that is gone ends it politely, then by force', async () => {
    const root = systemRoot('gone');
    const { supervisor, pid } = await supervised(root.path);
    supervisor.disconnect();
    await eventually('both are gone', () => !isAlive(pid) && supervisor.exitCode !== null);
    expect(root.noted()).toEqual([`/PID ${String(pid)} /T`, `/PID ${String(pid)} /T /F`]);
  });
});
