#!/usr/bin/env node
// Writes what is generated from the schema of rules: `docs/permissions.md` and the rules' schema in package.json.
// `--check` only compares, and exits with 1 where something is not up to date.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { format } from 'prettier';
import { permissionsDocument } from './lib/permissions-document.mjs';
import { inRoot } from './lib/root.mjs';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const { outputFiles } = await esbuild.build({
  stdin: {
    contents: `export * from './src/gate/ruleSchema'; export * from './src/gate/decide'; export { permissionModes } from './src/gate/contract';`,
    resolveDir: inRoot('.'),
  },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  write: false,
});
const module = { exports: {} };
new Function('module', 'exports', 'require', outputFiles[0].text)(
  module,
  module.exports,
  createRequire(import.meta.url),
);
const { ruleJsonSchema } = module.exports;

const manifest = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
manifest.contributes.configuration.properties['patchbay.rules'].items = ruleJsonSchema();
const style = manifest.prettier;
const files = [
  ['package.json', `${JSON.stringify(manifest, undefined, 2)}\n`],
  [
    'docs/permissions.md',
    await format(permissionsDocument(module.exports), { ...style, parser: 'markdown' }),
  ],
];
for (const [name, text] of files) {
  const present = readOrNothing(name);
  if (present === text) continue;
  if (values.check) {
    console.error(`${name} is not up to date: run \`npm run docs\`.`);
    process.exitCode = 1;
  } else {
    writeFileSync(inRoot(name), text);
    console.log(`${name} written`);
  }
}

function readOrNothing(name) {
  try {
    return readFileSync(inRoot(name), 'utf8');
  } catch {
    return ''; // not there yet
  }
}
