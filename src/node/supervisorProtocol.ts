/** What the host tells the supervisor, over the IPC channel. The first message is the job; it comes exactly once. */
export type ToSupervisor =
  | SupervisorJob
  /** To the child's whole tree; SIGINT to its group only, as a terminal would. */
  | { readonly kind: 'signal'; readonly signal: ChildSignal };

export type ChildSignal = 'SIGINT' | 'SIGTERM' | 'SIGKILL';

export interface SupervisorJob {
  readonly kind: 'start';
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The child's whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** stderr goes into the same pipe as stdout, so that their order is kept. */
  readonly mergesOutput: boolean;
  /** Windows: the arguments are one ready command line. */
  readonly isVerbatim: boolean;
  /** Between terminate and kill when the host is gone. */
  readonly graceMs: number;
  /** Unique per job; the child and what it starts carry it in the environment variable `PATCHBAY_RUN`. */
  readonly runId: string;
  /** What the child has started and let go of ends with it, however it ends. */
  readonly leavesNothing: boolean;
  /** A folder of ours that is taken away when the child is gone, also when the host died before it. */
  readonly scratchFolder?: string;
}

/** What the supervisor tells. `failed` and `exited` come at most once, and nothing after them. */
export type FromSupervisor =
  | { readonly kind: 'started'; readonly pid: number }
  /** The program could not be started; `code` is the system's (`ENOENT`, `EACCES`, …). */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null };
