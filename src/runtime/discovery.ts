import { arrayField, isBoolean, isRecord, stringField } from '../base/guard';
import { errorMessage } from '../base/patchbayError';
import { oneLine } from '../events/failure';
import { agentCatalog, isAtLeast, parseVersion, type AgentEntry } from './agentCatalog';

/** Where a program was found; `isInsideWorkspace` means that nobody runs it without a question. */
export type AgentLookup =
  | { readonly kind: 'found'; readonly path: string; readonly isInsideWorkspace: boolean }
  | { readonly kind: 'missing'; readonly message: string }
  | { readonly kind: 'broken'; readonly path: string; readonly message: string };

export type AgentProbe =
  | {
      readonly kind: 'exited';
      readonly code: number | null;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly message: string };

export interface DiscoveryPorts {
  /** By name on the user's PATH, or by the absolute path that the user has set (machine scope). */
  lookup(nameOrPath: string): Promise<AgentLookup>;
  /** Runs a found program outside the workspace, without a shell; ends it after `timeoutMs`. Never rejects. */
  runProbe(
    path: string,
    args: readonly string[],
    options: { readonly timeoutMs: number; readonly adapter: string },
  ): Promise<AgentProbe>;
  /** Workspace trust, asked before each step: without it nothing is looked up or run. */
  isTrusted(): boolean;
  /** The user's own path of an adapter's program. */
  binaryPath?(adapter: string): string | undefined;
}

/** What was found of one agent, as plain data. `detail` is for people: `2.1.329 · signed in`. */
export interface AgentFinding {
  readonly adapter: string;
  readonly displayName: string;
  readonly state:
    | 'ready'
    | 'signedOut'
    | 'missing'
    | 'broken'
    | 'tooOld'
    /** By name it is only found inside the workspace; it is not run. */
    | 'insideWorkspace'
    | 'needsTrust'
    /** It is there, but did not answer in time. */
    | 'unknown';
  readonly detail: string;
  readonly path?: string;
  readonly version?: string;
  /** Undefined: the agent has no question for it, or did not answer. */
  readonly isSignedIn?: boolean;
  /** Newer than any that was driven whole. */
  readonly isUntried?: boolean;
  /** It may work without signing in: with a service and a key of its own. */
  readonly canStartSignedOut?: boolean;
  readonly loginCommand?: string;
  readonly installHint: string;
}

const probeTimeoutMs = 10_000;

/**
 * Finds out about the agents of the catalog, all at once: is it installed, which version, and is somebody signed in, by
 * the agent's own command. Token stores are never read. Never rejects.
 */
export async function discoverAgents(
  ports: DiscoveryPorts,
  agents: readonly AgentEntry[] = agentCatalog,
): Promise<readonly AgentFinding[]> {
  const found = new Map<string, Promise<AgentFinding>>();
  const look = async (agent: AgentEntry): Promise<AgentFinding> => {
    try {
      return await discoverAgent(ports, agent);
    } catch (error) {
      return finding(agent, 'unknown', `could not be checked: ${oneLine(errorMessage(error))}`);
    }
  };
  for (const agent of agents) {
    const program = agent.variantOf === undefined ? undefined : found.get(agent.variantOf);
    const hasOwnPath = ports.binaryPath?.(agent.adapter) !== undefined;
    found.set(
      agent.adapter,
      program === undefined || hasOwnPath
        ? look(agent)
        : program.then((same) => ({
            ...same,
            adapter: agent.adapter,
            displayName: agent.displayName,
          })),
    );
  }
  return Promise.all(found.values());
}

async function discoverAgent(ports: DiscoveryPorts, agent: AgentEntry): Promise<AgentFinding> {
  if (!ports.isTrusted()) {
    return needsTrust(agent);
  }
  if (agent.command === '') {
    return finding(agent, 'unknown', 'comes from another extension');
  }
  const ownPath = ports.binaryPath?.(agent.adapter);
  const found = await ports.lookup(ownPath ?? agent.command);
  switch (found.kind) {
    case 'missing':
      return finding(
        agent,
        'missing',
        ownPath === undefined ? 'not installed' : oneLine(found.message),
      );
    case 'broken':
      return finding(agent, 'broken', oneLine(found.message), { path: found.path });
    case 'found':
      break;
  }
  const { path } = found;
  if (found.isInsideWorkspace && ownPath === undefined) {
    return finding(agent, 'insideWorkspace', `found only inside the workspace: ${path}`, { path });
  }
  if (!ports.isTrusted()) {
    return needsTrust(agent);
  }
  if (agent.versionArgs.length === 0) {
    return finding(agent, 'ready', 'found', { path });
  }
  const answer = await ports.runProbe(path, agent.versionArgs, {
    timeoutMs: probeTimeoutMs,
    adapter: agent.adapter,
  });
  switch (answer.kind) {
    case 'timeout':
      return finding(agent, 'unknown', 'did not say its version in time', { path });
    case 'failed':
      return finding(agent, 'broken', oneLine(answer.message), { path });
    case 'exited':
      break;
  }
  // pi says it on stderr.
  const version =
    answer.code === 0 ? (parseVersion(answer.stdout) ?? parseVersion(answer.stderr)) : undefined;
  if (version === undefined) {
    const said = oneLine(answer.stderr || answer.stdout);
    return finding(
      agent,
      'broken',
      said === '' ? 'installed, but says nothing' : `installed, but broken: ${said}`,
      { path },
    );
  }
  if (agent.minVersion !== undefined && !isAtLeast(version, agent.minVersion)) {
    return finding(
      agent,
      'tooOld',
      `${version} is too old; ${agent.minVersion} or newer is needed`,
      { path, version },
    );
  }
  return withSignIn(ports, agent, path, version);
}

async function withSignIn(
  ports: DiscoveryPorts,
  agent: AgentEntry,
  path: string,
  version: string,
): Promise<AgentFinding> {
  const { status } = agent;
  if (status === undefined || !isAtLeast(version, status.sinceVersion)) {
    return finding(agent, 'ready', version, { path, version });
  }
  if (!ports.isTrusted()) {
    return needsTrust(agent);
  }
  const answer = await ports.runProbe(path, status.args, {
    timeoutMs: probeTimeoutMs,
    adapter: agent.adapter,
  });
  const signIn = answer.kind === 'exited' ? signInParsers[status.answer](answer) : undefined;
  if (signIn === undefined) {
    return finding(agent, 'ready', `${version} · sign-in not known`, { path, version });
  }
  return signIn.isSignedIn
    ? finding(
        agent,
        'ready',
        `${version} · signed in${signIn.how === undefined ? '' : ` (${signIn.how})`}`,
        { path, version, isSignedIn: true },
      )
    : finding(agent, 'signedOut', `${version} · signed out`, {
        path,
        version,
        isSignedIn: false,
        ...(status.isNoCertain ? {} : { canStartSignedOut: true }),
      });
}

/**
 * The answer of `claude auth status`: one JSON object. Another provider than the maker's own (a cloud, a gateway) has
 * its own credentials, which that object says nothing about: not known.
 *
 * Source: seen with 2.1.329, signed out and with a key in the environment.
 */
function parseClaudeSignIn({ stdout }: ExitedProbe): SignIn | undefined {
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    return undefined; // not this dialect: not known
  }
  if (!isRecord(value) || !isBoolean(value.loggedIn)) {
    return undefined;
  }
  const provider = stringField(value, 'apiProvider');
  if (!value.loggedIn && provider !== undefined && provider !== 'firstParty') {
    return undefined;
  }
  const how = signInWords.get(stringField(value, 'authMethod') ?? '');
  return { isSignedIn: value.loggedIn, ...(how === undefined ? {} : { how }) };
}

/** `codex login status`: a line of words on stdout or stderr, beside warnings. Source: seen with 0.169.0. */
function parseCodexSignIn({ stdout, stderr }: ExitedProbe): SignIn | undefined {
  const said = `${stdout}\n${stderr}`;
  if (/^not logged in/im.test(said)) {
    return { isSignedIn: false };
  }
  const how = /^logged in using (.+)$/im.exec(said)?.[1];
  return how === undefined
    ? undefined
    : { isSignedIn: true, how: oneLine(how.split(' - ')[0] ?? how) };
}

type ExitedProbe = Extract<AgentProbe, { readonly kind: 'exited' }>;

interface SignIn {
  readonly isSignedIn: boolean;
  readonly how?: string;
}

const signInParsers = { claude: parseClaudeSignIn, codex: parseCodexSignIn } as const;

const signInWords: ReadonlyMap<string, string> = new Map([
  ['api_key', 'API key'],
  ['claude.ai', 'claude.ai'],
  ['oauth_token', 'token'],
]);

function needsTrust(agent: AgentEntry): AgentFinding {
  return finding(agent, 'needsTrust', 'not looked for before this folder is trusted');
}

function finding(
  agent: AgentEntry,
  state: AgentFinding['state'],
  detail: string,
  more: Pick<AgentFinding, 'path' | 'version' | 'isSignedIn' | 'canStartSignedOut'> = {},
): AgentFinding {
  return {
    adapter: agent.adapter,
    displayName: agent.displayName,
    state,
    detail,
    ...more,
    ...(isUntried(agent, more.version) ? { isUntried: true } : {}),
    ...(agent.loginCommand === undefined ? {} : { loginCommand: agent.loginCommand }),
    installHint: agent.installHint,
  };
}

function isUntried(agent: AgentEntry, version: string | undefined): boolean {
  return (
    version !== undefined &&
    agent.newestSeen !== undefined &&
    version !== agent.newestSeen &&
    isAtLeast(version, agent.newestSeen)
  );
}

/** A model server on this machine that speaks the Chat Completions dialect. */
export interface LocalServerFinding {
  readonly id: string;
  readonly name: string;
  /** Base URL for requests, without a slash at the end. */
  readonly baseUrl: string;
  readonly models: readonly string[];
}

export const localServers = [
  { id: 'ollama', name: 'Ollama', baseUrl: 'http://127.0.0.1:11434/v1' },
  { id: 'lmstudio', name: 'LM Studio', baseUrl: 'http://127.0.0.1:1234/v1' },
] as const;

const localServerTimeoutMs = 1500;
const maxModels = 500;

/** Which of the usual local servers answer, with their models. A server that does not answer is left out. Never rejects. */
export async function discoverLocalServers(
  fetchJson: (url: string, timeoutMs: number) => Promise<unknown>,
  servers: readonly Omit<LocalServerFinding, 'models'>[] = localServers,
): Promise<readonly LocalServerFinding[]> {
  const found = await Promise.all(
    servers.map(async (server) => {
      try {
        const models = modelIds(await fetchJson(`${server.baseUrl}/models`, localServerTimeoutMs));
        return models === undefined ? [] : [{ ...server, models }];
      } catch {
        return []; // nobody there, which is the usual case
      }
    }),
  );
  return found.flat();
}

/** The ids of a `/models` answer, sorted; undefined when it is no such answer. */
export function modelIds(answer: unknown): readonly string[] | undefined {
  const data = arrayField(answer, 'data');
  const ids = data?.flatMap((model) => {
    const id = stringField(model, 'id');
    return id === undefined || id === '' || id.length > 200 ? [] : [id];
  });
  return ids === undefined ? undefined : [...new Set(ids)].sort().slice(0, maxModels);
}

/** Environment variables that hold a provider's key. */
const keyVariables = [
  { provider: 'anthropic', variable: 'ANTHROPIC_API_KEY' },
  { provider: 'openai', variable: 'OPENAI_API_KEY' },
  { provider: 'openrouter', variable: 'OPENROUTER_API_KEY' },
] as const;

type KeyVariable = (typeof keyVariables)[number];

/** Which of them are set, by name only: the value is not read here. */
export function presentKeyVariables(isSet: (variable: string) => boolean): readonly KeyVariable[] {
  return keyVariables.filter(({ variable }) => isSet(variable));
}
