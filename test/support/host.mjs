// Starts and stops a real VS Code (code-server) for one extension.
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { outsideNpm } from '../../scripts/lib/steps.mjs';
import { hostPieces } from './install-host.mjs';
import { processGroup, processTree, isAlive } from './processes.mjs';

/** A quiet workbench: no welcome, no telemetry, nothing of VS Code's own chat in the way (`vscode.lm` stays). */
const defaultSettings = {
  'workbench.startupEditor': 'none',
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  // The tooltip of the icon that was clicked would lie over the panel, and come back with every change of the badge.
  'workbench.hover.delay': 3_600_000,
  'workbench.enableExperiments': false,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.openRepositoryInParentFolders': 'never',
  'window.commandCenter': true,
  'chat.disableAIFeatures': true,
  'remote.autoForwardPorts': false,
  'files.simpleDialog.enable': true,
  'window.dialogStyle': 'custom',
};

/**
 * @typedef {object} HostOptions
 * @property {string[]} [vsix] packages to install
 * @property {string[]} [link] extension folders used in place: edit, build, reload the page
 * @property {string} [devPath] an extension folder as VS Code's "development" extension, which in-host tests need
 * @property {string} [folder] the folder to open; default: an empty one
 * @property {Record<string, unknown>} [settings] the user's settings over `defaultSettings`
 * @property {NodeJS.ProcessEnv} [env] for the server and its extension host
 * @property {string} [root] where its data goes; default: a fresh folder that goes at the end
 * @property {number} [port] default: a free one. VS Code keeps state and secrets in the browser, per address: for "quit
 *   and start again" give the same root, port and browser profile both times
 * @property {string} [home] HOME; default: a fresh folder, so that nobody's real logins are used
 * @property {boolean} [workspaceTrust] keep the trust feature on: the folder starts untrusted
 * @property {string[]} [args] more switches of code-server
 */

/** @param {HostOptions} [o] */
export async function startHost(o = {}) {
  const pieces = hostPieces();
  const root = o.root ?? mkdtempSync(path.join(tmpdir(), 'patchbay-host-'));
  const dirs = {
    root,
    user: path.join(root, 'user'),
    extensions: path.join(root, 'ext'),
    home: o.home ?? path.join(root, 'home'),
    log: path.join(root, 'server.log'),
  };
  const folder = path.resolve(o.folder ?? path.join(root, 'workspace'));
  for (const d of [path.join(dirs.user, 'User'), dirs.extensions, dirs.home, folder]) {
    mkdirSync(d, { recursive: true });
  }
  const trust = o.workspaceTrust ? { 'security.workspace.trust.enabled': true } : {};
  const settings = { ...defaultSettings, ...trust, ...o.settings };
  writeFileSync(path.join(dirs.user, 'User/settings.json'), JSON.stringify(settings, null, 2));
  // In a remote window settings of the scope "machine" count here only; from the user's they are dropped as soon as the
  // extension that declares them is known.
  const machineSettings = path.join(dirs.user, 'Machine/settings.json');
  if (!existsSync(machineSettings)) {
    mkdirSync(path.dirname(machineSettings), { recursive: true });
    writeFileSync(machineSettings, JSON.stringify(o.settings ?? {}, null, 2)); // a restart keeps what was saved there
  }
  writeFileSync(path.join(root, 'config.yaml'), 'auth: none\n');

  const sockets = mkdtempSync(path.join(tmpdir(), 'pbh-')); // the path of a socket must stay short
  const base = [
    pieces.entry,
    ...['--config', path.join(root, 'config.yaml')],
    ...['--user-data-dir', dirs.user],
    ...['--extensions-dir', dirs.extensions],
  ];
  const env = hostEnv(o, dirs, sockets);
  for (const place of o.link ?? []) linkExtension(path.resolve(place), dirs.extensions);
  for (const file of o.vsix ?? []) installVsix(pieces.node, base, path.resolve(file), env);

  const log = openSync(dirs.log, 'w');
  const child = spawn(
    pieces.node,
    [
      ...base,
      ...['--bind-addr', `127.0.0.1:${o.port ?? 0}`, '--auth', 'none'],
      ...['--disable-telemetry', '--disable-update-check'],
      ...['--disable-getting-started-override', '--ignore-last-opened'],
      // without it the workbench does not look at extensionDevelopmentPath and extensionTestsPath in its address
      ...(o.devPath ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
      ...(o.workspaceTrust ? [] : ['--disable-workspace-trust']),
      ...(o.args ?? []),
    ],
    // a process group of its own: server, extension host and terminals end together
    { env, cwd: root, stdio: ['ignore', log, log], detached: true },
  );
  closeSync(log);
  const guard = guardGroup(child.pid);

  const port = await listening(child, dirs.log).catch((error) => {
    void endGroup(child.pid, 'SIGKILL', 0);
    guard.kill('SIGKILL');
    throw error;
  });
  const authority = `127.0.0.1:${port}`;
  const remote = (f) => `vscode-remote://${authority}${encodeURI(path.resolve(f))}`;

  return {
    pid: child.pid,
    port,
    dirs,
    folder,
    remote,
    /** Settles when the server has ended, for whatever reason. */
    ended: new Promise((resolve) => child.once('exit', resolve)),

    /** The workbench's address. `payload`: extensionTestsPath and the like. */
    url(payload = []) {
      const all = [
        ...(o.devPath ? [['extensionDevelopmentPath', remote(o.devPath)]] : []),
        ['skipWelcome', 'true'],
        ['skipReleaseNotes', 'true'],
        ...payload,
      ];
      const query = new URLSearchParams({ folder, payload: JSON.stringify(all) });
      return `http://${authority}/?${query}`;
    },

    /** Processes of this host, oldest first. */
    processes: () => processTree(child.pid),
    extensionHost: () => processTree(child.pid).find((p) => p.type === 'extensionHost'),

    /** The newest log of that name: `remoteexthost.log`, or the name of an output channel's file. */
    log(name) {
      const file = filesBelow(path.join(dirs.user, 'logs'))
        .filter((f) => path.basename(f) === name)
        .pop();
      return file && readFileSync(file, 'utf8');
    },
    logFiles: () => filesBelow(path.join(dirs.user, 'logs')),
    /** What the editor has kept of unsaved files, each with a line of its own before the text. */
    unsavedTexts: () =>
      filesBelow(path.join(dirs.user, 'User/Backups')).flatMap((file) => {
        try {
          return [readFileSync(file, 'utf8')];
        } catch {
          return []; // the editor takes one away when the text is saved
        }
      }),
    serverLog: () => readFileSync(dirs.log, 'utf8'),

    async stop({ keep = o.root !== undefined || Boolean(process.env.KEEP_HOST) } = {}) {
      const all = processTree(child.pid).map((p) => p.pid);
      await endGroup(child.pid, 'SIGTERM', 3000);
      await endGroup(child.pid, 'SIGKILL', 1000);
      guard.kill('SIGKILL');
      for (const pid of all.filter(isAlive)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // gone already
        }
      }
      rmSync(sockets, { recursive: true, force: true, maxRetries: 5 });
      if (!keep) rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** With a HOME of the caller's choice it is that person's own session; else nothing of theirs may come in. */
function hostEnv(o, dirs, sockets) {
  const editors = /^(VSCODE_|PORT$|PASSWORD$|CODE_SERVER|NODE_OPTIONS$|NODE_TEST_CONTEXT$)/i;
  const personal = /^(XDG_|ANTHROPIC_|CLAUDE|OPENAI_|CODEX_|GEMINI_|OPENROUTER_)|_API_KEY$/i;
  const isLeak = (name) => editors.test(name) || (!o.home && personal.test(name));
  return {
    ...Object.fromEntries(Object.entries(outsideNpm()).filter(([name]) => !isLeak(name))),
    HOME: dirs.home,
    TMPDIR: sockets,
    EXTENSIONS_GALLERY: '{"serviceUrl":""}',
    ...o.env,
  };
}

function linkExtension(place, extensions) {
  const { publisher, name, version } = JSON.parse(
    readFileSync(path.join(place, 'package.json'), 'utf8'),
  );
  const link = path.join(extensions, `${publisher}.${name}-${version}`);
  rmSync(link, { force: true });
  symlinkSync(place, link);
}

function installVsix(node, base, file, env) {
  try {
    const args = [...base, '--install-extension', file, '--force'];
    execFileSync(node, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(
      `${file} could not be installed:\n${error.stdout ?? ''}${error.stderr ?? error.message}`,
    );
  }
}

/**
 * A tiny process that ends the host's group when this process is gone, however it went: the system closes the pipe
 * between the two.
 */
function guardGroup(group) {
  const script = `
    process.stdin.resume().on('end', () => {
      try { process.kill(-${group}, 'SIGKILL'); } catch {}
      process.exit();
    });`;
  const guard = spawn(process.execPath, ['-e', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  guard.stdin.unref();
  return guard;
}

async function listening(child, log) {
  const endMs = Date.now() + 60_000;
  while (Date.now() < endMs) {
    const text = readFileSync(log, 'utf8');
    if (child.exitCode !== null) throw new Error(`VS Code's server ended at once:\n${text}`);
    const port = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1];
    if (port) return Number(port);
    await pause(50);
  }
  throw new Error(`VS Code's server did not listen after 60 s:\n${readFileSync(log, 'utf8')}`);
}

async function endGroup(group, signal, withinMs) {
  try {
    process.kill(-group, signal);
  } catch {
    return; // gone already
  }
  const endMs = Date.now() + withinMs;
  while (processGroup(group).length > 0 && Date.now() < endMs) await pause(50);
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs);
}
