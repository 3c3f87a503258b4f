// P14: the session files on a real disk. What a message costs the host, the last screen of a long session against
// parsing all of it, the list of many sessions against reading them, and what a kill -9 in the middle loses.
//   node test/bench/p14-session-file.mjs --write <bundle> <folder>   the child that is killed
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median, remark, report } from './goals.mjs';

const words = 'the cord joins two jacks and a signal goes from one room to another '.repeat(14);

/** A turn of an agent that reads a file, as the session writes it down. */
function playTurn(log, index) {
  const turnId = `turn-${String(index)}`;
  const callId = `call-${String(index)}`;
  const assistant = (content, stopReason) => ({
    role: 'assistant',
    content,
    api: 'openai-chat',
    provider: 'openai',
    model: 'gpt',
    stopReason,
    createdAtMs: Date.now(),
  });
  const call = {
    id: callId,
    name: 'read_file',
    arguments: { path: `src/file${String(index)}.ts` },
    executedBy: 'host',
  };
  log.turnStarted(turnId);
  const messages = [
    { role: 'user', text: `Question ${String(index)}: ${words}`, createdAtMs: Date.now() },
    assistant([{ kind: 'tool_call', call }], 'toolUse'),
    {
      role: 'tool',
      callId,
      toolName: 'read_file',
      result: { ok: true, output: words },
      createdAtMs: Date.now(),
    },
    assistant([{ kind: 'text', text: words }], 'stop'),
  ];
  const costs = messages.map((message) => {
    const startedMs = performance.now();
    log.message(turnId, message);
    return performance.now() - startedMs;
  });
  log.turnEnded(turnId);
  return costs;
}

const storeOf = (product, folder) =>
  product.createSessionStore({
    storage: new product.SessionFiles(folder, { clock: product.systemClock }),
    clock: product.systemClock,
    redact: product.createRedactor(),
    createSessionId: () => 'written',
  });

const best = (times) => Math.min(...times);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function write(bundle, folder) {
  const session = storeOf(await import(pathToFileURL(bundle)), folder).create();
  for (let index = 0; ; index++) {
    playTurn(session.log, index);
    process.stdout.write(`${JSON.stringify({ index, atMs: Date.now() })}\n`);
    await pause(3);
  }
}

async function killInTheMiddle(product, bundle, folder, afterMs) {
  mkdirSync(folder);
  const child = spawn(
    process.execPath,
    [fileURLToPath(import.meta.url), '--write', bundle, folder],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  child.stdout.on('data', (piece) => (said += String(piece)));
  const closed = once(child.stdout, 'close');
  await once(child.stdout, 'data');
  await pause(afterMs);
  child.kill('SIGKILL');
  await closed;
  const turns = said
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  const written = path.join(folder, 'written.ndjson');
  const record = existsSync(written) ? product.readSession(readFileSync(written)) : undefined;
  const messages = record?.messages ?? [];
  const open = new Set();
  let halves = 0;
  for (const message of messages) {
    for (const block of message.role === 'assistant' ? message.content : []) {
      if (block.kind === 'tool_call') open.add(block.call.id);
    }
    if (message.role === 'tool' && !open.delete(message.callId)) halves++;
  }
  const isPrefix = messages
    .filter(({ role }) => role === 'user')
    .every(({ text }, index) => text.startsWith(`Question ${String(index)}:`));
  const kept = record?.branch.filter(({ kind }) => kind === 'turnEnd').length ?? 0;
  const lastMs = turns.at(-1).atMs;
  return {
    halves: halves + open.size + (isPrefix ? 0 : 1),
    lostMs: kept >= turns.length ? 0 : lastMs - turns[kept].atMs,
  };
}

async function measure() {
  const esbuild = await import('esbuild');
  const { inRoot } = await import('../../scripts/lib/root.mjs');
  const home = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  try {
    const bundle = path.join(home, 'product.mjs');
    await esbuild.build({
      stdin: {
        contents: `export { createSessionStore } from './src/session/sessionStore';
export { readSession } from './src/session/sessionRecord';
export { readBranchTail } from './src/session/branchTail';
export { SessionFiles } from './src/node/sessionFiles';
export { createRedactor } from './src/base/redact';
export { systemClock } from './src/base/clock';`,
        resolveDir: inRoot('.'),
      },
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'warning',
    });
    const product = await import(pathToFileURL(bundle));

    const folder = path.join(home, 'sessions');
    const session = storeOf(product, folder).create();
    const costs = [];
    for (let index = 0; index < 4000; index++) {
      costs.push(...playTurn(session.log, index));
      if (index % 50 === 0) await session.log.flush();
    }
    await session.log.flush();
    await session.close();
    costs.sort((a, b) => a - b);
    const p99 = costs[Math.floor(costs.length * 0.99)];

    // 50 MB: what was written, with its ids made different, so that it is one branch.
    const file = path.join(folder, 'written.ndjson');
    const [head, ...entries] = readFileSync(file, 'utf8').trimEnd().split('\n');
    const parts = [`${head}\n`];
    let size = 0;
    let parent = null;
    for (let at = 0; size < 50_000_000; at++) {
      const id = `entry-${String(at)}`;
      const line = `${JSON.stringify({ ...JSON.parse(entries[at % entries.length]), id, parent })}\n`;
      parent = id;
      size += line.length;
      parts.push(line);
    }
    writeFileSync(path.join(folder, 'big.ndjson'), parts.join(''));
    const storage = new product.SessionFiles(folder);
    const timed = async (work) => {
      const startedMs = performance.now();
      await work();
      return performance.now() - startedMs;
    };
    const screens = [];
    const parses = [];
    for (let n = 0; n < 5; n++) {
      screens.push(
        await timed(async () => {
          const tail = await product.readBranchTail(storage, 'big', 40);
          if (tail.entries.at(-1).id !== parent) throw new Error('not the last screen');
        }),
      );
      parses.push(
        await timed(async () => {
          const text = await readFile(path.join(folder, 'big.ndjson'), 'utf8');
          for (const line of text.split('\n')) if (line !== '') JSON.parse(line);
        }),
      );
    }

    // 500 sessions, 120 MB.
    const many = path.join(home, 'many');
    mkdirSync(many);
    for (let n = 0; n < 500; n++) {
      const text = `${head}\n${parts.slice(1 + n, 220 + n).join('')}`.slice(0, 240_000);
      writeFileSync(path.join(many, `session-${String(n)}.ndjson`), text);
    }
    parts.length = 0; // what the bench itself keeps is no part of the measure
    const store = storeOf(product, many);
    for (let n = 0; n < 3; n++) await store.list();
    gc();
    const before = process.memoryUsage().heapUsed;
    const listed = await store.list();
    gc();
    const retainedMb = (process.memoryUsage().heapUsed - before) / 1e6;
    if (listed.length !== 500) throw new Error(`${String(listed.length)} sessions listed`);
    const lists = [];
    const reads = [];
    for (let n = 0; n < 7; n++) {
      gc(); // what one leaves is not cleared away at the cost of the other
      lists.push(await timed(() => store.list()));
      gc();
      reads.push(
        await timed(async () => {
          for (const name of readdirSync(many)) {
            const text = await readFile(path.join(many, name), 'utf8');
            for (const line of text.split('\n')) {
              try {
                JSON.parse(line);
              } catch {
                // the last line of each is torn
              }
            }
          }
        }),
      );
    }

    const kills = [];
    for (let n = 0; n < 8; n++) {
      kills.push(
        await killInTheMiddle(product, bundle, path.join(home, `kill-${String(n)}`), 60 + n * 37),
      );
    }
    report('P14 session files', [
      {
        what: 'half pairs and gaps after kill -9',
        value: kills.reduce((sum, { halves }) => sum + halves, 0),
        goal: 0,
        unit: '',
      },
      {
        what: 'last screen of a 50 MB session / a full parse',
        value: median(screens) / median(parses),
        goal: 1 / 8,
        note: `${median(screens).toFixed(1)} and ${median(parses).toFixed(0)} ms`,
      },
      {
        what: 'list of 500 sessions, 120 MB / reading them',
        value: best(lists) / best(reads),
        goal: 1 / 30,
        note: `${best(lists).toFixed(0)} and ${best(reads).toFixed(0)} ms`,
      },
      { what: 'memory the list keeps', value: retainedMb, goal: 1, unit: 'MB' },
    ]);
    remark(`a message costs the host ${p99.toFixed(3)} ms in the 99th percentile, goal 0.2 ms`);
    remark(`kill -9 lost ${kills.map(({ lostMs }) => lostMs).join(', ')} ms of turns, goal 20 ms`);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

if (process.argv[2] === '--write') {
  await write(process.argv[3], process.argv[4]);
} else {
  await measure();
}
