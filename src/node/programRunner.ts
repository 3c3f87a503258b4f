import { systemClock, withDeadline } from '../base/clock';
import type { Environment } from './childEnvironment';
import type { ProgramLaunch } from './executables';
import { createScratchFolder } from './scratchFolder';
import { stripEscapes } from '../base/escapeSequences';
import { startSupervised, type SupervisorOptions } from './supervisedProcess';

export type ProgramOutcome =
  | {
      readonly kind: 'exited';
      readonly code: number | null;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly message: string };

export interface ProgramRun {
  readonly launch: ProgramLaunch;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly timeoutMs: number;
  /** Default: an empty folder of its own, removed afterwards; never the workspace. */
  readonly cwd?: string;
  /** Ends the program and its children, as running out of time does. */
  readonly signal?: AbortSignal;
}

/** Output beyond this many bytes per stream is dropped. */
const maxOutputBytes = 256 * 1024;

/** Runs a program to its end, for a short question (`--version`). Without stdin, under the supervisor; never rejects. */
export async function runProgram(
  run: ProgramRun,
  options: SupervisorOptions,
): Promise<ProgramOutcome> {
  try {
    const scratch = run.cwd === undefined ? await createScratchFolder() : undefined;
    try {
      return await runIn(run.cwd ?? scratch?.path ?? '', run, options);
    } finally {
      scratch?.remove();
    }
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

async function runIn(
  cwd: string,
  run: ProgramRun,
  options: SupervisorOptions,
): Promise<ProgramOutcome> {
  const child = startSupervised(
    {
      file: run.launch.file,
      args: [...run.launch.argsBefore, ...run.args],
      cwd,
      env: run.env,
      stdin: 'none',
    },
    options,
  );
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const outcome = await withDeadline(systemClock, child.ended, run.timeoutMs, run.signal);
  if (outcome.kind !== 'value') {
    child.signal('SIGKILL');
    await withDeadline(systemClock, child.ended, 1000);
    child.release();
    return { kind: 'timeout' };
  }
  child.release();
  const end = outcome.value;
  return end.kind === 'failed'
    ? { kind: 'failed', message: end.message }
    : { kind: 'exited', code: end.code, stdout: stdout(), stderr: stderr() };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Uint8Array[] = [];
  let size = 0;
  stream.on('data', (chunk: Uint8Array) => {
    if (size < maxOutputBytes) {
      chunks.push(chunk);
      size += chunk.length;
    }
  });
  return () =>
    stripEscapes(new TextDecoder().decode(Buffer.concat(chunks).subarray(0, maxOutputBytes)));
}
