/**
 * What is known of an agent that can be started: data, no behaviour. Commands are argv without the program.
 */
export interface AgentEntry {
  readonly adapter: string;
  readonly displayName: string;
  /** The program's name on the PATH. */
  readonly command: string;
  readonly versionArgs: readonly string[];
  /** Older ones do not speak the dialect that the bridge needs. */
  readonly minVersion: string;
  /** The agent's own question for whether somebody is signed in, and the first version that knows it. */
  readonly status?: { readonly args: readonly string[]; readonly sinceVersion: string };
  /** For a terminal, as the user would type it. */
  readonly loginCommand: string;
  readonly installHint: string;
  readonly installUrl: string;
  /** Variables of the agent's own that pass from the user's environment to it; `*` at the end stands for any rest. */
  readonly passVariables: readonly string[];
}

/** The agents of this release. Others join when their bridge does. */
export const agentCatalog: readonly AgentEntry[] = [
  {
    adapter: 'claude-cli',
    displayName: 'Claude Code',
    command: 'claude',
    versionArgs: ['--version'],
    // 2.0.77 is the oldest that was driven whole; hooks in the opening request, which the gate needs, are there.
    minVersion: '2.0.77',
    // `claude auth status` prints JSON and exits 1 when signed out; before 2.1.41 the words would be taken for a prompt.
    status: { args: ['auth', 'status'], sinceVersion: '2.1.41' },
    loginCommand: 'claude auth login',
    installHint:
      'Install Claude Code with "npm install -g @anthropic-ai/claude-code", or set its path in the settings.',
    installUrl: 'https://code.claude.com/docs/en/setup',
    passVariables: [
      'ANTHROPIC_*',
      'CLAUDE_CONFIG_DIR',
      'CLAUDE_CODE_OAUTH_TOKEN',
      'CLAUDE_CODE_USE_*',
      'CLAUDE_CODE_SKIP_*',
      'CLAUDE_CODE_MAX_*',
      'CLAUDE_CODE_API_*',
      'CLAUDE_CODE_DISABLE_*',
      'CLAUDE_CODE_ENABLE_*',
      'API_TIMEOUT_MS',
      'AWS_*',
      'CLOUD_ML_REGION',
      'GOOGLE_APPLICATION_CREDENTIALS',
      'GOOGLE_CLOUD_PROJECT',
      'VERTEX_*',
      'DISABLE_TELEMETRY',
      'DISABLE_ERROR_REPORTING',
      'DISABLE_AUTOUPDATER',
      'MAX_THINKING_TOKENS',
      'BASH_DEFAULT_TIMEOUT_MS',
      'BASH_MAX_TIMEOUT_MS',
    ],
  },
];

export function agentEntry(adapter: string): AgentEntry | undefined {
  return agentCatalog.find((agent) => agent.adapter === adapter);
}

/** The first `major.minor.patch` in a text. */
export function parseVersion(text: string): string | undefined {
  return /(?<![\d.])\d{1,6}\.\d{1,6}\.\d{1,6}/.exec(text)?.[0];
}

/** Both `major.minor.patch`. */
export function isAtLeast(version: string, wanted: string): boolean {
  const have = version.split('.').map(Number);
  const want = wanted.split('.').map(Number);
  for (const [index, part] of want.entries()) {
    const difference = (have[index] ?? 0) - part;
    if (difference !== 0) {
      return difference > 0;
    }
  }
  return true;
}
