import { posix, win32, type PlatformPath } from 'node:path';
import { programFormat, type ProgramFiles } from './programFile';

/** How a found program is started: never through a shell. `argsBefore` come in front of all others. */
export interface ProgramLaunch {
  readonly file: string;
  readonly argsBefore: readonly string[];
}

export type ExecutableLookup =
  | {
      readonly kind: 'found';
      /** Absolute, as found; links are not followed. */
      readonly path: string;
      readonly launch: ProgramLaunch;
      /** It lies in a workspace folder, itself or behind a link: nobody starts it without a question. */
      readonly isInsideWorkspace: boolean;
      /** The PATH that it was found with and its own folder; a script needs it to find its interpreter. */
      readonly searchPath: string;
    }
  | { readonly kind: 'missing'; readonly message: string }
  /** There is a file, but it cannot run: a placeholder, not executable, of another platform. */
  | { readonly kind: 'broken'; readonly path: string; readonly message: string };

export interface ExecutableLookupOptions {
  readonly files: ProgramFiles;
  readonly platform: NodeJS.Platform;
  readonly homeDirectory: string;
  /** The inherited PATH. */
  readonly path: string;
  /** Windows: the inherited `APPDATA` and `LOCALAPPDATA`. */
  readonly appData?: string;
  readonly localAppData?: string;
  readonly workspaceFolders: () => readonly string[];
  /** The PATH of the user's login shell, where it can differ. Asked when the inherited one was not enough; keeps its answer itself. */
  readonly loginShellPath?: () => Promise<string | undefined>;
}

/**
 * Finds programs by absolute result. A name is looked up on the inherited PATH, then on that of the login shell, then
 * where installers put agents; relative PATH entries and the current directory are never used. An absolute path (or one
 * that begins with `~/`) is taken as it is. Windows shims (`.cmd`, `.bat`) are resolved to the program or script behind
 * them.
 */
export function createExecutableLookup(
  options: ExecutableLookupOptions,
): (nameOrPath: string) => Promise<ExecutableLookup> {
  const lookup = new Lookup(options);
  return (nameOrPath) => lookup.find(nameOrPath);
}

class Lookup {
  private readonly path: PlatformPath;
  private readonly isWindows: boolean;

  constructor(private readonly options: ExecutableLookupOptions) {
    this.isWindows = options.platform === 'win32';
    this.path = this.isWindows ? win32 : posix;
  }

  async find(nameOrPath: string): Promise<ExecutableLookup> {
    const wanted = /^~[\\/]/.test(nameOrPath)
      ? this.path.join(this.options.homeDirectory, nameOrPath.slice(2))
      : nameOrPath;
    if (this.path.isAbsolute(wanted)) {
      return (
        (await this.check(wanted, this.options.path)) ?? {
          kind: 'missing',
          message: `There is no program at ${wanted}.`,
        }
      );
    }
    if (wanted === '' || wanted.includes('\0') || /[\\/]/.test(wanted)) {
      return {
        kind: 'missing',
        message: `"${wanted}" is neither a program's name nor an absolute path.`,
      };
    }
    return this.findByName(wanted);
  }

  private async findByName(name: string): Promise<ExecutableLookup> {
    let broken: ExecutableLookup | undefined;
    const seen = new Set<string>();
    for (const readPath of [
      () => Promise.resolve(this.options.path),
      () => this.mergedPath(),
      () => this.pathWithKnownPlaces(),
    ]) {
      const searchPath = await readPath();
      for (const folder of this.foldersOf(searchPath)) {
        if (seen.has(folder)) {
          continue;
        }
        seen.add(folder);
        for (const fileName of candidateNames(name, this.isWindows)) {
          const result = await this.check(this.path.join(folder, fileName), searchPath);
          if (result?.kind === 'found') {
            return result;
          }
          broken ??= result;
        }
      }
    }
    return broken ?? { kind: 'missing', message: `"${name}" was not found on the PATH.` };
  }

  private async mergedPath(): Promise<string> {
    return joinPaths(
      [this.options.path, await this.options.loginShellPath?.()],
      this.path.delimiter,
    );
  }

  private async pathWithKnownPlaces(): Promise<string> {
    return joinPaths([await this.mergedPath(), ...knownPlaces(this.options)], this.path.delimiter);
  }

  private foldersOf(searchPath: string): readonly string[] {
    return searchPath
      .split(this.path.delimiter)
      .map((folder) => folder.replace(/^"(.*)"$/, '$1'))
      .filter(
        (folder) => this.path.isAbsolute(folder) && !(this.isWindows && /^[\\/]/.test(folder)),
      );
  }

  /** Undefined when there is no file. */
  private async check(path: string, searchPath: string): Promise<ExecutableLookup | undefined> {
    const { files, platform } = this.options;
    const stat = await files.stat(path);
    if (stat?.isFile !== true) {
      return undefined;
    }
    const isInsideWorkspace = await this.isInside(path);
    const found = (launch: ProgramLaunch): ExecutableLookup => ({
      kind: 'found',
      path,
      launch,
      isInsideWorkspace,
      // Its own folder last: a script that an installer put beside its interpreter finds it.
      searchPath: joinPaths([searchPath, this.path.dirname(path)], this.path.delimiter),
    });
    const broken = (why: string): ExecutableLookup => ({
      kind: 'broken',
      path,
      message: `The program at ${path} cannot run: ${why}. Install it again, or choose another path in the settings.`,
    });
    if (stat.sizeBytes === 0) {
      return broken('the file is empty');
    }
    if (this.isWindows && /\.(?:cmd|bat)$/i.test(path)) {
      const launch = await this.behindShim(path);
      return launch === undefined
        ? broken('no program was found behind this command file')
        : found(launch);
    }
    if (/\.[cm]?js$/i.test(path) && (this.isWindows || !(await files.isExecutable(path)))) {
      const node = await this.findNode(this.path.dirname(path));
      return node === undefined
        ? broken('it needs Node.js, which was not found')
        : found({ file: node, argsBefore: [path] });
    }
    if (!this.isWindows && !(await files.isExecutable(path))) {
      return broken('the file is not executable');
    }
    const head = await files.head(path, 4).catch(() => undefined); // executable but not readable: let the system judge
    const format = head === undefined ? 'native' : programFormat(head, platform);
    switch (format) {
      case 'native':
      case 'script':
        return found({ file: path, argsBefore: [] });
      case 'foreign':
        return broken('it is a program for another system');
      case 'empty':
      case 'text':
        return broken('it is a placeholder, not a program (its installation was not finished)');
    }
  }

  private async behindShim(shimPath: string): Promise<ProgramLaunch | undefined> {
    const text = await this.options.files.readText(shimPath);
    const target = text === undefined ? undefined : parseCommandShim(text);
    if (target === undefined) {
      return undefined;
    }
    const folder = this.path.dirname(shimPath);
    const path = this.path.join(folder, target.relativePath);
    if ((await this.options.files.stat(path))?.isFile !== true) {
      return undefined;
    }
    if (target.kind === 'program') {
      return { file: path, argsBefore: [] };
    }
    const node = await this.findNode(folder);
    return node === undefined ? undefined : { file: node, argsBefore: [path] };
  }

  private async findNode(besides: string): Promise<string | undefined> {
    const name = this.isWindows ? 'node.exe' : 'node';
    for (const folder of [besides, ...this.foldersOf(await this.mergedPath())]) {
      const candidate = this.path.join(folder, name);
      if (
        (await this.options.files.stat(candidate))?.isFile === true &&
        !(await this.isInside(candidate))
      ) {
        return candidate;
      }
    }
    return undefined;
  }

  private async isInside(path: string): Promise<boolean> {
    const real = (await this.options.files.realPath(path)) ?? path;
    for (const folder of this.options.workspaceFolders()) {
      const realFolder = (await this.options.files.realPath(folder)) ?? folder;
      if (
        [path, real].some((one) => [folder, realFolder].some((root) => this.isBelow(one, root)))
      ) {
        return true;
      }
    }
    return false;
  }

  private isBelow(path: string, folder: string): boolean {
    const relative = this.path.relative(folder, path);
    return (
      relative !== '' && !this.path.isAbsolute(relative) && relative.split(/[\\/]/)[0] !== '..'
    );
  }
}

/** File names to try for a program's name, in order. */
export function candidateNames(name: string, isWindows: boolean): readonly string[] {
  if (!isWindows || /\.(?:exe|cmd|bat|com)$/i.test(name)) {
    return [name];
  }
  return [`${name}.exe`, `${name}.cmd`, `${name}.bat`];
}

export interface ShimTarget {
  readonly kind: 'program' | 'script';
  /** Relative to the folder of the shim. */
  readonly relativePath: string;
}

/**
 * What a command file made by npm, pnpm or yarn starts: the last quoted path below its own folder that ends like a
 * program or a Node script. Undefined for any other command file.
 */
export function parseCommandShim(text: string): ShimTarget | undefined {
  let target: ShimTarget | undefined;
  for (const match of text.matchAll(/"%(?:~dp0|dp0%)\\?([^"%\r\n]+?\.(?:exe|[cm]?js))"/gi)) {
    const relativePath = match[1] ?? '';
    if (!/(?:^|\\)node\.exe$/i.test(relativePath)) {
      target = { kind: /\.exe$/i.test(relativePath) ? 'program' : 'script', relativePath };
    }
  }
  return target;
}

/** Where installers of agents put their programs, whether or not it is on the PATH. */
function knownPlaces(options: ExecutableLookupOptions): readonly string[] {
  const home = options.homeDirectory;
  if (options.platform === 'win32') {
    return [
      ...(options.appData === undefined ? [] : [win32.join(options.appData, 'npm')]),
      ...(options.localAppData === undefined ? [] : [win32.join(options.localAppData, 'pnpm')]),
      win32.join(home, '.local', 'bin'),
      win32.join(home, '.bun', 'bin'),
    ];
  }
  const below = [
    '.local/bin',
    '.claude/local',
    '.npm-global/bin',
    '.bun/bin',
    '.volta/bin',
    '.local/share/pnpm',
  ];
  return [
    ...below.map((folder) => posix.join(home, folder)),
    ...(options.platform === 'darwin'
      ? ['/opt/homebrew/bin', posix.join(home, 'Library/pnpm')]
      : []),
    '/usr/local/bin',
  ];
}

function joinPaths(paths: readonly (string | undefined)[], delimiter: string): string {
  const folders = paths
    .flatMap((path) => path?.split(delimiter) ?? [])
    .filter((folder) => folder !== '');
  return [...new Set(folders)].join(delimiter);
}
