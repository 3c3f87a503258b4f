import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/base/redact';
import {
  commandShell,
  createCommandRunner,
  type CommandRunnerOptions,
} from '../../../src/node/commandRunner';
import type { CommandOutcome } from '../../../src/tools/contract';
import { eventually, isAlive, processesWith, Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
let supervisorPath = '';

beforeAll(async () => {
  supervisorPath = await bench.supervisor();
});
afterAll(async () => {
  await eventually(
    'every command of these tests is gone',
    () => processesWith(bench.path).length === 0,
  );
  bench.remove();
});

function run(
  command: string,
  more: {
    timeoutMs?: number;
    signal?: AbortSignal;
    cwd?: string;
    onOutput?: (text: string) => void;
    options?: Partial<CommandRunnerOptions>;
  } = {},
): Promise<CommandOutcome> {
  const runner = createCommandRunner({
    supervisorPath,
    isTrusted: () => true,
    inheritedEnv: process.env,
    killGraceMs: 500,
    ...more.options,
  });
  return runner.run({
    command,
    cwd: more.cwd ?? bench.path,
    timeoutMs: more.timeoutMs ?? 20_000,
    signal: more.signal ?? new AbortController().signal,
    ...(more.onOutput === undefined ? {} : { onOutput: more.onOutput }),
  });
}

describe('running a command', () => {
  it('takes secrets out of the output before anybody gets it, also one that comes in pieces', async () => {
    const shown: string[] = [];
    const { output } = await run(
      "printf 'key sk-ant-'; sleep 0.05; printf 'api03-0123456789abcdef\\n'; echo TOKEN=hunter2222; pwd",
      { onOutput: (text) => shown.push(text), options: { redact: createRedactor() } },
    );
    expect(output).toBe(`key [redacted]\nTOKEN=[redacted]\n${bench.path}\n`);
    expect(shown.join('')).toBe(output);
  });

  it('gives its output, both streams in the order they came, and its exit code', async () => {
    expect(await run('echo one; echo two >&2; echo three; exit 3')).toEqual({
      exitCode: 3,
      signal: null,
      output: 'one\ntwo\nthree\n',
      end: 'exited',
    });
  });

  it('runs in the given folder, with stdin at its end', async () => {
    const cwd = bench.folder('a folder');
    expect((await run('pwd; cat; echo end', { cwd })).output).toBe(`${cwd}\nend\n`);
  });

  it('runs exactly the text it was given, also one that begins with a dash or has many lines', async () => {
    const outcome = await run('-c "echo injected"');
    expect(outcome.output).not.toBe('injected\n');
    expect(outcome).toMatchObject({ exitCode: 127, end: 'exited' });
    expect((await run('cat <<"END"\n$HOME `x` \\n\nEND\necho "a  b" \'c\'')).output).toBe(
      '$HOME `x` \\n\na  b c\n',
    );
  });

  it('[R72] starts clean: no start-up file, no function, no variable of the editor or of its process', async () => {
    const startup = bench.file('startup.sh', 'echo STARTUP\n');
    const { output } = await run('env; type ll', {
      options: {
        inheritedEnv: {
          PATH: process.env.PATH,
          HOME: bench.path,
          BASH_ENV: startup,
          ENV: startup,
          'BASH_FUNC_ll%%': '() { echo FUNCTION; }',
          PROMPT_COMMAND: 'echo PROMPT',
          LD_PRELOAD: '/no/such',
          VSCODE_PID: '1',
          ELECTRON_RUN_AS_NODE: '1',
          NODE_OPTIONS: '--inspect',
          ANTHROPIC_API_KEY: 'secret',
          GOPATH: '/go',
        },
      },
    });
    expect(output).not.toMatch(
      /STARTUP|FUNCTION|VSCODE|ELECTRON|NODE_OPTIONS|LD_PRELOAD|ANTHROPIC/,
    );
    expect(output).toContain('GOPATH=/go\n');
    expect(output).toContain('GIT_PAGER=cat\n');
  });

  it('uses a fuller PATH where there is one', async () => {
    bench.file('tools/own-tool', '#!/bin/sh\necho own\n', 0o755);
    const options = { searchPath: () => Promise.resolve(`${bench.path}/tools:/usr/bin:/bin`) };
    expect((await run('own-tool', { options })).output).toBe('own\n');
  });

  it('strips escape sequences and shows progress while it runs', async () => {
    const pieces: string[] = [];
    const outcome = await run(
      String.raw`printf '\033[31mred\033[0m\n'; printf '10%%\r'; printf '20%%\n\033]0;title\007'; printf 'ü\a'`,
      {
        onOutput: (text) => pieces.push(text),
      },
    );
    expect(outcome.output).toBe('red\n10%\n20%\nü');
    expect(pieces.join('')).toBe(outcome.output);
  });

  it('keeps head and tail of a flood and says what is missing, with little memory', async () => {
    const before = process.memoryUsage().rss;
    const outcome = await run(
      `echo first; head -c 60000000 /dev/zero | tr '\\0' 'x'; echo; echo last`,
    );
    expect(outcome.output.length).toBeLessThanOrEqual(1024 * 1024);
    expect(outcome.output.startsWith('first\nxxx')).toBe(true);
    expect(outcome.output.endsWith('xxx\nlast\n')).toBe(true);
    expect(outcome.output).toMatch(/\n… 589\d{5} characters left out …\n/);
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });

  it('reports a signal, a missing folder, a NUL and missing trust as values', async () => {
    expect(await run('kill -9 $$')).toMatchObject({
      exitCode: null,
      signal: 'SIGKILL',
      end: 'exited',
    });
    expect(await run('true', { cwd: `${bench.path}/none` })).toMatchObject({
      end: 'spawn_failed',
      output: `The command could not be started: The folder ${bench.path}/none does not exist.`,
    });
    expect(await run('echo a\0b')).toMatchObject({ end: 'spawn_failed' });
    expect(await run('echo ran', { options: { isTrusted: () => false } })).toMatchObject({
      end: 'spawn_failed',
      exitCode: null,
    });
  });
});

describe('stopping a command', () => {
  /** Two processes in the group and one that left it; all ignore the polite signal. Writes their pids. */
  const stubborn = (file: string): string =>
    `trap '' TERM; (trap '' TERM; sleep 401) & echo $! > ${file}; setsid sh -c "trap '' TERM; sleep 402" & echo $! >> ${file}; echo $$ >> ${file}; echo up; wait`;
  const pidsIn = (file: string): number[] =>
    readFileSync(file, 'utf8').trim().split('\n').map(Number);

  it('[R128] a timeout ends the whole process tree, and keeps the output so far', async () => {
    const file = `${bench.path}/pids-timeout`;
    const outcome = await run(stubborn(file), { timeoutMs: 2500 });
    expect(outcome).toMatchObject({ end: 'timeout', output: 'up\n' });
    const pids = pidsIn(file);
    expect(pids).toHaveLength(3);
    await eventually('all are gone', () => !pids.some(isAlive), 3000);
  });

  it('[R128] an abort ends the whole process tree soon', async () => {
    const file = `${bench.path}/pids-abort`;
    const controller = new AbortController();
    let abortedAt = 0;
    const outcome = await run(stubborn(file), {
      signal: controller.signal,
      onOutput: () => {
        abortedAt = Date.now();
        controller.abort();
      },
    });
    expect(outcome).toMatchObject({ end: 'aborted', output: 'up\n' });
    expect(Date.now() - abortedAt).toBeLessThan(3000);
    const pids = pidsIn(file);
    await eventually('all are gone', () => !pids.some(isAlive), 3000);
  });

  it('is polite first: a command may clean up', async () => {
    const controller = new AbortController();
    const outcome = await run(
      `trap 'echo cleaned; exit 0' TERM; echo up; while :; do sleep 0.05; done`,
      {
        signal: controller.signal,
        onOutput: () => controller.abort(),
        options: { killGraceMs: 5000 },
      },
    );
    expect(outcome).toMatchObject({ end: 'aborted', exitCode: 0 });
    expect(outcome.output).toMatch(/^up\n[^]*cleaned\n$/);
  });

  it('does not start at all when it is aborted before', async () => {
    expect(await run('echo ran', { signal: AbortSignal.abort() })).toEqual({
      exitCode: null,
      signal: null,
      output: '',
      end: 'aborted',
    });
  });

  it('does not wait for what a command leaves in the background, and ends it', async () => {
    const startedAt = Date.now();
    const outcome = await run('sleep 403 & echo $!');
    expect(outcome.end).toBe('exited');
    expect(Date.now() - startedAt).toBeLessThan(5000);
    await eventually('the rest is gone', () => !isAlive(Number(outcome.output)), 3000);
  });
});

describe('the shell', () => {
  it('is bash without start-up files, else sh', () => {
    expect(commandShell('linux', {}, () => true, 'ls')).toEqual({
      file: '/bin/bash',
      args: ['--noprofile', '--norc', '-c', '--', 'ls'],
    });
    expect(commandShell('linux', {}, () => false, 'ls')).toEqual({
      file: '/bin/sh',
      args: ['-c', '--', 'ls'],
    });
  });

  it('on Windows is PowerShell with the command encoded whole, else cmd with it verbatim', () => {
    const env = { SystemRoot: 'C:\\Windows' };
    const shell = commandShell('win32', env, () => true, 'echo "a" & b\nü');
    expect(shell.args.slice(0, 4)).toEqual([
      '-NoLogo',
      '-NoProfile',
      '-NonInteractive',
      '-EncodedCommand',
    ]);
    expect(
      Buffer.from(shell.args[4] ?? '', 'base64')
        .toString('utf16le')
        .endsWith(';echo "a" & b\nü'),
    ).toBe(true);
    expect(commandShell('win32', env, () => false, 'dir "x y"')).toMatchObject({
      args: ['/d', '/s', '/c', '"dir "x y""'],
      isVerbatim: true,
    });
  });
});
