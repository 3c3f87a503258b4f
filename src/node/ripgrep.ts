import { spawn, type ChildProcess } from 'node:child_process';
import { isRecord, numberField, recordField, stringField } from '../base/guard';
import { JsonLinesDecoder } from '../base/jsonLines';
import { PatchbayError } from '../base/patchbayError';
import type { TextMatch, WorkspaceSearch } from '../tools/contract';
import { globMatcher, globTreeMatcher, type PathMatcher } from '../base/glob';
import { firstLine } from './firstLine';
import { RipgrepLines } from './ripgrepLines';

type FindOptions = Parameters<WorkspaceSearch['findFiles']>[0];
type SearchOptions = Parameters<WorkspaceSearch['searchText']>[0];

/**
 * Lists and searches with a ripgrep binary. Ignore files count, also without git; `.git` never; hidden files do. Globs of
 * the caller are applied here and not by ripgrep's own `-g`, which would let them override the ignore files. Enough
 * results, or an abort, kill the process; after an abort what was found so far comes back as truncated.
 */
export class Ripgrep {
  constructor(
    private readonly path: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  async findFiles(options: FindOptions): ReturnType<WorkspaceSearch['findFiles']> {
    if (options.signal.aborted) {
      return { paths: [], isTruncated: true };
    }
    const fits = globMatcher(options.pattern);
    const paths: string[] = [];
    const listing = this.start(
      options.folder,
      ['--files', '--null', ...common, '--', '.'],
      options.signal,
    );
    const isFull = await readNames(listing, (name) => {
      const path = relativePath(name);
      if (fits(path)) {
        paths.push(path);
      }
      return paths.length <= options.maxResults;
    });
    return cut(paths.sort(), options.maxResults, isFull || options.signal.aborted, (kept) => ({
      paths: kept,
    }));
  }

  async searchText(options: SearchOptions): ReturnType<WorkspaceSearch['searchText']> {
    if (options.signal.aborted) {
      return { matches: [], isTruncated: true };
    }
    const isIncluded =
      options.include === undefined ? everything : globTreeMatcher(options.include);
    const isExcluded = options.exclude === undefined ? nothing : globTreeMatcher(options.exclude);
    const matches: TextMatch[] = [];
    const run = this.start(options.folder, searchArgs(options), options.signal);
    const toPath = (name: string): string | undefined => {
      const path = relativePath(name);
      return isIncluded(path) && !isExcluded(path) ? path : undefined;
    };
    const accept = (match: TextMatch): boolean => {
      matches.push(match);
      return matches.length <= options.maxResults;
    };
    const isFull = await (spansLines(options)
      ? readMatches(run, toPath, accept)
      : readMatchLines(run, toPath, accept));
    matches.sort((a, b) =>
      a.path === b.path ? a.lineOneBased - b.lineOneBased : a.path < b.path ? -1 : 1,
    );
    return cut(matches, options.maxResults, isFull || options.signal.aborted, (kept) => ({
      matches: kept,
    }));
  }

  private start(folder: string, args: readonly string[], signal: AbortSignal): ChildProcess {
    // No supervisor: it reads only, ends by itself, and cannot outlive its pipe for long.
    const child = spawn(this.path, args, {
      cwd: folder,
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
    });
    const kill = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', kill, { once: true });
    child.once('close', () => signal.removeEventListener('abort', kill));
    return child;
  }
}

const everything: PathMatcher = () => true;
const nothing: PathMatcher = () => false;
const common = [
  '--no-config',
  '--hidden',
  '--no-require-git',
  '--no-messages',
  '--glob=!**/.git',
] as const;

/** A match that may go over several lines is told as JSON; others as plain lines, which cost a tenth to read. */
function spansLines({ pattern }: SearchOptions): boolean {
  return /\n|\\n/.test(pattern);
}

function searchArgs(options: SearchOptions): readonly string[] {
  const include = options.include === undefined ? undefined : nameGlob(options.include);
  return [
    ...(spansLines(options) ? ['--json', '--multiline'] : plainLines),
    ...common.filter((flag) => flag !== '--no-messages'), // what is wrong with a pattern is a message
    '--max-filesize=50M',
    options.isCaseSensitive ? '--case-sensitive' : '--ignore-case',
    ...(options.isRegex ? [] : ['--fixed-strings']),
    ...(include === undefined ? [] : [`--type-add=patchbay:${include}`, '--type=patchbay']),
    '-e',
    options.pattern,
    '--',
    '.',
  ];
}

/** See `RipgrepLines`. */
const plainLines = [
  '--null',
  '--line-number',
  '--no-heading',
  '--with-filename',
  '--color=never',
] as const;

/**
 * The last part of a glob, by which ripgrep can leave files out early. Only for a plain `*.ts`: a folder's name in that
 * place would mean everything below it, and its letters must be ones that a type definition can hold.
 */
function nameGlob(glob: string): string | undefined {
  const last = glob.split('/').at(-1) ?? '';
  return /^\*\.[A-Za-z0-9_.-]+$/.test(last) && !glob.includes('{') ? last : undefined;
}

function relativePath(path: string): string {
  return path.replaceAll('\\', '/').replace(/^\.\//, '');
}

/** True when the reader had enough. */
function readNames(child: ChildProcess, accept: (name: string) => boolean): Promise<boolean> {
  const decoder = new TextDecoder();
  let open = '';
  return readAll(child, (chunk, enough) => {
    const names = (open + decoder.decode(chunk, { stream: true })).split('\0');
    open = names.pop() ?? '';
    if (!names.every(accept)) {
      enough();
    }
  });
}

function readMatchLines(
  child: ChildProcess,
  toPath: (name: string) => string | undefined,
  accept: (match: TextMatch) => boolean,
): Promise<boolean> {
  const lines = new RipgrepLines(toPath, accept);
  return readAll(child, (chunk, enough) => {
    if (!lines.push(chunk)) {
      enough();
    }
  });
}

function readMatches(
  child: ChildProcess,
  toPath: (name: string) => string | undefined,
  accept: (match: TextMatch) => boolean,
): Promise<boolean> {
  let isFull = false;
  const decoder = new JsonLinesDecoder({
    onMessage: (message) => {
      const match = isFull ? undefined : toMatch(message);
      const path = match === undefined ? undefined : toPath(match.path);
      if (match !== undefined && path !== undefined) {
        isFull = !accept({ ...match, path });
      }
    },
    onInvalidLine: () => undefined, // ripgrep writes JSON only; a cut last line after a kill is no loss
  });
  return readAll(child, (chunk, enough) => {
    decoder.push(chunk);
    if (isFull) {
      enough();
    }
  });
}

/** Names and lines that are not UTF-8 come as base64 in `bytes`: such names are left out, such lines shown as far as they go. */
function toMatch(message: unknown): TextMatch | undefined {
  if (!isRecord(message) || message.type !== 'match') {
    return undefined;
  }
  const data = recordField(message, 'data');
  const path = stringField(recordField(data, 'path'), 'text');
  const lineOneBased = numberField(data, 'line_number');
  if (path === undefined || lineOneBased === undefined) {
    return undefined;
  }
  const lines = recordField(data, 'lines');
  const text =
    stringField(lines, 'text') ??
    Buffer.from(stringField(lines, 'bytes') ?? '', 'base64').toString('utf8');
  return { path, lineOneBased, line: firstLine(text) };
}

/** Resolves when the process is gone: true when the reader stopped it. Rejects when it could not run or refused its task. */
function readAll(
  child: ChildProcess,
  accept: (chunk: Uint8Array, enough: () => void) => void,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let isFull = false;
    let complaint = '';
    const enough = (): void => {
      isFull = true;
      child.kill('SIGKILL');
    };
    child.stdout?.on('data', (chunk: Uint8Array) => {
      if (!isFull) {
        try {
          accept(chunk, enough);
        } catch (error) {
          enough();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      }
    });
    child.stderr?.on('data', (chunk: Uint8Array) => {
      complaint = (complaint + new TextDecoder().decode(chunk)).slice(0, 4096);
    });
    child.once('error', (error) => {
      reject(
        new PatchbayError(
          'search_failed',
          `The search program could not be started: ${error.message}`,
          { cause: error },
        ),
      );
    });
    child.once('close', (code) => {
      if (!isFull && code === 2 && /regex|pattern|literal|glob/i.test(complaint)) {
        reject(
          new PatchbayError('invalid_pattern', `The pattern is not valid: ${complaint.trim()}`),
        );
      } else {
        resolve(isFull);
      }
    });
  });
}

export function cut<T, R extends object>(
  found: readonly T[],
  maxResults: number,
  isIncomplete: boolean,
  wrap: (kept: readonly T[]) => R,
): R & { readonly isTruncated: boolean } {
  return {
    ...wrap(found.slice(0, maxResults)),
    isTruncated: isIncomplete || found.length > maxResults,
  };
}
