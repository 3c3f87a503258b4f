import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fetchJson } from '../../../src/node/fetchJson';
import { createLoginShellPath, pathFromOutput } from '../../../src/node/loginShell';
import { runProgram } from '../../../src/node/programRunner';
import { eventually, isAlive, processesWith, Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
let supervisorPath = '';
beforeAll(async () => {
  supervisorPath = await bench.supervisor();
});
afterAll(async () => {
  await eventually(
    'every process of these tests is gone',
    () => processesWith(bench.path).length === 0,
  );
  bench.remove();
});

const run = (file: string, timeoutMs = 10_000): ReturnType<typeof runProgram> =>
  runProgram(
    {
      launch: { file, argsBefore: [] },
      args: ['--version'],
      env: { PATH: process.env.PATH ?? '' },
      timeoutMs,
    },
    { supervisorPath },
  );

describe('asking a program', () => {
  it('gives both streams and the code, from an empty folder of its own that goes away', async () => {
    const outcome = await run(
      bench.program(
        `console.log(process.argv[2], process.cwd()); console.error('err'); process.exitCode = 2;`,
      ),
    );
    expect(outcome).toMatchObject({ kind: 'exited', code: 2, stderr: 'err\n' });
    const cwd = outcome.kind === 'exited' ? (outcome.stdout.trim().split(' ')[1] ?? '') : '';
    expect(cwd).toMatch(/patchbay-/);
    expect(existsSync(cwd)).toBe(false);
  });

  it('gives its words without colours', async () => {
    const outcome = await run(bench.program(`console.log('\\u001b[31m1.2.3\\u001b[0m\\u0001');`));
    expect(outcome).toMatchObject({ stdout: '1.2.3\n' });
  });

  it('ends a program that does not answer, with all that it started', async () => {
    const file = `${bench.path}/pid`;
    const outcome = await run(
      bench.program(
        `const c = require('child_process').spawn('sleep', ['501'], { detached: true }); require('fs').writeFileSync(${JSON.stringify(file)}, String(c.pid)); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);`,
      ),
      800,
    );
    expect(outcome).toEqual({ kind: 'timeout' });
    const { readFileSync } = await import('node:fs');
    await eventually('all are gone', () => !isAlive(Number(readFileSync(file, 'utf8'))), 3000);
  });

  it('reports what cannot be started', async () => {
    expect(await run(`${bench.path}/none`)).toMatchObject({ kind: 'failed' });
  });

  it('drops a flood beyond its limit', async () => {
    const outcome = await run(bench.program(`process.stdout.write('x'.repeat(5_000_000));`));
    expect(outcome.kind === 'exited' ? outcome.stdout.length : 0).toBe(256 * 1024);
  });
});

describe('the PATH of the login shell', () => {
  const shell = (body: string): string => bench.file('shells/bash', `#!/bin/sh\n${body}\n`, 0o755);
  const ask = (file: string, timeoutMs = 5000): (() => Promise<string | undefined>) =>
    createLoginShellPath({
      supervisorPath,
      inheritedEnv: { SHELL: file, PATH: '/usr/bin:/bin', HOME: bench.path },
      homeDirectory: bench.path,
      platform: 'linux',
      timeoutMs,
    });

  it('is what it prints between the marks, asked once', async () => {
    const counter = `${bench.path}/count`;
    const file = shell(
      `echo x >> ${counter}; echo noise; PATH=/login/bin:$PATH; for last; do :; done; eval "$last"; echo more noise`,
    );
    const path = ask(file);
    expect(await path()).toBe('/login/bin:/usr/bin:/bin');
    expect(await path()).toBe('/login/bin:/usr/bin:/bin');
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(counter, 'utf8')).toBe('x\n');
  });

  it('is not known when the shell waits, is not one we know, or says nothing useful', async () => {
    expect(await ask(shell('sleep 60'), 300)()).toBeUndefined();
    expect(await ask(bench.file('shells/nu', '#!/bin/sh\necho', 0o755))()).toBeUndefined();
    expect(await ask('bash')()).toBeUndefined();
    expect(await ask(shell('exit 1'))()).toBeUndefined();
    expect(pathFromOutput('__patchbay_path__a\nb__patchbay_path__')).toBeUndefined();
  });
});

describe('asking a local server', () => {
  const servers: Server[] = [];
  afterAll(() => servers.forEach((server) => server.close().closeAllConnections()));
  const serve = (handle: Parameters<typeof createServer>[1]): Promise<string> =>
    new Promise((resolve) => {
      const server = handle === undefined ? createServer() : createServer(handle);
      servers.push(server);
      server.listen(0, '127.0.0.1', () =>
        resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      );
    });

  it('gives its JSON, and sends nothing but the question', async () => {
    let headers: NodeJS.Dict<string | string[]> = {};
    const url = await serve((request, response) => {
      headers = request.headers;
      response.end('{"data":[]}');
    });
    expect(await fetchJson(`${url}/v1/models`, 2000)).toEqual({ data: [] });
    expect(headers.authorization).toBeUndefined();
    expect(headers.cookie).toBeUndefined();
  });

  it('refuses redirects, errors, nonsense, floods and silence', async () => {
    const redirecting = await serve((_request, response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end(),
    );
    const failing = await serve((_request, response) => response.writeHead(500).end('{}'));
    const babbling = await serve((_request, response) => response.end('<html>'));
    const flooding = await serve((_request, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(65536))) {
          // goes on until the other side takes no more
        }
        response.once('drain', more);
      };
      more();
    });
    const silent = await serve(() => undefined);
    for (const url of [redirecting, failing, babbling, flooding]) {
      await expect(fetchJson(url, 5000)).rejects.toBeDefined();
    }
    await expect(fetchJson(silent, 200)).rejects.toBeDefined();
  });
});
