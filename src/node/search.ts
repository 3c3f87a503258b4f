import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkspaceSearch } from '../tools/contract';
import { childEnvironment } from './childEnvironment';
import type { ExecutableLookup } from './executables';
import { Ripgrep } from './ripgrep';
import type { WalkedFiles } from './walkedFiles';
import { defaultWalkLimits, WalkSearch, type WalkLimits } from './walkSearch';

export interface WorkspaceSearchOptions {
  /** Where the editor's own ripgrep may be, in order. See `editorRipgrepPaths`. */
  readonly rgPaths: readonly string[];
  /** For one on the PATH; a result inside the workspace is not used. */
  readonly lookup?: (name: string) => Promise<ExecutableLookup>;
  /** Without workspace trust no program is started: the folder is walked. */
  readonly isTrusted: () => boolean;
  readonly inheritedEnv: Readonly<Record<string, string | undefined>>;
  readonly walkLimits?: WalkLimits;
  /** Folders that are not on the disk, and how they are walked: no program can look into them. */
  readonly virtual?: {
    readonly isOnDisk: (folder: string) => boolean;
    readonly files: WalkedFiles;
  };
  readonly exists?: (path: string) => boolean;
}

/** Search with the editor's ripgrep, else with one on the PATH, else by a walk. Decided at the first search. */
export function createWorkspaceSearch(options: WorkspaceSearchOptions): WorkspaceSearch {
  const walk = new WalkSearch(options.walkLimits ?? defaultWalkLimits);
  let ripgrep: Promise<Ripgrep | undefined> | undefined;
  const { virtual } = options;
  const virtualWalk = virtual && new WalkSearch(virtualWalkLimits, virtual.files, virtualLimitNote);
  const engine = async (folder: string): Promise<Ripgrep | WalkSearch> => {
    if (virtualWalk !== undefined && virtual?.isOnDisk(folder) === false) {
      return virtualWalk;
    }
    if (!options.isTrusted()) {
      return walk;
    }
    ripgrep ??= findRipgrep(options);
    return (await ripgrep) ?? walk;
  };
  return {
    findFiles: async (find) => (await engine(find.folder)).findFiles(find),
    searchText: async (search) => (await engine(search.folder)).searchText(search),
  };
}

/** Each file of such a folder may be a request to a server. */
const virtualWalkLimits: WalkLimits = {
  maxFiles: 5000,
  maxFileBytes: 1024 * 1024,
  timeoutMs: 20_000,
  maxTotalBytes: 32 * 1024 * 1024,
};

const virtualLimitNote =
  'Not everything was looked at: in a folder that is not on the disk the search ends after 5000 files, 32 MB or 20 seconds, and leaves out files above 1 MB. Use a narrower pattern, or read the files you need.';

async function findRipgrep(options: WorkspaceSearchOptions): Promise<Ripgrep | undefined> {
  const exists = options.exists ?? existsSync;
  const env = childEnvironment({
    inherited: options.inheritedEnv,
    isWindows: process.platform === 'win32',
  });
  const own = options.rgPaths.find((path) => exists(path));
  if (own !== undefined) {
    return new Ripgrep(own, env);
  }
  const found = await options.lookup?.('rg');
  return found?.kind === 'found' && !found.isInsideWorkspace
    ? new Ripgrep(found.launch.file, env)
    : undefined;
}

/** The places where versions of the editor keep their ripgrep, below its `appRoot`. */
export function editorRipgrepPaths(
  appRoot: string,
  platform: NodeJS.Platform,
  arch: string,
): readonly string[] {
  const name = platform === 'win32' ? 'rg.exe' : 'rg';
  const modules = ['node_modules', 'node_modules.asar.unpacked'];
  return modules.flatMap((folder) => [
    join(appRoot, folder, '@vscode', 'ripgrep', 'bin', name),
    join(appRoot, folder, '@vscode', 'ripgrep-universal', 'bin', `${platform}-${arch}`, name),
    join(appRoot, folder, 'vscode-ripgrep', 'bin', name),
  ]);
}
