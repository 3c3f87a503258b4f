#!/usr/bin/env node
// `npm run -s headless -- <command>`: the core of the extension under plain Node. Builds it first when a source is
// newer; all that stdout ever shows is the program's own JSON lines.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { inRoot } from './lib/root.mjs';
import { ensureDependencies, Trouble } from './lib/steps.mjs';

const program = inRoot('dist/headless.js');

function newestMs(place) {
  const info = statSync(place);
  if (!info.isDirectory()) return info.mtimeMs;
  return Math.max(0, ...readdirSync(place).map((name) => newestMs(path.join(place, name))));
}

const common = ['scripts/build.mjs', 'package.json', 'package-lock.json'];
const isOld = (made, sources) =>
  !existsSync(made) || sources.some((source) => newestMs(inRoot(source)) > statSync(made).mtimeMs);

const parts = isOld(program, ['src', ...common])
  ? ['headless', 'shellParserWorker', 'supervisor', 'toolServer']
  : [];
// `webview` serves the panel as it is shipped.
const panelSources = ['webview', 'src/base', 'src/events', 'src/protocol', ...common];
if (process.argv[2] === 'webview' && isOld(inRoot('dist/webview/main.js'), panelSources)) {
  parts.push('webview');
}
if (parts.length > 0) {
  try {
    await ensureDependencies({ quiet: true });
    const { build } = await import('./build.mjs');
    await build({ only: parts, report: () => {} });
  } catch (error) {
    const isShown = error.errors !== undefined; // esbuild has printed its own to stderr
    if (!isShown) console.error(error instanceof Trouble ? error.message : error);
    process.exit(70);
  }
  if (!existsSync(program)) {
    console.error('dist/headless.js was not built: there is no src/headless.ts');
    process.exit(70);
  }
}

process.argv[1] = program;
createRequire(import.meta.url)(program); // it sets the exit status and ends by itself
