// P1: the size of the host. The entry against a bundle of both model SDKs as they come; all that is loaded later in kB.
import { readFileSync } from 'node:fs';
import * as esbuild from 'esbuild';
import { inRoot } from '../../scripts/lib/root.mjs';
import { kilobytes, remark, report } from './goals.mjs';

const { outputs } = JSON.parse(readFileSync(inRoot('dist/meta-host.json'), 'utf8'));
const files = Object.entries(outputs);
const sum = (some) => some.reduce((total, [, { bytes }]) => total + bytes, 0);
const entry = sum(files.filter(([, info]) => !info.lazy));
const later = files.filter(([, info]) => info.lazy).sort(([, a], [, b]) => b.bytes - a.bytes);

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
    what: 'entry / bundle of both SDKs',
    value: entry / both,
    goal: 0.32,
    note: `${kilobytes(entry).toFixed(1)} of ${kilobytes(both).toFixed(1)} kB`,
  },
  { what: 'all lazily loaded files', value: kilobytes(sum(later)), goal: 900, unit: 'kB' },
]);
for (const [name, { bytes }] of later) remark(`${name} ${kilobytes(bytes).toFixed(1)} kB`);
