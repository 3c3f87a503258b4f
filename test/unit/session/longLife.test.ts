import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock';
import { toolError, toolOk } from '../../../src/events/toolCall';
import { SessionFiles } from '../../../src/node/sessionFiles';
import { HeavyQueue, heavyLimits } from '../../../src/session/heavyQueue';
import { wholeItems } from '../../../src/session/lightItem';
import { heavyCharsOf, lightMessage } from '../../../src/session/lightMessage';
import { isMessage } from '../../../src/session/sessionEntry';
import type { ChatSession } from '../../../src/session/chatSession';
import { SessionManager } from '../../../src/session/sessionManager';
import { createSessionStore } from '../../../src/session/sessionStore';
import { cardTextLimit } from '../../../src/session/toolItems';
import { Workbench } from '../../fakes/realChildren';
import { ScriptedExchange, type ScriptStep } from '../../fakes/scriptedExchange';
import { ScriptedOrchestrator } from '../../fakes/scriptedOrchestrator';
import { agentModel } from '../../fakes/sessionBench';

const bench = new Workbench();
afterAll(() => bench.remove());
let folders = 0;

describe('a conversation of many turns with large outputs', () => {
  it('[R202] keeps a bounded part of its texts in memory, and finds all of them in its file', async () => {
    const turns = 400;
    const { manager, play, again } = window();
    const session = manager.current;
    for (let turn = 0; turn < turns; turn++) {
      await play(turn);
    }
    expectBounded(session, turns);
    for (const turn of [0, 1, turns / 2, turns - 1]) {
      expect(await session.detail(`call-${turn}`, 'output')).toBe(outputOf(turn));
      expect(await session.detail(`call-${turn}`, 'input')).toBe(`build ${turn}`);
    }

    const other = await again(session.id);
    expectBounded(other, turns);
    expect(other.live().items).toHaveLength(session.live().items.length);
    expect(await other.detail('call-0', 'output')).toBe(outputOf(0));
    expect(await other.detail(`call-${turns - 1}`, 'output')).toBe(outputOf(turns - 1));
  }, 60_000);

  it('[R202] gives the view earlier items with the texts of their cards', async () => {
    const turns = 340;
    const { manager, play } = window(20_000);
    for (let turn = 0; turn < turns; turn++) {
      await play(turn);
    }
    const { items } = manager.current.live();
    const bare = items.findIndex((item) => item.kind === 'tool');
    expect(items[bare]).not.toHaveProperty('output');
    const page = await manager.current.itemsBefore(items[30]?.id ?? '', 12);
    expect(page?.before).toBe(18);
    expect(page?.items.map(({ id }) => id)).toEqual(items.slice(18, 30).map(({ id }) => id));
    const cards = page?.items.flatMap((item) => (item.kind === 'tool' ? [item] : [])) ?? [];
    expect(cards.length).toBeGreaterThan(4);
    for (const card of cards) {
      expect(card).toMatchObject({ state: 'ok', outputBytes: 20_000 });
      expect(card.output).toContain(outputOf(Number(card.id.slice(5)), 20_000).slice(0, 1000));
      expect(card).not.toHaveProperty('isLight');
    }
    expect(await manager.current.itemsBefore('nothing', 5)).toBeUndefined();
  }, 30_000);

  it('says of an output that is gone from the disk what is missing, and loses nothing else', async () => {
    const { manager, play, folder } = window();
    const session = manager.current;
    for (let turn = 0; turn < 60; turn++) {
      await play(turn);
    }
    const path = join(folder, `${session.id}.ndjson`);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replaceAll('line of turn 1 ', 'LINE OF TURN \u0001 '));
    expect(await session.detail('call-1', 'output')).toMatch(
      /^The output of this call is missing: .*\n\nline of turn 1 [\s\S]*not shown/,
    );
    expect(await session.detail('call-2', 'output')).toBe(outputOf(2));
    truncateSync(path, 10_000);
    expect(await session.detail('call-2', 'output')).toMatch(/^The output of this call is missing/);
    expect(await session.detail('call-59', 'output')).toBe(outputOf(59));
    expect(session.conversation).toHaveLength(60 * 3);
  }, 30_000);

  it('takes the whole texts along into a copy, and into the one of a session that another window has', async () => {
    const { manager, play, store, storage, folder } = window();
    for (let turn = 0; turn < 60; turn++) {
      await play(turn);
    }
    const { id } = manager.current;
    const forked = await store.fork(id);
    const fork = await store.open(forked ?? '');
    expect(await fork?.texts?.result('call-0')).toMatchObject({ value: { output: outputOf(0) } });
    expect(fork?.stored.messages).toHaveLength(60 * 3);

    await storage.claim(id);
    const elsewhere = createSessionStore({
      storage: new SessionFiles(folder, { clock: systemClock }),
      clock: systemClock,
      redact: (text) => text,
    });
    const copy = await elsewhere.open(id);
    expect(copy?.copyOf).toBe(id);
    expect(await copy?.texts?.result('call-0')).toMatchObject({ value: { output: outputOf(0) } });
    copy?.log.turnStarted('t');
    copy?.log.message('t', { role: 'user', text: 'on', createdAtMs: 0 });
    await copy?.log.flush();
    await copy?.close?.();
    await store.remove(id);
    expect(await copy?.texts?.result('call-0')).toMatchObject({ value: { output: outputOf(0) } });
    const read = await elsewhere.open(copy?.stored.id ?? '');
    expect(read?.stored.messages).toHaveLength(60 * 3 + 1);
    expect(readdirSync(folder).some((name) => name.startsWith(id))).toBe(false);
  }, 30_000);
});

describe('a message made lighter', () => {
  it('is still a message, keeps its ids, and is not made lighter again', () => {
    const texts = fc.string({ maxLength: 12_000, size: 'max' });
    fc.assert(
      fc.property(texts, texts, texts, (output, error, command) => {
        for (const result of [toolOk(output, { diff: error }), toolError(error, {}, output)]) {
          const light = lightMessage({
            role: 'tool',
            callId: 'c',
            toolName: 't',
            result,
            createdAtMs: 1,
          });
          expect(isMessage(light)).toBe(true);
          expect(heavyCharsOf(light)).toBe(0);
          expect(light).toMatchObject({ callId: 'c', toolName: 't', result: { ok: result.ok } });
          expect(lightMessage(light)).toEqual(light);
        }
        const call = {
          role: 'assistant',
          content: [
            {
              kind: 'tool_call',
              call: {
                id: 'c',
                name: 't',
                arguments: { command, more: [{ command }] },
                executedBy: 'host',
              },
            },
          ],
          api: 'a',
          provider: 'p',
          model: 'm',
          stopReason: 'toolUse',
          createdAtMs: 1,
        } as const;
        expect(isMessage(lightMessage(call))).toBe(true);
        expect(heavyCharsOf(lightMessage(call))).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('goes with the oldest first, many at a time, and never one that is not stored yet', () => {
    const queue = new HeavyQueue<number>({ maxChars: 100, afterChars: 50 });
    const gone = Array.from({ length: 12 }, (_, at) => queue.add(at, 10)).flat();
    expect(gone).toEqual([0, 1, 2, 3, 4, 5]);
    expect(queue.total).toBe(60);
    expect(queue.add(12, 90, (at) => at < 8)).toEqual([6, 7]);
    expect(queue.total).toBe(130);
  });
});

const line = (turn: number): string => `line of turn ${turn} of a build that says what it does\n`;

function outputOf(turn: number, chars = 100_000): string {
  return line(turn)
    .repeat(Math.ceil(chars / line(turn).length))
    .slice(0, chars);
}

/** Counts letters, not the process's memory: what is kept is what costs. */
function expectBounded(session: ChatSession, turns: number): void {
  const inMessages = session.conversation.reduce(
    (sum, message) => sum + (message.role === 'tool' ? message.result.output.length : 0),
    0,
  );
  expect(inMessages).toBeLessThanOrEqual(heavyLimits.maxChars + turns * 2300);
  const { items } = session.live();
  const inItems = items.reduce(
    (sum, item) => sum + (item.kind === 'tool' ? (item.output ?? '').length : 0),
    0,
  );
  expect(inItems).toBeLessThanOrEqual(((wholeItems + 2) / 2) * (cardTextLimit + 100));
}

function window(chars = 100_000) {
  const folder = join(bench.path, `long-${(folders += 1)}`);
  const scripts: (readonly ScriptStep[])[] = [];
  const opened = () => {
    const storage = new SessionFiles(folder, { clock: systemClock });
    const store = createSessionStore({ storage, clock: systemClock, redact: (text) => text });
    const runtime = new ScriptedExchange(scripts);
    const manager = new SessionManager({
      store,
      defaults: () => ({ modelId: agentModel.id, mode: 'ask' }),
      session: {
        exchange: runtime.exchange,
        orchestrator: new ScriptedOrchestrator(),
        findModel: () => agentModel,
        guard: () => Promise.resolve(undefined),
        keyFor: () => Promise.resolve(undefined),
        systemPrompt: () => Promise.resolve({ text: '', files: [] }),
        cwd: () => '/ws',
        turnOptions: () => ({}),
        window: () => [],
        runtimeName: () => 'Agent',
        relativize: (path) => path,
        nowMs: () => 0,
        withdraw: () => undefined,
      },
    });
    return { store, storage, manager };
  };
  const { store, storage, manager } = opened();
  const play = async (turn: number): Promise<void> => {
    const callId = `call-${turn}`;
    scripts.push([
      {
        kind: 'tool_call',
        call: {
          id: callId,
          name: 'Bash',
          arguments: { command: `build ${turn}` },
          executedBy: 'child',
        },
      },
      {
        kind: 'observation',
        observation: { kind: 'tool_result', callId, result: toolOk(outputOf(turn, chars)) },
      },
      { kind: 'finish', reason: 'stop' },
    ]);
    manager.current.submit(`Question ${turn}`);
    await manager.current.whenIdle();
    await manager.flush();
  };
  const again = async (sessionId: string): Promise<ChatSession> => {
    await manager.flush();
    const next = opened();
    await next.manager.open(sessionId);
    return next.manager.current;
  };
  return { manager, store, storage, folder, play, again };
}
