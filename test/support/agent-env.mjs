// How the real agents are launched against the scripted model server: command, arguments and a clean environment
// (a temporary HOME, no telemetry, no update check, no key of the developer). A recipe gives undefined when its
// PATCHBAY_* variable is unset.
import { mkdirSync } from 'node:fs';

const base = (home) => ({
  PATH: process.env.PATH,
  HOME: home,
  TMPDIR: process.env.TMPDIR ?? '/tmp',
  LANG: 'C.UTF-8',
  NO_COLOR: '1',
});

/** What Claude Code needs to talk to the model server at `url`, and to nobody else. */
export const claudeEnv = (url) => ({
  ANTHROPIC_BASE_URL: url,
  ANTHROPIC_API_KEY: 'sk-ant-dummy',
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_TELEMETRY: '1',
  DISABLE_ERROR_REPORTING: '1',
  DISABLE_AUTOUPDATER: '1',
});

/** @type {Record<string, (o: { url: string, home: string, prompt?: string }) =>
 *   { command: string, args: string[], env: NodeJS.ProcessEnv } | undefined>} */
export const recipes = {
  'claude-cli': ({ url, home }) =>
    whenSet('PATCHBAY_CLAUDE_BIN', (command) => ({
      command,
      args: [
        '-p',
        ...['--output-format', 'stream-json', '--input-format', 'stream-json'],
        ...['--verbose', '--include-partial-messages', '--permission-prompt-tool', 'stdio'],
      ],
      env: { ...base(home), ...claudeEnv(url) },
    })),
  // close its stdin at once
  'codex-exec': ({ url, home, prompt = 'Hello' }) =>
    whenSet('PATCHBAY_CODEX_BIN', (command) => ({
      command,
      args: ['exec', '--json', '--skip-git-repo-check', ...codexConfig(url), prompt],
      env: codexEnv(home),
    })),
  'codex-app-server': ({ url, home }) =>
    whenSet('PATCHBAY_CODEX_BIN', (command) => ({
      command,
      args: ['app-server', ...codexConfig(url)],
      env: codexEnv(home),
    })),
};

const whenSet = (variable, make) =>
  process.env[variable] ? make(process.env[variable]) : undefined;

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

function codexEnv(home) {
  mkdirSync(`${home}/.codex`, { recursive: true });
  return { ...base(home), CODEX_HOME: `${home}/.codex`, SCRIPTED_KEY: 'dummy' };
}
