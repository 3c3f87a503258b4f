import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock';
import { isRecord } from '../../../src/base/guard';
import { SessionFiles } from '../../../src/node/sessionFiles';
import { SessionManager } from '../../../src/session/sessionManager';
import { createSessionStore } from '../../../src/session/sessionStore';
import { verifySession } from '../../../src/session/verifySession';
import { callsOf, interruptedResultText } from '../../../src/transcript/pairs';
import type { HostWord } from '../../fakes/killedHost';
import { eventually, isAlive, processesWith, Workbench } from '../../fakes/realChildren';
import { ScriptedExchange } from '../../fakes/scriptedExchange';
import { ScriptedOrchestrator } from '../../fakes/scriptedOrchestrator';
import { networkModel } from '../../fakes/sessionBench';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const bench = new Workbench();
let supervisorPath = '';
let hostPath = '';

beforeAll(async () => {
  supervisorPath = await bench.supervisor();
  hostPath = join(bench.path, 'host.cjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/fakes/killedHost.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: hostPath,
    logLevel: 'silent',
  });
}, 60_000);
afterAll(async () => {
  await eventually(
    'every process of these tests is gone',
    () => processesWith(bench.path).length === 0,
    20_000,
  );
  bench.remove();
});

describe('a host that is killed in the middle of a turn', () => {
  it('[R203][R220] leaves a session that opens again: what was written is whole, the turn is marked, nothing runs again', async () => {
    const random = seeded(20);
    const runs = Array.from({ length: 30 }, (_, run) => ({
      folder: join(bench.path, `run-${run}`),
      firstTurn: run % 6,
      afterWords: 4 + Math.floor(random() * 60),
    }));
    const queue = [...runs];
    const work = async (): Promise<void> => {
      for (let run = queue.shift(); run !== undefined; run = queue.shift()) {
        const words = await liveAndDie(run);
        await expectOpens(run.folder, words);
      }
    };
    await Promise.all([work(), work(), work()]);
  }, 90_000);
});

/** Says what the host said before it was killed: after so many words, or when it waits for an answer. */
async function liveAndDie(run: {
  readonly folder: string;
  readonly firstTurn: number;
  readonly afterWords: number;
}): Promise<readonly HostWord[]> {
  const host = spawn(
    process.execPath,
    [hostPath, run.folder, supervisorPath, String(run.firstTurn)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const words: HostWord[] = [];
  for await (const line of createInterface({ input: host.stdout })) {
    const word: unknown = JSON.parse(line);
    if (isWord(word)) {
      words.push(word);
      if (words.length === run.afterWords || word.kind === 'waits') {
        host.kill('SIGKILL');
      }
    }
  }
  return words;
}

async function expectOpens(folder: string, words: readonly HostWord[]): Promise<void> {
  const sessionId = words.flatMap((word) => (word.kind === 'session' ? [word.id] : []))[0] ?? '';
  for (const word of words) {
    if (word.kind === 'child') {
      await eventually('the command of the dead host is gone', () => !isAlive(word.pid), 20_000);
    }
  }
  const written = saidBefore(words, lastWritten(words));
  if (written.asked.length === 0) {
    return; // it died before anything was on the disk
  }
  // Nothing is wrong with the file but its end.
  const found = (await verifySession(new SessionFiles(folder), sessionId)) ?? [];
  const problems = found.filter(({ why }) => !why.startsWith('the last line was cut off'));
  expect(problems).toEqual([]);

  const runtime = new ScriptedExchange([]);
  const orchestrator = new ScriptedOrchestrator();
  const manager = new SessionManager({
    store: createSessionStore({
      storage: new SessionFiles(folder),
      clock: systemClock,
      redact: (text) => text,
    }),
    defaults: () => ({ modelId: networkModel.id, mode: 'ask' }),
    session: {
      exchange: runtime.exchange,
      orchestrator,
      findModel: () => networkModel,
      guard: () => Promise.resolve(undefined),
      keyFor: () => Promise.resolve(undefined),
      systemPrompt: () => Promise.resolve({ text: '', files: [] }),
      cwd: () => folder,
      turnOptions: () => ({}),
      window: (messages) => messages,
      runtimeName: (model) => model.name,
      relativize: (path) => path,
      nowMs: () => 0,
      withdraw: () => undefined,
    },
  });
  expect(await manager.open(sessionId)).toBe(true);
  const session = manager.current;
  const { conversation } = session;

  // Everything that had reached the disk is there, in order, and text that still streamed too.
  const asked = conversation.flatMap((message) => (message.role === 'user' ? [message.text] : []));
  expect(asked.slice(0, written.asked.length)).toEqual(written.asked.map((n) => `Question ${n}`));
  const text = conversation
    .flatMap((message) => (message.role === 'assistant' ? message.content : []))
    .map((block) => (block.kind === 'text' ? block.text : ''))
    .join('');
  let at = -1;
  for (const delta of written.deltas) {
    const found = text.indexOf(delta, at + 1);
    expect(found, `${delta} was written`).toBeGreaterThan(at);
    expect(text.indexOf(delta, found + 1), `${delta} is there once`).toBe(-1);
    at = found;
  }

  // Calls and results are whole, and one that ran at the end says that it may have run in part.
  const results = new Map(
    conversation.flatMap((message) =>
      message.role === 'tool' ? [[message.callId, message.result] as const] : [],
    ),
  );
  for (const message of conversation) {
    for (const call of message.role === 'assistant' ? callsOf(message) : []) {
      const result = results.get(call.id);
      expect(result?.ok === true || result?.error === interruptedResultText).toBe(true);
    }
  }

  // The turn that it died in is marked, and nothing goes on by itself.
  const openTurn = asked.length > words.filter(({ kind }) => kind === 'settled').length;
  const notices = session
    .live()
    .items.filter((item) => item.kind === 'notice' && item.text.includes('interrupted'));
  if (openTurn) {
    expect(notices).toHaveLength(1);
  }
  await session.whenIdle();
  expect(session.live().phase).toBe('idle');
  expect(runtime.contexts).toEqual([]);
  expect(orchestrator.executed).toEqual([]);
  manager.dispose();
}

/** What was said before the write that ended last began: that, and all before it, is on the disk. */
function lastWritten(words: readonly HostWord[]): number {
  const ended = words.findLastIndex(({ kind }) => kind === 'written');
  return words.slice(0, Math.max(0, ended)).findLastIndex(({ kind }) => kind === 'writing');
}

function saidBefore(
  words: readonly HostWord[],
  end: number,
): { readonly asked: readonly number[]; readonly deltas: readonly string[] } {
  const before = words.slice(0, Math.max(0, end));
  return {
    asked: before.flatMap((word) => (word.kind === 'asked' ? [word.turn] : [])),
    deltas: before.flatMap((word) =>
      word.kind === 'text'
        ? [`<${word.turn}.${Math.floor(word.part / 12)}.${word.part % 12}>`]
        : [],
    ),
  };
}

function isWord(value: unknown): value is HostWord {
  return isRecord(value) && typeof value.kind === 'string';
}

/** The same numbers each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
