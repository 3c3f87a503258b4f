import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';
import { errorMessage } from '../base/patchbayError';
import type { Redactor } from '../base/redact';
import { oneLine, type Failure } from '../events/failure';
import type { ChildTransport, TransportContext, TransportFactory } from '../runtime/contract';
import { childEnvironment, type Environment } from './childEnvironment';
import { ChildLines, type StartedChild } from './childLines';
import type { ExecutableLookup } from './executables';
import { findFolderCode } from './folderCode';
import { endWhenMute } from './muteChild';
import { createScratchFolder } from './scratchFolder';
import { brokenProgram, missingProgram, spawnFailure } from './spawnFailure';
import { ToolSocket } from './toolSocket';
import { startSupervised, type SupervisorOptions } from './supervisedProcess';

export interface ChildProcessTransportOptions extends SupervisorOptions {
  readonly lookup: (nameOrPath: string) => Promise<ExecutableLookup>;
  /** Without workspace trust nothing is started. Asked at every start. */
  readonly isTrusted: () => boolean;
  readonly redact: Redactor;
  /** The environment to take the allow-listed part from: `process.env`. */
  readonly inheritedEnv: Readonly<Record<string, string | undefined>>;
  /** Variables of an agent's own that pass from the user's environment (`ANTHROPIC_*`), by adapter. */
  readonly passVariables?: (adapter: string) => readonly string[];
  /** How one gets an agent, for the message when it is missing, by adapter. */
  readonly installHint?: (adapter: string) => string | undefined;
  /**
   * The program was found by name inside a workspace folder: may it run? Absent: it may not. A path that the user set
   * (machine scope) is not asked about.
   */
  readonly mayRunFromWorkspace?: (path: string) => Promise<boolean>;
  /**
   * The folder holds code that the agent would run by itself (`files`, absolute): may it start? The answer is about
   * exactly this content (`digest`). Absent: it may not.
   */
  readonly mayRunFolderCode?: (found: {
    readonly adapter: string;
    readonly files: readonly string[];
    readonly digest: string;
  }) => Promise<boolean>;
  /** Whose files are the user's own. Default: the home folder. */
  readonly homeDirectory?: string;
  /** The bundled program by which an agent reaches our tools. Absent: a launch that wants them fails. */
  readonly toolServerPath?: string;
  readonly maxLineBytes?: number;
  readonly platform?: NodeJS.Platform;
}

/**
 * The transport of external agents: JSON lines over the standard streams of a child under the supervisor, started
 * without a shell in its own process group. The program is found, checked and started asynchronously; what was sent in
 * the meantime follows in order. A start that fails is an exit with `spawnError`.
 *
 * `close` takes at most `opts.closeTimeoutMs` (default 5000): stdin ends, then terminate, then kill of the whole tree. After an
 * abort the polite part is half a second only, because the dialect's own interrupt came before it.
 */
export function createChildProcessTransport(
  options: ChildProcessTransportOptions,
): TransportFactory {
  return (context): ChildTransport => {
    const { toolServerPath, execPath } = options;
    const toolSocket =
      context.launch.needsToolRelay === true && toolServerPath !== undefined
        ? new ToolSocket({ toolServerPath, ...(execPath === undefined ? {} : { execPath }) })
        : undefined;
    return new ChildLines({
      start: async (isWanted) => {
        await toolSocket?.listen();
        return startAgent(options, context, toolSocket?.folder, isWanted);
      },
      ...(toolSocket === undefined ? {} : { toolSocket }),
      redact: options.redact,
      closeTimeoutMs: context.opts.closeTimeoutMs ?? 5000,
      isAborted: () => context.opts.signal.aborted,
      ...(context.launch.inputText === undefined ? {} : { inputText: context.launch.inputText }),
      ...(options.maxLineBytes === undefined ? {} : { maxLineBytes: options.maxLineBytes }),
    });
  };
}

async function startAgent(
  options: ChildProcessTransportOptions,
  { spec, opts, launch }: TransportContext,
  scratchFolder: string | undefined,
  isWanted: () => boolean,
): Promise<StartedChild | Failure> {
  if (!options.isTrusted()) {
    return notTrusted(
      'This folder is not trusted, so no agent is started. Trust the workspace to go on.',
    );
  }
  const program = spec.binaryPath ?? launch.defaultBinary;
  const installHint = options.installHint?.(spec.adapter);
  const words = { program, ...(installHint === undefined ? {} : { installHint }) };
  const found = await options.lookup(program);
  if (found.kind === 'missing') {
    return missingProgram(words, found.message);
  }
  if (found.kind === 'broken') {
    return brokenProgram(found.message);
  }
  if (
    found.isInsideWorkspace &&
    !isAbsolute(spec.binaryPath ?? '') &&
    !(await mayRun(options, found.path))
  ) {
    return notTrusted(
      `"${program}" was found inside the workspace (${found.path}) and was not started. Set the path of the program that you want in the settings of Patchbay.`,
    );
  }
  const folder = await workingFolder(opts.cwd);
  if (folder.kind === 'failed') {
    return folder.failure;
  }
  const refusal = await refuseFolderCode(options, { spec, launch }, folder.path);
  if (refusal !== undefined) {
    folder.remove();
    return refusal;
  }
  if (!options.isTrusted() || !isWanted()) {
    folder.remove();
    return notTrusted('The agent was not started.');
  }
  const child = endWhenMute(
    startSupervised(
      {
        file: found.launch.file,
        args: [...found.launch.argsBefore, ...launch.args],
        cwd: folder.path,
        env: agentEnvironment(options, { spec, launch }, found.searchPath),
        stdin: 'pipe',
        leavesNothing: true,
        ...(scratchFolder === undefined ? {} : { scratchFolder }),
      },
      options,
    ),
  );
  return {
    process: child,
    explainStart: (code, message) => spawnFailure(words, found.path, code, message),
    remove: folder.remove,
  };
}

function agentEnvironment(
  options: ChildProcessTransportOptions,
  { spec, launch }: Pick<TransportContext, 'spec' | 'launch'>,
  searchPath: string,
): Environment {
  return childEnvironment({
    inherited: options.inheritedEnv,
    pass: options.passVariables?.(spec.adapter) ?? [],
    layers: [searchPath === '' ? undefined : { PATH: searchPath }, spec.env, launch.env],
    isWindows: (options.platform ?? process.platform) === 'win32',
  });
}

/** Undefined: there is nothing, or the user said yes to it. What cannot be looked through is refused. */
async function refuseFolderCode(
  options: ChildProcessTransportOptions,
  { spec, launch }: Pick<TransportContext, 'spec' | 'launch'>,
  folder: string,
): Promise<Failure | undefined> {
  const { folderCode = [] } = launch;
  if (folderCode.length === 0) {
    return undefined;
  }
  const look = (): ReturnType<typeof findFolderCode> =>
    findFolderCode(folder, folderCode, options.homeDirectory ?? homedir());
  let found;
  let isAllowed: boolean | undefined;
  let now;
  try {
    found = await look();
    if (found === undefined) {
      return undefined;
    }
    isAllowed = await options.mayRunFolderCode?.({ adapter: spec.adapter, ...found });
    // The answer is about what was there when it was asked for, and people take their time.
    now = isAllowed === true ? await look() : undefined;
  } catch (error) {
    return notTrusted(
      `Whether this folder holds code that the agent would run by itself could not be seen, so it was not started: ${errorMessage(error)}`,
    );
  }
  if (isAllowed === true && now?.digest !== found.digest) {
    return {
      code: 'consent_needed',
      message:
        'The code that the agent runs by itself in this folder changed while you were asked, so the agent was not started. Try again.',
    };
  }
  return isAllowed === true
    ? undefined
    : {
        code: 'consent_needed',
        message: oneLine(
          `This folder holds code that the agent runs by itself when it starts, so it was not started: ${found.files.slice(0, 3).join(', ')}${found.files.length > 3 ? ', …' : ''}. Look at it; then try again and agree, or take it away.`,
        ),
      };
}

async function mayRun(options: ChildProcessTransportOptions, path: string): Promise<boolean> {
  return (await options.mayRunFromWorkspace?.(path)) ?? false;
}

type WorkingFolder =
  | { readonly kind: 'ready'; readonly path: string; readonly remove: () => void }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** The chosen workspace folder, else an empty folder of the child's own; never ours, which is somewhere in the editor. */
async function workingFolder(cwd: string | undefined): Promise<WorkingFolder> {
  if (cwd === undefined) {
    const scratch = await createScratchFolder();
    return { kind: 'ready', path: scratch.path, remove: scratch.remove };
  }
  const found = await stat(cwd).catch((error: unknown) => errorMessage(error));
  if (typeof found === 'string' || !found.isDirectory()) {
    return {
      kind: 'failed',
      failure: {
        code: 'no_folder',
        message: `The folder ${cwd} is not there any more. Open another one and try again.`,
        ...(typeof found === 'string' ? { detail: found } : {}),
      },
    };
  }
  return { kind: 'ready', path: cwd, remove: () => undefined };
}

function notTrusted(message: string): Failure {
  return { code: 'not_trusted', message };
}
