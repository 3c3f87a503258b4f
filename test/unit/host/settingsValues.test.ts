import { describe, expect, it } from 'vitest';
import {
  parseSettings,
  toSpecTable,
  userOnlyIn,
  type SettingName,
} from '../../../src/host/settingsValues';

const parse = (settings: Partial<Record<SettingName, unknown>>) =>
  parseSettings((name) => settings[name]);

describe('the settings', () => {
  it('have careful defaults', () => {
    expect(parse({})).toEqual({
      values: {
        endpoints: [],
        providerUrls: {},
        agents: {},
        customAgents: [],
        mcpServers: {},
        minimumGateCoverage: 'asks',
        permissionMode: 'ask',
        rules: [],
        limits: { calls: 100, costUsd: 5, repeatedCalls: 5 },
        prices: {},
        customInstructions: '',
        startTimeoutMs: 30_000,
        openReviewAutomatically: true,
        isReviewNonBlocking: false,
        isFormattedAfterEdit: false,
        queueDelivery: 'one-at-a-time',
        toolTimeoutMs: 30_000,
        isAuditStrict: false,
      },
      problems: [],
    });
  });

  it('[R127][R179] set how long a tool may run and how strict the audit is; nonsense is the careful value', () => {
    expect(parse({ toolTimeoutSeconds: 2.5, 'audit.strict': true }).values).toMatchObject({
      toolTimeoutMs: 2500,
      isAuditStrict: true,
    });
    for (const toolTimeoutSeconds of [0, -1, 4000, Number.NaN, '5']) {
      expect(parse({ toolTimeoutSeconds })).toMatchObject({
        values: { toolTimeoutMs: 30_000 },
        problems: ['patchbay.toolTimeoutSeconds must be a number from 1 to 3600; 30 is used.'],
      });
    }
    expect(parse({ 'audit.strict': 'no' })).toMatchObject({
      values: { isAuditStrict: true },
      problems: ['patchbay.audit.strict must be true or false; true is used.'],
    });
  });

  it('leave out and name what is not as it should be, and keep the rest', () => {
    const { values, problems } = parse({
      endpoints: [
        { name: 'Local', url: 'http://localhost:11434/v1/', models: ['llama'] },
        { name: 'Bad', url: 'file:///etc/passwd' },
      ],
      providerUrls: { anthropic: 'https://user:key@gateway', openai: 'https://gateway/v1/' },
      agents: { 'claude-cli': { args: ['--verbose'] }, other: { args: 'x' }, third: 5 },
      permissionMode: 'bypass',
      rules: [{ verdict: 'allow' }, { verdict: 'deny', command: 'rm -rf /' }],
      limits: { calls: 0, costUsd: 'none' },
      prices: {
        'anthropic/a': { input: 3, output: 15, cacheRead: 0.3 },
        'anthropic/b': { input: 3 },
        'anthropic/c': { input: -3, output: 1 },
      },
      startTimeoutSeconds: -1,
      idleTimeoutSeconds: 120,
    });
    expect(values).toEqual({
      endpoints: [
        { name: 'Local', url: 'http://localhost:11434/v1', models: [{ model: 'llama' }] },
      ],
      providerUrls: { openai: 'https://gateway/v1' },
      agents: { 'claude-cli': { args: ['--verbose'] } },
      customAgents: [],
      mcpServers: {},
      minimumGateCoverage: 'asks',
      permissionMode: 'ask',
      rules: [
        {
          id: 'settings.1',
          verdict: 'deny',
          match: { kind: 'command', command: 'rm -rf /' },
          scope: 'user',
        },
      ],
      limits: { calls: 0, costUsd: 5, repeatedCalls: 5 },
      prices: { 'anthropic/a': { input: 3, output: 15, cacheRead: 0.3 } },
      customInstructions: '',
      startTimeoutMs: 30_000,
      idleTimeoutMs: 120_000,
      queueDelivery: 'one-at-a-time',
      openReviewAutomatically: true,
      isReviewNonBlocking: false,
      isFormattedAfterEdit: false,
      toolTimeoutMs: 30_000,
      isAuditStrict: false,
    });
    expect(problems).toHaveLength(9);
    expect(problems.join(' ')).not.toContain('key@');
  });

  it('read every kind of rule, and none that could mean two things', () => {
    const { values } = parse({
      rules: [
        { verdict: 'allow', command: 'npm test', cwd: '/w' },
        { verdict: 'ask', read: '/w/notes' },
        { verdict: 'deny', write: '/w/src' },
        { verdict: 'allow', network: 'https://example.com' },
        { verdict: 'allow', mcpServer: 's', mcpTool: 't' },
        { verdict: 'allow', mcpServer: 's' },
        { verdict: 'allow', command: 'ls', write: '/' },
        { verdict: 'deny', command: 'ls', write: '/' },
      ],
    });
    expect(values.rules.map(({ match }) => match)).toEqual([
      { kind: 'command', command: 'npm test', cwd: '/w' },
      { kind: 'read', target: '/w/notes' },
      { kind: 'write', target: '/w/src' },
      { kind: 'network', origin: 'https://example.com' },
      { kind: 'mcp', server: 's', tool: 't' },
      { kind: 'mcp', server: 's', tool: '*' },
      { kind: 'any' },
    ]);
  });

  it('make specs of agents, over what the catalog ships', () => {
    const { values } = parse({
      agents: { 'claude-cli': { binaryPath: '/opt/claude', env: { A: null } }, mine: {} },
    });
    expect(toSpecTable(values.agents)).toEqual({
      byModelId: {},
      byAdapter: {
        'claude-cli': {
          adapter: 'claude-cli',
          authMode: 'external-cli',
          binaryPath: '/opt/claude',
          env: { A: null },
        },
        mine: { adapter: 'mine', authMode: 'external-cli' },
      },
    });
  });

  it('take the agents that the user adds, and name those that are not as they should be', () => {
    const { values, problems } = parse({
      customAgents: [
        {
          name: 'Goose',
          command: 'goose',
          args: ['acp'],
          env: { A: 'b', C: null },
          dialect: 'acp',
        },
        { name: 'goose!', command: 'x', dialect: 'acp' },
        { name: 'Odd', command: 'x', dialect: 'telepathy' },
        { name: 'No command', dialect: 'acp' },
        { name: 'Bad args', command: 'x', dialect: 'acp', args: 'x' },
        'text',
      ],
    });
    expect(values.customAgents).toEqual([
      { name: 'Goose', command: 'goose', args: ['acp'], env: { A: 'b', C: null }, dialect: 'acp' },
    ]);
    for (const index of [1, 2, 3, 4, 5]) {
      expect(problems.join('\n')).toContain(`patchbay.customAgents[${index}]`);
    }
  });

  it('take a gate coverage that nobody knows for the strictest', () => {
    const coverage = (value: unknown) => parse({ minimumGateCoverage: value });
    expect(coverage('none').values.minimumGateCoverage).toBe('none');
    expect(coverage('some').values.minimumGateCoverage).toBe('all');
    expect(coverage('some').problems).toHaveLength(1);
  });

  it('[R173] keep MCP servers as they were written, name broken ones, and keys that stand there openly', () => {
    const mcpServers = {
      good: { command: 'git-mcp', env: { TOKEN: '${secret:git}' } },
      open: { command: 'a', env: { API_KEY: 'abcdef123' } },
      broken: { args: [] },
    };
    const { values, problems } = parse({ mcpServers });
    expect(values.mcpServers).toEqual(mcpServers);
    expect(problems).toEqual([
      'patchbay.mcpServers.broken is left out: It needs a "command" (a program) or a "url".',
      'patchbay.mcpServers.open holds a key in its settings (API_KEY). Write ${secret:name} there, and give its value with "Patchbay: Manage MCP Servers".',
    ]);
    expect(parse({ mcpServers: ['a'] }).problems).toEqual([
      'patchbay.mcpServers must be an object of servers by name; it has no effect.',
    ]);
  });

  it('[R18] names what a settings file or a .code-workspace file tries to set in vain', () => {
    const agents = { 'claude-cli': { binaryPath: '/tmp/evil', args: ['--x'], env: { A: 'b' } } };
    const tried = { 'patchbay.agents': agents, 'patchbay.openReviewAutomatically': false };
    expect(userOnlyIn(JSON.stringify(tried))).toEqual(['patchbay.agents']);
    expect(
      userOnlyIn(`// a comment\n${JSON.stringify({ folders: [{ path: '.' }], settings: tried })}`),
    ).toEqual(['patchbay.agents']);
    expect(userOnlyIn('{ "editor.fontSize": 12, "patchbay.queueDelivery": "all" }')).toEqual([]);
  });
});
