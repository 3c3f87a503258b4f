// What the scripts share: progress lines, running a program, and `npm ci` when it is needed.
// Imports nothing but Node, so that it works on a fresh clone.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { inRoot, root } from './root.mjs';

const startedMs = Date.now();
export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/** One line of progress with the time since the start. */
export const say = (text) =>
  console.log(
    `[patchbay ${String(Math.round((Date.now() - startedMs) / 1000)).padStart(3)} s] ${text}`,
  );

/** A failure that a person can mend: shown without a stack. */
export class Trouble extends Error {}

/** Runs `main` and ends the process with its status; a Trouble is shown as one sentence. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? process.exitCode ?? 0;
  } catch (error) {
    console.error(error instanceof Trouble ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}

export function requireNode(major = 20) {
  const have = Number(process.versions.node.split('.')[0]);
  if (have >= major) return;
  throw new Trouble(
    `Patchbay needs Node ${major} or newer; this is ${process.version}.\n` +
      `Install it from https://nodejs.org (or with your version manager: nvm install ${major}) and run the command again.`,
  );
}

/**
 * Runs a program in a process group of its own, so that a time limit or Ctrl-C ends all it started.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, quiet?: boolean,
 *   onLine?: (line: string) => void }} [options] `quiet` keeps the output (returned) instead of showing it
 * @returns {Promise<{ code: number, output: string, timedOut: boolean }>}
 */
export function run(command, args, options = {}) {
  const { cwd = root, env = process.env, timeoutMs, quiet = false, onLine } = options;
  const windows = process.platform === 'win32';
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      stdio: quiet || onLine ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
      detached: !windows,
      shell: windows && !command.endsWith('.exe'),
    });
    let output = '';
    let rest = '';
    let timedOut = false;
    const take = (chunk) => {
      output += chunk;
      if (!onLine) return;
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    };
    child.stdout?.setEncoding('utf8').on('data', take);
    child.stderr?.setEncoding('utf8').on('data', take);
    const end = (signal) => {
      endGroup(child, signal);
      setTimeout(() => endGroup(child, 'SIGKILL'), 5000).unref();
    };
    let stoppedBy;
    const onSignal = (signal) => {
      stoppedBy ??= signal;
      end(signal);
    };
    const onExit = () => endGroup(child, 'SIGKILL');
    const timer =
      timeoutMs &&
      setTimeout(() => {
        timedOut = true;
        end('SIGTERM');
      }, timeoutMs);
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('exit', onExit);
    const done = () => {
      clearTimeout(timer);
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('exit', onExit);
    };
    child.on('error', (error) => {
      done();
      reject(error);
    });
    child.on('close', (code) => {
      done();
      if (rest && onLine) onLine(rest);
      if (stoppedBy) process.exit(stoppedBy === 'SIGINT' ? 130 : 143);
      resolve({ code: code ?? 1, output, timedOut });
    });
  });
}

/** Ends a detached child and all that it started. */
export function endGroup(child, signal) {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') spawn('taskkill', ['/pid', String(child.pid), '/T', '/F']);
    else process.kill(-child.pid, signal);
  } catch {
    // gone already
  }
}

/** How to start npm: the one that runs us, else the one on the PATH. */
export function npmCommand() {
  const cli = process.env.npm_execpath;
  if (cli && /npm-cli\.js$/.test(cli) && existsSync(cli)) return [process.execPath, cli];
  return ['npm'];
}

export async function npm(args, options = {}) {
  const [command, ...first] = npmCommand();
  try {
    return await run(command, [...first, ...args], options);
  } catch (error) {
    if (error.code === 'ENOENT')
      throw new Trouble('npm was not found. It comes with Node: https://nodejs.org');
    throw error;
  }
}

/** An environment without what npm hands down to the scripts it runs; how to reach the registry stays. */
export function outsideNpm(env = process.env) {
  const keep =
    /^npm_config_(registry|cache|userconfig|globalconfig|cafile|https?_?proxy|noproxy)$/i;
  const isLeak = (name) => /^(npm_|INIT_CWD$|NODE_ENV$)/i.test(name) && !keep.test(name);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isLeak(name)));
}

/**
 * `npm ci` when node_modules is missing or is not what package-lock.json says.
 * @param {{ quiet?: boolean }} [options] `quiet`: nothing on stdout
 */
export async function ensureDependencies({ quiet = false } = {}) {
  const why = staleDependencies();
  if (!why) return;
  if (!quiet) say(`npm ci (${why})`);
  const { code, output } = await npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    env: outsideNpm(),
    quiet,
  });
  if (code === 0) return;
  throw new Trouble(
    `${output}\nnpm ci failed; its message stands above. If it speaks of package-lock.json, run \`npm install\` once; ` +
      'else see whether the npm registry can be reached (`npm ping`) and whether the disk is full.',
  );
}

function staleDependencies() {
  const hidden = inRoot('node_modules/.package-lock.json');
  if (!existsSync(hidden)) return 'first run';
  const wanted = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8')).packages;
  const have = JSON.parse(readFileSync(hidden, 'utf8')).packages;
  const changed = Object.entries(wanted).find(
    ([where, p]) => where !== '' && !p.optional && !p.link && have[where]?.version !== p.version,
  );
  return changed && `${changed[0].replace('node_modules/', '')} is not ${changed[1].version}`;
}

export const hasDisplay = () =>
  process.platform === 'darwin' ||
  process.platform === 'win32' ||
  Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

/**
 * Runs `work` for each item, at most `atOnce` at a time, begun in their order.
 * @template T, R
 * @param {readonly T[]} items
 * @param {number} atOnce
 * @param {(item: T, index: number) => Promise<R>} work
 * @returns {Promise<R[]>} in the order of the items
 */
export async function eachOf(items, atOnce, work) {
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index], index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
