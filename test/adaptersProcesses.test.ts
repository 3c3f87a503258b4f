import { build } from 'esbuild';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../src/base/clock';
import { silentLogger } from '../src/base/logger';
import { createRedactor } from '../src/base/redact';
import { createChildProcessTransport } from '../src/node/childProcessTransport';
import { createExecutableLookup } from '../src/node/executables';
import { diskProgramFiles } from '../src/node/programFile';
import { RuntimeBroker } from '../src/runtime/broker';
import { runtimeEndpoint } from '../src/runtime/contract';
import { dialects } from './dialects/all';
import type { Dialect } from './dialects/dialect';
import { main, promptWord, type DialectScenario } from './fakes/dialectProgram';
import { terminals } from './fakes/dialectStage';
import { textOf, type RunningTurn } from './fakes/exchangeLab';
import { eventually, processesWith, Workbench } from './fakes/realChildren';

const bench = new Workbench();
let supervisorPath = '';

beforeAll(async () => {
  supervisorPath = await bench.supervisor();
  await build({
    absWorkingDir: fileURLToPath(new URL('..', import.meta.url)),
    entryPoints: ['test/fakes/dialectProgram.ts'],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    outfile: join(bench.path, 'dialectProgram.cjs'),
    logLevel: 'silent',
  });
});
afterAll(async () => {
  await eventually(
    'every child of these tests is gone',
    () => processesWith(bench.path).length === 0,
  );
  bench.remove();
});

/** One turn with a real child under the real transport; resolves when the child is gone too. */
async function play(dialect: Dialect, scenario: DialectScenario) {
  const { bridge } = dialect;
  const program = bench.program(
    `require('./dialectProgram.cjs').${main.name}(${JSON.stringify(dialect.name)}, ${JSON.stringify(scenario)});`,
    `${dialect.name} ${scenario}`.replaceAll(' ', '-'),
  );
  const broker = new RuntimeBroker({
    framework: () => {
      throw new Error('the network was asked');
    },
    transport: createChildProcessTransport({
      supervisorPath,
      lookup: createExecutableLookup({
        files: diskProgramFiles,
        platform: process.platform,
        homeDirectory: bench.path,
        path: process.env.PATH ?? '',
        workspaceFolders: () => [],
      }),
      isTrusted: () => true,
      redact: createRedactor(),
      inheritedEnv: process.env,
    }),
    clock: systemClock,
    logger: silentLogger,
  });
  broker.register(bridge);
  const log: RunningTurn['log'][number][] = [];
  const stream = broker.exchange(
    {
      id: `${bridge.adapter}/default`,
      api: 'external',
      provider: bridge.adapter,
      model: 'default',
      name: bridge.displayName,
      address: runtimeEndpoint(bridge.adapter),
      runtime: { adapter: bridge.adapter, authMode: 'external-cli', binaryPath: program },
    },
    {
      systemPrompt: '',
      tools: [],
      messages: [{ role: 'user', text: promptWord, createdAtMs: 0 }],
    },
    {
      signal: new AbortController().signal,
      sessionId: scenario,
      cwd: bench.path,
      closeTimeoutMs: 500,
      observe: (observation) => {
        log.push(observation);
      },
      onEvent: (event) => {
        log.push(event);
      },
    },
  );
  const message = await stream.result();
  await broker.closeAll();
  return {
    stop: message.stopReason,
    text: textOf(message),
    ends: terminals(log),
    code: message.failure?.code,
    words: message.errorMessage ?? '',
    badLines: log.filter((item) => item.kind === 'notice' && item.code === 'bad_line').length,
    processes: processesWith(program).length,
  };
}

const greeting = 'Grüße 👋🏽';

describe.each(dialects)('a real child that speaks $name', { timeout: 30_000 }, (dialect) => {
  it('[R65][R66] dies at any time, never exits, leaves a grandchild: one end, the text, no process', async () => {
    const [atOnce, middle, never, grandchild] = await Promise.all([
      play(dialect, 'dies at once'),
      play(dialect, 'dies in the middle'),
      play(dialect, 'never exits'),
      play(dialect, 'leaves a grandchild'),
    ]);
    expect(atOnce).toMatchObject({ stop: 'error', text: '', ends: 1, processes: 0 });
    expect(atOnce.words).toContain('cannot find my configuration');
    expect(middle).toMatchObject({ stop: 'error', text: greeting, ends: 1, badLines: 1 });
    expect(middle).toMatchObject({ code: 'child_exited', processes: 0 });
    expect(middle.words).toContain('last words');
    const good = { stop: 'stop', text: greeting, ends: 1, badLines: 1, processes: 0 };
    expect(never).toMatchObject(good);
    expect(grandchild).toMatchObject(good);
  });
});
