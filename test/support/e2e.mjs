// How an end-to-end test is written:
//
//   import { e2e } from '../support/e2e.mjs';
//   e2e('shows what it found', async ({ start, shot }) => {
//     const app = await start({ settings: { … } });
//     const chat = await app.openChat('#composer');
//     await shot('empty-state');
//   });
//
// What `start` opens is closed at the end; when the test fails, a picture and the logs are kept first.
import { test } from 'node:test';
import { startModelServer } from '../model-server/server.mjs';
import { startPatchbay } from './patchbay.mjs';

/**
 * @param {string} title a sentence about behaviour
 * @param {(tools: {
 *   start: (options?: import('./patchbay.mjs').PatchbayOptions) => ReturnType<typeof startPatchbay>,
 *   modelServer: (options?: Parameters<typeof startModelServer>[0]) => ReturnType<typeof startModelServer>,
 *   shot: (name: string) => Promise<string>,
 *   onEnd: (release: () => unknown) => void,
 * }) => Promise<void>} body
 * @param {{ timeoutMs?: number }} [options]
 */
export function e2e(title, body, { timeoutMs = 300_000 } = {}) {
  void test(title, { timeout: timeoutMs }, async (t) => {
    const apps = [];
    const releases = [];
    t.after(async () => {
      // newest first; one that fails does not keep the others open
      for (const release of releases.reverse()) {
        await Promise.resolve(release()).catch((error) => t.diagnostic(`not released: ${error}`));
      }
    });
    const tools = {
      async start(options) {
        const app = await startPatchbay(options);
        apps.push(app);
        releases.push(() => app.close());
        return app;
      },
      async modelServer(options) {
        const server = await startModelServer(options);
        releases.push(() => server.close());
        return server;
      },
      shot: (name) => apps.at(-1).shot(name),
      onEnd: (release) => void releases.push(release),
    };
    const name = `failed-${title
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 60)}`;
    const keep = () =>
      Promise.allSettled(apps.map((app, i) => app.keepEvidence(i ? `${name}-${i}` : name)));
    t.signal.addEventListener('abort', () => void keep()); // its time is over
    try {
      await body(tools);
    } catch (error) {
      await keep();
      throw error;
    }
  });
}
