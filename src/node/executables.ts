import { posix, win32, type PlatformPath } from 'node:path';
import { recordField, stringField } from '../base/guard';
import { parseCommandShim, type ShimTarget } from './commandShim';
import { knownPlaces } from './knownPlaces';
import { isInNodeRange, lowestOfRange } from './nodeRange';
import { platformPrograms } from './platformPackage';
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
  /** What a Node says when it is asked for its version (`v22.11.0`). Absent: every Node is taken for new enough. */
  readonly nodeVersion?: (node: string) => Promise<string | undefined>;
  /** Default: that of this process. */
  readonly arch?: string;
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
    const { files } = this.options;
    const places = await knownPlaces({
      ...this.options,
      list: async (folder) => (await files.list?.(folder)) ?? [],
    });
    return joinPaths([await this.mergedPath(), ...places], this.path.delimiter);
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
    const found = (launch: ProgramLaunch, pathOfChild = searchPath): ExecutableLookup => ({
      kind: 'found',
      path,
      launch,
      isInsideWorkspace,
      // Its own folder last: a script that an installer put beside its interpreter finds it.
      searchPath: joinPaths([pathOfChild, this.path.dirname(path)], this.path.delimiter),
    });
    const broken = (why: string): ExecutableLookup => ({
      kind: 'broken',
      path,
      message: `The program at ${path} cannot run: ${why}. Install it again, or choose another path in the settings.`,
    });
    const withoutNode = (why: string): ExecutableLookup => ({
      kind: 'broken',
      path,
      message: `The program at ${path} cannot run: ${why}. Install Node.js (https://nodejs.org), then try again.`,
    });
    if (stat.sizeBytes === 0) {
      return broken('the file is empty');
    }
    if (this.isWindows && /\.(?:cmd|bat)$/i.test(path)) {
      const behind = await this.behindShim(path, maxShims);
      switch (behind.kind) {
        case 'launch':
          return { ...found(behind.launch), ...(await this.insideOf(behind.launch)) };
        case 'noNode':
          return withoutNode(behind.why);
        case 'nothing':
          return broken('no program was found behind this command file');
      }
    }
    if (/\.[cm]?js$/i.test(path) && (this.isWindows || !(await files.isExecutable(path)))) {
      const node = await this.findNode(path, searchPath);
      return node.kind === 'node'
        ? found({ file: node.file, argsBefore: [path] })
        : withoutNode(node.why);
    }
    if (!this.isWindows && !(await files.isExecutable(path))) {
      return broken('the file is not executable');
    }
    const head = await files.head(path, headBytes).catch(() => undefined); // executable but not readable: let the system judge
    const format = head === undefined ? 'native' : programFormat(head, platform);
    switch (format) {
      case 'native':
        return found({ file: path, argsBefore: [] });
      case 'script': {
        if (!isNodeScript(head)) {
          return found({ file: path, argsBefore: [] });
        }
        // Its first line asks for the first Node on the PATH, which must be one that it can run with.
        const node = await this.findNode(path, searchPath);
        return node.kind === 'node'
          ? found(
              { file: path, argsBefore: [] },
              node.isFirst ? searchPath : joinPaths([node.folder, searchPath], this.path.delimiter),
            )
          : withoutNode(node.why);
      }
      case 'foreign':
        return (
          (await this.inPlatformPackage(path, found)) ??
          broken('it is a program for another system')
        );
      case 'empty':
      case 'text':
        return (
          (await this.inPlatformPackage(path, found)) ??
          broken('it is a placeholder, not a program (its installation was not finished)')
        );
    }
  }

  /** The program that a placeholder stands for, when npm has brought it all the same. */
  private async inPlatformPackage(
    path: string,
    found: (launch: ProgramLaunch) => ExecutableLookup,
  ): Promise<ExecutableLookup | undefined> {
    const { files, platform, arch = process.arch } = this.options;
    const real = (await files.realPath(path)) ?? path;
    for (const program of platformPrograms(real, { platform, arch, path: this.path })) {
      if (
        (await files.stat(program))?.isFile === true &&
        (await files.isExecutable(program)) &&
        programFormat(await files.head(program, headBytes), platform) === 'native'
      ) {
        return found({ file: program, argsBefore: [] });
      }
    }
    return undefined;
  }

  private async behindShim(shimPath: string, depth: number): Promise<BehindShim> {
    const nothing: BehindShim = { kind: 'nothing' };
    const text = await this.options.files.readText(shimPath);
    const target =
      text === undefined ? undefined : parseCommandShim(text, this.path.basename(shimPath));
    if (target === undefined || depth === 0) {
      return nothing;
    }
    if (target.kind === 'manager') {
      const manager = await this.findBeside(shimPath, `${target.program}.exe`);
      return manager === undefined
        ? nothing
        : { kind: 'launch', launch: { file: manager, argsBefore: target.args } };
    }
    const path = this.targetPath(shimPath, target);
    if ((await this.options.files.stat(path))?.isFile !== true) {
      return nothing;
    }
    switch (target.kind) {
      case 'program':
        return { kind: 'launch', launch: { file: path, argsBefore: [] } };
      case 'shim':
        return this.behindShim(path, depth - 1);
      case 'script': {
        const node = await this.findNode(path, '', this.path.dirname(shimPath));
        return node.kind === 'node'
          ? { kind: 'launch', launch: { file: node.file, argsBefore: [...target.nodeArgs, path] } }
          : { kind: 'noNode', why: node.why };
      }
    }
  }

  private targetPath(shimPath: string, target: Exclude<ShimTarget, { kind: 'manager' }>): string {
    return this.path.isAbsolute(target.path)
      ? target.path
      : this.path.join(this.path.dirname(shimPath), target.path);
  }

  private async findBeside(shimPath: string, name: string): Promise<string | undefined> {
    for (const folder of [
      this.path.dirname(shimPath),
      ...this.foldersOf(await this.pathWithKnownPlaces()),
    ]) {
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

  /**
   * The first Node outside the workspace that the script's package can run with: beside a script that is not on the
   * user's PATH (a version manager put both there), on the given PATH, on all of the PATH, then where installers put it.
   */
  private async findNode(script: string, searchPath: string, beside?: string): Promise<FoundNode> {
    const { files, nodeVersion } = this.options;
    const name = this.isWindows ? 'node.exe' : 'node';
    const range = nodeVersion === undefined ? undefined : await this.nodeRangeOf(script);
    const ownFolder = this.path.dirname(script);
    const isOnPath = this.foldersOf(this.options.path).includes(ownFolder);
    const seen = new Set<string>();
    let tooOld: string | undefined;
    for (const readPath of [
      () => Promise.resolve(beside ?? (isOnPath ? '' : ownFolder)),
      () => Promise.resolve(searchPath),
      () => Promise.resolve(ownFolder),
      () => this.mergedPath(),
      () => this.pathWithKnownPlaces(),
    ]) {
      for (const folder of this.foldersOf(await readPath())) {
        const file = this.path.join(folder, name);
        if (
          seen.has(folder) ||
          (await files.stat(file))?.isFile !== true ||
          (await this.isInside(file))
        ) {
          seen.add(folder);
          continue;
        }
        seen.add(folder);
        const version = range === undefined ? undefined : await nodeVersion?.(file);
        if (range === undefined || version === undefined || isInNodeRange(version, range)) {
          const isFirst = await this.isFirstOn(searchPath, folder, name);
          return { kind: 'node', file, folder, isFirst };
        }
        tooOld ??= `${version} at ${file}`;
      }
    }
    return {
      kind: 'none',
      why:
        tooOld === undefined || range === undefined
          ? 'it needs Node.js, which was not found'
          : `it needs Node.js ${lowestOfRange(range)} or newer, and only ${tooOld} was found`,
    };
  }

  private async isFirstOn(searchPath: string, wanted: string, name: string): Promise<boolean> {
    for (const folder of this.foldersOf(searchPath)) {
      if ((await this.options.files.stat(this.path.join(folder, name)))?.isFile === true) {
        return folder === wanted;
      }
    }
    return false;
  }

  /** What the package of a script says of the Node that it needs. */
  private async nodeRangeOf(script: string): Promise<string | undefined> {
    const { files } = this.options;
    let folder = this.path.dirname((await files.realPath(script)) ?? script);
    for (let level = 0; level < 6; level += 1) {
      const text = await files.readText(this.path.join(folder, 'package.json'));
      const range = text === undefined ? undefined : enginesNode(text);
      if (range !== undefined || this.path.basename(folder) === 'node_modules') {
        return range;
      }
      folder = this.path.dirname(folder);
    }
    return undefined;
  }

  /** A command file outside may lead to a program or a script inside. */
  private async insideOf({
    file,
    argsBefore,
  }: ProgramLaunch): Promise<{ readonly isInsideWorkspace?: true }> {
    for (const path of [file, ...argsBefore]) {
      if (this.path.isAbsolute(path) && (await this.isInside(path))) {
        return { isInsideWorkspace: true };
      }
    }
    return {};
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

type BehindShim =
  | { readonly kind: 'launch'; readonly launch: ProgramLaunch }
  | { readonly kind: 'noNode'; readonly why: string }
  | { readonly kind: 'nothing' };

type FoundNode =
  | {
      readonly kind: 'node';
      readonly file: string;
      readonly folder: string;
      /** The PATH that it was asked for with leads to it anyway. */
      readonly isFirst: boolean;
    }
  | { readonly kind: 'none'; readonly why: string };

/** A command file that leads to a command file that leads to … */
const maxShims = 4;
/** Enough for a `#!` line. */
const headBytes = 128;

/** `#!/usr/bin/env node`, also with `-S` and options for Node. */
function isNodeScript(head: Uint8Array | undefined): boolean {
  const line = new TextDecoder().decode(head ?? new Uint8Array()).split('\n', 1)[0] ?? '';
  return /^#!\s*\S*\/env\s+(?:-S\s+)?node(?:\s|$)/.test(line);
}

function enginesNode(packageText: string): string | undefined {
  try {
    return stringField(recordField(JSON.parse(packageText), 'engines'), 'node');
  } catch {
    return undefined; // a package that says nothing readable asks for nothing
  }
}

function joinPaths(paths: readonly (string | undefined)[], delimiter: string): string {
  const folders = paths
    .flatMap((path) => path?.split(delimiter) ?? [])
    .filter((folder) => folder !== '');
  return [...new Set(folders)].join(delimiter);
}
