// P2: what a start costs. Loading and activating in a fresh process against an empty extension, and what happens
// meanwhile: no SDK, no child process, no big file. (The extension's own code is P1's to weigh.)
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inRoot } from '../../scripts/lib/root.mjs';
import { coldLoad } from './cold-load.mjs';
import { median, remark, report } from './goals.mjs';

const runs = 21;
const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-cold-'));
const empty = path.join(folder, 'extension.js');
writeFileSync(
  empty,
  `'use strict';const vscode=require('vscode');exports.activate=()=>{void vscode};exports.deactivate=()=>{};`,
);
const entry = inRoot('dist/extension.js');

try {
  const rows = { ours: [], empty: [] };
  coldLoad(entry); // the first one of each warms the disk's cache
  coldLoad(empty);
  for (let i = 0; i < runs; i++) {
    rows.empty.push(coldLoad(empty));
    rows.ours.push(coldLoad(entry));
  }
  const loadMs = (kind) => Math.min(...rows[kind].map((r) => r.loadMs));
  // the best of each: what the rest of the machine does only ever adds
  const startMs = (kind) => Math.min(...rows[kind].map((r) => r.loadMs + r.activateMs));
  const watched = coldLoad(entry, { watched: true });

  const { outputs } = JSON.parse(readFileSync(inRoot('dist/meta-host.json'), 'utf8'));
  const isSdk = (input) => /node_modules\/(@anthropic-ai\/sdk|openai)\//.test(input);
  const withSdk = watched.loaded.filter((file) =>
    Object.keys(outputs[`dist/${path.basename(file)}`]?.inputs ?? {}).some(isSdk),
  );
  const bigReads = watched.reads.filter(
    (r) => r.bytes > 65_536 && !watched.loaded.includes(r.file),
  );

  report('P2 cold load', [
    {
      what: 'load and activation / those of an empty extension',
      value: startMs('ours') / startMs('empty'),
      goal: 15,
      note: `best of ${runs}: ${startMs('ours').toFixed(2)} and ${startMs('empty').toFixed(2)} ms`,
    },
    {
      what: 'loaded files with an SDK',
      value: withSdk.length,
      goal: 0,
      unit: 'files',
      note: withSdk.join(', '),
    },
    {
      what: 'child processes during activation',
      value: watched.children.length,
      goal: 0,
      unit: 'processes',
      note: watched.children.join(', '),
    },
    {
      what: 'files read above 64 KB during activation',
      value: bigReads.length,
      goal: 0,
      unit: 'files',
      note: bigReads.map((r) => `${r.file} ${r.bytes}`).join(', '),
    },
    {
      what: 'errors during activation',
      value: watched.error ? 1 : 0,
      goal: 0,
      unit: 'errors',
      note: watched.error,
    },
  ]);
  remark(`load alone: ${loadMs('ours').toFixed(2)} and ${loadMs('empty').toFixed(2)} ms`);
  const memory = (kind) => median(rows[kind].map((r) => r.rssMb));
  remark(`memory: +${(memory('ours') - memory('empty')).toFixed(1)} MB (goal 5)`);
  remark(`our files by then: ${watched.loaded.map((f) => path.basename(f)).join(', ')}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
