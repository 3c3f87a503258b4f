'use strict';
// One cold load: `node cold-load-child.cjs <entry> [--watch]`, one JSON line out.
const Module = require('node:module');
const path = require('node:path');
const vscode = require('./vscode-stub.cjs');

const load = Module._load;
Module._load = function (request, ...rest) {
  return request === 'vscode' ? vscode.stub : load.call(this, request, ...rest);
};

// An extension host has these long before it loads an extension.
for (const name of Module.builtinModules) {
  if (
    /^(child_process|crypto|fs|http|https|net|os|path|readline|stream|timers|tls|url|util|zlib)\b/.test(
      name,
    )
  ) {
    require(name);
  }
}

const [entry, mode] = process.argv.slice(2);
const context = vscode.context(path.dirname(path.dirname(entry)));
const reads = [];
const children = [];
if (mode === '--watch') watch();

void (async () => {
  const result = {};
  const startedMs = performance.now();
  const extension = require(entry);
  const loadedMs = performance.now();
  try {
    await extension.activate(context);
  } catch (error) {
    result.error = String(error?.stack ?? error);
  }
  const activeMs = performance.now();
  result.loadMs = loadedMs - startedMs;
  result.activateMs = activeMs - loadedMs;
  result.rssMb = process.memoryUsage().rss / 1e6;
  // what it left running may show itself
  if (mode === '--watch') await new Promise((resolve) => setTimeout(resolve, 300));
  const folder = path.dirname(entry) + path.sep;
  result.loaded = Object.keys(require.cache).filter((file) => file.startsWith(folder));
  process.stdout.write(JSON.stringify({ ...result, reads, children }), () => process.exit(0));
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
