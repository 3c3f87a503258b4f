import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { removeFolder } from './removeFolder';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A temporary folder for real files and programs; `remove` takes everything away. */
export class Workbench {
  readonly path = mkdtempSync(join(tmpdir(), 'patchbay-test-'));
  private scriptCount = 0;

  file(name: string, content: string | Uint8Array, mode = 0o644): string {
    const path = join(this.path, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  }

  folder(name: string): string {
    const path = join(this.path, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  /** An executable Node script; the text is CommonJS. */
  program(body: string, name = `program-${(this.scriptCount += 1)}`): string {
    return this.file(name, `#!${process.execPath}\n${body}\n`, 0o755);
  }

  /** The supervisor as it is shipped: bundled to one file. */
  supervisor(): Promise<string> {
    return this.shippedProgram('supervisor');
  }

  /** A program of `src/node` as it is shipped. */
  async shippedProgram(name: 'supervisor' | 'toolServer'): Promise<string> {
    const outfile = join(this.path, `${name}.js`);
    await build({
      absWorkingDir: root,
      entryPoints: [`src/node/${name}.ts`],
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      outfile,
      logLevel: 'silent',
    });
    return outfile;
  }

  /** The thread that parses commands, with its grammars beside it. */
  async shellParserWorker(): Promise<string> {
    const outfile = join(this.path, 'shellParserWorker.js');
    await build({
      absWorkingDir: root,
      entryPoints: ['src/shellParserWorker.ts'],
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      outfile,
      logLevel: 'silent',
    });
    const wasm = join(root, 'node_modules/@vscode/tree-sitter-wasm/wasm');
    for (const name of ['tree-sitter', 'tree-sitter-bash', 'tree-sitter-powershell']) {
      copyFileSync(join(wasm, `${name}.wasm`), join(this.path, `${name}.wasm`));
    }
    return outfile;
  }

  remove(): void {
    removeFolder(this.path);
  }
}

/** Waits until a condition on the outside world holds; fails with `what` after `timeoutMs`. */
export async function eventually(
  what: string,
  isSo: () => boolean,
  timeoutMs = 5000,
): Promise<void> {
  const endsAt = Date.now() + timeoutMs;
  while (!isSo()) {
    if (Date.now() > endsAt) {
      throw new Error(`not within ${timeoutMs} ms: ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** False for a process that has ended, also when nobody has collected it yet. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

/** True for a process that waits for something, for instance for a reader of its pipe. */
export function isAsleep(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('S');
  } catch {
    return false;
  }
}

export function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Processes that have `needle` in their command line. */
export function processesWith(needle: string): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) {
      return [];
    }
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(needle) &&
        isAlive(Number(name))
        ? [Number(name)]
        : [];
    } catch {
      return [];
    }
  });
}
