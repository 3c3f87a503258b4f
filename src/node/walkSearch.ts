import { append } from '../base/append';
import { createContext, Script } from 'node:vm';
import { PatchbayError } from '../base/patchbayError';
import type { TextMatch, WorkspaceSearch } from '../tools/contract';
import { globMatcher, globTreeMatcher } from '../base/glob';
import { IgnoreRules } from './ignoreRules';
import { firstLine } from './firstLine';
import { cut } from './ripgrep';
import { diskWalk, type WalkedFiles } from './walkedFiles';

type FindOptions = Parameters<WorkspaceSearch['findFiles']>[0];
type SearchOptions = Parameters<WorkspaceSearch['searchText']>[0];

export interface WalkLimits {
  readonly maxFiles: number;
  readonly maxFileBytes: number;
  readonly timeoutMs: number;
  /** What is read of all files together. Absent: no limit of its own. */
  readonly maxTotalBytes?: number;
}

export const defaultWalkLimits: WalkLimits = {
  maxFiles: 50_000,
  maxFileBytes: 1024 * 1024,
  timeoutMs: 20_000,
};

/**
 * The search without ripgrep: walks the folder, leaves out `.git`, `node_modules` and what `.gitignore` files name
 * (roughly), follows no links. Bounded in files, file size and time; what is beyond comes back as truncated. A regular
 * expression gets a time limit of its own per file, because it was written by a model.
 */
export class WalkSearch {
  constructor(
    private readonly limits: WalkLimits = defaultWalkLimits,
    private readonly files: WalkedFiles = diskWalk,
    /** Said with a result that the limits cut short. */
    private readonly limitNote?: string,
  ) {}

  async findFiles(options: FindOptions): ReturnType<WorkspaceSearch['findFiles']> {
    const fits = globMatcher(options.pattern);
    const paths: string[] = [];
    const isComplete = await this.walk(options.folder, options.signal, (path) => {
      if (fits(path)) {
        paths.push(path);
      }
      return Promise.resolve(paths.length <= options.maxResults);
    });
    return cut(paths, options.maxResults, !isComplete, (kept) => ({
      paths: kept,
      ...this.noteOn(!isComplete && paths.length <= options.maxResults, options.signal),
    }));
  }

  async searchText(options: SearchOptions): ReturnType<WorkspaceSearch['searchText']> {
    const findLines = lineFinder(options);
    const isIncluded = options.include === undefined ? undefined : globTreeMatcher(options.include);
    const isExcluded = options.exclude === undefined ? undefined : globTreeMatcher(options.exclude);
    const matches: TextMatch[] = [];
    let hasSkipped = false;
    let totalBytes = 0;
    const isComplete = await this.walk(options.folder, options.signal, async (path) => {
      if (isIncluded?.(path) === false || isExcluded?.(path) === true) {
        return true;
      }
      if (totalBytes > (this.limits.maxTotalBytes ?? Infinity)) {
        return false;
      }
      const text = await this.readText(options.folder, path);
      if (text === 'too_large') {
        hasSkipped = true;
      } else if (text !== undefined) {
        totalBytes += text.sizeBytes;
        const lines = text.content.split(/\r?\n/);
        const found = findLines(lines, options.maxResults + 1 - matches.length);
        hasSkipped ||= found === undefined;
        for (const index of found ?? []) {
          matches.push({ path, lineOneBased: index + 1, line: firstLine(lines[index] ?? '') });
        }
      }
      return matches.length <= options.maxResults;
    });
    const isCut = (!isComplete && matches.length <= options.maxResults) || hasSkipped;
    return cut(matches, options.maxResults, !isComplete || hasSkipped, (kept) => ({
      matches: kept,
      ...this.noteOn(isCut, options.signal),
    }));
  }

  private noteOn(isCut: boolean, signal: AbortSignal): { readonly limitNote?: string } {
    return isCut && !signal.aborted && this.limitNote !== undefined
      ? { limitNote: this.limitNote }
      : {};
  }

  /** False when it stopped early. Names come in order, a folder's files before its folders. */
  private async walk(
    folder: string,
    signal: AbortSignal,
    visit: (relativePath: string) => Promise<boolean>,
  ): Promise<boolean> {
    const endsAt = Date.now() + this.limits.timeoutMs;
    const isOver = (): boolean => signal.aborted || Date.now() > endsAt;
    const isExcluded = this.files.excludes?.(folder);
    let fileCount = 0;
    const todo: { readonly path: string; readonly ignore: IgnoreRules }[] = [
      { path: '', ignore: IgnoreRules.none },
    ];
    for (let current = todo.pop(); current !== undefined; current = todo.pop()) {
      if (isOver()) {
        return false;
      }
      const { path } = current;
      const entries = await this.files.list(folder, path);
      const ignoreText = entries.some(({ name, kind }) => name === '.gitignore' && kind === 'file')
        ? await this.readIgnores(folder, path === '' ? '.gitignore' : `${path}/.gitignore`)
        : '';
      const ignore = current.ignore.with(path, ignoreText);
      const folders: { readonly path: string; readonly ignore: IgnoreRules }[] = [];
      for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        const below = path === '' ? entry.name : `${path}/${entry.name}`;
        if (isExcluded?.(below) === true) {
          continue;
        }
        if (entry.kind === 'directory') {
          if (
            entry.name !== '.git' &&
            entry.name !== 'node_modules' &&
            !ignore.ignores(below, true)
          ) {
            folders.unshift({ path: below, ignore });
          }
        } else if (entry.kind === 'file' && !ignore.ignores(below, false)) {
          fileCount += 1;
          if (isOver() || fileCount > this.limits.maxFiles || !(await visit(below))) {
            return false;
          }
        }
      }
      append(todo, folders);
    }
    return true;
  }

  /** Undefined for what is no text. */
  private async readText(
    folder: string,
    path: string,
  ): Promise<{ readonly content: string; readonly sizeBytes: number } | 'too_large' | undefined> {
    const bytes = await this.files.read(folder, path, this.limits.maxFileBytes, false);
    return bytes === undefined || bytes === 'too_large'
      ? bytes
      : bytes.includes(0)
        ? undefined
        : { content: Buffer.from(bytes).toString('utf8'), sizeBytes: bytes.length };
  }

  /** The beginning of an ignore file: what nobody writes by hand is not brought into memory. */
  private async readIgnores(folder: string, path: string): Promise<string> {
    const bytes = await this.files.read(folder, path, maxIgnoreBytes, true);
    return bytes === undefined || bytes === 'too_large' ? '' : Buffer.from(bytes).toString('utf8');
  }
}

/** Zero-based indexes of lines that fit; undefined when the expression took too long on this file. */
type LineFinder = (lines: readonly string[], maxCount: number) => readonly number[] | undefined;

const regexTimeoutMs = 250;

function lineFinder(options: SearchOptions): LineFinder {
  if (!options.isRegex) {
    const fold = (text: string): string => (options.isCaseSensitive ? text : text.toLowerCase());
    const wanted = fold(options.pattern);
    return (lines, maxCount) => collect(lines, maxCount, (line) => fold(line).includes(wanted));
  }
  let expression: RegExp;
  try {
    expression = new RegExp(options.pattern, options.isCaseSensitive ? 'u' : 'iu');
  } catch (error) {
    throw new PatchbayError('invalid_pattern', `The pattern is not valid: ${options.pattern}`, {
      cause: error,
    });
  }
  return (lines, maxCount) =>
    withTimeLimit(() => collect(lines, maxCount, (line) => expression.test(line)));
}

function collect(
  lines: readonly string[],
  maxCount: number,
  fits: (line: string) => boolean,
): readonly number[] {
  const found: number[] = [];
  for (let index = 0; index < lines.length && found.length < maxCount; index += 1) {
    if (fits(lines[index] ?? '')) {
      found.push(index);
    }
  }
  return found;
}

/** Runs our own function under the engine's watchdog, which also stops a regular expression that backtracks for ever. */
function withTimeLimit(run: () => readonly number[]): readonly number[] | undefined {
  let result: readonly number[] | undefined;
  try {
    new Script('run()').runInContext(
      createContext({
        run: () => {
          result = run();
        },
      }),
      { timeout: regexTimeoutMs },
    );
  } catch {
    return undefined; // out of time: the file is skipped and the result says that it is not whole
  }
  return result;
}

const maxIgnoreBytes = 256 * 1024;
