import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { errorMessage } from '../base/patchbayError';
import type { Redactor } from '../base/redact';
import { RedactingStream } from '../base/redactingStream';
import type { ShellKind } from '../gate/shell/contract';
import type { CommandOutcome, CommandRunner } from '../tools/contract';
import { CappedOutput } from './cappedOutput';
import { childEnvironment, type Environment } from './childEnvironment';
import { EscapeStripper } from '../base/escapeSequences';
import { startSupervised, type ProcessEnd, type SupervisorOptions } from './supervisedProcess';

export interface CommandRunnerOptions extends SupervisorOptions {
  /** Without workspace trust nothing is run. Asked for every command. */
  readonly isTrusted: () => boolean;
  readonly inheritedEnv: Readonly<Record<string, string | undefined>>;
  /** A fuller PATH than the inherited one (that of the login shell). */
  readonly searchPath?: () => Promise<string | undefined>;
  readonly platform?: NodeJS.Platform;
  /** Between terminate and kill after a timeout or an abort. Default 2000. */
  readonly killGraceMs?: number;
  /** Default 1 MiB. */
  readonly maxOutputChars?: number;
  /** Takes secrets out of the output before anybody gets it: whoever asked, the panel, the log. Paths must stay as they are. */
  readonly redact?: Redactor;
}

type RunOptions = Parameters<CommandRunner['run']>[0];

/**
 * Runs commands in a shell that reads no start-up files, with an allow-listed environment, without stdin, in their own
 * process group under the supervisor. Timeout and abort end the whole tree: terminate, then kill.
 */
export function createCommandRunner(options: CommandRunnerOptions): CommandRunner {
  return { run: (command) => runCommand(options, command) };
}

async function runCommand(options: CommandRunnerOptions, run: RunOptions): Promise<CommandOutcome> {
  const platform = options.platform ?? process.platform;
  if (run.signal.aborted) {
    return { exitCode: null, signal: null, output: '', end: 'aborted' };
  }
  if (!options.isTrusted()) {
    return notRun('This folder is not trusted, so nothing is run. Trust the workspace to go on.');
  }
  if (run.command.includes('\0')) {
    return notRun('The command has a NUL character, so it was not run.');
  }
  const searchPath = await options.searchPath?.().catch(() => undefined); // the inherited PATH will do
  const shell = commandShell(platform, options.inheritedEnv, existsSync, run.command);
  try {
    const child = startSupervised(
      {
        ...shell,
        cwd: run.cwd,
        env: commandEnvironment(options, platform, searchPath),
        stdin: 'none',
        mergesOutput: true,
      },
      options,
    );
    return await watch(options, run, child);
  } catch (error) {
    return notRun(`The command could not be started: ${errorMessage(error)}`);
  }
}

async function watch(
  options: CommandRunnerOptions,
  run: RunOptions,
  child: ReturnType<typeof startSupervised>,
): Promise<CommandOutcome> {
  const output = new CappedOutput(options.maxOutputChars ?? 1024 * 1024);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const stripper = new EscapeStripper();
  // A secret may be cut in two by the pieces in which it comes: they are joined to lines before they are shown.
  const shown = new RedactingStream(options.redact ?? ((text) => text));
  const give = (text: string): void => {
    output.push(text);
    if (text !== '') {
      run.onOutput?.(text);
    }
  };
  const accept = (text: string): void =>
    give(options.redact === undefined ? text : shown.push(text));
  child.stdout.on('data', (chunk: Uint8Array) =>
    accept(stripper.push(decoder.decode(chunk, { stream: true }))),
  );
  child.stderr.resume(); // only the supervisor itself could write here
  const ending = endOnTimeoutOrAbort(run, child, options.killGraceMs ?? 2000);
  const end = await child.ended;
  ending.stop();
  accept(stripper.push(decoder.decode()) + stripper.end());
  give(shown.end());
  child.release();
  return outcomeOf(end, ending.why(), output.text(), run);
}

/** Starts the ladder once, for whichever comes first. */
function endOnTimeoutOrAbort(
  run: RunOptions,
  child: ReturnType<typeof startSupervised>,
  graceMs: number,
): { readonly why: () => 'timeout' | 'aborted' | undefined; readonly stop: () => void } {
  let why: 'timeout' | 'aborted' | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const end = (reason: 'timeout' | 'aborted'): void => {
    if (why === undefined) {
      why = reason;
      child.signal('SIGTERM');
      killTimer = setTimeout(() => {
        child.signal('SIGKILL');
        // Even the kill was not answered: let go, the supervisor ends what it can.
        killTimer = setTimeout(() => child.release(), graceMs);
      }, graceMs);
    }
  };
  const onAbort = (): void => end('aborted');
  run.signal.addEventListener('abort', onAbort, { once: true });
  if (run.signal.aborted) {
    onAbort();
  }
  const timer = setTimeout(() => end('timeout'), run.timeoutMs);
  return {
    why: () => why,
    stop: () => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      run.signal.removeEventListener('abort', onAbort);
    },
  };
}

function outcomeOf(
  end: ProcessEnd,
  why: 'timeout' | 'aborted' | undefined,
  output: string,
  run: RunOptions,
): CommandOutcome {
  if (end.kind === 'failed') {
    const place =
      end.code === 'ENOENT' && !existsSync(run.cwd)
        ? `The folder ${run.cwd} does not exist.`
        : end.message;
    return why === undefined
      ? notRun(`The command could not be started: ${place}`)
      : { exitCode: null, signal: null, output, end: why };
  }
  return { exitCode: end.code, signal: end.signal, output, end: why ?? 'exited' };
}

function notRun(output: string): CommandOutcome {
  return { exitCode: null, signal: null, output, end: 'spawn_failed' };
}

/**
 * How commands of this machine are to be judged: by the shell that `commandShell` takes, and on Windows also by those
 * that an agent may take instead. On POSIX all of them are read as bash.
 */
export function commandShellKind(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  exists: (path: string) => boolean = existsSync,
): { readonly shell: ShellKind; readonly otherShells: readonly ShellKind[] } {
  if (platform !== 'win32') {
    return { shell: 'bash', otherShells: [] };
  }
  return commandShell(platform, env, exists, '').file.endsWith('powershell.exe')
    ? { shell: 'powershell', otherShells: ['bash', 'cmd'] }
    : { shell: 'cmd', otherShells: ['bash', 'powershell'] };
}

/** A shell with a clean start, and the command as one argument that cannot become an option. */
export function commandShell(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  exists: (path: string) => boolean,
  command: string,
): { readonly file: string; readonly args: readonly string[]; readonly isVerbatim?: boolean } {
  if (platform === 'win32') {
    const system = join(env.SystemRoot ?? 'C:\\Windows', 'System32');
    const powershell = join(system, 'WindowsPowerShell', 'v1.0', 'powershell.exe');
    if (exists(powershell)) {
      // Base64 of UTF-16: no quoting rule stands between what was judged and what runs.
      const encoded = Buffer.from(`${utf8Output}${command}`, 'utf16le').toString('base64');
      return {
        file: powershell,
        args: ['-NoLogo', '-NoProfile', '-NonInteractive', '-EncodedCommand', encoded],
      };
    }
    return {
      file: join(system, 'cmd.exe'),
      args: ['/d', '/s', '/c', `"${command}"`],
      isVerbatim: true,
    };
  }
  return exists('/bin/bash')
    ? { file: '/bin/bash', args: ['--noprofile', '--norc', '-c', '--', command] }
    : { file: '/bin/sh', args: ['-c', '--', command] };
}

const utf8Output =
  '[Console]::OutputEncoding=[Text.Encoding]::UTF8;$ProgressPreference="SilentlyContinue";';

/** Where tool chains are found; nothing here is a secret or makes a shell run something at its start. */
const toolchainNames = [
  'JAVA_HOME',
  'ANDROID_HOME',
  'ANDROID_SDK_ROOT',
  'GOPATH',
  'GOROOT',
  'GOBIN',
  'CARGO_HOME',
  'RUSTUP_HOME',
  'NVM_DIR',
  'VOLTA_HOME',
  'FNM_DIR',
  'PNPM_HOME',
  'BUN_INSTALL',
  'DENO_DIR',
  'VIRTUAL_ENV',
  'CONDA_PREFIX',
  'PYENV_ROOT',
  'RBENV_ROOT',
  'GEM_HOME',
  'DOTNET_ROOT',
  'HOMEBREW_PREFIX',
  'SDKMAN_DIR',
  'DOCKER_HOST',
  'KUBECONFIG',
] as const;

function commandEnvironment(
  options: CommandRunnerOptions,
  platform: NodeJS.Platform,
  searchPath: string | undefined,
): Environment {
  return childEnvironment({
    inherited: options.inheritedEnv,
    pass: toolchainNames,
    layers: [
      // No pager and no editor can be used: there is nobody at a terminal.
      {
        TERM: 'dumb',
        PAGER: 'cat',
        GIT_PAGER: 'cat',
        GIT_EDITOR: 'true',
        GIT_TERMINAL_PROMPT: '0',
        // cmd looks into the folder first otherwise, and what lies there is not what was judged.
        NoDefaultCurrentDirectoryInExePath: '1',
      },
      searchPath === undefined ? undefined : { PATH: searchPath },
    ],
    isWindows: platform === 'win32',
  });
}
