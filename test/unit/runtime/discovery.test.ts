import { describe, expect, it } from 'vitest';
import { agentCatalog, isAtLeast, parseVersion } from '../../../src/runtime/agentCatalog';
import {
  discoverAgents,
  discoverLocalServers,
  modelIds,
  presentKeyVariables,
  type AgentLookup,
  type AgentProbe,
  type DiscoveryPorts,
} from '../../../src/runtime/discovery';

const exited = (stdout: string, code = 0, stderr = ''): AgentProbe => ({
  kind: 'exited',
  code,
  stdout,
  stderr,
});

/** A machine as a table: what a look-up finds, what the program answers to its arguments. */
function machine(options: {
  readonly lookup?: AgentLookup;
  readonly answers?: Readonly<Record<string, AgentProbe>>;
  readonly trust?: readonly boolean[];
  readonly binaryPath?: string;
}): { readonly ports: DiscoveryPorts; readonly done: string[] } {
  const done: string[] = [];
  const trust = [...(options.trust ?? [])];
  return {
    done,
    ports: {
      lookup: (name) => {
        done.push(`lookup ${name}`);
        return Promise.resolve(
          options.lookup ?? { kind: 'found', path: '/bin/claude', isInsideWorkspace: false },
        );
      },
      runProbe: (path, args, { timeoutMs }) => {
        done.push(`${path} ${args.join(' ')}`);
        expect(timeoutMs).toBeGreaterThan(0);
        return Promise.resolve(options.answers?.[args.join(' ')] ?? exited('', 1));
      },
      isTrusted: () => trust.shift() ?? true,
      ...(options.binaryPath === undefined ? {} : { binaryPath: () => options.binaryPath }),
    },
  };
}

async function state(options: Parameters<typeof machine>[0]): Promise<object | undefined> {
  const { ports } = machine(options);
  const [finding] = await discoverAgents(ports, claudeOnly);
  return finding;
}

const version = exited('2.1.329 (Claude Code)\n');
// As 2.1.329 prints it; signed out it exits 1.
const status = (fields: object): string =>
  JSON.stringify(
    { loggedIn: false, authMethod: 'none', apiProvider: 'firstParty', ...fields },
    null,
    2,
  );

/** One agent is enough to see how each is found. */
const claudeOnly = agentCatalog.slice(0, 1);

describe('finding out about agents', () => {
  it("[R118] says installed, version and signed in, by the agent's own commands only", async () => {
    const { ports, done } = machine({
      answers: {
        '--version': version,
        'auth status': exited(status({ loggedIn: true, authMethod: 'claude.ai' })),
      },
    });
    expect(await discoverAgents(ports, claudeOnly)).toEqual([
      {
        adapter: 'claude-cli',
        displayName: 'Claude Code',
        state: 'ready',
        detail: '2.1.329 · signed in (claude.ai)',
        path: '/bin/claude',
        version: '2.1.329',
        isSignedIn: true,
        loginCommand: 'claude auth login',
        installHint: agentCatalog[0]?.installHint,
      },
    ]);
    expect(done).toEqual(['lookup claude', '/bin/claude --version', '/bin/claude auth status']);
  });

  it('[R118] says signed out', async () => {
    expect(
      await state({ answers: { '--version': version, 'auth status': exited(status({}), 1) } }),
    ).toMatchObject({
      state: 'signedOut',
      detail: '2.1.329 · signed out',
      isSignedIn: false,
    });
  });

  it('does not call anybody signed out whose sign-in it cannot know', async () => {
    for (const answer of [
      exited('some text', 1),
      exited('{}', 1),
      exited(status({ apiProvider: 'bedrock' }), 1),
      { kind: 'timeout' } as const,
      { kind: 'failed', message: 'x' } as const,
    ]) {
      const finding = await state({ answers: { '--version': version, 'auth status': answer } });
      expect(finding).toMatchObject({ state: 'ready', detail: '2.1.329 · sign-in not known' });
      expect(finding).not.toHaveProperty('isSignedIn');
    }
  });

  it('does not ask a version for the sign-in that would take the question for a prompt', async () => {
    const { ports, done } = machine({ answers: { '--version': exited('2.1.40 (Claude Code)') } });
    const older = claudeOnly.map((entry) => ({ ...entry, minVersion: '2.0.0' }));
    expect(await discoverAgents(ports, older)).toMatchObject([
      { state: 'ready', detail: '2.1.40' },
    ]);
    expect(done).toEqual(['lookup claude', '/bin/claude --version']);
  });

  it.each<readonly [string, Parameters<typeof machine>[0], object]>([
    [
      'missing',
      { lookup: { kind: 'missing', message: 'x' } },
      { state: 'missing', detail: 'not installed' },
    ],
    [
      "a wrong path of the user's",
      { lookup: { kind: 'missing', message: 'There is no program at /x.' }, binaryPath: '/x' },
      { state: 'missing', detail: 'There is no program at /x.' },
    ],
    [
      'broken',
      { lookup: { kind: 'broken', path: '/bin/claude', message: 'a placeholder' } },
      { state: 'broken', detail: 'a placeholder' },
    ],
    [
      'one that fails',
      { answers: { '--version': exited('', 1, 'Error: native binary\nnot installed') } },
      { state: 'broken', detail: 'installed, but broken: Error: native binary not installed' },
    ],
    [
      'one that says nothing',
      { answers: { '--version': exited('') } },
      { state: 'broken', detail: 'installed, but says nothing' },
    ],
    [
      'one that cannot be started',
      { answers: { '--version': { kind: 'failed', message: 'no\nway' } } },
      { state: 'broken', detail: 'no way' },
    ],
    ['one that hangs', { answers: { '--version': { kind: 'timeout' } } }, { state: 'unknown' }],
    [
      'too old',
      { answers: { '--version': exited('1.0.128 (Claude Code)') } },
      { state: 'tooOld', version: '1.0.128' },
    ],
  ])('[R118] says %s', async (_name, options, expected) => {
    expect(await state(options)).toMatchObject(expected);
  });

  it('looks for nothing and runs nothing before trust, and asks for it before each step', async () => {
    for (const [trust, steps] of [
      [[false], 0],
      [[true, false], 1],
      [[true, true, false], 2],
    ] as const) {
      const { ports, done } = machine({ trust, answers: { '--version': version } });
      expect(await discoverAgents(ports, claudeOnly)).toMatchObject([{ state: 'needsTrust' }]);
      expect(done).toHaveLength(steps);
    }
  });

  it('does not run what it found inside the workspace, unless the user has set that path', async () => {
    const inside: AgentLookup = { kind: 'found', path: '/work/claude', isInsideWorkspace: true };
    const { ports, done } = machine({ lookup: inside });
    expect(await discoverAgents(ports, claudeOnly)).toMatchObject([
      { state: 'insideWorkspace', path: '/work/claude' },
    ]);
    expect(done).toEqual(['lookup claude']);
    expect(
      await state({
        lookup: inside,
        binaryPath: '/work/claude',
        answers: { '--version': version },
      }),
    ).toMatchObject({ state: 'ready' });
  });

  it("never rejects, and one agent's trouble is not another's", async () => {
    const [entry] = agentCatalog;
    const { ports } = machine({ answers: { '--version': version } });
    const findings = await discoverAgents(
      {
        ...ports,
        lookup: (name) =>
          name === 'claude' ? Promise.reject(new Error('disk on fire')) : ports.lookup(name),
      },
      [entry!, { ...entry!, adapter: 'other', command: 'other' }],
    );
    expect(findings).toMatchObject([
      { adapter: 'claude-cli', state: 'unknown', detail: 'could not be checked: disk on fire' },
      { adapter: 'other', state: 'ready' },
    ]);
  });

  it('compares versions by number', () => {
    expect(isAtLeast('2.1.100', '2.1.41')).toBe(true);
    expect(isAtLeast('2.1.41', '2.1.41')).toBe(true);
    expect(isAtLeast('2.0.77', '2.1.41')).toBe(false);
    expect(isAtLeast('10.0.0', '9.9.9')).toBe(true);
    expect(parseVersion('claude v2.1.329-beta.1 (x)')).toBe('2.1.329');
    expect(parseVersion('no version')).toBeUndefined();
  });
});

describe('finding local model servers', () => {
  it('names those that answer, with their models, and leaves out the rest', async () => {
    const asked: string[] = [];
    const found = await discoverLocalServers((url, timeoutMs) => {
      asked.push(url);
      expect(timeoutMs).toBeLessThanOrEqual(2000);
      return url.includes('11434')
        ? Promise.resolve({
            data: [{ id: 'qwen3' }, { id: 'llama' }, { id: 'llama' }, { id: 7 }, null],
          })
        : Promise.reject(new Error('ECONNREFUSED'));
    });
    expect(asked).toEqual(['http://127.0.0.1:11434/v1/models', 'http://127.0.0.1:1234/v1/models']);
    expect(found).toEqual([
      {
        id: 'ollama',
        name: 'Ollama',
        baseUrl: 'http://127.0.0.1:11434/v1',
        models: ['llama', 'qwen3'],
      },
    ]);
  });

  it('takes nothing else for a list of models', async () => {
    for (const answer of [null, 'x', [], {}, { data: 'x' }]) {
      expect(modelIds(answer)).toBeUndefined();
    }
    expect(await discoverLocalServers(() => Promise.resolve({ hello: 'world' }))).toEqual([]);
  });
});

describe('keys in the environment', () => {
  it('are reported by name', () => {
    expect(presentKeyVariables((variable) => variable !== 'OPENAI_API_KEY')).toEqual([
      { provider: 'anthropic', variable: 'ANTHROPIC_API_KEY' },
      { provider: 'openrouter', variable: 'OPENROUTER_API_KEY' },
    ]);
  });
});
