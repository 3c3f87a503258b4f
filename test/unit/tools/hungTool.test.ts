import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock';
import { toolOk } from '../../../src/events/toolCall';
import { createBench, toolOf } from '../../fakes/orchestratorBench';

/** Runs four calls that never end beside ones that do, in real time, and measures the loop meanwhile. */
async function measure(): Promise<{ readonly maxDelayMs: number; readonly answered: number }> {
  const bench = createBench({
    services: { clock: systemClock },
    tools: [
      toolOf('pulse', () => Promise.resolve(toolOk('alive')), { kind: 'read' }),
      toolOf('hung', () => new Promise(() => undefined), { kind: 'command', timeoutMs: 400 }),
      toolOf('deaf', () => new Promise(() => undefined), { kind: 'read', timeoutMs: 400 }),
    ],
  });
  const beside = { sessionId: 's2' };
  await bench.run('pulse', {}, beside); // what is only once is not the hang's
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  let isOver = false;
  const hung = Promise.all([
    bench.run('hung', {}),
    bench.run('deaf', {}, beside),
    bench.run('deaf', {}, beside),
    bench.run('deaf', {}, beside),
  ]).finally(() => (isOver = true));
  let answered = 0;
  while (!isOver) {
    expect((await bench.run('pulse', {}, beside)).ok).toBe(true);
    answered += 1;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const outcomes = (await hung).map((result) => result.details?.outcome);
  delay.disable();
  expect(outcomes).toEqual(['timeout', 'timeout', 'timeout', 'timeout']);
  return { maxDelayMs: delay.max / 1e6, answered };
}

describe('a tool that hangs', () => {
  it('[R133] freezes neither its loop nor the window, and the calls beside it go on', async () => {
    const delays: number[] = [];
    // A busy machine delays any loop now and then; a tool that froze it would do so every time.
    for (let attempt = 0; attempt < 8 && !delays.some(isResponsive); attempt += 1) {
      const { maxDelayMs, answered } = await measure();
      expect(answered).toBeGreaterThan(20);
      delays.push(maxDelayMs);
    }
    expect(delays.some(isResponsive), `longest delays: ${delays.join(', ')} ms`).toBe(true);
  }, 60_000);
});

/** Far below what a person takes for frozen. */
function isResponsive(delayMs: number): boolean {
  return delayMs < 200;
}
