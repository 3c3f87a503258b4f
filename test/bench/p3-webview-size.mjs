// P3, first half: the size of the webview. What it loads before the first paint, against the three libraries that any
// such panel needs, and the chunk with the toolkit.
import { readFileSync } from 'node:fs';
import * as esbuild from 'esbuild';
import { inRoot } from '../../scripts/lib/root.mjs';
import { kilobytes, remark, report } from './goals.mjs';

const { outputs } = JSON.parse(readFileSync(inRoot('dist/meta-webview.json'), 'utf8'));
const main = 'dist/webview/main.js';

/** The files that are loaded with `name`, itself included. */
function withStatic(name, seen = new Set()) {
  seen.add(name);
  for (const { path, kind, external } of outputs[name].imports) {
    if (kind === 'import-statement' && !external && !seen.has(path)) withStatic(path, seen);
  }
  return seen;
}
const bytesOf = (names) => [...names].reduce((sum, name) => sum + outputs[name].bytes, 0);

const first = withStatic(main);
const isToolkit = (name) =>
  Object.keys(outputs[name].inputs).some((input) => input.includes('@vscode/webview-ui-toolkit'));
const toolkit = new Set(
  Object.keys(outputs)
    .filter((name) => name.endsWith('.js') && isToolkit(name))
    .flatMap((name) => [...withStatic(name)])
    .filter((name) => !first.has(name)),
);

const libraries = await esbuild.build({
  stdin: {
    contents: [
      `export { marked } from 'marked';`,
      `export { default as purify } from 'dompurify';`,
      `export * from '@tanstack/virtual-core';`,
    ].join('\n'),
    resolveDir: inRoot('.'),
  },
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  format: 'esm',
  legalComments: 'none',
  write: false,
});
const three = libraries.outputFiles[0].contents.byteLength;

report('P3 size of the webview', [
  { what: 'first script', value: kilobytes(bytesOf(first)), goal: 160, unit: 'kB' },
  {
    what: 'first script / marked + DOMPurify + virtual-core',
    value: bytesOf(first) / three,
    goal: 1.4,
    note: `${kilobytes(three).toFixed(1)} kB`,
  },
  { what: 'toolkit chunk', value: kilobytes(bytesOf(toolkit)), goal: 300, unit: 'kB' },
  {
    what: 'toolkit in the first script',
    value: [...first].filter(isToolkit).length,
    goal: 0,
    unit: 'files',
  },
]);
for (const [name, { bytes }] of Object.entries(outputs)) {
  if (name.endsWith('.js') && !first.has(name))
    remark(`${name} ${kilobytes(bytes).toFixed(1)} kB, later`);
}
