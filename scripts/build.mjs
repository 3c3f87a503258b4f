#!/usr/bin/env node
// Builds what the extension runs from: `npm run build [-- --dev] [-- --watch]`.
//
// Host: CommonJS for Node. esbuild can only split ES modules, so the split is made there and each part is then
// turned into CommonJS. All that `extension.ts` needs at once is one file, `dist/extension.js`; every `import()`
// is a file of its own that is read when it is first asked for. Code they share exists once, in `extension.js` or in
// `composition.js`, which is there before the rest, so that a class is the same class on both sides.
// Webview: ES modules for the browser, with esbuild's own splitting.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { leanSdks } from './lib/lean-sdks.mjs';
import { notices } from './lib/notices.mjs';
import { inRoot, isMain, root } from './lib/root.mjs';

const parts = {
  host: { entries: ['src/extension.ts'], prepare: hostBuild },
  headless: { entries: ['src/headless.ts'], prepare: (o) => singleFileBuild(o, 'headless') },
  supervisor: {
    entries: ['src/node/supervisor.ts'],
    prepare: (o) => singleFileBuild(o, 'supervisor'),
  },
  mcpHub: { entries: ['src/node/mcpHub.ts'], prepare: (o) => singleFileBuild(o, 'mcpHub') },
  toolServer: {
    entries: ['src/node/toolServer.ts'],
    prepare: (o) => singleFileBuild(o, 'toolServer'),
  },
  shellParserWorker: {
    entries: ['src/shellParserWorker.ts'],
    prepare: (o) => singleFileBuild(o, 'shellParserWorker', copyGrammars),
  },
  webview: { entries: ['webview/main.tsx', 'webview/main.ts'], prepare: webviewBuild },
};

/**
 * @param {{ dev?: boolean, watch?: boolean, only?: string[], report?: (line: string) => void }} [options]
 * @returns {Promise<void>} settles after the first build; with `watch` the process goes on
 */
export async function build(options = {}) {
  const { dev = false, watch = false, only = Object.keys(parts), report = console.log } = options;
  for (const name of only) {
    const part = parts[name];
    const entry = part.entries.find((file) => existsSync(inRoot(file)));
    if (!entry) {
      report(`${name}: skipped, there is no ${part.entries[0]} yet`);
      continue;
    }
    const startedMs = performance.now();
    const say = (files) => {
      const ms = Math.round(performance.now() - startedMs);
      report(
        `${name}: ${files.map((f) => `${f.name} ${kilobytes(f.bytes)}`).join(', ')}; ${ms} ms`,
      );
    };
    const settings = part.prepare({ entry, dev, say });
    if (!watch) {
      await esbuild.build(settings);
      continue;
    }
    const context = await esbuild.context({ ...settings, logLevel: 'info' });
    await context.watch();
  }
  const bundled = ['host', 'mcpHub', 'shellParserWorker', 'webview'].flatMap((name) =>
    Object.keys(readMeta(name)?.inputs ?? {}),
  );
  writeDist(
    'THIRD-PARTY-NOTICES.txt',
    notices([...bundled, 'node_modules/@vscode/codicons/dist/codicon.ttf']),
  );
}

// ---------------------------------------------------------------- host

const nodeSettings = (dev) => ({
  absWorkingDir: root,
  platform: 'node',
  target: 'node20',
  bundle: true,
  minify: !dev,
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': JSON.stringify(dev ? 'development' : 'production') },
  external: ['vscode'],
  logLevel: 'warning',
  write: false,
  metafile: true,
});

function hostBuild({ entry, dev, say }) {
  return {
    ...nodeSettings(dev),
    entryPoints: { extension: entry },
    outdir: 'dist',
    format: 'esm',
    splitting: true,
    minify: false, // the second step does it
    minifySyntax: !dev, // but dead branches go before the split
    sourcemap: dev ? 'inline' : false,
    chunkNames: '[name]-[hash]',
    plugins: [
      leanSdks(),
      {
        name: 'to-commonjs',
        setup: (b) =>
          b.onEnd(async (result) => result.errors.length || say(await toCommonJs(result, dev))),
      },
    ],
  };
}

/** What else lies in `dist`, made by itself. */
const otherPrograms = [
  'headless.js',
  'mcpHub.js',
  'shellParserWorker.js',
  'supervisor.js',
  'toolServer.js',
];

/** Second step of the host's build: ES modules as esbuild split them in, CommonJS files in `dist` out. */
async function toCommonJs({ outputFiles, metafile }, dev) {
  const text = new Map(outputFiles.map((f) => [path.basename(f.path), f.text]));
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([file, info]) => [path.basename(file), info]),
  );
  const main = 'extension.js';
  const inMain = staticClosure(outputs, main);
  // The application is loaded before any other part: what it shares with them lies in its file.
  const app =
    [...outputs].find(([, info]) => info.entryPoint === 'src/composition.ts')?.[0] ?? main;
  const inApp = new Set([...staticClosure(outputs, app)].filter((name) => !inMain.has(name)));
  const names = lazyNames(outputs, new Set([...inMain, ...inApp].filter((name) => name !== app)));
  const shared = [
    { file: main, chunk: main, chunks: [...inMain].filter((name) => name !== main).sort() },
    { file: names.get(app), chunk: app, chunks: [...inApp].filter((name) => name !== app).sort() },
  ];

  /** The files of the first step, for the second. `into` says which file is being made. */
  const fromSplit = (into) => ({
    name: 'from-split',
    setup(b) {
      b.onResolve({ filter: /^(virtual:|\.\/)/ }, ({ path: asked, kind }) => {
        const name = path.posix.basename(asked.replace('virtual:', ''));
        if (asked.startsWith('virtual:') && shared.some(({ chunk }) => chunk === name)) {
          return { path: asked, namespace: 'split' };
        }
        if (kind === 'entry-point') return { path: name, namespace: 'split' };
        const own = shared.find(({ file }) => file === into);
        if (own?.chunk === name || own?.chunks.includes(name)) {
          return { path: name, namespace: 'split' };
        }
        if (names.has(name)) return { path: `./${names.get(name)}`, external: true };
        if (shared.some(({ file }) => file === name)) {
          return { path: `./${name}`, external: true };
        }
        return { path: name, namespace: 'from-other' };
      });
      b.onLoad({ filter: /.*/, namespace: 'split' }, ({ path: name }) => {
        const of = shared.find(({ chunk }) => name === `virtual:${chunk}`);
        return {
          contents: of === undefined ? withRequires(text.get(name)) : sharingModule(of),
          resolveDir: root,
        };
      });
      b.onLoad({ filter: /.*/, namespace: 'from-other' }, ({ path: name }) => {
        const { file, chunks } = shared.find((one) => one.chunks.includes(name));
        return {
          contents: `module.exports = require(${JSON.stringify(`./${file}`)}).$${chunks.indexOf(name)};`,
          resolveDir: root,
        };
      });
    },
  });

  const targets = [
    { from: `virtual:${main}`, to: main, chunks: [...inMain] },
    ...[...names].map(([from, to]) => ({
      from: `virtual:${from}`,
      to,
      chunks: from === app ? [...inApp] : [from],
    })),
  ];
  const written = await Promise.all(
    targets.map(async ({ from, to, chunks }) => {
      const made = await esbuild.build({
        ...nodeSettings(dev),
        entryPoints: [{ in: from, out: to.replace(/\.js$/, '') }],
        outdir: 'dist',
        format: 'cjs',
        supported: { 'dynamic-import': false }, // becomes require(), which also finds `vscode`
        sourcemap: dev ? 'inline' : false,
        plugins: [fromSplit(to)],
      });
      const code = made.outputFiles[0].text;
      const inputs = Object.assign({}, ...chunks.map((name) => outputs.get(name).inputs));
      return { name: to, code, bytes: Buffer.byteLength(code), inputs };
    }),
  );

  removeOldChunks(new Set([...written.map((w) => w.name), ...otherPrograms]));
  for (const { name, code } of written) writeDist(name, code);
  writeMeta('host', {
    inputs: metafile.inputs,
    outputs: Object.fromEntries(
      written.map(({ name, bytes, inputs }) => [
        `dist/${name}`,
        { bytes, inputs, lazy: name !== main },
      ]),
    ),
  });
  return written;
}

/** The names of all parts that are loaded with `name`, itself included. */
function staticClosure(outputs, name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const used of outputs.get(name).imports) {
    if (used.kind === 'import-statement' && !used.external) {
      staticClosure(outputs, path.basename(used.path), seen);
    }
  }
  return seen;
}

/**
 * A steady name for each part that is not in the main file: from the path of its module (`src/runtime/network/openai.ts`
 * is `runtime-network-openai.js`), or `shared-N.js` for what several of them have in common.
 */
function lazyNames(outputs, inMain) {
  const names = new Map();
  const lazy = [...outputs].filter(([name]) => !inMain.has(name));
  const firstInput = ([, info]) => info.entryPoint ?? Object.keys(info.inputs).sort()[0] ?? '';
  let sharedCount = 0;
  for (const [name, info] of lazy.sort((a, b) => (firstInput(a) < firstInput(b) ? -1 : 1))) {
    const wanted = info.entryPoint
      ? info.entryPoint
          .replace(/^src\//, '')
          .replace(/^node_modules\//, '')
          .replace(/\.[cm]?[jt]sx?$/, '')
          .replace(/[^A-Za-z0-9]+/g, '-')
          .replace(/^-+/, '')
      : `shared-${++sharedCount}`;
    let free = wanted;
    const taken = new Set([...names.values(), 'extension.js', ...otherPrograms]);
    for (let n = 2; taken.has(`${free}.js`); n++) free = `${wanted}-${n}`;
    names.set(name, `${free}.js`);
  }
  return names;
}

/** A file's own exports, and `$N` for each shared part that another file may ask for. */
const sharingModule = ({ chunk, chunks }) =>
  [
    `export * from './${chunk}';`,
    ...chunks.map((name, index) => `export * as $${index} from './${name}';`),
  ].join('\n');

/**
 * Each module of Node and of the editor is asked for once, and its functions are constants, however many files import
 * them. They are there before anything runs, as imports are.
 */
function withRequires(code) {
  const named = new Map();
  const whole = new Map();
  const rest = code
    .replace(/^import \{([^}]*)\} from "(node:[^"]+|vscode)";$/gm, (_, list, from) => {
      const bindings = list.split(',').map((one) => one.trim().replace(' as ', ': '));
      named.set(from, [...(named.get(from) ?? []), ...bindings]);
      return '';
    })
    .replace(/^import \* as (\w+) from "(node:[^"]+|vscode)";$/gm, (_, name, from) => {
      whole.set(from, [...(whole.get(from) ?? []), name]);
      return '';
    });
  return [
    ...[...whole].map(([from, [first, ...others]]) =>
      [`const ${first} = require("${from}")`, ...others.map((name) => `${name} = ${first}`)].join(),
    ),
    ...[...named].map(([from, list]) => `const { ${list.join()} } = require("${from}")`),
    rest,
  ].join(';\n');
}

function removeOldChunks(keep) {
  if (!existsSync(inRoot('dist'))) return;
  for (const name of readdirSync(inRoot('dist'))) {
    if (name.endsWith('.js') && !keep.has(name)) rmSync(inRoot('dist', name), { force: true });
  }
}

// ---------------------------------------------------------------- programs of one file

function singleFileBuild({ entry, dev, say }, name, addFiles = () => {}) {
  return {
    ...nodeSettings(dev),
    minify: name !== 'headless' && !dev,
    entryPoints: { [name]: entry },
    outdir: 'dist',
    format: 'cjs',
    sourcemap: dev ? 'inline' : false,
    plugins: [
      leanSdks(),
      {
        name: 'write',
        setup: (b) =>
          b.onEnd(({ errors, outputFiles, metafile }) => {
            if (errors.length) return;
            writeDist(`${name}.js`, outputFiles[0].text);
            writeMeta(name, metafile);
            addFiles();
            say([{ name: `${name}.js`, bytes: outputFiles[0].contents.byteLength }]);
          }),
      },
    ],
  };
}

/** What the shell parser reads: the library's own module and the grammars of the shells. */
function copyGrammars() {
  const folder = path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'));
  for (const name of ['tree-sitter', 'tree-sitter-bash', 'tree-sitter-powershell']) {
    writeDist(`${name}.wasm`, readFileSync(path.join(folder, `${name}.wasm`)));
  }
}

// ---------------------------------------------------------------- webview

function webviewBuild({ entry, dev, say }) {
  const styles = ['webview/styles.css'].filter((file) => existsSync(inRoot(file)));
  return {
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      [entry, ...styles].map((file) => [path.parse(file).name, file]),
    ),
    outdir: 'dist/webview',
    platform: 'browser',
    target: 'es2022',
    format: 'esm',
    bundle: true,
    splitting: true,
    minify: !dev,
    legalComments: 'none',
    sourcemap: dev ? 'linked' : false,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { 'process.env.NODE_ENV': JSON.stringify(dev ? 'development' : 'production') },
    chunkNames: '[name]-[hash]',
    external: ['*.ttf', '*.woff', '*.woff2'],
    logLevel: 'warning',
    write: false,
    metafile: true,
    plugins: [
      {
        name: 'write',
        setup: (b) =>
          b.onEnd(({ errors, outputFiles, metafile }) => {
            if (errors.length) return;
            const names = outputFiles.map((f) => path.relative(inRoot('dist'), f.path));
            emptyWebview(new Set(names));
            outputFiles.forEach((f, i) => writeDist(names[i], f.contents));
            copyCodicons();
            writeMeta('webview', metafile);
            say(
              outputFiles
                .map((f, i) => ({ name: names[i], bytes: f.contents.byteLength }))
                .filter((f) => !f.name.endsWith('.map')),
            );
          }),
      },
    ],
  };
}

function emptyWebview(keep) {
  if (!existsSync(inRoot('dist/webview'))) return;
  for (const name of readdirSync(inRoot('dist/webview'))) {
    if (!keep.has(path.join('webview', name)) && !name.startsWith('codicon.')) {
      rmSync(inRoot('dist/webview', name), { recursive: true, force: true });
    }
  }
}

function copyCodicons() {
  const require = createRequire(import.meta.url);
  for (const file of [
    require.resolve('@vscode/codicons/dist/codicon.css'),
    require.resolve('@vscode/codicons/dist/codicon.ttf'),
  ]) {
    copyFileSync(file, inRoot('dist/webview', path.basename(file)));
  }
}

// ---------------------------------------------------------------- files

/** Writes aside and renames, so that a running host never reads half a file. */
function writeDist(name, contents) {
  const file = inRoot('dist', name);
  mkdirSync(path.dirname(file), { recursive: true });
  const aside = `${file}.${process.pid}.tmp`;
  writeFileSync(aside, contents);
  renameSync(aside, file);
}

const writeMeta = (name, meta) => writeDist(`meta-${name}.json`, JSON.stringify(meta));
function readMeta(name) {
  const file = inRoot(`dist/meta-${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

// ---------------------------------------------------------------- command line

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      dev: { type: 'boolean' },
      watch: { type: 'boolean' },
      only: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    console.log(
      `npm run build [-- --dev] [-- --watch] [-- --only ${Object.keys(parts).join('|')}]\n\n` +
        '  --dev    readable code with source maps instead of small code\n' +
        '  --watch  build again at every change\n' +
        '  --only   one part; may be given several times',
    );
  } else {
    try {
      await build({ ...values, dev: values.dev || values.watch });
    } catch (error) {
      if (!error.errors) throw error; // esbuild has printed its own
      process.exitCode = 1;
    }
  }
}
