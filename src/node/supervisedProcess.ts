import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { Deferred } from '../base/deferred';
import { isRecord } from '../base/guard';
import type { Environment } from './childEnvironment';
import type {
  ChildSignal,
  FromSupervisor,
  SupervisorJob,
  ToSupervisor,
} from './supervisorProtocol';

/** How supervisors are started. */
export interface SupervisorOptions {
  /** The bundled script, absolute. */
  readonly supervisorPath: string;
  /** A Node, or the editor's Electron: it is run as Node, and the child never learns of it. Default: our own. */
  readonly execPath?: string;
  /** Between terminate and kill of the tree after the host died. Default 2000. */
  readonly orphanGraceMs?: number;
}

export interface ProcessJob {
  /** Absolute path of the program; no shell is involved. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Environment;
  readonly stdin: 'pipe' | 'none';
  /** stdout and stderr in one stream, `stdout`. Default false. */
  readonly mergesOutput?: boolean;
  /** Also what the child has put into groups of its own ends when the child ends by itself (Linux). Default false. */
  readonly leavesNothing?: boolean;
  /** Windows: `args` is one ready command line. */
  readonly isVerbatim?: boolean;
  /** A folder of ours that goes with the child, however host and child end. */
  readonly scratchFolder?: string;
}

export type ProcessEnd =
  /** The program could not be started; `code` is the system's (`ENOENT`), or `SUPERVISOR` when our own helper failed. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null };

/**
 * A child under a supervisor. `ended` resolves once, never rejects: after the child's exit and the end of both streams,
 * or a short while after the exit when somebody else keeps the pipes open.
 */
export interface SupervisedProcess {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<ProcessEnd>;
  /** To the whole tree; SIGINT to the group. Harmless when it is over. */
  signal(signal: ChildSignal): void;
  /** Drops the streams and the channel; what is left of the tree is then ended by the supervisor. */
  release(): void;
}

/** From the exit of the child to giving up on the end of its streams. */
const drainMs = 1000;

export function startSupervised(job: ProcessJob, options: SupervisorOptions): SupervisedProcess {
  return new Supervised(job, options);
}

class Supervised implements SupervisedProcess {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  readonly stderr: Readable;
  private readonly end = new Deferred<ProcessEnd>();
  private readonly supervisor: ChildProcess;
  private outcome: ProcessEnd | undefined;
  private childPid: number | undefined;
  private openStreams = 2;

  constructor(job: ProcessJob, options: SupervisorOptions) {
    this.supervisor = spawn(options.execPath ?? process.execPath, [options.supervisorPath], {
      cwd: tmpdir(),
      env: supervisorEnvironment(),
      stdio: [job.stdin === 'pipe' ? 'pipe' : 'ignore', 'pipe', 'pipe', 'ipc'],
      // Out of our group: whoever ends that one does not take the watcher first.
      detached: true,
      windowsHide: true,
      shell: false,
    });
    const { stdin, stdout, stderr } = this.supervisor;
    if (stdout === null || stderr === null) {
      throw new Error('a supervisor without pipes'); // cannot be: both were asked for
    }
    this.stdin = stdin ?? undefined;
    this.stdout = stdout;
    this.stderr = stderr;
    // Whoever writes gets the error from his write; without a listener it would end the host.
    this.stdin?.on('error', () => undefined);
    for (const stream of [stdout, stderr]) {
      stream.on('error', () => undefined);
      stream.once('close', () => this.onStreamClosed());
    }
    this.supervisor.on('message', (message: unknown) => this.onMessage(message));
    this.supervisor.on('error', (error) => this.onOutcome(supervisorFailure(error.message)));
    // Not `exit`: messages may still be in the channel then.
    this.supervisor.once('disconnect', () => this.onSupervisorGone());
    this.tell({
      kind: 'start',
      file: job.file,
      args: job.args,
      cwd: job.cwd,
      env: job.env,
      mergesOutput: job.mergesOutput ?? false,
      isVerbatim: job.isVerbatim ?? false,
      graceMs: options.orphanGraceMs ?? 2000,
      runId: randomUUID(),
      leavesNothing: job.leavesNothing ?? false,
      ...(job.scratchFolder === undefined ? {} : { scratchFolder: job.scratchFolder }),
    } satisfies SupervisorJob);
  }

  get ended(): Promise<ProcessEnd> {
    return this.end.promise;
  }

  signal(signal: ChildSignal): void {
    if (this.supervisor.connected) {
      this.tell({ kind: 'signal', signal });
    } else if (this.outcome === undefined) {
      this.killGroup(signal);
    }
  }

  release(): void {
    this.onOutcome({ kind: 'exited', code: null, signal: null });
    this.stdin?.destroy();
    this.stdout.destroy();
    this.stderr.destroy();
    if (this.supervisor.connected) {
      this.supervisor.disconnect();
    }
    this.supervisor.unref();
  }

  private tell(message: ToSupervisor): void {
    // A failing send means that the channel closes, which is heard anyway.
    this.supervisor.send(message, () => undefined);
  }

  private onMessage(message: unknown): void {
    if (!isFromSupervisor(message)) {
      return;
    }
    if (message.kind === 'started') {
      this.childPid = message.pid;
    } else {
      this.onOutcome(message);
    }
  }

  /** Also when somebody killed it: then the child is alone, and ending it is on us. */
  private onSupervisorGone(): void {
    if (this.outcome !== undefined) {
      return;
    }
    if (this.childPid === undefined) {
      this.onOutcome(supervisorFailure('it ended before the program was started'));
      return;
    }
    this.killGroup('SIGKILL');
    this.onOutcome({ kind: 'exited', code: null, signal: 'SIGKILL' });
  }

  private killGroup(signal: ChildSignal): void {
    if (this.childPid === undefined) {
      return;
    }
    try {
      process.kill(process.platform === 'win32' ? this.childPid : -this.childPid, signal);
    } catch {
      // gone already, which is what was wanted
    }
  }

  private onOutcome(outcome: ProcessEnd): void {
    if (this.outcome !== undefined) {
      return;
    }
    this.outcome = outcome;
    if (this.openStreams === 0) {
      this.end.resolve(outcome);
      return;
    }
    const timer = setTimeout(() => this.end.resolve(outcome), drainMs);
    void this.end.promise.then(() => clearTimeout(timer));
  }

  private onStreamClosed(): void {
    this.openStreams -= 1;
    if (this.openStreams === 0 && this.outcome !== undefined) {
      this.end.resolve(this.outcome);
    }
  }
}

/** What Node itself needs to start; the child's environment travels in the job. */
function supervisorEnvironment(): NodeJS.ProcessEnv {
  const names = ['PATH', 'HOME', 'SystemRoot', 'windir', 'TEMP', 'TMP', 'TMPDIR', 'LANG'];
  const kept = names.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ELECTRON_RUN_AS_NODE: '1' };
}

function supervisorFailure(why: string): ProcessEnd {
  return {
    kind: 'failed',
    code: 'SUPERVISOR',
    message: `The helper process that watches over agents and commands did not run: ${why}`,
  };
}

function isFromSupervisor(value: unknown): value is FromSupervisor {
  return (
    isRecord(value) &&
    (value.kind === 'started' || value.kind === 'failed' || value.kind === 'exited')
  );
}
