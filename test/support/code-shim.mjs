#!/usr/bin/env node
// Stands in for the VS Code program where it cannot be downloaded or there is no display:
// `runTests({ vscodeExecutablePath: <this file> })` of @vscode/test-electron. Understands --extensionDevelopmentPath,
// --extensionTestsPath and a folder; other switches are ignored.
import { fileURLToPath } from 'node:url';
import { runInHost } from './run-in-host.mjs';

const args = process.argv.slice(2);
const plain = (place) => (place?.startsWith('file://') ? fileURLToPath(place) : place);
const option = (name) =>
  plain(args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3));

const dev = option('extensionDevelopmentPath');
const tests = option('extensionTestsPath');
const folder = option('folder-uri') ?? args.find((arg) => !arg.startsWith('-'));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
process.stdin.resume().on('end', () => process.exit(130)); // whoever ran us is gone

if (!dev || !tests) {
  console.error('code-shim: only test runs (--extensionDevelopmentPath and --extensionTestsPath)');
  process.exit(2);
}
try {
  const { code } = await runInHost({
    dev,
    tests,
    folder,
    settings: JSON.parse(process.env.PATCHBAY_HOST_SETTINGS ?? '{}'),
    timeoutMs: Number(process.env.PATCHBAY_HOST_TIMEOUT_MS ?? 300_000),
    artifacts: process.env.PATCHBAY_HOST_ARTIFACTS,
  });
  process.exit(code === 0 ? 0 : 1);
} catch (error) {
  console.error(`code-shim: ${error.message}`);
  process.exit(1);
}
