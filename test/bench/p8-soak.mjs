// P8, eight hours in small: 10,000 turns and 1 GB of tool output. The host's heap, and the page's heap and nodes, as they
// grow: flat means that the last tenth is as the second.
import { runBundled } from './bundled.mjs';
import { median, remark, report } from './goals.mjs';
import { openPanelPage } from './panel-page.mjs';

const turns = 10_000;
const outputBytes = 100_000;
const tenths = 10;
/** Looks at the page in each tenth; what counts is the middle, for what is let go goes many at a time. */
const looks = 4;

const host = await runBundled(
  'test/bench/soak-host.mjs',
  { turns, outputBytes },
  { execArgv: ['--expose-gc'] },
);

const stage = await openPanelPage({ count: 0 });
const heap = [];
const nodes = [];
const seen = [];
let resyncs = 0;
try {
  await stage.openPanel();
  const head = 'a line of a build log\n'.repeat(370);
  for (let look = 0; look < tenths * looks; look += 1) {
    await stage.page.evaluate(
      async ([first, count, output]) => {
        for (let turn = first; turn < first + count; turn += 1) {
          const item = (kind, name, more) => ({ kind, id: `${name}-${turn}`, ...more });
          const deltas = [
            item('user', 'u', { text: `Question ${turn}` }),
            item('text', 't', { text: `Step **${turn}**, with \`code\`.`, isOpen: false }),
            item('tool', 'c', {
              toolName: 'Bash',
              action: 'run',
              object: `build ${turn}`,
              input: `build ${turn}`,
              output: `${output}${turn}`,
              outputBytes: 100_000,
              state: 'ok',
              executedBy: 'child',
            }),
          ].map((added) => ({ op: 'add', item: added }));
          window.host.postMessage({ kind: 'deltas', deltas });
          if (turn % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
        }
        await window.painted(() => true);
        await new Promise((resolve) => setTimeout(resolve, 300));
      },
      [(look * turns) / tenths / looks, turns / tenths / looks, head],
    );
    seen.push({ heap: await stage.heapBytes(), nodes: await stage.nodes() });
    if (seen.length === looks) {
      heap.push(median(seen.map((one) => one.heap)));
      nodes.push(median(seen.map((one) => one.nodes)));
      seen.length = 0;
    }
  }
  resyncs = await stage.page.evaluate(() => window.resyncs ?? 0);
} finally {
  await stage.close();
}

const megabytes = (list) => list.map((bytes) => (bytes / 1e6).toFixed(0)).join(' ');
report(`P8 ${turns} turns, ${((turns * outputBytes) / 1e9).toFixed(0)} GB of tool output`, [
  { what: 'heap of the page, last tenth / second', value: heap.at(-1) / heap[1], goal: 1.1 },
  { what: 'nodes of the page, last tenth / second', value: nodes.at(-1) / nodes[1], goal: 1.1 },
  { what: 'heap of the host', value: Math.max(...host.heapAt) / 1e6, goal: 150, unit: 'MB' },
  { what: 'pages that asked for a snapshot, or were loaded again', value: resyncs, goal: 0 },
  { what: 'outputs that the disk has no more', value: host.isFirstWhole ? 0 : 1, goal: 0 },
  { what: 'writes that failed', value: host.failures.length, goal: 0 },
]);
remark(
  `page, MB after each tenth: ${megabytes(heap)}; nodes: ${nodes.map((count) => count.toFixed(0)).join(' ')}`,
);
remark(`host, MB after each tenth: ${megabytes(host.heapAt)}; ${host.items} items`);
remark(`host, seconds after each tenth: ${host.secondsAt.map((at) => at.toFixed(0)).join(' ')}`);
remark(
  `session file: ${megabytes([host.fileBytes])} MB; told to the panel: ${megabytes([host.posted])} MB`,
);
