import { describe, expect, it } from 'vitest';
import { agentCatalog } from '../../../src/runtime/agentCatalog';
import {
  buildAgentDirectory,
  customAdapter,
  customBridge,
  type CustomAgent,
} from '../../../src/runtime/agentDirectory';
import type { ExternalRuntimeSpec } from '../../../src/runtime/contract';
import { discoverAgents, type DiscoveryPorts } from '../../../src/runtime/discovery';
import { createLineBridge } from '../../fakes/lineBridge';

const goose: CustomAgent = {
  name: 'Goose 2',
  dialect: 'acp',
  command: 'goose',
  args: ['acp'],
  env: { A: null },
};

function build(
  more: Partial<Parameters<typeof buildAgentDirectory>[0]> = {},
): ReturnType<typeof buildAgentDirectory> {
  return buildAgentDirectory({
    custom: [],
    bridges: [],
    specs: { byModelId: {}, byAdapter: {} },
    learned: new Map(),
    ...more,
  });
}

const specsOf = (
  byAdapter: Readonly<Record<string, ExternalRuntimeSpec>>,
): { readonly byModelId: Record<string, never>; readonly byAdapter: typeof byAdapter } => ({
  byModelId: {},
  byAdapter,
});

describe('the agents that can be chosen', () => {
  it('are the shipped ones, with unique adapters and model ids', () => {
    const { entries, models } = build();
    expect(entries).toEqual(agentCatalog);
    expect(new Set(models.map(({ id }) => id)).size).toBe(models.length);
    expect(new Set(entries.map(({ adapter }) => adapter)).size).toBe(entries.length);
    for (const { adapter } of entries) {
      expect(models.some((model) => model.runtime?.adapter === adapter)).toBe(true);
    }
  });

  it('take one of the user’s, started as the user says', () => {
    const { find, models } = build({ custom: [goose] });
    expect(find('custom:goose-2')).toMatchObject({ displayName: 'Goose 2', command: 'goose' });
    expect(models.find(({ provider }) => provider === 'custom:goose-2')).toMatchObject({
      id: 'custom:goose-2/default',
      name: 'Goose 2',
      address: 'bridge:custom:goose-2',
      runtime: { adapter: 'custom:goose-2', binaryPath: 'goose', args: ['acp'], env: { A: null } },
    });
  });

  it('take one of another extension, under the name of its bridge', () => {
    const bridges = [createLineBridge(), createLineBridge({ adapter: 'acp' })];
    const { entries, models } = build({ bridges });
    expect(entries.at(-1)).toMatchObject({ adapter: 'line', displayName: 'Line Agent' });
    expect(models.at(-1)).toMatchObject({ id: 'line/default', name: 'Line Agent' });
  });

  it('know the models that an agent told of, a bounded number of them', () => {
    const told = Array.from({ length: 500 }, (_, index) => ({
      id: `m${index}`,
      name: `M${index}`,
    }));
    const learned = new Map([['acp:opencode', [{ id: 'default', name: 'Default' }, ...told]]]);
    const models = build({ learned }).models.filter(
      ({ provider, toolSource }) => provider === 'acp:opencode' && toolSource === undefined,
    );
    expect(models.slice(0, 2).map(({ id, name }) => [id, name])).toEqual([
      ['acp:opencode/default', 'opencode'],
      ['acp:opencode/m0', 'opencode (M0)'],
    ]);
    expect(models.length).toBeLessThan(100);
  });

  it('offer both an agent’s own tools and ours where it can take ours, its own first', () => {
    const learned = new Map([['claude-cli', [{ id: 'm', name: 'M' }]]]);
    const { models } = build({ custom: [goose], learned });
    const choices = (adapter: string) =>
      models
        .filter(({ provider }) => provider === adapter)
        .map(({ id, name, toolSource }) => [id, name, toolSource]);
    expect(choices('codex-cli')).toEqual([
      ['codex-cli/default', 'Codex', undefined],
      ['codex-cli/default+patchbay-tools', 'Codex · Patchbay’s tools', 'patchbay'],
    ]);
    expect(choices('claude-cli').slice(4)).toEqual([
      ['claude-cli/m', 'Claude Code (M)', undefined],
      ['claude-cli/default+patchbay-tools', 'Claude Code · Patchbay’s tools', 'patchbay'],
      ['claude-cli/opus+patchbay-tools', 'Claude Code (Opus) · Patchbay’s tools', 'patchbay'],
      ['claude-cli/sonnet+patchbay-tools', 'Claude Code (Sonnet) · Patchbay’s tools', 'patchbay'],
      ['claude-cli/haiku+patchbay-tools', 'Claude Code (Haiku) · Patchbay’s tools', 'patchbay'],
      ['claude-cli/m+patchbay-tools', 'Claude Code (M) · Patchbay’s tools', 'patchbay'],
    ]);
    expect(
      agentCatalog
        .map(({ adapter }) => adapter)
        .filter((adapter) => choices(adapter).some(([, , source]) => source === 'patchbay')),
    ).toEqual(['claude-cli', 'codex-cli', 'acp:opencode', 'acp:claude-agent-acp']);
    expect(choices('custom:goose-2')).toHaveLength(2);
    const rpc = build({ custom: [{ ...goose, dialect: 'indusagi-cli' }] }).models;
    expect(rpc.filter(({ provider }) => provider === 'custom:goose-2')).toHaveLength(1);
  });

  it('start every way to drive one program with what the user set for it', () => {
    const own: ExternalRuntimeSpec = {
      adapter: 'codex-cli',
      authMode: 'external-cli',
      binaryPath: '/opt/codex',
    };
    const exec = { ...own, adapter: 'codex-exec', binaryPath: '/opt/other' };
    const binary = (byAdapter: Readonly<Record<string, ExternalRuntimeSpec>>) =>
      build({ specs: specsOf(byAdapter) }).models.find(({ provider }) => provider === 'codex-exec')
        ?.runtime;
    expect(binary({ 'codex-cli': own })).toMatchObject({
      adapter: 'codex-exec',
      binaryPath: '/opt/codex',
    });
    expect(binary({ 'codex-cli': own, 'codex-exec': exec })?.binaryPath).toBe('/opt/other');
  });

  it.each([
    ['Goose 2', 'custom:goose-2'],
    ['  Ünï  ', 'custom:n'],
    ['***', 'custom:agent'],
  ])('name %j as %s', (name, adapter) => {
    expect(customAdapter(name)).toBe(adapter);
  });

  it('[R9] speak a known dialect under a name of their own', () => {
    const dialect = createLineBridge({ adapter: 'acp' });
    const bridge = customBridge(goose, dialect);
    expect(bridge).toMatchObject({ adapter: 'custom:goose-2', displayName: 'Goose 2' });
    expect(bridge.createParser).toBe(dialect.createParser);
  });
});

describe('finding them', () => {
  const machine = (
    more: Partial<DiscoveryPorts> = {},
  ): { ports: DiscoveryPorts; runs: string[] } => {
    const runs: string[] = [];
    return {
      runs,
      ports: {
        isTrusted: () => true,
        lookup: (name) =>
          Promise.resolve({ kind: 'found', path: `/bin/${name}`, isInsideWorkspace: false }),
        runProbe: (path, args) => {
          runs.push([path, ...args].join(' '));
          return Promise.resolve({
            kind: 'exited',
            code: args[0] === '--version' ? 0 : 1,
            stdout: args[0] === '--version' ? 'codex-cli 0.169.0' : '',
            stderr: args[0] === '--version' ? '' : 'WARNING: x\nNot logged in\n',
          });
        },
        ...more,
      },
    };
  };
  const codex = agentCatalog.filter(({ adapter }) => adapter.startsWith('codex'));

  it('looks once for a program that is driven in two ways', async () => {
    const { ports, runs } = machine();
    const found = await discoverAgents(ports, codex);
    expect(
      found.map(({ adapter, displayName, version }) => [adapter, displayName, version]),
    ).toEqual([
      ['codex-cli', 'Codex', '0.169.0'],
      ['codex-exec', 'Codex (exec)', '0.169.0'],
    ]);
    expect(runs).toEqual(['/bin/codex --version', '/bin/codex login status']);
  });

  it('lets an agent start signed out where its no is not the last word', async () => {
    const [found] = await discoverAgents(machine().ports, codex);
    expect(found).toMatchObject({
      state: 'signedOut',
      isSignedIn: false,
      canStartSignedOut: true,
      loginCommand: 'codex login',
    });
  });

  it.each([
    ['Logged in using ChatGPT', 'ready', '0.169.0 · signed in (ChatGPT)'],
    ['Logged in using an API key - sk-***', 'ready', '0.169.0 · signed in (an API key)'],
    ['gibberish', 'ready', '0.169.0 · sign-in not known'],
  ])('reads %j', async (said, state, detail) => {
    const { ports } = machine({
      runProbe: (_path, args) =>
        Promise.resolve({
          kind: 'exited',
          code: 0,
          stdout: args[0] === '--version' ? 'codex-cli 0.169.0' : said,
          stderr: '',
        }),
    });
    expect((await discoverAgents(ports, codex))[0]).toMatchObject({ state, detail });
  });

  it('says when a version is newer than any that was tried, and when it is too old', async () => {
    const at = async (version: string) => {
      const { ports } = machine({
        runProbe: () =>
          Promise.resolve({ kind: 'exited', code: 0, stdout: `codex-cli ${version}`, stderr: '' }),
      });
      const [found] = await discoverAgents(ports, codex);
      return [found?.state, found?.isUntried ?? false];
    };
    expect(await at('0.169.0')).toEqual(['ready', false]);
    expect(await at('0.170.0')).toEqual(['ready', true]);
    expect(await at('0.97.0')).toEqual(['tooOld', false]);
  });

  it('does not look for the program of another extension’s agent', async () => {
    const { ports, runs } = machine();
    const { entries } = build({ bridges: [createLineBridge()] });
    const found = await discoverAgents(ports, entries.slice(-1));
    expect(found).toMatchObject([{ adapter: 'line', state: 'unknown' }]);
    expect(runs).toEqual([]);
  });
});
