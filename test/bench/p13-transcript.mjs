// P13: a conversation of 100,000 turns through the transcript store, appended and evicted turn by turn, against pushing
// the same turns on a bare array; and the same against 10,000 turns, for the cost of one.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { inRoot } from '../../scripts/lib/root.mjs';
import { remark, report } from './goals.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'patchbay-bench-'));
const runs = 5;
const many = 100_000;
const few = 10_000;
const budgetTokens = 120_000;

/** Exchanges of eight turns: a question, three calls with their results, an answer; always the same. */
function message(index) {
  const call = `call-${String(Math.floor(index / 2))}`;
  switch (index % 8) {
    case 0:
      return { role: 'user', text: `Question ${String(index)}: ${words(40)}`, createdAtMs: index };
    case 1:
    case 3:
    case 5:
      return assistant(index, [
        {
          kind: 'tool_call',
          call: {
            id: call,
            name: 'read_file',
            arguments: { path: `src/file${String(index)}.ts` },
            executedBy: 'host',
          },
        },
      ]);
    case 7:
      return assistant(index, [{ kind: 'text', text: words(60) }]);
    default:
      return {
        role: 'tool',
        callId: `call-${String(Math.floor((index - 1) / 2))}`,
        toolName: 'read_file',
        result: { ok: true, output: words(50) },
        createdAtMs: index,
      };
  }
}

const assistant = (index, content) => ({
  role: 'assistant',
  content,
  api: 'openai-chat',
  provider: 'openai',
  model: 'gpt',
  stopReason: 'stop',
  createdAtMs: index,
});
const vocabulary = 'the cord joins two jacks and a signal goes from one room to another'.split(' ');
const words = (count) =>
  Array.from({ length: count }, (_, i) => vocabulary[i % vocabulary.length]).join(' ');

try {
  const outfile = path.join(folder, 'transcript.mjs');
  await esbuild.build({
    stdin: {
      contents: `export { TranscriptStore } from './src/transcript/transcriptStore';
export { turnFromMessage } from './src/transcript/serialize';`,
      resolveDir: inRoot('.'),
    },
    outfile,
    bundle: true,
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
  });
  const { TranscriptStore, turnFromMessage } = await import(pathToFileURL(outfile));
  const messages = Array.from({ length: many }, (_, index) => message(index));

  const ways = {
    ours: (count) => {
      const store = new TranscriptStore({ budgetTokens });
      let evicted = 0;
      for (let at = 0; at < count; at++) {
        store.append(turnFromMessage(messages[at]));
        evicted += store.maybeEvict();
      }
      if (store.length + evicted !== count || store.tokenCount > budgetTokens) {
        throw new Error('the store lost count');
      }
      return store;
    },
    bare: (count) => {
      const turns = [];
      for (let at = 0; at < count; at++) turns.push(turnFromMessage(messages[at]));
      return turns;
    },
    rebuilding: (count) => {
      let turns = [];
      let tokens = 0;
      for (let at = 0; at < count; at++) {
        const turn = turnFromMessage(messages[at]);
        turns = [...turns, turn];
        tokens += turn.tokens;
        while (tokens > budgetTokens) {
          tokens -= turns[0].tokens;
          turns = turns.slice(1);
        }
      }
      return turns;
    },
  };
  const timeOf = (way, count) => {
    global.gc?.();
    const started = process.cpuUsage();
    const kept = ways[way](count);
    const { user, system } = process.cpuUsage(started);
    return { ms: (user + system) / 1000, window: kept.length };
  };
  for (const way of ['ours', 'bare']) timeOf(way, few);
  const rows = { ours: [], bare: [], short: [] };
  for (let n = 0; n < runs; n++) {
    rows.ours.push(timeOf('ours', many).ms / many);
    rows.bare.push(timeOf('bare', many).ms / many);
    for (let k = 0; k < 3; k++) rows.short.push(timeOf('ours', few).ms / few);
  }
  const best = (row) => Math.min(...rows[row]);
  const { window } = timeOf('ours', many);
  report('P13 transcript', [
    {
      what: 'append and evict / push on a bare array, 100,000 turns',
      value: best('ours') / best('bare'),
      goal: 1.5,
      note: `${(best('ours') * 1000).toFixed(2)} and ${(best('bare') * 1000).toFixed(2)} us a turn, made from its message`,
    },
    {
      what: 'cost of a turn, 100,000 / 10,000 turns',
      value: best('ours') / best('short'),
      goal: 1.2,
    },
  ]);
  const rebuilt = timeOf('rebuilding', few);
  remark(
    `rebuilding the list each time: ${(rebuilt.ms / few / best('short')).toFixed(1)} x ours at a window of ${String(window)} turns`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
