import { isArrayOf, isNumber, isOneOf, isRecord, isString, stringField } from '../base/guard';
import { readEndpointSettings, type UserEndpoint } from '../runtime/endpointSettings';
import { normalizeEndpointUrl } from '../runtime/network/endpointModels';
import type { ApiProvider } from '../runtime/shippedModels';
import { agentDialects, customAdapter, type CustomAgent } from '../runtime/agentDirectory';
import type { GateCoverage, ReasoningEffort } from '../runtime/contract';
import { readPrices, type PriceTable } from '../runtime/prices';
import type { QueueDelivery } from '../session/promptQueue';
import { builtinRuntimeSpec, type RuntimeSpecTable } from '../runtime/specs';
import { openSecrets } from '../tools/plugins/references';
import { readServers } from '../tools/plugins/serverConfig';
import { permissionModes, type PermissionMode, type Rule } from '../gate/contract';
import { parseRule } from '../gate/ruleSchema';
import { defaultRunLimits, type RunLimitValues } from '../gate/runLimits';

/** How an agent is started, over what the shipped catalog says. `null` removes a variable. */
export interface AgentSetting {
  readonly binaryPath?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | null>>;
}

export interface SettingsValues {
  readonly endpoints: readonly UserEndpoint[];
  /** Other addresses for the shipped providers: a proxy, a gateway. */
  readonly providerUrls: Readonly<Partial<Record<ApiProvider, string>>>;
  /** By adapter: `claude-cli`. */
  readonly agents: Readonly<Record<string, AgentSetting>>;
  readonly customAgents: readonly CustomAgent[];
  /** Definitions by name, as they were written; see tools/plugins/serverConfig. */
  readonly mcpServers: Readonly<Record<string, unknown>>;
  /** An agent that puts less than this before the gate starts only after the user's consent. */
  readonly minimumGateCoverage: GateCoverage;
  readonly defaultModel?: string;
  readonly permissionMode: PermissionMode;
  readonly rules: readonly Rule[];
  /** How far a run in auto mode goes unattended. */
  readonly limits: RunLimitValues;
  /** Of models whose provider reports no cost. */
  readonly prices: PriceTable;
  readonly customInstructions: string;
  readonly startTimeoutMs: number;
  /** Absent: silence ends nothing. */
  readonly idleTimeoutMs?: number;
  /** Absent: what the model does by itself. */
  readonly reasoning?: ReasoningEffort;
  readonly openReviewAutomatically: boolean;
  /** The agent goes on while its edits wait for the user. */
  readonly isReviewNonBlocking: boolean;
  /** The editor's formatter runs over what an edit wrote. */
  readonly isFormattedAfterEdit: boolean;
  /** How many of the waiting prompts the next turn takes. */
  readonly queueDelivery: QueueDelivery;
  /** How long a tool may run that has no limit of its own. */
  readonly toolTimeoutMs: number;
  /** A call whose decision cannot be written to the audit log does not run. */
  readonly isAuditStrict: boolean;
}

/**
 * Settings that choose an endpoint, an executable, its arguments or environment, the mode, the rules, or what a model
 * is told. They count at user scope only; a repository must not be able to set them.
 */
export const userOnlySettings = [
  'endpoints',
  'providerUrls',
  'agents',
  'customAgents',
  'mcpServers',
  'minimumGateCoverage',
  'defaultModel',
  'permissionMode',
  'rules',
  'limits',
  'prices',
  'customInstructions',
  'startTimeoutSeconds',
  'idleTimeoutSeconds',
  'reasoningEffort',
  'toolTimeoutSeconds',
  'audit.strict',
  'review.nonBlocking',
  'formatAfterEdit',
] as const;

/** Settings of taste: a workspace may have its own value. */
export const plainSettings = ['openReviewAutomatically', 'queueDelivery'] as const;

export type SettingName = (typeof userOnlySettings)[number] | (typeof plainSettings)[number];

/** Which of them a settings file (JSON with comments) names: `patchbay.endpoints`. */
export function userOnlyIn(text: string): readonly string[] {
  return userOnlySettings
    .map((name) => `patchbay.${name}`)
    .filter((name) => text.includes(`"${name}"`));
}

/** A value that is not as it should be is left out, and named in a sentence for the user. */
export interface ParsedSettings {
  readonly values: SettingsValues;
  readonly problems: readonly string[];
}

export function parseSettings(read: (name: SettingName) => unknown): ParsedSettings {
  const problems: string[] = [];
  const report = (problem: string): void => void problems.push(problem);
  const endpoints = readEndpointSettings(read('endpoints'));
  problems.push(...endpoints.problems);
  const prices = readPrices(read('prices'));
  problems.push(...prices.problems);
  const defaultModel = optionalText(read('defaultModel'));
  const idleTimeoutMs = seconds(read('idleTimeoutSeconds'), 0);
  const effort = read('reasoningEffort');
  const reasoning = isEffort(effort) ? effort : undefined;
  const values: SettingsValues = {
    endpoints: endpoints.endpoints,
    providerUrls: parseProviderUrls(read('providerUrls'), report),
    agents: parseAgents(read('agents'), report),
    customAgents: parseCustomAgents(read('customAgents'), report),
    mcpServers: parseMcpServers(read('mcpServers'), report),
    minimumGateCoverage: parseCoverage(read('minimumGateCoverage'), report),
    ...(defaultModel === undefined ? {} : { defaultModel }),
    permissionMode: parseMode(read('permissionMode'), report),
    rules: parseRules(read('rules'), report),
    limits: parseLimits(read('limits'), report),
    prices: prices.prices,
    customInstructions: optionalText(read('customInstructions')) ?? '',
    startTimeoutMs: seconds(read('startTimeoutSeconds'), 30) || 30_000,
    ...(idleTimeoutMs === 0 ? {} : { idleTimeoutMs }),
    ...(reasoning === undefined ? {} : { reasoning }),
    openReviewAutomatically: read('openReviewAutomatically') !== false,
    queueDelivery: read('queueDelivery') === 'all' ? 'all' : 'one-at-a-time',
    toolTimeoutMs: parseToolTimeout(read('toolTimeoutSeconds'), report),
    isAuditStrict: parseStrict(read('audit.strict'), report),
    isReviewNonBlocking: read('review.nonBlocking') === true,
    isFormattedAfterEdit: read('formatAfterEdit') === true,
  };
  return { values, problems };
}

/** The user's agents for the broker; what the user leaves out comes from the shipped catalog. */
export function toSpecTable(agents: SettingsValues['agents']): RuntimeSpecTable {
  const byAdapter = Object.entries(agents).map(
    ([adapter, agent]) =>
      [
        adapter,
        { adapter, authMode: 'external-cli', ...builtinRuntimeSpec(adapter), ...agent },
      ] as const,
  );
  return { byModelId: {}, byAdapter: Object.fromEntries(byAdapter) };
}

const isEffort = isOneOf('minimal', 'low', 'medium', 'high', 'xhigh');

type Report = (problem: string) => void;

function parseProviderUrls(value: unknown, report: Report): SettingsValues['providerUrls'] {
  const url = (provider: ApiProvider): string | undefined => {
    const written = optionalText(stringField(value, provider));
    const address = written === undefined ? undefined : normalizeEndpointUrl(written);
    if (written !== undefined && address === undefined) {
      report(
        `patchbay.providerUrls.${provider} is not an http or https address without user name; the provider's own is used.`,
      );
    }
    return address;
  };
  const [anthropic, openai] = [url('anthropic'), url('openai')];
  return {
    ...(anthropic === undefined ? {} : { anthropic }),
    ...(openai === undefined ? {} : { openai }),
  };
}

function parseAgents(value: unknown, report: Report): Readonly<Record<string, AgentSetting>> {
  const agents = new Map<string, AgentSetting>();
  for (const [adapter, entry] of Object.entries(isRecord(value) ? value : {})) {
    const agent = parseAgent(entry, `patchbay.agents.${adapter}`, report);
    if (agent !== undefined) {
      agents.set(adapter, agent);
    }
  }
  return Object.fromEntries(agents);
}

function parseAgent(entry: unknown, where: string, report: Report): AgentSetting | undefined {
  if (!isRecord(entry)) {
    report(`${where} must be an object.`);
    return undefined;
  }
  const { binaryPath, args, env } = entry;
  if (binaryPath !== undefined && !isString(binaryPath)) {
    report(`${where}.binaryPath must be a path.`);
    return undefined;
  }
  if (args !== undefined && !isArrayOf(isString)(args)) {
    report(`${where}.args must be a list of texts.`);
    return undefined;
  }
  if (env !== undefined && !isEnvironment(env)) {
    report(`${where}.env must map names to texts, or to null to remove one.`);
    return undefined;
  }
  return {
    ...(binaryPath === undefined || binaryPath === '' ? {} : { binaryPath }),
    ...(args === undefined ? {} : { args }),
    ...(env === undefined ? {} : { env }),
  };
}

function parseCustomAgents(value: unknown, report: Report): readonly CustomAgent[] {
  const taken = new Set<string>();
  return list(value).flatMap((entry, index) => {
    const where = `patchbay.customAgents[${index}]`;
    const name = optionalText(stringField(entry, 'name'))?.trim();
    const command = optionalText(stringField(entry, 'command'));
    const dialect = stringField(entry, 'dialect');
    const started = isRecord(entry)
      ? parseAgent({ args: entry.args, env: entry.env }, where, report)
      : undefined;
    if (name === undefined || command === undefined || started === undefined) {
      report(`${where} needs a name, a command and a dialect; it is left out.`);
      return [];
    }
    if (!isDialect(dialect)) {
      report(`${where}.dialect must be one of ${agentDialects.join(', ')}; "${name}" is left out.`);
      return [];
    }
    if (taken.has(customAdapter(name))) {
      report(`${where}: there is another agent named like "${name}"; this one is left out.`);
      return [];
    }
    taken.add(customAdapter(name));
    return [{ name, dialect, command, args: started.args ?? [], env: started.env ?? {} }];
  });
}

/** Broken ones stay in: the list of servers names them with their problem. */
function parseMcpServers(value: unknown, report: Report): SettingsValues['mcpServers'] {
  if (value !== undefined && !isRecord(value)) {
    report('patchbay.mcpServers must be an object of servers by name; it has no effect.');
    return {};
  }
  const entries = value ?? {};
  const { servers, broken } = readServers([{ source: { kind: 'user' }, entries, inputs: [] }]);
  for (const { name, problem } of broken) {
    report(`patchbay.mcpServers.${name} is left out: ${problem}`);
  }
  for (const { name, transport } of servers) {
    for (const field of openSecrets(transport)) {
      report(
        `patchbay.mcpServers.${name} holds a key in its settings (${field}). Write \${secret:name} there, and give its value with "Patchbay: Manage MCP Servers".`,
      );
    }
  }
  return entries;
}

const isDialect = isOneOf(...agentDialects);
const isCoverage = isOneOf('all', 'asks', 'none');

/** What is not understood counts as the strictest. */
function parseCoverage(value: unknown, report: Report): GateCoverage {
  if (value !== undefined && !isCoverage(value)) {
    report('patchbay.minimumGateCoverage must be all, asks or none; "all" is used.');
    return 'all';
  }
  return value ?? 'asks';
}

/** At least a second; an hour is as good as none. */
function parseToolTimeout(value: unknown, report: Report): number {
  if (value === undefined) {
    return 30_000;
  }
  if (!isNumber(value) || value < 1 || value > 3600) {
    report('patchbay.toolTimeoutSeconds must be a number from 1 to 3600; 30 is used.');
    return 30_000;
  }
  return value * 1000;
}

/** What is not understood counts as the stricter. */
function parseStrict(value: unknown, report: Report): boolean {
  if (value !== undefined && typeof value !== 'boolean') {
    report('patchbay.audit.strict must be true or false; true is used.');
    return true;
  }
  return value === true;
}

function parseMode(value: unknown, report: Report): PermissionMode {
  const isMode = isOneOf(...permissionModes);
  if (value !== undefined && !isMode(value)) {
    report(`patchbay.permissionMode must be one of ${permissionModes.join(', ')}; "ask" is used.`);
  }
  return isMode(value) ? value : 'ask';
}

/** A rule that is not understood is told; where it may have been meant to ask or deny, everything asks. */
function parseRules(value: unknown, report: Report): readonly Rule[] {
  if (value !== undefined && !Array.isArray(value)) {
    report('patchbay.rules must be a list of rules; it has no effect.');
  }
  return list(value).flatMap((entry, index) => {
    const parsed = parseRule(entry, `settings.${index}`, 'user');
    if (parsed.kind === 'broken') {
      report(`patchbay.rules[${index}]: ${parsed.problem}.`);
    }
    return present(parsed.rule);
  });
}

/** A limit that is not understood counts as the default, not as none. */
function parseLimits(value: unknown, report: Report): RunLimitValues {
  const limit = (name: keyof RunLimitValues): number => {
    const written = isRecord(value) ? value[name] : undefined;
    if (written !== undefined && !(isNumber(written) && written >= 0)) {
      report(
        `patchbay.limits.${name} must be a number, 0 for none; ${defaultRunLimits[name]} is used.`,
      );
    }
    return isNumber(written) && written >= 0 ? written : defaultRunLimits[name];
  };
  return {
    calls: limit('calls'),
    costUsd: limit('costUsd'),
    repeatedCalls: limit('repeatedCalls'),
  };
}

function isEnvironment(value: unknown): value is Readonly<Record<string, string | null>> {
  return isRecord(value) && Object.values(value).every((item) => item === null || isString(item));
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function present<T>(value: T | undefined): readonly T[] {
  return value === undefined ? [] : [value];
}

function optionalText(value: unknown): string | undefined {
  return isString(value) && value.trim() !== '' ? value : undefined;
}

/** Seconds of a setting as milliseconds; not a number, or less than nothing, gives the default. */
function seconds(value: unknown, fallback: number): number {
  return (isNumber(value) && value >= 0 ? value : fallback) * 1000;
}
