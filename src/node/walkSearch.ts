import { append } from '../base/append';
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createContext, Script } from 'node:vm';
import { PatchbayError } from '../base/patchbayError';
import type { TextMatch, WorkspaceSearch } from '../tools/contract';
import { globMatcher, globTreeMatcher } from '../base/glob';
import { IgnoreRules } from './ignoreRules';
import { firstLine } from './firstLine';
import { cut } from './ripgrep';

type FindOptions = Parameters<WorkspaceSearch['findFiles']>[0];
type SearchOptions = Parameters<WorkspaceSearch['searchText']>[0];

export interface WalkLimits {
  readonly maxFiles: number;
  readonly maxFileBytes: number;
  readonly timeoutMs: number;
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
  constructor(private readonly limits: WalkLimits = defaultWalkLimits) {}

  async findFiles(options: FindOptions): ReturnType<WorkspaceSearch['findFiles']> {
    const fits = globMatcher(options.pattern);
    const paths: string[] = [];
    const isComplete = await this.walk(options.folder, options.signal, (path) => {
      if (fits(path)) {
        paths.push(path);
      }
      return Promise.resolve(paths.length <= options.maxResults);
    });
    return cut(paths, options.maxResults, !isComplete, (kept) => ({ paths: kept }));
  }

  async searchText(options: SearchOptions): ReturnType<WorkspaceSearch['searchText']> {
    const findLines = lineFinder(options);
    const isIncluded = options.include === undefined ? undefined : globTreeMatcher(options.include);
    const isExcluded = options.exclude === undefined ? undefined : globTreeMatcher(options.exclude);
    const matches: TextMatch[] = [];
    let hasSkipped = false;
    const isComplete = await this.walk(options.folder, options.signal, async (path) => {
      if (isIncluded?.(path) === false || isExcluded?.(path) === true) {
        return true;
      }
      const text = await this.readText(join(options.folder, path));
      if (text === 'too_large') {
        hasSkipped = true;
      } else if (text !== undefined) {
        const lines = text.content.split(/\r?\n/);
        const found = findLines(lines, options.maxResults + 1 - matches.length);
        hasSkipped ||= found === undefined;
        for (const index of found ?? []) {
          matches.push({ path, lineOneBased: index + 1, line: firstLine(lines[index] ?? '') });
        }
      }
      return matches.length <= options.maxResults;
    });
    return cut(matches, options.maxResults, !isComplete || hasSkipped, (kept) => ({
      matches: kept,
    }));
  }

  /** False when it stopped early. Names come in order, a folder's files before its folders. */
  private async walk(
    folder: string,
    signal: AbortSignal,
    visit: (relativePath: string) => Promise<boolean>,
  ): Promise<boolean> {
    const endsAt = Date.now() + this.limits.timeoutMs;
    let fileCount = 0;
    const todo: { readonly path: string; readonly ignore: IgnoreRules }[] = [
      { path: '', ignore: IgnoreRules.none },
    ];
    for (let current = todo.pop(); current !== undefined; current = todo.pop()) {
      const { path } = current;
      const entries = await readdir(join(folder, path), { withFileTypes: true }).catch(() => []); // no permission: left out
      const ignoreText = entries.some((entry) => entry.name === '.gitignore' && entry.isFile())
        ? await readIgnoreText(join(folder, path, '.gitignore')).catch(() => '') // gone meanwhile: no rules
        : '';
      const ignore = current.ignore.with(path, ignoreText);
      const folders: { readonly path: string; readonly ignore: IgnoreRules }[] = [];
      for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const below = path === '' ? entry.name : `${path}/${entry.name}`;
        if (entry.isDirectory()) {
          if (
            entry.name !== '.git' &&
            entry.name !== 'node_modules' &&
            !ignore.ignores(below, true)
          ) {
            folders.unshift({ path: below, ignore });
          }
        } else if (entry.isFile() && !ignore.ignores(below, false)) {
          fileCount += 1;
          if (
            signal.aborted ||
            Date.now() > endsAt ||
            fileCount > this.limits.maxFiles ||
            !(await visit(below))
          ) {
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
    path: string,
  ): Promise<{ readonly content: string } | 'too_large' | undefined> {
    const bytes = await readFile(path).catch(() => undefined); // unreadable: as if it were not there
    if (bytes === undefined) {
      return undefined;
    }
    if (bytes.length > this.limits.maxFileBytes) {
      return 'too_large';
    }
    return bytes.includes(0) ? undefined : { content: bytes.toString('utf8') };
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

/** The beginning of an ignore file: what nobody writes by hand is not brought into memory. */
async function readIgnoreText(path: string): Promise<string> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(maxIgnoreBytes),
      0,
      maxIgnoreBytes,
      0,
    );
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

const maxIgnoreBytes = 256 * 1024;
