/** Variables of a process: names as the platform has them. */
export type Environment = Readonly<Record<string, string>>;

/** A change on top: null removes a variable. */
type EnvironmentLayer = Readonly<Record<string, string | null | undefined>>;

export interface ChildEnvironmentOptions {
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** Names that pass beside the basic ones; a `*` at the end stands for any rest (`ANTHROPIC_*`). */
  readonly pass?: readonly string[];
  /** Applied in order; a later layer wins. */
  readonly layers?: readonly (EnvironmentLayer | undefined)[];
  readonly isWindows?: boolean;
}

/**
 * The environment of a child: an allow-list of what is inherited, then the layers. The editor's own variables
 * (`VSCODE_*`, `ELECTRON_RUN_AS_NODE`, `NODE_OPTIONS` and their kin) never pass, whoever asks for them: they would turn
 * a child that is an Electron or Node program into something else.
 */
export function childEnvironment(options: ChildEnvironmentOptions): Environment {
  const isWindows = options.isWindows ?? false;
  const fold = (name: string): string => (isWindows ? name.toUpperCase() : name);
  const passes = nameMatcher(
    [...basicNames, ...(isWindows ? windowsNames : posixNames), ...(options.pass ?? [])],
    fold,
  );
  const isBlocked = nameMatcher(blockedNames, fold);
  const result = new Map<string, { readonly name: string; readonly value: string }>();
  for (const [name, value] of Object.entries(options.inherited)) {
    if (value !== undefined && passes(name)) {
      result.set(fold(name), { name, value });
    }
  }
  for (const layer of options.layers ?? []) {
    for (const [name, value] of Object.entries(layer ?? {})) {
      if (value === null || value === undefined) {
        result.delete(fold(name));
      } else if (isUsableName(name) && !value.includes('\0')) {
        result.set(fold(name), { name, value });
      }
    }
  }
  return Object.fromEntries(
    [...result.values()]
      .filter(({ name }) => !isBlocked(name))
      .map(({ name, value }) => [name, value]),
  );
}

/** The names, sorted and without their values, of the inherited variables that such patterns let through. */
export function passedVariables(
  inherited: Readonly<Record<string, string | undefined>>,
  patterns: readonly string[],
  isWindows = false,
): readonly string[] {
  const fold = (name: string): string => (isWindows ? name.toUpperCase() : name);
  const passes = nameMatcher(patterns, fold);
  const isBlocked = nameMatcher(blockedNames, fold);
  return Object.keys(inherited)
    .filter((name) => inherited[name] !== undefined && passes(name) && !isBlocked(name))
    .sort();
}

const basicNames = [
  'PATH',
  'LANG',
  'LANGUAGE',
  'LC_*',
  'TZ',
  'TERM',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'SSH_AUTH_SOCK',
] as const;

const posixNames = [
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TMPDIR',
  'XDG_*',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'DBUS_SESSION_BUS_ADDRESS',
  'NIX_SSL_CERT_FILE',
  'NIX_PROFILES',
  '__CF_USER_TEXT_ENCODING',
] as const;

const windowsNames = [
  'SystemRoot',
  'windir',
  'SystemDrive',
  'ComSpec',
  'PATHEXT',
  'OS',
  'TEMP',
  'TMP',
  'USERPROFILE',
  'USERNAME',
  'USERDOMAIN',
  'HOMEDRIVE',
  'HOMEPATH',
  'APPDATA',
  'LOCALAPPDATA',
  'ProgramData',
  'ProgramFiles',
  'ProgramFiles(x86)',
  'ProgramW6432',
  'CommonProgramFiles',
  'ALLUSERSPROFILE',
  'PUBLIC',
  'COMPUTERNAME',
  'NUMBER_OF_PROCESSORS',
  'PROCESSOR_ARCHITECTURE',
  'PSModulePath',
] as const;

const blockedNames = [
  'VSCODE_*',
  'ELECTRON_*',
  'NODE_OPTIONS',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_UNIQUE_ID',
] as const;

function nameMatcher(
  patterns: readonly string[],
  fold: (name: string) => string,
): (name: string) => boolean {
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of patterns) {
    if (pattern.endsWith('*')) {
      prefixes.push(fold(pattern.slice(0, -1)));
    } else {
      exact.add(fold(pattern));
    }
  }
  return (name) => {
    const folded = fold(name);
    return exact.has(folded) || prefixes.some((prefix) => folded.startsWith(prefix));
  };
}

function isUsableName(name: string): boolean {
  return name !== '' && !name.includes('=') && !name.includes('\0');
}
