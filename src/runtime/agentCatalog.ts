/**
 * What is known of an agent that can be started: data, no behaviour. Commands are argv without the program.
 */
export interface AgentEntry {
  readonly adapter: string;
  readonly displayName: string;
  /** The program's name on the PATH, or the absolute path that the user gave. */
  readonly command: string;
  readonly versionArgs: readonly string[];
  /** Older ones do not speak the dialect that the bridge needs. Absent: no version is known to fail. */
  readonly minVersion?: string;
  /** The newest version that was driven whole. A newer one runs, with a notice the first time. */
  readonly newestSeen?: string;
  /** The agent's own question for whether somebody is signed in. */
  readonly status?: AgentStatusQuestion;
  /** For a terminal, as the user would type it. Absent: it has no such command. */
  readonly loginCommand?: string;
  readonly installHint: string;
  readonly installUrl?: string;
  /** Variables of the agent's own that pass from the user's environment to it; `*` at the end stands for any rest. */
  readonly passVariables: readonly string[];
  /** Another way to drive the same program: found when that one is, and not shown as an agent of its own. */
  readonly variantOf?: string;
  /** It can work with our tools in the place of its own. */
  readonly takesOurTools?: boolean;
}

export interface AgentStatusQuestion {
  readonly args: readonly string[];
  /** The first version that knows it; an older one would take the words for a prompt. */
  readonly sinceVersion: string;
  readonly answer: 'claude' | 'codex';
  /** A no is not the last word: the agent may have a service of its own configured, with its own key. */
  readonly isNoCertain: boolean;
}

/** Proxies and certificates are in the common list; these are for the services behind most agents. */
const cloudVariables = [
  'AWS_*',
  'CLOUD_ML_REGION',
  'GOOGLE_APPLICATION_CREDENTIALS',
  'GOOGLE_CLOUD_*',
  'VERTEX_*',
] as const;

const anyProviderVariables = [
  'ANTHROPIC_*',
  'OPENAI_*',
  'AZURE_*',
  'GEMINI_*',
  'GOOGLE_*',
  'OPENROUTER_*',
  'MISTRAL_*',
  'GROQ_*',
  'DEEPSEEK_*',
  'XAI_*',
  ...cloudVariables,
] as const;

const claudeVariables = [
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
  ...cloudVariables,
  'DISABLE_TELEMETRY',
  'DISABLE_ERROR_REPORTING',
  'DISABLE_AUTOUPDATER',
  'MAX_THINKING_TOKENS',
  'BASH_DEFAULT_TIMEOUT_MS',
  'BASH_MAX_TIMEOUT_MS',
] as const;

const codex = {
  command: 'codex',
  versionArgs: ['--version'],
  minVersion: '0.100.0',
  newestSeen: '0.169.0',
  status: {
    args: ['login', 'status'],
    sinceVersion: '0.100.0',
    answer: 'codex',
    isNoCertain: false,
  },
  loginCommand: 'codex login',
  installHint:
    'Install Codex with "npm install -g @openai/codex", or set its path in the settings.',
  installUrl: 'https://developers.openai.com/codex/cli',
  passVariables: ['CODEX_*', 'OPENAI_*', 'AZURE_OPENAI_*', 'OLLAMA_*', 'RUST_LOG'],
} as const;

/** The agents that are shipped with a bridge, in the order in which they are shown. */
export const agentCatalog: readonly AgentEntry[] = [
  {
    adapter: 'claude-cli',
    displayName: 'Claude Code',
    command: 'claude',
    versionArgs: ['--version'],
    // Before it, the hook's "ask" is ignored for reads, harmless commands and sub-agents (2.0.77 and 2.1.39 were tried).
    minVersion: '2.1.112',
    newestSeen: '2.1.329',
    // `claude auth status` prints JSON and exits 1 when signed out; before 2.1.41 the words would be taken for a prompt.
    status: {
      args: ['auth', 'status'],
      sinceVersion: '2.1.41',
      answer: 'claude',
      isNoCertain: true,
    },
    loginCommand: 'claude auth login',
    installHint:
      'Install Claude Code with "npm install -g @anthropic-ai/claude-code", or set its path in the settings.',
    installUrl: 'https://code.claude.com/docs/en/setup',
    passVariables: claudeVariables,
    takesOurTools: true,
  },
  { adapter: 'codex-cli', displayName: 'Codex', ...codex, takesOurTools: true },
  { adapter: 'codex-exec', displayName: 'Codex (exec)', ...codex, variantOf: 'codex-cli' },
  {
    adapter: 'acp:opencode',
    displayName: 'opencode',
    command: 'opencode',
    versionArgs: ['--version'],
    newestSeen: '1.18.33',
    loginCommand: 'opencode auth login',
    installHint:
      'Install opencode with "npm install -g opencode-ai", or set its path in the settings.',
    installUrl: 'https://opencode.ai/docs/',
    passVariables: ['OPENCODE_*', ...anyProviderVariables],
    takesOurTools: true,
  },
  {
    adapter: 'acp:gemini',
    displayName: 'Gemini CLI',
    command: 'gemini',
    versionArgs: ['--version'],
    newestSeen: '0.61.0',
    // It asks how to sign in when it is started in a terminal.
    loginCommand: 'gemini',
    installHint:
      'Install Gemini CLI with "npm install -g @google/gemini-cli", or set its path in the settings.',
    installUrl: 'https://geminicli.com/docs/get-started/installation/',
    passVariables: ['GEMINI_*', 'GOOGLE_*', 'CODE_ASSIST_ENDPOINT'],
  },
  {
    adapter: 'acp:claude-agent-acp',
    displayName: 'Claude Agent (ACP)',
    command: 'claude-agent-acp',
    versionArgs: ['--version'],
    newestSeen: '0.100.0',
    installHint:
      'Install it with "npm install -g @agentclientprotocol/claude-agent-acp", or set its path in the settings.',
    installUrl: 'https://github.com/agentclientprotocol/claude-agent-acp',
    passVariables: [...claudeVariables, 'CLAUDE_CODE_EXECUTABLE'],
    takesOurTools: true,
  },
  {
    adapter: 'pi',
    displayName: 'pi',
    command: 'pi',
    versionArgs: ['--version'],
    minVersion: '0.73.1',
    newestSeen: '0.73.1',
    loginCommand: 'pi',
    installHint:
      'Install pi with "npm install -g @mariozechner/pi-coding-agent", or set its path in the settings.',
    installUrl: 'https://www.npmjs.com/package/@mariozechner/pi-coding-agent',
    passVariables: ['PI_*', ...anyProviderVariables],
  },
  {
    adapter: 'indusagi-cli',
    displayName: 'Indusagi',
    command: 'indusagi',
    versionArgs: ['--version'],
    installHint: 'Install indusagi, or set its path in the settings.',
    passVariables: ['INDUSAGI_*', ...anyProviderVariables],
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
