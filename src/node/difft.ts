import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { childEnvironment } from './childEnvironment';
import type { ExecutableLookup } from './executables';
import { runProgram } from './programRunner';
import { createScratchFolder } from './scratchFolder';
import type { SupervisorOptions } from './supervisedProcess';

export interface DifftOptions {
  readonly supervisor: SupervisorOptions;
  readonly lookup: (name: string) => Promise<ExecutableLookup>;
  /** Without workspace trust no program is started. */
  readonly isTrusted: () => boolean;
  readonly inheritedEnv: Readonly<Record<string, string | undefined>>;
}

export interface DifftComparison {
  readonly before: string;
  readonly after: string;
  readonly fileName: string;
  readonly signal: AbortSignal;
}

const timeoutMs = 10_000;

/**
 * The `difft` program where it is installed: both texts go to private temporary files, so that it needs no git and sees
 * exactly this write. Undefined when it is not installed, lies inside the workspace, or gives no answer.
 */
export function createDifft(options: DifftOptions): {
  compare(comparison: DifftComparison): Promise<string | undefined>;
} {
  return {
    compare: async ({ before, after, fileName, signal }) => {
      if (!options.isTrusted()) {
        return undefined;
      }
      const found = await options.lookup('difft');
      if (found.kind !== 'found' || found.isInsideWorkspace || signal.aborted) {
        return undefined;
      }
      const scratch = await createScratchFolder();
      try {
        const [old, now] = await Promise.all([
          writePrivately(join(scratch.path, 'before'), fileName, before),
          writePrivately(join(scratch.path, 'after'), fileName, after),
        ]);
        const outcome = await runProgram(
          {
            launch: found.launch,
            args: ['--color=never', '--display=inline', '--', old, now],
            env: childEnvironment({
              inherited: options.inheritedEnv,
              layers: [{ PATH: found.searchPath }],
              isWindows: process.platform === 'win32',
            }),
            timeoutMs,
            cwd: scratch.path,
            signal,
          },
          options.supervisor,
        );
        return outcome.kind === 'exited' && outcome.code === 0 ? outcome.stdout : undefined;
      } finally {
        scratch.remove();
      }
    },
  };
}

async function writePrivately(folder: string, fileName: string, text: string): Promise<string> {
  await mkdir(folder, { mode: 0o700 });
  const path = join(folder, basename(fileName));
  await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  return path;
}
