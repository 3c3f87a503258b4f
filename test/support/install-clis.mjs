#!/usr/bin/env node
// Real coding agents from npm, in a cache folder outside the project. What is there is left alone; no package script
// runs; nothing is installed globally.
//   node test/support/install-clis.mjs [claude|codex|node24|opencode|claude-agent-acp|gemini|pi]... [--check]   prints `export` lines with their paths
//   PATCHBAY_CLI_CACHE   where (default: ${XDG_CACHE_HOME:-~/.cache}/patchbay-clis)
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { isMain } from '../../scripts/lib/root.mjs';
import { npm, outsideNpm, runMain, Trouble } from '../../scripts/lib/steps.mjs';
import { withLock } from './lock.mjs';

const platform = `${process.platform}-${process.arch}`;
const exe = process.platform === 'win32' ? '.exe' : '';

/** Name -> package, the environment variable for its path, and where the program lies below node_modules. */
const clis = {
  node24: {
    spec: `node-${platform}@${process.env.NODE24_VERSION ?? '24.21.0'}`,
    variable: 'PATCHBAY_NODE24',
    program: () => `node-${platform}/bin/node${exe}`,
  },
  claude: {
    spec: `@anthropic-ai/claude-code@${process.env.CLAUDE_VERSION ?? '2.1.329'}`,
    variable: 'PATCHBAY_CLAUDE_BIN',
    program: () => `@anthropic-ai/claude-code-${platform}/claude${exe}`,
  },
  codex: {
    spec: `@openai/codex@${process.env.CODEX_VERSION ?? '0.169.0'}`,
    variable: 'PATCHBAY_CODEX_BIN',
    program: (modules) => {
      const vendor = path.join(modules, '@openai', `codex-${platform}`, 'vendor');
      const target = existsSync(vendor) ? (readdirSync(vendor)[0] ?? '') : '';
      return path.join('@openai', `codex-${platform}`, 'vendor', target, 'bin', `codex${exe}`);
    },
  },
  opencode: {
    spec: `opencode-ai@${process.env.OPENCODE_VERSION ?? '1.18.33'}`,
    variable: 'PATCHBAY_OPENCODE_BIN',
    program: () => `opencode-${platform}/bin/opencode${exe}`,
  },
  // Its own copy of Claude Code is left out: it is given the one above.
  'claude-agent-acp': {
    spec: `@agentclientprotocol/claude-agent-acp@${process.env.CLAUDE_ACP_VERSION ?? '0.100.0'}`,
    options: ['--omit=optional'],
    variable: 'PATCHBAY_CLAUDE_ACP_JS',
    program: () => '@agentclientprotocol/claude-agent-acp/dist/index.js',
  },
  gemini: {
    spec: `@google/gemini-cli@${process.env.GEMINI_VERSION ?? '0.61.0'}`,
    options: ['--omit=optional'],
    variable: 'PATCHBAY_GEMINI_JS',
    program: () => '@google/gemini-cli/bundle/gemini.js',
  },
  pi: {
    spec: `@mariozechner/pi-coding-agent@${process.env.PI_VERSION ?? '0.73.1'}`,
    variable: 'PATCHBAY_PI_JS',
    program: () => '@mariozechner/pi-coding-agent/dist/cli.js',
  },
};

const cliNames = Object.keys(clis);

const cliCache = () =>
  process.env.PATCHBAY_CLI_CACHE ??
  path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'patchbay-clis');

/**
 * @param {readonly string[]} [names]
 * @param {{ report?: (line: string) => void }} [options]
 * @returns {Promise<Record<string, string>>} the environment variables with the paths
 */
export async function installClis(names = cliNames, { report = console.error } = {}) {
  const env = {};
  for (const name of names) {
    const cli = clis[name];
    if (!cli) throw new Trouble(`unknown agent "${name}"; known are ${cliNames.join(', ')}`);
    const folder = path.join(cliCache(), name);
    mkdirSync(cliCache(), { recursive: true });
    await withLock(`${folder}.lock`, { report, what: `the installation of ${name}` }, () =>
      install(folder, cli, report),
    );
    const modules = path.join(folder, 'node_modules');
    const program = path.join(modules, cli.program(modules));
    if (!existsSync(program)) {
      rmSync(path.join(folder, '.installed'), { force: true });
      throw new Trouble(
        `${cli.spec} was installed, but ${program} is not there (is ${platform} supported?)`,
      );
    }
    if (process.platform !== 'win32') chmodSync(program, 0o755);
    env[cli.variable] = program;
  }
  return env;
}

async function install(folder, { spec, options = [] }, report) {
  const mark = path.join(folder, '.installed');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === spec) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{"private":true}\n');
  report(`installing ${spec}`);
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--save-exact'];
  const { code, output } = await npm(['install', ...quiet, ...options, spec], {
    cwd: folder,
    env: outsideNpm(),
    quiet: true,
    timeoutMs: 600_000,
  });
  if (code !== 0) {
    throw new Trouble(
      `${spec} could not be installed into ${folder}:\n${output.trim()}\nIs the npm registry reachable (\`npm ping\`)?`,
    );
  }
  writeFileSync(mark, spec);
}

/** Runs `--version` in a clean HOME; a script runs with the newest Node at hand. */
function versionOf(program) {
  const home = mkdtempSync(path.join(tmpdir(), 'patchbay-cli-'));
  try {
    const env = { PATH: process.env.PATH, HOME: home, CODEX_HOME: home };
    const isScript = program.endsWith('.js');
    const node = path.join(cliCache(), 'node24/node_modules', clis.node24.program());
    const [file, args] = isScript
      ? [existsSync(node) ? node : process.execPath, [program, '--version']]
      : [program, ['--version']];
    return execFileSync(file, args, { env, encoding: 'utf8', timeout: 30_000 }).trim();
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const { values, positionals } = parseArgs({
      options: { check: { type: 'boolean' } },
      allowPositionals: true,
    });
    const env = await installClis(positionals.length > 0 ? positionals : cliNames);
    for (const [name, file] of Object.entries(env)) {
      console.log(`export ${name}='${file}'`);
      if (values.check) console.error(`${name}: ${versionOf(file)}`);
    }
    return 0;
  });
}
