/**
 * The tiny script between the extension host and a child, bundled to one file and run as plain Node with an IPC channel.
 * The child gets this process's own standard streams, so not one byte passes through here. When the channel closes,
 * because the host let go or died, the child's whole process tree is ended: terminate first, kill after a grace time.
 * This process leaves when the child and its group are gone.
 */
import { append } from '../base/append';
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { devNull } from 'node:os';
import { join } from 'node:path';
import type {
  ChildSignal,
  FromSupervisor,
  SupervisorJob,
  ToSupervisor,
} from './supervisorProtocol';

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Start time in the system's own unit: tells a process from a later one with the same id. */
  readonly startedAt: string;
}

const isWindows = process.platform === 'win32';
/** Marks the processes of one job in their environment, so that they are found after their parent was killed. */
const runIdVariable = 'PATCHBAY_RUN';
/** What is left of a tree after its first process ended gets this long between terminate and kill. */
const leftoverGraceMs = 400;

supervise();

function supervise(): void {
  let child: ChildProcess | undefined;
  let job: SupervisorJob | undefined;
  let isEnding = false;
  /** Everything that was sent a signal: what of it is still there at the end is killed. */
  const tracked = new Map<number, ProcessEntry>();

  const signalTree = (signal: ChildSignal): void => {
    if (child?.pid === undefined) {
      return;
    }
    if (isWindows) {
      taskkill(child.pid, signal === 'SIGKILL');
      return;
    }
    if (signal !== 'SIGINT') {
      // By parent, and by the mark: who detached twice has no parent here any more.
      const marked = job === undefined ? [] : processesOfRun(job.runId);
      for (const entry of [...descendantsOf(child.pid), ...marked]) {
        tracked.set(entry.pid, entry);
      }
    }
    signalGroup(child.pid, signal);
    signalTracked(child.pid, tracked, signal);
  };

  const endTree = (): void => {
    if (isEnding) {
      return;
    }
    isEnding = true;
    if (child?.pid === undefined) {
      process.exit(0);
    }
    signalTree('SIGTERM');
    setTimeout(() => {
      signalTree('SIGKILL');
      process.exit(0);
    }, job?.graceMs ?? 2000);
  };

  const onChildExit = (group: number, wasKilled: boolean): void => {
    if (job !== undefined && (job.leavesNothing || (wasKilled && tracked.size === 0))) {
      for (const entry of processesOfRun(job.runId)) {
        tracked.set(entry.pid, entry);
      }
    }
    const isLeft = signalGroup(group, 'SIGTERM');
    const isTrackedLeft = signalTracked(group, tracked, 'SIGTERM');
    if (!isLeft && !isTrackedLeft) {
      process.exit(0);
    }
    setTimeout(() => {
      signalGroup(group, 'SIGKILL');
      signalTracked(group, tracked, 'SIGKILL');
      process.exit(0);
    }, leftoverGraceMs);
  };

  const start = (wanted: SupervisorJob): void => {
    job = wanted;
    const { scratchFolder } = wanted;
    if (scratchFolder !== undefined) {
      process.on('exit', () => removeFolder(scratchFolder));
    }
    let started: ChildProcess;
    try {
      started = spawnChild(wanted);
    } catch (error) {
      report(failureOf(error), () => process.exit(0));
      return;
    }
    child = started;
    started.once('error', (error) => {
      if (started.pid === undefined) {
        report(failureOf(error), () => process.exit(0));
      }
    });
    started.once('spawn', () => {
      if (started.pid !== undefined) {
        letGoOfOutput();
        report({ kind: 'started', pid: started.pid });
      }
    });
    started.once('exit', (code, signal) => {
      const group = started.pid;
      report({ kind: 'exited', code, signal }, () => {
        if (group === undefined || isWindows) {
          process.exit(0);
        }
        onChildExit(group, signal !== null);
      });
    });
  };

  process.on('disconnect', endTree);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, endTree);
  }
  process.on('uncaughtException', endTree);
  process.on('message', (message: ToSupervisor) => {
    if (message.kind === 'signal') {
      signalTree(message.signal);
    } else if (job === undefined) {
      start(message);
    }
  });
}

function removeFolder(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // left to the system, which clears its temporary folder
  }
}

function spawnChild(job: SupervisorJob): ChildProcess {
  return spawn(job.file, job.args, {
    cwd: job.cwd,
    env: { ...job.env, [runIdVariable]: job.runId },
    stdio: ['inherit', 'inherit', job.mergesOutput ? 1 : 'inherit'],
    shell: false,
    windowsHide: true,
    windowsVerbatimArguments: job.isVerbatim,
    // A group of its own on POSIX. On Windows it would mean a console window; there the tree is found by its parent.
    detached: !isWindows,
  });
}

/** Our own end of the child's stdout would hide from the host that the child has closed it. */
function letGoOfOutput(): void {
  if (isWindows) {
    return; // a handle there is no number that the next file takes
  }
  try {
    closeSync(1);
    openSync(devNull, 'w'); // takes the lowest number, which is free now: nothing else ends up as our stdout
  } catch {
    // It stays open: then only a child that closes its output and lives on is noticed later.
  }
}

/** Tells the host; `then` runs when the message is handed over, or when there is nobody to tell. */
function report(message: FromSupervisor, then: () => void = () => undefined): void {
  if (process.send === undefined || !process.connected) {
    then();
    return;
  }
  process.send(message, undefined, undefined, () => then());
}

function failureOf(error: unknown): FromSupervisor {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
  return { kind: 'failed', code, message: error instanceof Error ? error.message : String(error) };
}

/** False when nobody of the group is left. */
function signalGroup(group: number, signal: ChildSignal): boolean {
  return signalOne(-group, signal);
}

/** Signals what left the group but came from the child. False when nobody of them is left. */
function signalTracked(
  group: number,
  tracked: ReadonlyMap<number, ProcessEntry>,
  signal: ChildSignal,
): boolean {
  if (tracked.size === 0) {
    return false;
  }
  let isAnyLeft = false;
  for (const entry of listProcesses()) {
    const known = tracked.get(entry.pid);
    if (known?.startedAt === entry.startedAt && entry.group !== group) {
      isAnyLeft = signalOne(entry.pid, signal) || isAnyLeft;
    }
  }
  return isAnyLeft;
}

function signalOne(target: number, signal: ChildSignal): boolean {
  try {
    process.kill(target, signal);
    return true;
  } catch {
    return false; // gone already, which is what was wanted
  }
}

function taskkill(pid: number, isForced: boolean): void {
  const file = join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'taskkill.exe');
  // Without /F it asks windows to close and does nothing to a console program: then force ends it later.
  execFile(file, ['/PID', String(pid), '/T', ...(isForced ? ['/F'] : [])], () => undefined);
}

function descendantsOf(root: number): readonly ProcessEntry[] {
  const byParent = new Map<number, ProcessEntry[]>();
  for (const entry of listProcesses()) {
    const siblings = byParent.get(entry.parent);
    if (siblings === undefined) {
      byParent.set(entry.parent, [entry]);
    } else {
      siblings.push(entry);
    }
  }
  const found: ProcessEntry[] = [];
  const todo = [...(byParent.get(root) ?? [])];
  for (let entry = todo.pop(); entry !== undefined; entry = todo.pop()) {
    found.push(entry);
    append(todo, byParent.get(entry.pid) ?? []);
  }
  return found;
}

/**
 * Processes that carry the mark of this run and lost their parent: when the child was killed from outside it could not
 * end the commands that it had put into groups of their own (Claude Code 2.1 does so with every command). Linux only; elsewhere another's environment is not shown.
 */
function processesOfRun(runId: string): readonly ProcessEntry[] {
  const mark = `${runIdVariable}=${runId}\0`;
  return listProcesses().filter((entry) => {
    try {
      return `${readFileSync(`/proc/${entry.pid}/environ`, 'latin1')}\0`.includes(mark);
    } catch {
      return false; // another user's, or gone, or no /proc
    }
  });
}

function listProcesses(): readonly ProcessEntry[] {
  try {
    return process.platform === 'linux' ? fromProc() : fromPs();
  } catch {
    return []; // the group is signalled all the same
  }
}

function fromProc(): readonly ProcessEntry[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) {
      return [];
    }
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z'
        ? []
        : [
            {
              pid: Number(name),
              parent: Number(fields[1]),
              group: Number(fields[2]),
              startedAt: fields[19] ?? '',
            },
          ];
    } catch {
      return []; // ended meanwhile
    }
  });
}

function fromPs(): readonly ProcessEntry[] {
  const text = execFileSync('/bin/ps', ['-A', '-o', 'pid=,ppid=,pgid=,lstart='], {
    encoding: 'utf8',
    timeout: 1000,
  });
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    return match === null
      ? []
      : [
          {
            pid: Number(match[1]),
            parent: Number(match[2]),
            group: Number(match[3]),
            startedAt: match[4] ?? '',
          },
        ];
  });
}
