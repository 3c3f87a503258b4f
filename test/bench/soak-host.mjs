// The host's half of the soak, in a process of its own: a session of many turns with large outputs, through the product's
// session, controller and feed, its file on the disk as in the product.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/base/clock';
import { createRedactor } from '../../src/base/redact';
import { SessionFiles } from '../../src/node/sessionFiles';
import { createSessionStore } from '../../src/session/sessionStore';
import { createPanelStage } from './panel-stage.mjs';

const { turns, outputBytes } = JSON.parse(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'patchbay-soak-'));
const storage = new SessionFiles(folder, { clock: systemClock });
const failures = [];
const store = createSessionStore({
  storage,
  clock: systemClock,
  redact: createRedactor(),
  onDidFail: (message) => failures.push(message),
});
const heapAt = [];
const secondsAt = [];
const line = 'a line of a build log that says what it does and how long it took\n';
const outputOf = (turn) => (line + turn).repeat(Math.ceil(outputBytes / line.length));
let posted = 0;
let index = 0;
const stage = createPanelStage({
  store,
  post: (message) => {
    posted += JSON.stringify(message).length;
  },
  play: (opts) => {
    const id = `call-${index}`;
    const call = {
      id,
      name: 'Bash',
      arguments: { command: `build ${index}` },
      executedBy: 'child',
    };
    opts.onEvent({ kind: 'text', delta: `Step ${index}. ` });
    opts.onEvent({ kind: 'tool_call', call });
    opts.observe({
      kind: 'tool_result',
      callId: id,
      result: { ok: true, output: outputOf(index) },
    });
    opts.onEvent({ kind: 'text', delta: 'Done.' });
    opts.onEvent({ kind: 'finish', reason: 'stop' });
    return Promise.resolve([
      { kind: 'text', text: `Step ${index}. ` },
      { kind: 'tool_call', call },
      { kind: 'text', text: 'Done.' },
    ]);
  },
});
stage.feed.ready();
const settled = async () => {
  await new Promise((resolve) => setTimeout(resolve, 30));
  globalThis.gc();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc();
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
};
try {
  const beganMs = Date.now();
  const persisted = [];
  stage.session.onDidSignal((signal) => {
    if (signal.kind === 'persisted') persisted.splice(0).forEach((resolve) => resolve());
  });
  for (; index < turns; index += 1) {
    const written = new Promise((resolve) => persisted.push(resolve));
    stage.session.submit(`Question ${index}`);
    await stage.session.whenIdle();
    // Nobody asks faster than the disk writes.
    await written;
    if ((index + 1) % (turns / 10) === 0) {
      heapAt.push(await settled());
      secondsAt.push((Date.now() - beganMs) / 1000);
    }
  }
  const { session } = stage;
  const { items } = session.live();
  // What left the memory long ago is there when a card is opened, and the oldest page with it.
  const first = await session.detail('call-0', 'output');
  const page = await session.itemsBefore(items[20].id, 20);
  const card = page?.items.find(({ id }) => id === 'call-0');
  process.send({
    heapAt,
    secondsAt,
    posted,
    items: items.length,
    isFirstWhole: first === outputOf(0) && (card?.output ?? '').length > 8000,
    fileBytes: statSync(join(folder, `${session.id}.ndjson`)).size,
    failures,
  });
  process.disconnect();
} finally {
  stage.dispose();
  storage.dispose();
  rmSync(folder, { recursive: true, force: true });
}
