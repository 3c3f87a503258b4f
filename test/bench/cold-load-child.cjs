'use strict';
// One cold load in a process of its own: `node cold-load-child.cjs <entry> [--activate]`, one JSON line out.
const Module = require('node:module');
const path = require('node:path');
const vscode = require('./vscode-stub.cjs');

const load = Module._load;
Module._load = function (request, ...rest) {
  return request === 'vscode' ? vscode.stub : load.call(this, request, ...rest);
};

const [entry, mode] = process.argv.slice(2);
const reads = [];
const children = [];
if (mode === '--activate') watch();

const startedMs = performance.now();
const extension = require(entry);
const loadMs = performance.now() - startedMs;
const rssMb = process.memoryUsage().rss / 1e6;

void (async () => {
  const result = { loadMs, rssMb };
  if (mode === '--activate') {
    const activatingMs = performance.now();
    try {
      await extension.activate(vscode.context(path.dirname(path.dirname(entry))));
    } catch (error) {
      result.error = String(error?.stack ?? error);
    }
    result.activateMs = performance.now() - activatingMs;
    await new Promise((resolve) => setTimeout(resolve, 200)); // what it left running may show itself
    const folder = path.dirname(entry) + path.sep;
    result.loaded = Object.keys(require.cache).filter((file) => file.startsWith(folder));
    Object.assign(result, { reads, children });
  }
  process.stdout.write(JSON.stringify(result), () => process.exit(0));
})();

/** Notes each child process and each file that is read. */
function watch() {
  const fs = require('node:fs');
  const processes = require('node:child_process');
  const note = (file) => {
    try {
      const name = file instanceof URL ? file.pathname : String(file);
      reads.push({ file: name, bytes: fs.statSync(name).size });
    } catch {
      // not there: nothing was read
    }
  };
  const wrap = (object, name, before) => {
    const original = object[name];
    object[name] = function (...args) {
      before(...args);
      return original.apply(this, args);
    };
  };
  for (const name of ['readFile', 'readFileSync', 'createReadStream', 'open', 'openSync']) {
    wrap(fs, name, note);
  }
  for (const name of ['readFile', 'open']) wrap(fs.promises, name, note);
  for (const name of [
    'spawn',
    'spawnSync',
    'exec',
    'execSync',
    'execFile',
    'execFileSync',
    'fork',
  ]) {
    wrap(processes, name, (command) => children.push(`${name} ${command}`));
  }
}
