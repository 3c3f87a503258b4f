// How the real agents are set up to talk to the scripted model server, and to nobody else: what lies in a HOME of their
// own, the user's settings for them in Patchbay, and a program of the right name on a PATH.
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const json = (file, value) => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(value, null, 2));
};

/** No telemetry, no update check, no real key. */
export const claudeEnv = (url) => ({
  ANTHROPIC_BASE_URL: url,
  ANTHROPIC_API_KEY: 'sk-ant-dummy',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_TELEMETRY: '1',
  DISABLE_ERROR_REPORTING: '1',
  DISABLE_AUTOUPDATER: '1',
});

/**
 * By adapter: `name` is the program's on the PATH, `program` the file from npm (a script runs with `node`), `env` and
 * `args` are what the user would set; `prepare` writes what the user would have in HOME.
 *
 * @type {Record<string, {
 *   name: string, program: () => string | undefined, node?: () => string | undefined,
 *   env?: (o: { url: string, home: string }) => Record<string, string>,
 *   args?: (o: { url: string, home: string }) => string[],
 *   prepare?: (o: { url: string, home: string }) => void,
 * }>}
 */
export const agents = {
  'claude-cli': {
    name: 'claude',
    program: () => process.env.PATCHBAY_CLAUDE_BIN,
    env: ({ url }) => claudeEnv(url),
  },
  'codex-cli': {
    name: 'codex',
    program: () => process.env.PATCHBAY_CODEX_BIN,
    env: ({ home }) => ({ CODEX_HOME: path.join(home, '.codex'), SCRIPTED_KEY: 'dummy' }),
    args: ({ url }) => codexConfig(url),
    prepare: ({ home }) => mkdirSync(path.join(home, '.codex'), { recursive: true }),
  },
  'acp:opencode': {
    name: 'opencode',
    program: () => process.env.PATCHBAY_OPENCODE_BIN,
    env: ({ url }) => ({
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
      OPENCODE_CONFIG_CONTENT: JSON.stringify(opencodeConfig(url)),
    }),
  },
  'acp:gemini': {
    name: 'gemini',
    program: () => process.env.PATCHBAY_GEMINI_JS,
    node: () => process.execPath,
    env: ({ url }) => ({
      GEMINI_API_KEY: 'dummy',
      GOOGLE_GEMINI_BASE_URL: url,
      GEMINI_CLI_NO_RELAUNCH: 'true',
      GEMINI_TELEMETRY_ENABLED: 'false',
    }),
    // Without a fixed model it first asks a classifier.
    args: () => ['--model', 'gemini-2.5-pro'],
    prepare: ({ home }) =>
      json(path.join(home, '.gemini/settings.json'), {
        security: { auth: { selectedType: 'gemini-api-key' } },
        privacy: { usageStatisticsEnabled: false },
        telemetry: { enabled: false },
        general: { disableAutoUpdate: true, enableAutoUpdate: false },
      }),
  },
  'acp:claude-agent-acp': {
    name: 'claude-agent-acp',
    program: () => process.env.PATCHBAY_CLAUDE_ACP_JS,
    node: () => process.env.PATCHBAY_NODE24,
    env: ({ url }) => ({
      ...claudeEnv(url),
      CLAUDE_CODE_EXECUTABLE: process.env.PATCHBAY_CLAUDE_BIN ?? '',
    }),
  },
  pi: {
    name: 'pi',
    program: () => process.env.PATCHBAY_PI_JS,
    node: () => process.execPath,
    env: () => ({ PI_TELEMETRY: '0' }),
    prepare: ({ url, home }) => {
      const folder = path.join(home, '.pi/agent');
      json(path.join(folder, 'models.json'), { providers: { scripted: piProvider(url) } });
      json(path.join(folder, 'settings.json'), {
        defaultProvider: 'scripted',
        defaultModel: 'scripted-model',
      });
    },
  },
};

/**
 * Puts the agents into a HOME and onto its PATH. Gives the user's settings for Patchbay and the environment of a host
 * whose login shell knows that PATH.
 *
 * @param {{ url: string, home: string, adapters?: readonly string[] }} options
 */
export function setUpAgents({ url, home, adapters = Object.keys(agents) }) {
  const bin = path.join(home, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(home, '.bash_profile'), `export PATH="${bin}:$PATH"\n`);
  const settings = {};
  for (const adapter of adapters) {
    const agent = agents[adapter];
    const program = agent.program();
    if (!program) throw new Error(`${agent.name} is not installed`);
    const file = path.join(bin, agent.name);
    if (agent.node) {
      writeFileSync(file, `#!/bin/sh\nexec '${agent.node()}' '${program}' "$@"\n`);
      chmodSync(file, 0o755);
    } else {
      symlinkSync(program, file);
    }
    agent.prepare?.({ url, home });
    settings[adapter] = {
      args: agent.args?.({ url, home }) ?? [],
      env: agent.env?.({ url, home }) ?? {},
    };
  }
  return {
    bin,
    settings: { 'patchbay.agents': settings },
    env: { SHELL: '/bin/bash', PATH: `${bin}:${process.env.PATH}` },
  };
}

function codexConfig(url) {
  const provider = [
    'name="scripted"',
    `base_url="${url}/v1"`,
    'env_key="SCRIPTED_KEY"',
    'wire_api="responses"',
    'request_max_retries=2',
    'stream_max_retries=2',
    'stream_idle_timeout_ms=20000',
  ];
  return [
    'model_provider="scripted"',
    `model_providers.scripted={${provider.join(',')}}`,
    'model="gpt-5.2-codex"',
    'check_for_update_on_startup=false',
    'analytics.enabled=false',
    'otel.exporter="none"',
  ].flatMap((setting) => ['-c', setting]);
}

function opencodeConfig(url) {
  const scripted = {
    npm: '@ai-sdk/openai-compatible',
    name: 'Scripted',
    options: { baseURL: `${url}/v1`, apiKey: 'dummy' },
    models: {
      'scripted-model': {
        name: 'Scripted',
        tool_call: true,
        reasoning: true,
        limit: { context: 200_000, output: 32_000 },
      },
    },
  };
  return {
    autoupdate: false,
    share: 'disabled',
    model: 'scripted/scripted-model',
    small_model: 'scripted/scripted-model',
    provider: { scripted },
  };
}

function piProvider(url) {
  const model = {
    id: 'scripted-model',
    name: 'Scripted',
    reasoning: true,
    input: ['text', 'image'],
    contextWindow: 200_000,
    maxTokens: 32_000,
    cost: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
  };
  return {
    baseUrl: `${url}/v1`,
    api: 'openai-completions',
    apiKey: 'dummy',
    models: [model],
  };
}
