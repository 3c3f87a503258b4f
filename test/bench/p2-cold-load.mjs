// P2: what a start costs. Loading the entry in a fresh process against loading an empty extension, and what happens
// while it activates: no SDK, no child process, no big file.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inRoot } from '../../scripts/lib/root.mjs';
import { median, remark, report } from './goals.mjs';

const runs = 21;
const child = fileURLToPath(new URL('./cold-load-child.cjs', import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-cold-'));
const empty = path.join(folder, 'extension.js');
writeFileSync(
  empty,
  `'use strict';const vscode=require('vscode');exports.activate=()=>{void vscode};exports.deactivate=()=>{};`,
);
const entry = inRoot('dist/extension.js');

const start = (file, ...args) =>
  JSON.parse(execFileSync(process.execPath, [child, file, ...args], { encoding: 'utf8' }));

try {
  const rows = { ours: [], empty: [] };
  start(entry); // the first one of each warms the disk's cache
  start(empty);
  for (let i = 0; i < runs; i++) {
    rows.empty.push(start(empty));
    rows.ours.push(start(entry));
  }
  const loadMs = (kind) => median(rows[kind].map((r) => r.loadMs));
  const rssMb = (kind) => median(rows[kind].map((r) => r.rssMb));
  const watched = start(entry, '--activate');

  const { outputs } = JSON.parse(readFileSync(inRoot('dist/meta-host.json'), 'utf8'));
  const isSdk = (input) => /node_modules\/(@anthropic-ai\/sdk|openai)\//.test(input);
  const withSdk = watched.loaded.filter((file) =>
    Object.keys(outputs[`dist/${path.basename(file)}`]?.inputs ?? {}).some(isSdk),
  );
  const bigReads = watched.reads.filter((r) => r.bytes > 65_536 && r.file !== entry);

  report('P2 cold load', [
    {
      what: 'entry / empty extension',
      value: loadMs('ours') / loadMs('empty'),
      goal: 15,
      note: `median of ${runs}: ${loadMs('ours').toFixed(2)} and ${loadMs('empty').toFixed(2)} ms`,
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
      what: 'activation ends without an error',
      value: watched.error ? 1 : 0,
      goal: 0,
      unit: 'errors',
      note: watched.error,
    },
  ]);
  remark(`activate() took ${watched.activateMs.toFixed(1)} ms against a stub of the editor`);
  remark(`files of ours loaded by then: ${watched.loaded.map((f) => path.basename(f)).join(', ')}`);
  remark(`memory after the load: +${(rssMb('ours') - rssMb('empty')).toFixed(1)} MB (goal 5)`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
