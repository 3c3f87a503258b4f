// P1: the size of the host. What a start loads (the entry and all that its activation asks for) against a bundle of
// both model SDKs as they come; all that is loaded later in kB.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { inRoot } from '../../scripts/lib/root.mjs';
import { coldLoad } from './cold-load.mjs';
import { kilobytes, remark, report } from './goals.mjs';

const { outputs } = JSON.parse(readFileSync(inRoot('dist/meta-host.json'), 'utf8'));
const atStart = new Set(
  coldLoad(inRoot('dist/extension.js'), { watched: true }).loaded.map((file) =>
    path.basename(file),
  ),
);
const files = Object.entries(outputs)
  .map(([file, { bytes }]) => ({ name: path.basename(file), bytes }))
  .sort((a, b) => b.bytes - a.bytes);
const sum = (some) => some.reduce((total, { bytes }) => total + bytes, 0);
const entry = files.filter(({ name }) => atStart.has(name));
const later = files.filter(({ name }) => !atStart.has(name));

const sdks = await esbuild.build({
  stdin: {
    contents: `export * as anthropic from '@anthropic-ai/sdk'; export * as openai from 'openai';`,
    resolveDir: inRoot('.'),
  },
  bundle: true,
  minify: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  legalComments: 'none',
  write: false,
});
const both = sdks.outputFiles[0].contents.byteLength;

report('P1 size of the host', [
  {
    what: 'loaded at the start / bundle of both SDKs',
    value: sum(entry) / both,
    goal: 0.32,
    note: `${kilobytes(sum(entry)).toFixed(1)} of ${kilobytes(both).toFixed(1)} kB`,
  },
  { what: 'all lazily loaded files', value: kilobytes(sum(later)), goal: 900, unit: 'kB' },
]);
for (const { name, bytes } of entry)
  remark(`${name} ${kilobytes(bytes).toFixed(1)} kB, at the start`);
for (const { name, bytes } of later) remark(`${name} ${kilobytes(bytes).toFixed(1)} kB, later`);
