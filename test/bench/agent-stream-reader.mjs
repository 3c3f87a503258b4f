// Reads the agent of agent-stream-child.mjs in one of several ways, in a process of its own, and says what that cost.
import { createInterface } from 'node:readline';
import { RuntimeBroker } from '../../src/runtime/broker.ts';
import { claudeCliBridge } from '../../src/runtime/bridges/claudeCli.ts';
import { createChildProcessTransport } from '../../src/node/childProcessTransport.ts';
import { startSupervised } from '../../src/node/supervisedProcess.ts';
import { ChatSession } from '../../src/session/chatSession.ts';
import { PanelController } from '../../src/host/panelController.ts';
import { PanelFeed } from '../../src/host/panelFeed.ts';
import { Emitter } from '../../src/base/emitter.ts';
import { systemClock } from '../../src/base/clock.ts';

const { way, supervisorPath, childPath, rounds, bigBytes, watchesStalls } = JSON.parse(
  process.argv[2],
);
const childArg = `--bench=${rounds},${bigBytes}`;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** The transport that is shipped. */
const ownTransport = createChildProcessTransport({
  supervisorPath,
  lookup: async () => ({
    kind: 'found',
    path: childPath,
    launch: { file: process.execPath, argsBefore: [childPath] },
    isInsideWorkspace: false,
    searchPath: process.env.PATH,
  }),
  isTrusted: () => true,
  redact: (text) => text,
  inheritedEnv: process.env,
});

const startChild = () =>
  startSupervised(
    {
      file: process.execPath,
      args: [childPath, childArg],
      cwd: process.cwd(),
      env: { PATH: process.env.PATH },
      stdin: 'pipe',
    },
    { supervisorPath },
  );

/** What stands in for our line reader: `eachLine` calls back with every line of the child's output. */
const transportOf = (eachLine) => () => {
  const child = startChild();
  const listeners = new Set();
  eachLine(child.stdout, (line) => {
    const message = JSON.parse(line);
    for (const listener of [...listeners]) listener(message);
  });
  return {
    send: async (message) => void child.stdin.write(`${JSON.stringify(message)}\n`),
    onMessage(listener) {
      listeners.add(listener);
      return { dispose: () => listeners.delete(listener) };
    },
    onNotice: () => ({ dispose() {} }),
    onExit: () => ({ dispose() {} }),
    async close() {
      child.stdin.end();
      await child.ended;
      child.release();
    },
  };
};

/** As the agents' own SDKs read them: an asynchronous loop over readline. */
const readlineLoop = async (stdout, take) => {
  for await (const line of createInterface({ input: stdout, crlfDelay: Infinity })) take(line);
};
const readlineEvents = (stdout, take) =>
  createInterface({ input: stdout, crlfDelay: Infinity }).on('line', take);

/** The real arm: a transport, bridge, driver, sink, session, panel. Resolves with what it posted. */
async function whole(transport) {
  const model = {
    id: 'claude-cli/default',
    api: 'external',
    provider: 'claude-cli',
    model: 'default',
    name: 'Claude Code',
    runtime: {
      adapter: 'claude-cli',
      authMode: 'external-cli',
      binaryPath: childPath,
      args: [childArg],
    },
    address: 'bridge:claude-cli',
  };
  let link;
  const broker = new RuntimeBroker({
    resumeStore: () => ({
      find: () => link,
      save: (fresh) => {
        link = fresh;
      },
    }),
    clock: systemClock,
    logger: silent,
    framework: () => {
      throw new Error('not here');
    },
    transport,
  });
  broker.register(claudeCliBridge);
  const nothing = () => undefined;
  const session = new ChatSession(
    {
      exchange: (...turn) => broker.exchange(...turn),
      orchestrator: { permittedTools: () => [], noteChildResult: async () => undefined },
      log: {
        turnStarted: nothing,
        message: nothing,
        partial: nothing,
        turnEnded: nothing,
        titled: nothing,
        modelChosen: nothing,
        modeChosen: nothing,
        flush: async () => undefined,
      },
      findModel: () => model,
      guard: async () => undefined,
      keyFor: async () => undefined,
      systemPrompt: async () => ({ text: '', files: [] }),
      cwd: () => process.cwd(),
      turnOptions: () => ({}),
      window: (messages) => messages,
      runtimeName: () => 'Claude Code',
      relativize: (path) => path,
      nowMs: () => Date.now(),
      withdraw: nothing,
    },
    { id: 'bench', title: '', messages: [], interrupted: false },
    { modelId: model.id, mode: 'ask' },
  );
  const never = new Emitter().event;
  const source = new PanelController({
    sessions: { current: session, onDidChange: session.onDidChange, onDidSwitch: never },
    questions: { list: () => [], onDidChange: never, answer: () => false },
    edits: { list: () => [], onDidChange: never },
    changes: { list: () => [], onDidChange: never },
    actions: {},
    setup: { current: () => ({}), onDidChange: never },
    findModel: () => model,
    runtimeName: () => 'Claude Code',
    bridgeOf: () => claudeCliBridge,
    log: silent,
  });
  let posts = 0;
  let textChars = 0;
  const feed = new PanelFeed({
    source,
    clock: systemClock,
    draft: { read: () => '', write: nothing },
    pictures: { list: async () => [] },
    post: ({ method, params }) => {
      posts += 1;
      if (method === 'turn/text') textChars += params.delta.length;
      for (const delta of params.deltas ?? []) {
        textChars +=
          delta.op === 'text'
            ? delta.delta.length
            : delta.op === 'add'
              ? (delta.item.text?.length ?? 0)
              : 0;
      }
    },
  });
  feed.ready();
  session.submit('warm up');
  await session.whenIdle();
  start = usage();
  session.submit('go');
  await session.whenIdle();
  const end = usage();
  const { items } = session.live();
  const bad = items.filter((item) => item.kind === 'error' || item.kind === 'notice');
  if (bad.length > 0) throw new Error(JSON.stringify(bad));
  await broker.closeAll();
  await new Promise((resolve) => setTimeout(resolve, 100)); // the last texts wait longer than a frame
  const said = items.reduce(
    (sum, item) => sum + (item.kind === 'text' || item.kind === 'user' ? item.text.length : 0),
    0,
  );
  if (said !== textChars) throw new Error(`${textChars} of ${said} characters were posted`);
  return { end, posts, textChars, items: items.length };
}

/** The same child, read by something simple. */
async function simply(read) {
  const child = startChild();
  const prompt = '{"type":"user"}\n';
  child.stdin.write(prompt);
  let hasWarmed = false;
  const done = new Promise((resolve) =>
    read(child.stdout, () => {
      if (hasWarmed) {
        resolve(usage());
        return;
      }
      hasWarmed = true;
      start = usage();
      child.stdin.write(prompt);
    }),
  );
  const end = await done;
  child.stdin.end();
  await child.ended;
  child.release();
  return { end };
}

const ways = {
  ours: () => whole(ownTransport),
  readline: () => whole(transportOf(readlineLoop)),
  readlineEvents: () => whole(transportOf(readlineEvents)),
  /** Nothing but the pipe: lines are found and parsed, one by one. */
  ceiling: () =>
    simply((stdout, done) => {
      let open = [];
      stdout.on('data', (chunk) => {
        let start = 0;
        for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
          let line = chunk.subarray(start, end);
          if (open.length > 0) {
            line = Buffer.concat([...open, line]);
            open = [];
          }
          if (JSON.parse(line.toString('utf8')).type === 'result') done();
          start = end + 1;
        }
        if (start < chunk.length) open.push(chunk.subarray(start));
      });
    }),
  drain: () =>
    simply((stdout, done) => {
      stdout.on('data', (chunk) => {
        if (chunk.length < 65536 && chunk.includes('"type":"result"')) done();
      });
    }),
};

/** Set when the warm-up is over. */
let start;
const usage = () => ({ cpu: process.cpuUsage(), wallMs: performance.now() });
const stalls = { longestMs: 0 };
if (watchesStalls) {
  let last = { wallMs: performance.now(), cpu: process.cpuUsage() };
  const look = () => {
    const now = usage();
    const cpuMs = (now.cpu.user + now.cpu.system - last.cpu.user - last.cpu.system) / 1000;
    stalls.longestMs = Math.max(stalls.longestMs, Math.min(now.wallMs - last.wallMs, cpuMs));
    last = usage();
    if (!stalls.isOver) setImmediate(look);
  };
  setImmediate(look);
}
const { end, ...rest } = await ways[way]();
stalls.isOver = true;
process.send({
  ...rest,
  cpuMs: (end.cpu.user + end.cpu.system - start.cpu.user - start.cpu.system) / 1000,
  wallMs: end.wallMs - start.wallMs,
  peakMb: process.resourceUsage().maxRSS / 1024,
  longestMs: stalls.longestMs,
});
process.disconnect();
