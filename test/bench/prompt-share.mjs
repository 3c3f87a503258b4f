// The host's share of a permission prompt, measured in a process of its own: from the call to the message for the panel,
// and from the answer to the start of the command, with the product's orchestrator, shell analysis and panel feed. Once
// with nothing beside it, once while text streams into the same panel.
import { PendingPermissions } from '../../src/gate/pendingPermissions';
import { systemClock } from '../../src/base/clock';
import { Emitter } from '../../src/base/emitter';
import { decide } from '../../src/gate/decide';
import { createCommandAnalyzer } from '../../src/gate/shell/analyzeCommand';
import { unparsed } from '../../src/gate/shell/unparsed';
import { PanelFeed } from '../../src/host/panelFeed';
import { createShellParserThread } from '../../src/node/shellParserThread';
import { createBench } from '../fakes/orchestratorBench';

const { workerPath, calls, tokensPerSecond } = JSON.parse(process.argv[2]);
const nowMs = () => performance.now();

const parser = createShellParserThread({ workerPath, unparsed });
await parser.ready();
const permissions = new PendingPermissions(systemClock);
const bench = createBench({
  services: {
    permissions,
    analyze: createCommandAnalyzer({
      parse: parser.parse,
      prepare: parser.ready,
      clock: systemClock,
      shell: 'bash',
    }),
  },
});
const session = new Emitter();
const prompts = new Emitter();
permissions.onDidChange((list) => prompts.fire(list));
const never = new Emitter().event;
let posted;
const feed = new PanelFeed({
  source: {
    content: () => ({ items: [], prompts: [], edits: [], changes: [] }),
    onDidChangeSession: session.event,
    onDidReplaceSession: never,
    onDidChangePrompts: prompts.event,
    onDidChangeEdits: never,
    onDidChangeChanges: never,
    onDidChangeSetup: never,
  },
  clock: systemClock,
  draft: { read: () => '', write: () => undefined },
  pictures: { list: async () => [] },
  post: (message) => {
    JSON.stringify(message); // what the editor does with it
    if (message.method === 'prompt/changed' && message.params.prompts.length > 0) {
      posted?.(message.params.prompts[0]);
    }
  },
});
feed.ready();

let started;
const { runner } = bench;
const run = runner.run.bind(runner);
runner.run = (options) => {
  started?.();
  return run(options);
};

async function measure(count) {
  const toPosted = [];
  const toStart = [];
  for (let index = 0; index < count; index += 1) {
    const asked = new Promise((resolve) => (posted = resolve));
    const begun = new Promise((resolve) => (started = resolve));
    const callMs = nowMs();
    const done = bench.run('run_command', { command: `npm test -- --seed=${index}` });
    const question = await asked;
    toPosted.push(nowMs() - callMs);
    const clickMs = nowMs();
    permissions.answer(question.id, question.digest, { kind: 'allowOnce' });
    await begun;
    toStart.push(nowMs() - clickMs);
    await done;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { toPosted, toStart };
}

/** Text for the panel at a steady pace, in pieces as a network gives them. */
function stream() {
  const everyMs = 4;
  const piece = 'token '.repeat(Math.round((tokensPerSecond * everyMs) / 1000));
  const timer = setInterval(
    () => session.fire({ deltas: [{ op: 'text', id: 'i1', delta: piece }] }),
    everyMs,
  );
  return () => clearInterval(timer);
}

await measure(calls / 5); // warm
const idle = await measure(calls);
const stop = stream();
const busy = await measure(calls);
stop();

const effects = [
  { kind: 'read', path: '/w/app/a', target: '/w/app/a', relative: 'a', pathClass: 'inside' },
];
const rounds = 200_000;
const beginMs = nowMs();
for (let round = 0; round < rounds; round += 1) {
  decide(effects, [], 'ask');
}
const decideUs = ((nowMs() - beginMs) * 1000) / rounds;

parser.dispose();
process.send({ idle, busy, decideUs });
process.disconnect();
