#!/usr/bin/env node
// `npm run package`: builds and makes dist/patchbay-<version>.vsix.
//   --list-check   compares what would go into the package with test/package-list.json
//   --list-write   makes that list from what would go in now
//   --out FILE     another file
//   --no-build     packs what stands in dist
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { inRoot, isMain, manifest, root } from './lib/root.mjs';
import { run, runMain, say, Trouble } from './lib/steps.mjs';

const require = createRequire(import.meta.url);
const expectedFile = inRoot('test/package-list.json');

/** @returns {Promise<string>} the package's file */
export async function makePackage({ out, isBuilt = false } = {}) {
  const { name, version } = manifest();
  const file = path.resolve(out ?? inRoot('dist', `${name}-${version}.vsix`));
  if (!isBuilt) await build({ only: shipped, report: () => {} });
  mkdirSync(path.dirname(file), { recursive: true });
  // The README's pictures stay out: there is no public address that its links could be rewritten to.
  await vsce([
    'package',
    '--no-dependencies',
    '--allow-missing-repository',
    '--no-rewrite-relative-links',
    ...['--out', file],
  ]);
  return file;
}

const shipped = ['host', 'mcpHub', 'shellParserWorker', 'supervisor', 'toolServer', 'webview'];

async function vsce(args) {
  const program = require.resolve('@vscode/vsce/vsce');
  const { code, output } = await run(process.execPath, [program, ...args], {
    quiet: true,
    env: { ...process.env, NODE_OPTIONS: '', VSCE_NO_UPDATE: '1' },
  });
  if (code !== 0) throw new Trouble(`vsce ${args[0]} failed:\n${output.trim()}`);
  return output;
}

/** Hashes in the names of the webview's chunks are not part of what is compared. */
const withoutHash = (file) => file.replace(/-[A-Z0-9]{8}(\.\w+)$/, '-*$1');

async function packedFiles() {
  await build({ only: shipped, report: () => {} });
  const output = await vsce(['ls', '--no-dependencies']);
  return [...new Set(output.trim().split('\n').map(withoutHash))].sort();
}

/** @returns {Promise<boolean>} true when the package holds what test/package-list.json says */
async function checkList() {
  const actual = await packedFiles();
  const expected = existsSync(expectedFile) ? JSON.parse(readFileSync(expectedFile, 'utf8')) : [];
  const unexpected = actual.filter((file) => !expected.includes(file));
  const missing = expected.filter((file) => !actual.includes(file));
  for (const file of unexpected)
    console.log(`+ ${file}   would be packed and is not in test/package-list.json`);
  for (const file of missing)
    console.log(`- ${file}   is in test/package-list.json and would not be packed`);
  if (unexpected.length + missing.length === 0) {
    console.log(`the package holds the ${actual.length} expected files`);
    return true;
  }
  console.log('Mend .vscodeignore, or the list if the change is meant.');
  return false;
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      'list-check': { type: 'boolean' },
      'list-write': { type: 'boolean' },
      'no-build': { type: 'boolean' },
      out: { type: 'string' },
    },
  });
  await runMain(async () => {
    if (values['list-check']) return (await checkList()) ? 0 : 1;
    if (values['list-write']) {
      writeFileSync(expectedFile, `${JSON.stringify(await packedFiles(), null, 2)}\n`);
      return 0;
    }
    const file = await makePackage({ out: values.out, isBuilt: values['no-build'] });
    say(`${path.relative(root, file)}, ${(statSync(file).size / 1000).toFixed(0)} kB`);
    return 0;
  });
}
