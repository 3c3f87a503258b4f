// P8, eight hours in small: 10,000 turns and 1 GB of tool output. The host's heap, and the page's heap and nodes, as they
// grow: flat means that the last tenth is as the second.
import { runBundled } from './bundled.mjs';
import { remark, report } from './goals.mjs';
import { openPanelPage } from './panel-page.mjs';

const turns = 10_000;
const outputBytes = 100_000;
const tenths = 10;

const host = await runBundled(
  'test/bench/soak-host.mjs',
  { turns, outputBytes },
  { execArgv: ['--expose-gc'] },
);

const stage = await openPanelPage({ count: 0 });
const heap = [];
const nodes = [];
try {
  await stage.openPanel();
  const head = 'a line of a build log\n'.repeat(370);
  for (let tenth = 0; tenth < tenths; tenth += 1) {
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
      [(tenth * turns) / tenths, turns / tenths, head],
    );
    heap.push(await stage.heapBytes());
    nodes.push(await stage.nodes());
  }
} finally {
  await stage.close();
}

const megabytes = (list) => list.map((bytes) => (bytes / 1e6).toFixed(0)).join(' ');
report(`P8 ${turns} turns, ${((turns * outputBytes) / 1e9).toFixed(0)} GB of tool output`, [
  { what: 'heap of the page, last tenth / second', value: heap.at(-1) / heap[1], goal: 1.1 },
  { what: 'nodes of the page, last tenth / second', value: nodes.at(-1) / nodes[1], goal: 1.1 },
  { what: 'heap of the host', value: Math.max(...host.heapAt) / 1e6, goal: 150, unit: 'MB' },
]);
remark(`page, MB after each tenth: ${megabytes(heap)}; nodes: ${nodes.join(' ')}`);
remark(`host, MB after each tenth: ${megabytes(host.heapAt)}; ${host.items} items`);
