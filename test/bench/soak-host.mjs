// The host's half of the soak, in a process of its own: a session of many turns with large outputs, through the product's
// session, controller and feed.
import { createPanelStage } from './panel-stage.mjs';

const { turns, outputBytes } = JSON.parse(process.argv[2]);
const heapAt = [];
const line = 'a line of a build log that says what it does and how long it took\n';
let posted = 0;
let index = 0;
const stage = createPanelStage({
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
    const output = (line + index).repeat(Math.ceil(outputBytes / line.length));
    opts.observe({ kind: 'tool_result', callId: id, result: { ok: true, output } });
    opts.onEvent({ kind: 'text', delta: 'Done.' });
    opts.onEvent({ kind: 'finish', reason: 'stop' });
    return Promise.resolve([{ kind: 'text', text: `Step ${index}. Done.` }]);
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
for (; index < turns; index += 1) {
  stage.session.submit(`Question ${index}`);
  await stage.session.whenIdle();
  if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  if ((index + 1) % (turns / 10) === 0) heapAt.push(await settled());
}
process.send({ heapAt, posted, items: stage.session.live().items.length });
process.disconnect();
