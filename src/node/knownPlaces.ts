import { posix, win32 } from 'node:path';

export interface KnownPlacesOptions {
  readonly platform: NodeJS.Platform;
  readonly homeDirectory: string;
  /** Windows: the inherited `APPDATA` and `LOCALAPPDATA`. */
  readonly appData?: string;
  readonly localAppData?: string;
  /** The names in a folder; empty when there is none. */
  readonly list: (folder: string) => Promise<readonly string[]>;
}

/**
 * Where installers and version managers put programs, whether or not it is on the PATH: an editor that was started from
 * a desktop often has a short one. Folders of several Node versions come newest first.
 */
export async function knownPlaces(options: KnownPlacesOptions): Promise<readonly string[]> {
  return options.platform === 'win32' ? windowsPlaces(options) : posixPlaces(options);
}

async function posixPlaces({
  platform,
  homeDirectory,
  list,
}: KnownPlacesOptions): Promise<readonly string[]> {
  const isMac = platform === 'darwin';
  const home = (folder: string): string => posix.join(homeDirectory, folder);
  const versions = async (folder: string, rest: string): Promise<readonly string[]> =>
    newestFirst(await list(folder)).map((version) => posix.join(folder, version, rest));
  return [
    home('.local/bin'),
    home('.claude/local'),
    home('.claude/local/node_modules/.bin'),
    home('.opencode/bin'),
    home('.npm-global/bin'),
    home('.npm-packages/bin'),
    home('.bun/bin'),
    home('.volta/bin'),
    home('.asdf/shims'),
    home('.local/share/mise/shims'),
    home('.local/share/pnpm'),
    home('.yarn/bin'),
    home('.config/yarn/global/node_modules/.bin'),
    home('n/bin'),
    ...(isMac ? [home('Library/pnpm'), '/opt/homebrew/bin'] : ['/home/linuxbrew/.linuxbrew/bin']),
    '/usr/local/bin',
    ...(await versions(home('.nvm/versions/node'), 'bin')),
    ...(await versions(home('.local/share/fnm/node-versions'), 'installation/bin')),
    ...(await versions(home('.fnm/node-versions'), 'installation/bin')),
    ...(isMac
      ? await versions(home('Library/Application Support/fnm/node-versions'), 'installation/bin')
      : []),
  ];
}

async function windowsPlaces({
  homeDirectory,
  appData,
  localAppData,
  list,
}: KnownPlacesOptions): Promise<readonly string[]> {
  const below = (root: string | undefined, folders: readonly string[]): readonly string[] =>
    root === undefined ? [] : folders.map((folder) => win32.join(root, folder));
  const versions = async (
    root: string | undefined,
    folder: string,
    rest: string,
  ): Promise<readonly string[]> =>
    root === undefined
      ? []
      : newestFirst(await list(win32.join(root, folder))).map((version) =>
          win32.join(root, folder, version, rest),
        );
  return [
    ...below(appData, ['npm']),
    ...below(localAppData, [
      'pnpm',
      'Yarn\\bin',
      'Volta\\bin',
      'mise\\shims',
      'Microsoft\\WinGet\\Links',
    ]),
    ...below(homeDirectory, [
      '.local\\bin',
      '.claude\\local',
      '.opencode\\bin',
      '.bun\\bin',
      'scoop\\shims',
    ]),
    'C:\\Program Files\\nodejs',
    'C:\\Program Files\\Volta',
    ...(await versions(appData, 'nvm', '.')),
    ...(await versions(appData, 'fnm\\node-versions', 'installation')),
  ];
}

/** Names that are versions (`v22.11.0`), the newest first. */
function newestFirst(names: readonly string[]): readonly string[] {
  const parts = (name: string): readonly number[] => name.replace(/^v/, '').split('.').map(Number);
  return names
    .filter((name) => /^v?\d+(?:\.\d+)*$/.test(name))
    .sort((one, other) => {
      const [a, b] = [parts(one), parts(other)];
      const at = a.findIndex((part, index) => part !== b[index]);
      return at === -1 ? 0 : (b[at] ?? 0) - (a[at] ?? 0);
    });
}
