#!/usr/bin/env node
// `npm run test:agents`: the real agents from npm against the scripted model server, in the real host. Installs them
// (once, into a cache folder) and fails when one is missing; runs every `test/agents/*.agent.mjs`.
//   node test/agents/run.mjs [part of a file name]...   only these
import { inRoot, isMain } from '../../scripts/lib/root.mjs';
import { ensureDependencies, requireNode, runMain, say } from '../../scripts/lib/steps.mjs';

/** What the files of `test/agents` need. */
const needed = ['node24', 'claude', 'codex', 'opencode', 'claude-agent-acp', 'gemini', 'pi'];

export async function runAgents(only = []) {
  const { installClis } = await import('../support/install-clis.mjs');
  const { installHost } = await import('../support/install-host.mjs');
  const { findBrowser } = await import('../support/browser.mjs');
  const { makePackage } = await import('../../scripts/package.mjs');
  const { build } = await import('../../scripts/build.mjs');
  const { runFiles } = await import('../support/run-files.mjs');
  const clis = await installClis(needed, { report: say });
  for (const [name, file] of Object.entries(clis)) say(`${name}=${file}`);
  await build({
    only: ['headless', 'shellParserWorker', 'supervisor', 'toolServer'],
    report: () => {},
  });
  const vsix =
    process.env.PATCHBAY_VSIX ?? (await makePackage({ out: inRoot('out/agents/patchbay.vsix') }));
  await installHost({ report: say });
  say(`browser: ${(await findBrowser({ report: say })).executablePath}`);
  return runFiles({
    folder: inRoot('test/agents'),
    suffix: '.agent.mjs',
    only,
    env: { ...process.env, ...clis, PATCHBAY_VSIX: vsix },
  });
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    requireNode();
    await ensureDependencies();
    const outcome = await runAgents(process.argv.slice(2));
    const { printFailures } = await import('../support/run-files.mjs');
    const { passed, failed } = outcome;
    printFailures(outcome);
    console.log(`\n${passed} passed, ${failed} failed`);
    return failed > 0 || passed === 0 ? 1 : 0;
  });
}
