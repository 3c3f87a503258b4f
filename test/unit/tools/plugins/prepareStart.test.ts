import { describe, expect, it } from 'vitest';
import type { ConfiguredServer, ServerSource } from '../../../../src/tools/plugins/contract';
import {
  prepareStart,
  type FoundProgram,
  type PreparePorts,
} from '../../../../src/tools/plugins/prepareStart';
import { openSecrets } from '../../../../src/tools/plugins/references';
import { readServers } from '../../../../src/tools/plugins/serverConfig';

const workspace: ServerSource = {
  kind: 'workspace',
  folder: '/work/app',
  folderName: 'app',
  file: '/work/app/.vscode/mcp.json',
  label: '.vscode/mcp.json',
};

function serverOf(entry: unknown, source: ServerSource = { kind: 'user' }): ConfiguredServer {
  const input = { id: 'token', description: 'A token', isSecret: true };
  const { servers, broken } = readServers([{ source, entries: { x: entry }, inputs: [input] }]);
  const [server] = servers;
  if (server === undefined) {
    throw new Error(broken[0]?.problem);
  }
  return server;
}

function ports(more: Partial<PreparePorts> = {}) {
  const secrets: string[] = [];
  const asked: string[] = [];
  const found = (program: string): FoundProgram => ({
    kind: 'found',
    path: program,
    launch: { file: `/bin/${program}`, argsBefore: [] },
    isInsideWorkspace: false,
    searchPath: '/bin',
  });
  const all: PreparePorts = {
    lookup: async (program) => {
      asked.push(program);
      return found(program);
    },
    environment: (searchPath, env) => ({ PATH: searchPath, ...env }),
    roots: () => ({
      folders: [{ name: 'app', path: '/work/app' }],
      home: '/home/me',
      platform: 'posix',
    }),
    env: (name) => ({ HOME: '/home/me', API_TOKEN: 'from-the-env' })[name],
    input: async () => undefined,
    secret: async () => undefined,
    learnSecret: (value) => secrets.push(value),
    ...more,
  };
  return { all, secrets, asked };
}

describe('a definition that is made ready to start', () => {
  it('has its places filled in, and runs in its folder', async () => {
    const { all, asked } = ports();
    const server = serverOf({
      command: '${workspaceFolder}/bin/serve',
      args: [
        '--home=${userHome}',
        '${workspaceFolderBasename}',
        '${env:HOME}',
        '${NOBODY:-fallback}',
      ],
      cwd: 'sub',
    });
    expect(await prepareStart(server, all)).toEqual({
      kind: 'ready',
      request: {
        kind: 'stdio',
        key: 'user|x',
        timeoutMs: 60_000,
        file: '/bin//work/app/bin/serve',
        args: ['--home=/home/me', 'app', '/home/me', 'fallback'],
        cwd: '/work/app/sub',
        env: { PATH: '/bin' },
        roots: [{ name: 'app', path: '/work/app' }],
      },
    });
    expect(asked).toEqual(['/work/app/bin/serve']);
  });

  it('looks a name up on the path, and takes a relative path from its folder', async () => {
    const { all, asked } = ports();
    await prepareStart(serverOf({ command: 'npx' }), all);
    await prepareStart(serverOf({ command: './serve', cwd: 'sub' }), all);
    await prepareStart(serverOf({ command: '~/bin/serve' }), all);
    expect(asked).toEqual(['npx', '/work/app/sub/serve', '/home/me/bin/serve']);
  });

  it('is refused when its name is found inside the workspace, or nowhere', async () => {
    const inside = ports({
      lookup: async () => ({
        kind: 'found',
        path: '/work/app/node_modules/.bin/npx',
        launch: { file: '/work/app/node_modules/.bin/npx', argsBefore: [] },
        isInsideWorkspace: true,
        searchPath: '',
      }),
    });
    expect(await prepareStart(serverOf({ command: 'npx' }, workspace), inside.all)).toMatchObject({
      kind: 'refused',
    });
    expect(await prepareStart(serverOf({ command: './npx' }, workspace), inside.all)).toMatchObject(
      {
        kind: 'ready',
      },
    );
    const missing = ports({ lookup: async () => ({ kind: 'missing', message: 'not found' }) });
    expect(await prepareStart(serverOf({ command: 'npx' }), missing.all)).toEqual({
      kind: 'refused',
      message: 'not found',
    });
  });

  it('waits for every value that the user has to give, and names them', async () => {
    const { all } = ports();
    const server = serverOf({
      command: 'a',
      env: { A: '${secret:one}', B: '${env:NOBODY}', C: '${input:token}' },
    });
    expect(await prepareStart(server, all)).toEqual({
      kind: 'missing',
      missing: ['${secret:one}', '${env:NOBODY}', '${input:token}'],
    });
  });

  it('tells the redactor every secret value, and nothing that is none', async () => {
    const { all, secrets } = ports({
      secret: async () => 'the-secret',
      input: async () => 'the-input',
    });
    const request = await prepareStart(
      serverOf({
        command: 'a',
        args: ['${userHome}'],
        env: {
          A: '${secret:one}',
          B: '${input:token}',
          HOME_COPY: '${env:HOME}',
          MY_TOKEN: '${env:API_TOKEN}',
          OPEN_PASSWORD: 'plain-one',
        },
      }),
      all,
    );
    expect(secrets.sort()).toEqual(['from-the-env', 'plain-one', 'the-input', 'the-secret']);
    expect(request).toMatchObject({
      request: { env: { A: 'the-secret', HOME_COPY: '/home/me', MY_TOKEN: 'from-the-env' } },
    });
    const http = ports({ secret: async () => 'the-secret' });
    await prepareStart(
      serverOf({ url: 'https://a.example', headers: { Authorization: 'Bearer ${secret:one}' } }),
      http.all,
    );
    expect(new Set(http.secrets)).toEqual(new Set(['the-secret']));
  });

  it('takes a value as it is: a reference in it is text', async () => {
    const { all } = ports({ input: async () => '${env:API_TOKEN}' });
    expect(
      await prepareStart(serverOf({ command: 'a', args: ['${input:token}'] }), all),
    ).toMatchObject({ request: { args: ['${env:API_TOKEN}'] } });
  });

  it('has its address looked at once more when the values are in', async () => {
    const { all } = ports({ input: async () => 'me:pw@evil.example' });
    const server = serverOf({ url: 'https://${input:token}/mcp' });
    expect(await prepareStart(server, all)).toMatchObject({ kind: 'refused' });
  });
});

describe('keys that stand openly in settings', () => {
  it('are found by the name that they are given under', () => {
    expect(
      openSecrets(
        serverOf({
          command: 'a',
          env: { API_KEY: 'abcdef123', OTHER_KEY: '${env:X_KEY}', LEVEL: 'verbose' },
        }).transport,
      ),
    ).toEqual(['API_KEY']);
  });
});
