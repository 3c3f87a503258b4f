import { buildAgentDirectory } from '../../../src/runtime/agentDirectory';
import { emptySpecTable } from '../../../src/runtime/specs';
import { describe, expect, it } from 'vitest';
import { addressProblem, probeEndpoint } from '../../../src/host/endpoints';
import {
  examplePrompts,
  toLocalEndpoints,
  toSetupView,
  type SetupInput,
} from '../../../src/host/discoveryView';
import { shippedKeyProviders } from '../../../src/runtime/credentials';
import type { AgentFinding } from '../../../src/runtime/discovery';
import { buildModelCatalog } from '../../../src/runtime/modelCatalog';
import { FakeClock } from '../../fakes/fakeClock';

const agent = (state: AgentFinding['state']): AgentFinding => ({
  adapter: 'claude-cli',
  displayName: 'Claude Code',
  state,
  detail: '2.1.0',
  loginCommand: 'claude auth login',
  installHint: 'install it',
});

const directory = buildAgentDirectory({
  custom: [],
  bridges: [],
  specs: emptySpecTable,
  learned: new Map(),
});

const ollama = {
  id: 'ollama',
  name: 'Ollama',
  baseUrl: 'http://127.0.0.1:11434/v1',
  models: ['llama'],
};

function input(more: Partial<SetupInput> = {}): SetupInput {
  return {
    isTrusted: true,
    hasFolder: true,
    isProbing: false,
    agents: [agent('ready')],
    hiddenAgents: new Set(),
    keyProviders: shippedKeyProviders,
    keys: new Map([['anthropic', 'account default']]),
    localServers: [ollama],
    catalog: buildModelCatalog({
      agentModels: directory.models,
      endpoints: toLocalEndpoints([ollama], []),
    }),
    coverageOf: () => 'all',
    problemOf: () => undefined,
    rootNames: [],
    ...more,
  };
}

describe('what can be chosen', () => {
  it('starts with one click where it can, and else names the one action that helps', () => {
    const view = toSetupView(input());
    expect(
      view.runtimes.map(({ id, state, modelId, action }) => [
        id,
        state,
        modelId !== undefined,
        action,
      ]),
    ).toEqual([
      ['claude-cli', 'ready', true, undefined],
      ['anthropic', 'ready', true, undefined],
      ['openai', 'needsKey', false, 'setKey'],
      ['local:ollama', 'ready', true, undefined],
      ['playground', 'ready', true, undefined],
    ]);
  });

  it.each([
    ['signedOut', 'signedOut', 'signIn'],
    ['missing', 'missing', 'install'],
    ['broken', 'broken', 'install'],
    ['tooOld', 'broken', 'install'],
    ['needsTrust', 'needsTrust', 'trustFolder'],
    ['insideWorkspace', 'broken', undefined],
  ] as const)('offers no agent that is %s', (state, shown, action) => {
    const view = toSetupView(input({ agents: [agent(state)] }));
    const [runtime] = view.runtimes;
    expect([runtime?.state, runtime?.modelId, runtime?.action]).toEqual([shown, undefined, action]);
    expect(view.models.filter(({ group, isUsable }) => group === 'Agents' && isUsable)).toEqual([]);
  });

  it('offers only models whose key is there', () => {
    const models = toSetupView(input()).models;
    const usable = (group: string): readonly boolean[] => [
      ...new Set(models.filter((model) => model.group === group).map(({ isUsable }) => isUsable)),
    ];
    expect([usable('Anthropic'), usable('OpenAI'), usable('Ollama'), usable('Playground')]).toEqual(
      [[true], [false], [true], [true]],
    );
  });

  it('offers an agent with its own tools and with ours, in groups of their own, and says what each means', () => {
    const view = toSetupView(
      input({ coverageOf: (model) => (model.toolSource === undefined ? 'asks' : 'all') }),
    );
    const choice = (modelId: string) => {
      const found = view.models.find(({ id }) => id === modelId);
      return [found?.group, found?.name, found?.detail, found?.isUsable];
    };
    expect(choice('claude-cli/default')).toEqual([
      'Agents',
      'Claude Code',
      '2.1.0 · its own tools; what it chooses to ask is judged by your rules',
      true,
    ]);
    expect(choice('claude-cli/default+patchbay-tools')).toEqual([
      'Agents with Patchbay’s tools',
      'Claude Code · Patchbay’s tools',
      '2.1.0 · Patchbay’s tools only; every call is judged by your rules first, edits go through the editor',
      true,
    ]);
    expect(view.runtimes[0]?.modelId).toBe('claude-cli/default');
    expect(view.models.find(({ isUsable }) => isUsable)?.id).toBe('claude-cli/default');
  });

  it('says nothing of the tools of an agent that nothing drives yet', () => {
    const [first] = toSetupView(input({ coverageOf: () => undefined })).models;
    expect(first?.detail).toBe('2.1.0');
  });

  it("leaves an address to the user's own endpoint", () => {
    const own = { name: 'Mine', url: 'http://localhost:11434/v1', models: [] };
    expect(toLocalEndpoints([ollama], [own])).toEqual([]);
  });

  it('suggests three prompts that fit the folder', () => {
    expect(examplePrompts([])).toHaveLength(3);
    expect(examplePrompts(['package.json', 'test', 'src'])).toEqual([
      'Explain what this project does and how its parts fit together',
      'Run the tests and explain what fails',
      'Find a function without a test and write one',
    ]);
  });
});

describe('asking an endpoint for its models', () => {
  const probe = (url: string, fetch: typeof globalThis.fetch, key?: string) => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const result = probeEndpoint({
      url,
      fetch,
      clock,
      signal: controller.signal,
      ...(key === undefined ? {} : { key }),
    });
    return { result, clock, controller };
  };
  const never: typeof fetch = () => {
    throw new Error('must not be asked');
  };

  it('gives their names', async () => {
    const asked: string[] = [];
    const { result } = probe('http://localhost:1234/v1/', (url) => {
      asked.push(url instanceof Request ? url.url : url.toString());
      return Promise.resolve(Response.json({ data: [{ id: 'b' }, { id: 'a' }] }));
    });
    expect(await result).toEqual({ models: ['b', 'a'] });
    expect(asked).toEqual(['http://localhost:1234/v1/models']);
  });

  it.each([
    ['file:///etc/passwd', undefined],
    ['http://user:password@host/v1', undefined],
    ['http://169.254.169.254/latest', undefined],
    ['http://[fe80::1]/v1', undefined],
    ['http://example.com/v1', 'sk-1'],
    ['not an address', undefined],
  ])('refuses %s without asking', async (url, key) => {
    expect((await probe(url, never, key).result).problem).toBeTruthy();
  });

  it.each([
    'https://example.com/v1',
    'http://localhost:1/v1',
    'http://192.168.1.5:8000/v1',
    'http://[::1]:8000/v1',
  ])('lets a key go to %s', (url) => {
    expect(addressProblem(url, true)).toBeUndefined();
  });

  it('ends after five seconds of silence, and when it is stopped', async () => {
    const silent: typeof fetch = () => new Promise(() => undefined);
    const late = probe('http://localhost:1/v1', silent);
    await late.clock.advance(5000);
    expect((await late.result).problem).toContain('5 seconds');
    const stopped = probe('http://localhost:1/v1', silent);
    stopped.controller.abort();
    expect(await stopped.result).toEqual({ models: [], problem: 'Stopped.' });
  });

  it('reads no more than 1 MB', async () => {
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(300_000)),
    });
    const { result } = probe('http://localhost:1/v1', () => Promise.resolve(new Response(body)));
    expect((await result).problem).toBeTruthy();
  });
});
