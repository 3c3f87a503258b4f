import { isArrayOf, isBoolean, isNumber, isRecord, isString } from '../../base/guard';
import { makeVisibleName } from '../../gate/visible';
import { definitionHash } from './canonical';
import type {
  BrokenServer,
  ConfiguredServer,
  ServerInput,
  ServerList,
  ServerSource,
  ServerTransport,
} from './contract';
import { toServerId } from './pluginNames';
import { describeReference, referencesIn } from './references';

/** The definitions of one place, name by name, as they were written. */
export interface ServerEntries {
  readonly source: ServerSource;
  readonly entries: Readonly<Record<string, unknown>>;
  readonly inputs: readonly ServerInput[];
}

/**
 * Reads every definition. The first one of a name counts: the user's settings come before the files of the workspace,
 * so that a repository cannot put itself in the place of a server of the user. A bad entry costs that entry only.
 */
export function readServers(places: readonly ServerEntries[]): ServerList {
  const servers: ConfiguredServer[] = [];
  const broken: BrokenServer[] = [];
  for (const { source, entries, inputs } of places) {
    for (const [name, entry] of Object.entries(entries)) {
      const read = readServer(name, entry, source, inputs);
      const twin = 'problem' in read ? undefined : servers.find(({ id }) => id === read.id);
      if ('problem' in read) {
        broken.push({ name: makeVisibleName(name).slice(0, 100), source, problem: read.problem });
      } else if (twin === undefined) {
        servers.push(read);
      } else if (twin.definitionHash !== read.definitionHash) {
        const problem = `A server of this name is already defined in ${describeSource(twin.source)}; that one is used.`;
        broken.push({ name, source, problem });
      }
    }
  }
  return { servers, broken };
}

/** For people: `your settings`, `my-project/.vscode/mcp.json`. */
export function describeSource(source: ServerSource): string {
  return source.kind === 'user' ? 'your settings' : `${source.folderName}/${source.label}`;
}

interface Problem {
  readonly problem: string;
}

const defaultTimeoutMs = 60_000;
const maxTimeoutMs = 3_600_000;

function readServer(
  name: string,
  entry: unknown,
  source: ServerSource,
  inputs: readonly ServerInput[],
): ConfiguredServer | Problem {
  // The bar separates the name from its folder, in the key that a yes is kept under.
  if (
    name.trim() === '' ||
    name.length > 100 ||
    name.includes('|') ||
    makeVisibleName(name) !== name
  ) {
    return { problem: 'Its name is empty, too long, or has hidden characters or a "|".' };
  }
  if (!isRecord(entry)) {
    return { problem: 'It must be an object with "command" or "url".' };
  }
  const transport = readTransport(entry);
  if ('problem' in transport) {
    return transport;
  }
  const refused = refusedReference(transport, source, inputs);
  if (refused !== undefined) {
    return { problem: refused };
  }
  const { timeout, enabled, disabled, tools } = entry;
  if (timeout !== undefined && !(isNumber(timeout) && timeout > 0)) {
    return { problem: '"timeout" must be a number of seconds above 0.' };
  }
  if (
    (enabled !== undefined && !isBoolean(enabled)) ||
    (disabled !== undefined && !isBoolean(disabled))
  ) {
    return { problem: '"enabled" must be true or false.' };
  }
  if (tools !== undefined && !isSwitches(tools)) {
    return { problem: '"tools" must map names of tools to true or false.' };
  }
  return {
    key: `${source.kind === 'user' ? 'user' : source.folder}|${name}`,
    id: toServerId(name),
    name,
    source,
    transport,
    definitionHash: definitionHash(transport),
    timeoutMs: timeout === undefined ? defaultTimeoutMs : Math.min(timeout * 1000, maxTimeoutMs),
    isEnabled: enabled !== false && disabled !== true,
    toolSwitches: tools ?? {},
    inputs,
  };
}

function readTransport(entry: Readonly<Record<string, unknown>>): ServerTransport | Problem {
  const { type, command, url } = entry;
  if (type !== undefined && (!isString(type) || !knownTypes.has(type))) {
    return { problem: '"type" must be stdio, http or sse.' };
  }
  const kind = isString(type) ? knownTypes.get(type) : undefined;
  if (command !== undefined && url !== undefined) {
    return { problem: 'It has both "command" and "url"; one of them says how it is reached.' };
  }
  if (isString(command) && command.trim() !== '' && (kind ?? 'stdio') === 'stdio') {
    return readStdio(command, entry);
  }
  if (isString(url) && kind !== 'stdio') {
    return readHttp(url, kind ?? 'http', entry.headers);
  }
  return {
    problem:
      kind === undefined
        ? 'It needs a "command" (a program) or a "url".'
        : `A server of type ${kind} needs a "${kind === 'stdio' ? 'command' : 'url'}".`,
  };
}

const knownTypes: ReadonlyMap<string, ServerTransport['kind']> = new Map([
  ['stdio', 'stdio'],
  ['http', 'http'],
  ['streamable-http', 'http'],
  ['streamableHttp', 'http'],
  ['sse', 'sse'],
]);

function readStdio(
  command: string,
  entry: Readonly<Record<string, unknown>>,
): ServerTransport | Problem {
  const { args, cwd, envFile } = entry;
  if (args !== undefined && !isArrayOf(isString)(args)) {
    return { problem: '"args" must be a list of texts.' };
  }
  if (cwd !== undefined && !isString(cwd)) {
    return { problem: '"cwd" must be the path of a folder.' };
  }
  if (envFile !== undefined) {
    return {
      problem:
        'It uses "envFile". Patchbay reads no .env files; give the variables in "env", for instance as ${env:NAME} or ${input:name}.',
    };
  }
  const env = readEnv(entry.env);
  if (env === undefined) {
    return { problem: '"env" must map names of variables to texts.' };
  }
  if ([command, ...(args ?? []), ...Object.values(env), cwd ?? ''].some((s) => s.includes('\0'))) {
    return { problem: 'It contains a NUL character.' };
  }
  return {
    kind: 'stdio',
    command,
    args: args ?? [],
    env,
    ...(cwd === undefined || cwd === '' ? {} : { cwd }),
  };
}

/** Numbers are written without quotes by many; null removes nothing here and is left out. */
function readEnv(value: unknown): Readonly<Record<string, string>> | undefined {
  if (value === undefined) {
    return {};
  }
  if (!isRecord(value)) {
    return undefined;
  }
  const env: [string, string][] = [];
  for (const [name, item] of Object.entries(value)) {
    if (isString(item) || isNumber(item)) {
      env.push([name, String(item)]);
    } else if (item !== null) {
      return undefined;
    }
  }
  return Object.fromEntries(env);
}

function readHttp(url: string, kind: 'http' | 'sse', headers: unknown): ServerTransport | Problem {
  const named = headers ?? {};
  if (!isTexts(named)) {
    return { problem: '"headers" must map names to texts.' };
  }
  const isBad = ([name, value]: readonly [string, string]): boolean =>
    !headerName.test(name) || /[\r\n\0]/.test(value);
  if (Object.entries(named).some(isBad)) {
    return { problem: '"headers" has a name or a value that no header can have.' };
  }
  // Where references are, it is looked at again when they have their values.
  const problem = url.includes('${') ? undefined : urlProblem(url);
  return problem === undefined ? { kind, url, headers: { ...named } } : { problem };
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Why an address is not used, in a sentence. */
export function urlProblem(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    return '"url" must be an http or https address.';
  }
  return url.username !== '' || url.password !== ''
    ? '"url" has a user name or password in it; give them in "headers", as ${input:name} or ${secret:name}.'
    : undefined;
}

function refusedReference(
  transport: ServerTransport,
  source: ServerSource,
  inputs: readonly ServerInput[],
): string | undefined {
  for (const reference of referencesIn(transport)) {
    const written = describeReference(reference);
    if (reference.kind === 'unknown') {
      return `It uses ${written}, which Patchbay does not know. Known are env, input, workspaceFolder, workspaceFolderBasename, userHome, pathSeparator, and in your settings secret.`;
    }
    if (reference.kind === 'secret' && source.kind !== 'user') {
      return `It uses ${written}. Secrets are for servers of your own settings; a file of the workspace can use \${input:${reference.name}}.`;
    }
    if (reference.kind === 'input' && !inputs.some(({ id }) => id === reference.name)) {
      return `It uses ${written}, but no usable input of that name is defined (promptString and pickString are known).`;
    }
  }
  return undefined;
}

function isTexts(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.values(value).every(isString);
}

function isSwitches(value: unknown): value is Readonly<Record<string, boolean>> {
  return isRecord(value) && Object.values(value).every(isBoolean);
}
