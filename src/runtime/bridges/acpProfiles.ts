import { isRecord, stringField } from '../../base/guard';
import type { FolderCodePlace, GateCoverage } from '../contract';

/** Whose ways an agent has, as it names itself in `initialize`. */
export type AcpAgentKind = 'opencode' | 'claude-agent-acp' | 'gemini' | 'other';

/** How one agent differs from the protocol's letter. Seen with the versions in test/fixtures/acp. */
export interface AcpQuirks {
  /** The texts of a diff in a question are the whole file, not a part of it. */
  readonly diffsAreWhole: boolean;
  /** A missing file has to be read as an empty one, or the agent cannot create it. */
  readonly readsMissingAsEmpty: boolean;
  /** Call ids are `<tool>__<rest>`; a command is in the title, and no input is told. */
  readonly namesToolInCallId: boolean;
  /** Its mode changes come as text in the answer. */
  readonly tellsModeAsText: boolean;
  /** A message of the model that is followed by another without a `usage_update` was cut. */
  readonly marksMessageEnds: boolean;
  /** JSON-RPC error codes are HTTP status codes. */
  readonly errorCodesAreHttp: boolean;
  /** The mode in which it asks, and the one in which it plans. */
  readonly askingMode: string | undefined;
  readonly planMode: string | undefined;
}

/** An ACP agent that can be started: data, no behaviour. */
export interface AcpAgentProfile {
  readonly adapter: string;
  readonly displayName: string;
  /** What `initialize` is expected to say; 'other' learns it from there. */
  readonly kind: AcpAgentKind;
  readonly defaultBinary: string;
  /** In front of the user's own arguments. */
  readonly subcommand: readonly string[];
  /** Behind them. */
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string | null>>;
  readonly coverage: GateCoverage;
  readonly coverageNote: string;
  /** What of a folder the agent runs by itself, and no variable stops. */
  readonly folderCode: readonly FolderCodePlace[];
  readonly takesReasoning: boolean;
  readonly takesExtraFolders: boolean;
  /**
   * How it works with our tools in the place of its own; absent: it cannot be brought to. gemini-cli starts no MCP
   * server in a folder that is not trusted, and in a trusted one it obeys the folder's settings (seen with 0.61.0).
   */
  readonly ourTools?: {
    readonly env: Readonly<Record<string, string>>;
    readonly coverage: GateCoverage;
    readonly coverageNote: string;
  };
}

/**
 * opencode asks for little by itself; told so, it asks before every kind of call. Each kind is named, because a rule of
 * the user's own for one would win over the star. Questions of its sub-agents never reach an ACP client (seen with
 * 1.18.33: the turn hangs), so it gets none. The folder's own configuration and plugins are not loaded.
 */
const opencodeKinds = [
  '*',
  'read',
  'edit',
  'glob',
  'grep',
  'list',
  'bash',
  'task',
  'external_directory',
  'todowrite',
  'todoread',
  'webfetch',
  'websearch',
  'codesearch',
  'lsp',
  'skill',
  'doom_loop',
  'question',
] as const;

const opencodeEnv = {
  OPENCODE_PERMISSION: JSON.stringify(
    Object.fromEntries(opencodeKinds.map((kind) => [kind, kind === 'task' ? 'deny' : 'ask'])),
  ),
  OPENCODE_DISABLE_PROJECT_CONFIG: '1',
} as const;

/** A kind that is denied for every argument is not offered to the model (seen with 1.18.33); ours are asked about by us. */
const opencodeOurToolsEnv = {
  OPENCODE_PERMISSION: JSON.stringify({
    ...Object.fromEntries(opencodeKinds.map((kind) => [kind, 'deny'])),
    'patchbay_*': 'allow',
  }),
} as const;

/** Claude Code in it: no reserve of tools that are searched for first, and no long result in a file it cannot read. */
const claudeOurToolsEnv = { ENABLE_TOOL_SEARCH: 'false', MAX_MCP_OUTPUT_TOKENS: '200000' } as const;

/** Seen with 1.18.33: it loads these whatever its variables say. */
const opencodeFolderCode: readonly FolderCodePlace[] = [
  { path: '.opencode/plugin' },
  { path: '.opencode/plugins' },
  ...['opencode.json', 'opencode.jsonc', '.opencode/opencode.json', '.opencode/opencode.jsonc'].map(
    (path) => ({ path, word: '"plugin' }),
  ),
];

/** An untrusted folder: gemini-cli then leaves its settings, hooks, MCP servers and `.env` alone. */
const geminiEnv = { GEMINI_CLI_TRUST_WORKSPACE: 'false' } as const;

/** A generic agent gets what keeps each known one in check: the variables mean nothing to the others. */
const knownEnv = { ...opencodeEnv, ...geminiEnv };

export const acpProfiles: readonly AcpAgentProfile[] = [
  {
    adapter: 'acp',
    displayName: 'ACP agent',
    kind: 'other',
    defaultBinary: 'acp-agent',
    subcommand: [],
    flags: [],
    env: knownEnv,
    coverage: 'asks',
    coverageNote: 'Only what the agent itself chooses to ask comes to you first.',
    folderCode: opencodeFolderCode,
    takesReasoning: true,
    takesExtraFolders: false,
    ourTools: {
      env: { ...opencodeOurToolsEnv, ...claudeOurToolsEnv },
      coverage: 'asks',
      coverageNote:
        'The agent is offered Patchbay’s tools; whether it lets go of its own, only it knows. What it asks about them is denied.',
    },
  },
  {
    adapter: 'acp:opencode',
    displayName: 'opencode',
    kind: 'opencode',
    defaultBinary: 'opencode',
    subcommand: ['acp'],
    flags: [],
    env: opencodeEnv,
    coverage: 'asks',
    coverageNote:
      'opencode asks about every call, unless your own opencode configuration gives an agent more. Where the folder brings plugins (.opencode, opencode.json) it starts only after your yes to their exact content; its sub-agents are switched off.',
    folderCode: opencodeFolderCode,
    takesReasoning: true,
    takesExtraFolders: false,
    ourTools: {
      env: opencodeOurToolsEnv,
      coverage: 'asks',
      coverageNote:
        'opencode is offered Patchbay’s tools only, unless your own opencode configuration gives one of its agents more. Where the folder brings plugins (.opencode, opencode.json) it starts only after your yes to their exact content.',
    },
  },
  {
    adapter: 'acp:claude-agent-acp',
    displayName: 'Claude Agent (ACP)',
    kind: 'claude-agent-acp',
    defaultBinary: 'claude-agent-acp',
    subcommand: [],
    flags: [],
    env: {},
    coverage: 'all',
    coverageNote: '',
    folderCode: [],
    takesReasoning: true,
    takesExtraFolders: true,
    ourTools: { env: claudeOurToolsEnv, coverage: 'all', coverageNote: '' },
  },
  {
    adapter: 'acp:gemini',
    displayName: 'Gemini CLI',
    kind: 'gemini',
    defaultBinary: 'gemini',
    subcommand: [],
    flags: ['--acp'],
    env: geminiEnv,
    coverage: 'asks',
    coverageNote:
      'Reads, searches and commands that Gemini CLI holds for harmless run without asking; edits and other commands are asked.',
    folderCode: [],
    takesReasoning: false,
    takesExtraFolders: false,
  },
];

const quirks: Readonly<Record<AcpAgentKind, AcpQuirks>> = {
  opencode: {
    diffsAreWhole: true,
    readsMissingAsEmpty: false,
    namesToolInCallId: false,
    tellsModeAsText: false,
    marksMessageEnds: false,
    errorCodesAreHttp: false,
    askingMode: 'build',
    planMode: 'plan',
  },
  'claude-agent-acp': {
    diffsAreWhole: false,
    readsMissingAsEmpty: false,
    namesToolInCallId: false,
    tellsModeAsText: false,
    marksMessageEnds: true,
    errorCodesAreHttp: false,
    askingMode: 'default',
    planMode: 'plan',
  },
  gemini: {
    diffsAreWhole: true,
    readsMissingAsEmpty: true,
    namesToolInCallId: true,
    tellsModeAsText: true,
    marksMessageEnds: false,
    errorCodesAreHttp: true,
    askingMode: 'default',
    planMode: 'plan',
  },
  other: {
    diffsAreWhole: false,
    readsMissingAsEmpty: false,
    namesToolInCallId: false,
    tellsModeAsText: false,
    marksMessageEnds: false,
    errorCodesAreHttp: false,
    askingMode: undefined,
    planMode: undefined,
  },
};

export function acpQuirks(kind: AcpAgentKind): AcpQuirks {
  return quirks[kind];
}

/** Who answered `initialize`. Names, not versions: an agent keeps its ways from one version to the next. */
export function recogniseAgent(initializeResult: unknown): AcpAgentKind {
  const info = isRecord(initializeResult) ? initializeResult.agentInfo : undefined;
  const name = (stringField(info, 'name') ?? '').toLowerCase();
  if (name === 'opencode') {
    return 'opencode';
  }
  if (/(^|\/)claude-(agent|code)-acp$/.test(name)) {
    return 'claude-agent-acp';
  }
  return name === 'gemini-cli' ? 'gemini' : 'other';
}
