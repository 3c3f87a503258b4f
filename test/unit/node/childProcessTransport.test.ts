import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRedactor } from '../../../src/base/redact';
import {
  createChildProcessTransport,
  type ChildProcessTransportOptions,
} from '../../../src/node/childProcessTransport';
import { createExecutableLookup } from '../../../src/node/executables';
import { diskProgramFiles } from '../../../src/node/programFile';
import type {
  ChildExit,
  ChildTransport,
  FolderCodePlace,
  TransportContext,
} from '../../../src/runtime/contract';
import { eventually, isAlive, isAsleep, processesWith, Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
let supervisorPath = '';
const open: ChildTransport[] = [];

beforeAll(async () => {
  supervisorPath = await bench.supervisor();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((transport) => transport.close()));
});
afterAll(async () => {
  await eventually(
    'every child of these tests is gone',
    () => processesWith(bench.path).length === 0,
  );
  bench.remove();
});

interface StartOptions {
  readonly args?: readonly string[];
  readonly cwd?: string | undefined;
  readonly closeTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly specEnv?: Readonly<Record<string, string | null>>;
  readonly launchEnv?: Readonly<Record<string, string | null>>;
  readonly byName?: boolean;
  readonly inputText?: string;
  readonly folderCode?: readonly FolderCodePlace[];
  readonly needsToolRelay?: boolean;
  readonly transport?: Partial<ChildProcessTransportOptions>;
}

function start(binary: string, options: StartOptions = {}): ChildTransport {
  const factory = createChildProcessTransport({
    supervisorPath,
    lookup: createExecutableLookup({
      files: diskProgramFiles,
      platform: process.platform,
      homeDirectory: bench.path,
      path: process.env.PATH ?? '',
      workspaceFolders: () => [],
    }),
    isTrusted: () => true,
    redact: createRedactor(['the-known-secret']),
    inheritedEnv: process.env,
    ...options.transport,
  });
  const context: TransportContext = {
    spec: {
      adapter: 'test-cli',
      authMode: 'external-cli',
      ...(options.byName === true ? {} : { binaryPath: binary }),
      ...(options.specEnv === undefined ? {} : { env: options.specEnv }),
    },
    model: {
      id: 'test-cli/default',
      api: 'external',
      provider: 'test',
      model: 'default',
      name: 'Test',
    },
    opts: {
      signal: options.signal ?? new AbortController().signal,
      sessionId: 'session',
      observe: () => undefined,
      closeTimeoutMs: options.closeTimeoutMs ?? 2000,
      ...('cwd' in options
        ? options.cwd === undefined
          ? {}
          : { cwd: options.cwd }
        : { cwd: bench.path }),
    },
    resume: undefined,
    launch: {
      defaultBinary: options.byName === true ? binary : 'no-such-default',
      args: options.args ?? [],
      ...(options.launchEnv === undefined ? {} : { env: options.launchEnv }),
      ...(options.inputText === undefined ? {} : { inputText: options.inputText }),
      ...(options.folderCode === undefined ? {} : { folderCode: options.folderCode }),
      ...(options.needsToolRelay === undefined ? {} : { needsToolRelay: options.needsToolRelay }),
    },
  };
  const transport = factory(context);
  open.push(transport);
  return transport;
}

function collect(transport: ChildTransport): {
  readonly messages: unknown[];
  readonly notices: string[];
  readonly exits: ChildExit[];
  readonly exit: Promise<ChildExit>;
} {
  const messages: unknown[] = [];
  const notices: string[] = [];
  const exits: ChildExit[] = [];
  transport.onMessage((message) => messages.push(message));
  transport.onNotice((text) => notices.push(text));
  const exit = new Promise<ChildExit>((resolve) => {
    transport.onExit((end) => {
      exits.push(end);
      resolve(end);
    });
  });
  return { messages, notices, exits, exit };
}

/** Says its pid, then answers each line with what it was given. */
const echo = `
process.stdout.write(JSON.stringify({ pid: process.pid }) + '\\n');
let text = '';
process.stdin.on('data', (chunk) => {
  text += chunk;
  for (let end = text.indexOf('\\n'); end !== -1; end = text.indexOf('\\n')) {
    process.stdout.write(JSON.stringify({ got: text.slice(0, end) }) + '\\n');
    text = text.slice(end + 1);
  }
});
`;

describe('talking to a child', () => {
  it("[R53] is the transport's alone: nothing in the runtime room reaches for processes", () => {
    const room = join(import.meta.dirname, '../../../src/runtime');
    const files = readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    );
    expect(files).toContain('broker.ts');
    expect(
      files.filter((name) =>
        /child_process|worker_threads|['"]node:/.test(readFileSync(join(room, name), 'utf8')),
      ),
    ).toEqual([]);
  });

  it('[R54][R55] relays lines both ways without looking into them, in order, also those sent before the start', async () => {
    const transport = start(bench.program(echo));
    const seen = collect(transport);
    const odd = { type: 'anything', text: 'a\u2028b\u2029c\n💡', nested: [null, { x: 1 }] };
    await Promise.all([transport.send(odd), transport.send('second'), transport.send(3)]);
    await eventually('three answers', () => seen.messages.length === 4);
    expect(seen.messages.slice(1)).toEqual([
      { got: JSON.stringify(odd).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029') },
      { got: '"second"' },
      { got: '3' },
    ]);
  });

  it('[R59] keeps messages for the first listener and gives them to it in order', async () => {
    const transport = start(
      bench.program(
        `for (let n = 0; n < 5; n++) console.log(JSON.stringify({ n })); console.log('bad'); setInterval(() => {}, 1000);`,
      ),
    );
    const notices: string[] = [];
    transport.onNotice((text) => notices.push(text));
    await eventually('the bad line behind the messages', () => notices.length === 1);
    const messages: unknown[] = [];
    transport.onMessage((message) => messages.push(message));
    expect(messages).toEqual([]);
    await eventually('the kept messages', () => messages.length === 5);
    expect(messages).toEqual([0, 1, 2, 3, 4].map((n) => ({ n })));
  });

  it('[R56] stops giving messages to a listener whose disposer ran, and goes on with the others', async () => {
    const transport = start(bench.program(echo));
    const first: unknown[] = [];
    const second: unknown[] = [];
    const subscription = transport.onMessage((message) => first.push(message));
    transport.onMessage((message) => second.push(message));
    await eventually('the first message', () => second.length === 1);
    subscription.dispose();
    subscription.dispose();
    await transport.send('x');
    await eventually('the second message', () => second.length === 2);
    expect(first).toHaveLength(1);
  });

  it('does not let a listener that throws disturb the others', async () => {
    const transport = start(bench.program(echo));
    transport.onMessage(() => {
      throw new Error('broken listener');
    });
    const seen = collect(transport);
    await transport.send('x');
    await eventually('the answer', () => seen.messages.length === 2);
    expect(seen.notices.some((text) => text.includes('broken listener'))).toBe(true);
  });

  it('[R57] delivers nothing after close, not even what was already read, and close twice is one close', async () => {
    const transport = start(
      bench.program(
        `for (let n = 0; n < 20000; n++) process.stdout.write(JSON.stringify({ n }) + '\\n'); setInterval(() => {}, 1000);`,
      ),
    );
    const messages: unknown[] = [];
    const exits: ChildExit[] = [];
    let closing: Promise<void> | undefined;
    transport.onExit((exit) => exits.push(exit));
    transport.onMessage((message) => {
      messages.push(message);
      closing ??= transport.close();
    });
    await eventually('the close', () => closing !== undefined);
    expect(transport.close()).toBe(closing);
    await closing;
    expect(messages).toEqual([{ n: 0 }]);
    expect(exits).toEqual([]);
    await expect(transport.send('late')).rejects.toMatchObject({ code: 'transport_closed' });
    await transport.close();
  });

  it('[R70] reports a line that is not JSON, skips it and goes on; a flood of them is counted', async () => {
    const transport = start(
      bench.program(
        `console.log('{"a":1}'); console.log('hello sk-ant-api03-abcdefghijklmnopqrst'); for (let n = 0; n < 1000; n++) console.log('no'); console.log('{"a":2}');`,
      ),
    );
    const seen = collect(transport);
    await seen.exit;
    expect(seen.messages).toEqual([{ a: 1 }, { a: 2 }]);
    expect(seen.notices[0]).toBe('Skipped a line that is not JSON: hello [redacted]');
    expect(seen.notices.length).toBeLessThan(20);
    expect(seen.notices.at(-1)).toBe('Skipped 1001 lines so far that are not JSON.');
  });

  it('[R70] ends with line_too_long when a line passes the limit, with what came before it, and the child is ended', async () => {
    const transport = start(
      bench.program(
        `process.stdout.write('{"a":1}\\n' + JSON.stringify({ pid: process.pid }) + '\\n'); const part = 'x'.repeat(65536); (function more() { while (process.stdout.write(part)); process.stdout.once('drain', more); })();`,
      ),
      { transport: { maxLineBytes: 1024 * 1024 } },
    );
    const seen = collect(transport);
    const exit = await seen.exit;
    expect(exit.spawnError?.code).toBe('line_too_long');
    expect(exit.spawnError?.message).toContain('What has arrived is kept. Try again');
    expect(seen.messages[0]).toEqual({ a: 1 });
    const { pid } = seen.messages[1] as { pid: number };
    await eventually('the child is gone', () => !isAlive(pid));
    expect(seen.exits).toHaveLength(1);
  });

  it('[R69] accepts an unterminated last line, and gives every message before the exit', async () => {
    const transport = start(bench.program(`process.stdout.write('{"n":1}\\r\\n\\n{"n":2}');`));
    const order: unknown[] = [];
    const ended = new Promise<void>((resolve) => {
      transport.onExit((exit) => {
        order.push(exit.code);
        resolve();
      });
    });
    transport.onMessage((message) => order.push(message));
    await ended;
    expect(order).toEqual([{ n: 1 }, { n: 2 }, 0]);
  });
});

describe('a child that takes its whole input at once', () => {
  /** Reads its stdin to the end, then says what that was. */
  const reader = `const parts = []; process.stdin.on('data', (part) => parts.push(part)).on('end', () => { const text = Buffer.concat(parts).toString(); console.log(JSON.stringify({ chars: text.length, text: text.slice(0, 100) })); });`;

  it.each([
    ['one line', 'fix the bug'],
    ['several lines that no JSON line could carry', '- a\n\u2028"b"\r\n💡\n'],
    ['nothing', ''],
  ])(
    '[R74] gets %s raw, byte for byte, and then the end of its stdin',
    async (_name, inputText) => {
      const seen = collect(start(bench.program(reader), { inputText }));
      expect(await seen.exit).toMatchObject({ code: 0 });
      expect(seen.messages).toEqual([{ chars: inputText.length, text: inputText }]);
    },
  );

  it('gets an input that is larger than its pipe', async () => {
    const inputText = 'x'.repeat(3 * 1024 * 1024);
    const seen = collect(start(bench.program(reader), { inputText }));
    await seen.exit;
    expect(seen.messages).toMatchObject([{ chars: inputText.length }]);
  });

  it('[R55] refuses a send with a code of its own, before and after the start, and the child does not see it', async () => {
    const transport = start(bench.program(reader), { inputText: 'all' });
    const seen = collect(transport);
    await expect(transport.send({ late: 1 })).rejects.toMatchObject({ code: 'input_ended' });
    await seen.exit;
    await expect(transport.send({ late: 2 })).rejects.toMatchObject({ code: 'input_ended' });
    expect(seen.messages).toEqual([{ chars: 3, text: 'all' }]);
    await transport.close();
    await expect(transport.send({ late: 3 })).rejects.toMatchObject({ code: 'transport_closed' });
  });

  it('ends as usual when it exits without reading, and can be closed while it does not read', async () => {
    const inputText = 'y'.repeat(4 * 1024 * 1024);
    const gone = collect(start(bench.program('process.exit(3)'), { inputText }));
    expect(await gone.exit).toMatchObject({ code: 3 });
    const deaf = start(bench.program(`console.log('{}'); setInterval(() => {}, 1000);`), {
      inputText,
      closeTimeoutMs: 1000,
    });
    const seen = collect(deaf);
    await eventually('it is up', () => seen.messages.length === 1);
    await deaf.close();
    expect(seen.exits).toEqual([]);
  });
});

describe('the end of a child', () => {
  it('[R58] reports code and redacted stderr exactly once, also to a listener that comes later', async () => {
    const transport = start(
      bench.program(
        `process.stderr.write('x'.repeat(20000) + '\\nkey the-known-secret and ANTHROPIC_API_KEY=abcdef\\n', () => process.exit(7));`,
      ),
    );
    const seen = collect(transport);
    const exit = await seen.exit;
    expect(exit).toMatchObject({ code: 7, signal: null });
    expect(exit.spawnError).toBeUndefined();
    expect(Buffer.byteLength(exit.stderrTail)).toBeLessThanOrEqual(8192);
    expect(exit.stderrTail.endsWith('\nkey [redacted] and ANTHROPIC_API_KEY=[redacted]\n')).toBe(
      true,
    );
    const late = await new Promise<ChildExit>((resolve) => transport.onExit(resolve));
    expect(late).toEqual(exit);
    expect(seen.exits).toHaveLength(1);
    await expect(transport.send('x')).rejects.toMatchObject({ code: 'transport_closed' });
  });

  it('[R58] reports the signal that killed it', async () => {
    const seen = collect(start(bench.program(`process.kill(process.pid, 'SIGKILL');`)));
    expect(await seen.exit).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it('does not wait for a grandchild that keeps stdout open, and ends it when it is of the group', async () => {
    const transport = start(
      bench.program(
        `const c = require('child_process').spawn('sleep', ['61'], { stdio: ['ignore', 'inherit', 'inherit'] }); c.unref(); console.log(JSON.stringify({ pid: c.pid })); setTimeout(() => process.exit(0), 50);`,
      ),
    );
    const seen = collect(transport);
    const startedAt = Date.now();
    expect(await seen.exit).toMatchObject({ code: 0 });
    expect(Date.now() - startedAt).toBeLessThan(4000);
    const { pid } = seen.messages[0] as { pid: number };
    await eventually('the grandchild is gone', () => !isAlive(pid));
  });

  it('is ended when it has closed its output and lives on, and its end says so', async () => {
    const transport = start(
      bench.program(
        `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); process.stdout.write(JSON.stringify({ own: process.pid }) + '\\n', () => require('fs').closeSync(1));`,
      ),
    );
    const seen = collect(transport);
    const { spawnError } = await seen.exit;
    expect(spawnError?.code).toBe('child_exited');
    expect(spawnError?.message).toMatch(
      /closed its output .* What has arrived is kept; send the prompt again to go on\./,
    );
    const { own } = seen.messages[0] as { own: number };
    await eventually('the child is gone', () => !isAlive(own));
  });

  it('leaves nothing that it has put into a group of its own when it exits by itself', async () => {
    const transport = start(
      bench.program(
        `const c = require('child_process').spawn('sleep', ['64'], { detached: true, stdio: 'ignore' }); c.unref(); process.stdout.write(JSON.stringify({ pid: c.pid }) + '\\n', () => process.exit(0));`,
      ),
    );
    const seen = collect(transport);
    expect(await seen.exit).toMatchObject({ code: 0 });
    const { pid } = seen.messages[0] as { pid: number };
    await eventually('the grandchild is gone', () => !isAlive(pid));
  });

  it('does not wait for ever for a grandchild outside the group that keeps stdout open', async () => {
    const transport = start(
      bench.program(
        `const c = require('child_process').spawn('sleep', ['62'], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] }); c.unref(); console.log(JSON.stringify({ pid: c.pid })); setTimeout(() => process.exit(3), 50);`,
      ),
    );
    const seen = collect(transport);
    const startedAt = Date.now();
    expect(await seen.exit).toMatchObject({ code: 3 });
    expect(Date.now() - startedAt).toBeLessThan(4000);
    const { pid } = seen.messages[0] as { pid: number };
    await eventually('the grandchild is gone', () => !isAlive(pid));
  });

  it('ends the commands of an agent that was killed from outside, also those in groups of their own', async () => {
    const transport = start(
      bench.program(
        `const c = require('child_process').spawn('sleep', ['63'], { detached: true, stdio: 'ignore' }); console.log(JSON.stringify({ own: process.pid, command: c.pid })); setInterval(() => {}, 1000);`,
      ),
    );
    const seen = collect(transport);
    await eventually('both pids', () => seen.messages.length === 1);
    const { own, command } = seen.messages[0] as { own: number; command: number };
    process.kill(own, 'SIGKILL');
    expect(await seen.exit).toMatchObject({ signal: 'SIGKILL' });
    await eventually('the command is gone', () => !isAlive(command), 5000);
  });
});

describe('closing', () => {
  const stubborn = `
process.on('SIGTERM', () => {}); process.on('SIGINT', () => {});
const c = require('child_process').spawn(process.execPath, ['-e', "process.on('SIGTERM',()=>{});setInterval(()=>{},1000);console.log('up')"], { stdio: ['ignore', 'pipe', 'ignore'] });
c.stdout.once('data', () => console.log(JSON.stringify({ own: process.pid, other: c.pid })));
setInterval(() => {}, 1000);`;

  it('ends a child politely by the end of its stdin, so that it can finish', async () => {
    const marker = `${bench.path}/finished`;
    const transport = start(
      bench.program(
        `process.stdin.resume().on('end', () => { require('fs').writeFileSync(${JSON.stringify(marker)}, 'yes'); process.exit(0); }); console.log('{}');`,
      ),
    );
    const seen = collect(transport);
    await eventually('it is up', () => seen.messages.length === 1);
    await transport.close();
    expect(readFileSync(marker, 'utf8')).toBe('yes');
  });

  it('[R65] kills a child and its group that ignore stdin and terminate, within the time that close has', async () => {
    const transport = start(bench.program(stubborn), { closeTimeoutMs: 1500 });
    const seen = collect(transport);
    await eventually('both pids', () => seen.messages.length === 1);
    const { own, other } = seen.messages[0] as { own: number; other: number };
    const startedAt = Date.now();
    await transport.close();
    expect(Date.now() - startedAt).toBeLessThan(3000);
    await eventually('both are gone', () => !isAlive(own) && !isAlive(other), 1500);
  });

  it('[R65] after an abort the polite step is short', async () => {
    const controller = new AbortController();
    const transport = start(
      bench.program(
        `process.on('SIGTERM', () => { process.exit(0); }); console.log(JSON.stringify({ pid: process.pid })); setInterval(() => {}, 1000);`,
      ),
      {
        closeTimeoutMs: 5000,
        signal: controller.signal,
      },
    );
    const seen = collect(transport);
    await eventually('it is up', () => seen.messages.length === 1);
    controller.abort();
    const startedAt = Date.now();
    await transport.close();
    expect(Date.now() - startedAt).toBeLessThan(1900); // the polite step alone would be 2000
    expect(isAlive((seen.messages[0] as { pid: number }).pid)).toBe(false);
  });

  it('closes while it is still starting, and nothing stays', async () => {
    const transport = start(bench.program(`setInterval(() => {}, 1000);`, 'never-mind'));
    const send = transport.send({}).catch((error: unknown) => error);
    await transport.close();
    expect(await send).toMatchObject({ code: 'transport_closed' });
    await eventually('no child', () => processesWith('never-mind').length === 0);
  });

  it('rejects a send that waits for a child which does not read', async () => {
    const transport = start(bench.program(`console.log('{}'); setInterval(() => {}, 1000);`), {
      closeTimeoutMs: 500,
    });
    const seen = collect(transport);
    await eventually('it is up', () => seen.messages.length === 1);
    const outcome = transport.send('x'.repeat(8 * 1024 * 1024)).then(
      () => 'taken',
      (error: unknown) => error,
    );
    await transport.close();
    expect(await outcome).toMatchObject({ code: 'transport_closed' });
  });
});

describe('a child that floods', () => {
  it('[R59] gives all it said to a listener that comes after its end, and the end last', async () => {
    const count = 100_000;
    const pidFile = `${bench.path}/gone-pid`;
    const transport = start(
      bench.program(
        `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); for (let n = 0; n < ${count}; n++) process.stdout.write(JSON.stringify({ n, pad: 'y'.repeat(78) }) + '\\n');`,
      ),
    );
    const exits: ChildExit[] = [];
    transport.onExit((exit) => exits.push(exit));
    await eventually(
      'the child is up',
      () => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '',
    );
    const pid = Number(readFileSync(pidFile, 'utf8'));
    const order: unknown[] = [];
    // It blocks until somebody reads on, or its end fits into the pipe: both are right.
    await eventually('the child is gone or waits', () => !isAlive(pid) || isAsleep(pid));
    transport.onMessage((message) => order.push((message as { n: number }).n));
    await eventually('the end', () => exits.length === 1);
    expect(order).toEqual(Array.from({ length: count }, (_, n) => n));
  });

  it('pauses the child while nobody listens, loses nothing, and keeps the host responsive', async () => {
    const count = 300_000;
    const marker = `${bench.path}/blocked`;
    const transport = start(
      bench.program(`
        let n = 0;
        const pad = 'y'.repeat(80);
        let blocked;
        (function more() {
          clearTimeout(blocked);
          while (n < ${count}) {
            if (!process.stdout.write(JSON.stringify({ n: n++, pad }) + '\\n')) {
              blocked = setTimeout(() => require('fs').writeFileSync(${JSON.stringify(marker)}, String(n)), 300);
              process.stdout.once('drain', more);
              return;
            }
          }
        })();`),
    );
    await eventually('the child cannot write on', () => existsSync(marker));
    expect(Number(readFileSync(marker, 'utf8'))).toBeLessThan(count / 2);
    let longestMs = 0;
    let last = performance.now();
    const ticker = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
    }, 1);
    let next = 0;
    let isInOrder = true;
    transport.onMessage((message) => {
      isInOrder &&= (message as { n: number }).n === next;
      next += 1;
    });
    const exit = await new Promise<ChildExit>((resolve) => transport.onExit(resolve));
    clearInterval(ticker);
    expect({ exit: exit.code, next, isInOrder }).toEqual({ exit: 0, next: count, isInOrder: true });
    expect(longestMs).toBeLessThan(1000);
  });

  describe('with a listener that needs long for each message of one chunk', () => {
    const count = 30;
    const writes = `process.stdout.write(Array.from({ length: ${count} }, (_, n) =>
      JSON.stringify({ n, pad: 'y'.repeat(2000) }) + '\\n').join(''));`;

    function slowly(transport: ChildTransport): {
      readonly seen: number[];
      readonly turns: Set<number>;
    } {
      const seen: number[] = [];
      const turns = new Set<number>();
      let turn = 0;
      transport.onMessage((message) => {
        if (!turns.has(turn)) {
          turns.add(turn);
          setImmediate(() => (turn += 1));
        }
        seen.push((message as { n: number }).n);
        const until = performance.now() + 1;
        while (performance.now() < until);
      });
      return { seen, turns };
    }
    const all = Array.from({ length: count }, (_, n) => n);

    it('lets the host do other things in the middle of the chunk', async () => {
      const { seen, turns } = slowly(start(bench.program(`${writes} process.stdin.resume();`)));
      await eventually('all has come', () => seen.length === count);
      expect(seen).toEqual(all);
      expect(turns.size).toBeGreaterThan(1);
    });

    it('gives all of it before the end of a child that ends at once', async () => {
      const transport = start(bench.program(writes));
      const { seen } = slowly(transport);
      const atEnd = await new Promise<number>((resolve) =>
        transport.onExit(() => resolve(seen.length)),
      );
      expect({ atEnd, seen }).toEqual({ atEnd: count, seen: all });
    });

    it('keeps lines of megabytes, which are finished in turns of their own, in their places', async () => {
      const mixed = `process.stdout.write(Array.from({ length: ${count} }, (_, n) =>
        JSON.stringify({ n, pad: 'y'.repeat(n % 5 === 2 ? 3_000_000 : 200) }) + '\\n').join(''));`;
      const transport = start(bench.program(mixed));
      const { seen } = slowly(transport);
      const atEnd = await new Promise<number>((resolve) =>
        transport.onExit(() => resolve(seen.length)),
      );
      expect({ atEnd, seen }).toEqual({ atEnd: count, seen: all });
    });
  });
});

describe('a child that cannot be started', () => {
  async function failureOf(
    binary: string,
    options: StartOptions = {},
  ): Promise<{ exit: ChildExit; count: number }> {
    const transport = start(binary, options);
    const seen = collect(transport);
    const order: string[] = [];
    transport.onExit(() => order.push('exit'));
    // A pipe may have taken it before the start failed; what matters is that a refusal is never the first word.
    const sent = transport.send('prompt').then(
      () => undefined,
      (error: unknown) => {
        order.push('refused');
        return error;
      },
    );
    const exit = await seen.exit;
    expect([undefined, 'transport_closed']).toContain(
      ((await sent) as { code?: string } | undefined)?.code,
    );
    expect(order[0]).toBe('exit');
    return { exit, count: seen.exits.length };
  }

  it('[R68] reports a missing program with how to install it', async () => {
    const { exit, count } = await failureOf('patchbay-no-such-program', {
      byName: true,
      transport: { installHint: (adapter) => `Install ${adapter} from the shop.` },
    });
    expect(exit.spawnError).toEqual({
      code: 'binary_missing',
      message:
        '"patchbay-no-such-program" was not found on the PATH. Install test-cli from the shop.',
    });
    expect(count).toBe(1);
  });

  it.each([
    ['an empty file', '', 0o755, 'the file is empty'],
    [
      'a placeholder that npm left',
      'echo "native binary not installed"\nexit 1\n',
      0o755,
      'placeholder',
    ],
    ['a file that is not executable', '#!/bin/sh\n', 0o644, 'not executable'],
    ['a program for another system', Buffer.from('4d5a90000300', 'hex'), 0o755, 'another system'],
  ])('says what is wrong with %s, and never runs it', async (name, content, mode, words) => {
    const path = bench.file(`broken ${name}`, content, mode);
    const { exit } = await failureOf(path);
    expect(exit.spawnError?.code).toBe('binary_broken');
    expect(exit.spawnError?.message).toContain(words);
    expect(exit.spawnError?.message).toContain(path);
  });

  it('says so when the interpreter of a script is missing', async () => {
    const { exit } = await failureOf(
      bench.file('no-interpreter', '#!/no/such/interpreter\n', 0o755),
    );
    expect(exit.spawnError).toMatchObject({ code: 'binary_broken' });
  });

  it('[R75] says so when the folder is gone', async () => {
    const { exit } = await failureOf(bench.program(echo), { cwd: `${bench.path}/gone` });
    expect(exit.spawnError).toMatchObject({ code: 'no_folder' });
  });

  it('says so when the supervisor cannot run', async () => {
    const { exit } = await failureOf(bench.program(echo), {
      transport: { supervisorPath: `${bench.path}/none.js` },
    });
    expect(exit.spawnError?.message).toContain('helper process');
    const other = await failureOf(bench.program(echo), {
      transport: { execPath: `${bench.path}/none` },
    });
    expect(other.exit.spawnError?.message).toContain('helper process');
  });

  it('starts nothing without workspace trust', async () => {
    const marker = `${bench.path}/ran`;
    const { exit } = await failureOf(
      bench.program(`require('fs').writeFileSync(${JSON.stringify(marker)}, '')`),
      {
        transport: { isTrusted: () => false },
      },
    );
    expect(exit.spawnError?.code).toBe('not_trusted');
    expect(() => readFileSync(marker)).toThrow();
  });

  it('does not start by name what is found inside the workspace, unless asked and told', async () => {
    const workspace = bench.folder('workspace');
    const program = bench.program(echo, 'workspace/bin/agent-in-repo');
    const lookup = createExecutableLookup({
      files: diskProgramFiles,
      platform: process.platform,
      homeDirectory: bench.path,
      path: `${workspace}/bin`,
      workspaceFolders: () => [workspace],
    });
    const { exit } = await failureOf('agent-in-repo', { byName: true, transport: { lookup } });
    expect(exit.spawnError?.code).toBe('not_trusted');
    expect(exit.spawnError?.message).toContain(program);
    const asked: string[] = [];
    const allowed = start('agent-in-repo', {
      byName: true,
      transport: {
        lookup,
        mayRunFromWorkspace: (path) => {
          asked.push(path);
          return Promise.resolve(true);
        },
      },
    });
    const seen = collect(allowed);
    await eventually('it runs', () => seen.messages.length === 1);
    expect(asked).toEqual([program]);
  });
});

describe('a folder with code that an agent would run by itself', () => {
  const folderCode = [{ path: 'plugins' }];

  function plantedFolder(): string {
    const folder = mkdtempSync(join(bench.path, 'planted-'));
    mkdirSync(join(folder, 'plugins'));
    writeFileSync(join(folder, 'plugins/a.js'), 'x');
    return folder;
  }

  it('keeps it from starting when nobody can be asked, with a sentence that names the file', async () => {
    const cwd = plantedFolder();
    const seen = collect(start(bench.program(echo), { cwd, folderCode }));
    const { spawnError } = await seen.exit;
    expect(spawnError).toMatchObject({ code: 'consent_needed' });
    expect(spawnError?.message).toContain('plugins/a.js');
    expect(seen.messages).toEqual([]);
  });

  it.each([true, false])('is a question about exactly that content; %s', async (yes) => {
    const cwd = plantedFolder();
    const asked: unknown[] = [];
    const transport = start(bench.program(echo), {
      cwd,
      folderCode,
      transport: {
        mayRunFolderCode: (found) => {
          asked.push(found);
          return Promise.resolve(yes);
        },
      },
    });
    const seen = collect(transport);
    await (yes ? eventually('it speaks', () => seen.messages.length > 0) : seen.exit);
    expect(seen.messages.length > 0).toBe(yes);
    const digest: unknown = expect.stringMatching(/^[0-9a-f]{64}$/);
    const files: unknown = [expect.stringContaining('a.js')];
    expect(asked).toEqual([{ adapter: 'test-cli', files, digest }]);
  });

  it('keeps it from starting when it changed while the question was open', async () => {
    const cwd = plantedFolder();
    const transport = start(bench.program(echo), {
      cwd,
      folderCode,
      transport: {
        mayRunFolderCode: () => {
          writeFileSync(join(cwd, 'plugins/a.js'), 'another');
          return Promise.resolve(true);
        },
      },
    });
    const { spawnError } = await collect(transport).exit;
    expect(spawnError).toMatchObject({ code: 'consent_needed', message: /changed while/ });
  });

  it('is no matter where there is none', async () => {
    const seen = collect(start(bench.program(echo), { folderCode }));
    await eventually('it speaks', () => seen.messages.length > 0);
  });
});

describe('what a child is given', () => {
  const tell = `console.log(JSON.stringify({ argv: process.argv.slice(2), cwd: process.cwd(), env: process.env, execArgv: process.execArgv }));`;

  async function told(
    options: StartOptions,
  ): Promise<{ argv: string[]; cwd: string; env: Record<string, string> }> {
    const seen = collect(start(bench.program(tell), options));
    await seen.exit;
    return seen.messages[0] as { argv: string[]; cwd: string; env: Record<string, string> };
  }

  it("[R72][R20] has an allow-listed environment under the layers of user and bridge; the editor's own variables never pass", async () => {
    const { env } = await told({
      launchEnv: { FROM_LAUNCH: 'launch', BOTH: 'launch', LANG: null },
      specEnv: {
        BOTH: 'spec',
        HOME: '/elsewhere',
        VSCODE_SNEAKED: '1',
        NODE_OPTIONS: '--inspect',
        ELECTRON_RUN_AS_NODE: '1',
      },
      transport: {
        inheritedEnv: {
          PATH: '/usr/bin',
          HOME: '/home/me',
          LANG: 'C',
          LC_ALL: 'C',
          MY_SECRET: 'x',
          ANTHROPIC_API_KEY: 'own key',
          VSCODE_PID: '1',
          NODE_OPTIONS: '--require evil',
          ELECTRON_RUN_AS_NODE: '1',
        },
        passVariables: () => ['ANTHROPIC_*'],
      },
    });
    const { PATCHBAY_RUN, ...rest } = env;
    expect(PATCHBAY_RUN).toMatch(/^[0-9a-f-]{36}$/);
    expect(rest).toEqual({
      PATH: [...new Set([...(process.env.PATH ?? '').split(':'), bench.path])].join(':'),
      HOME: '/elsewhere',
      LC_ALL: 'C',
      ANTHROPIC_API_KEY: 'own key',
      FROM_LAUNCH: 'launch',
      // What a bridge sets keeps its agent in check.
      BOTH: 'launch',
    });
  });

  it('[R74] gets its arguments as they are: no shell reads them', async () => {
    const args = ['--resume=-x', '$(touch pwned)', 'a b', '"', "'; exit 1 #", '*', ''];
    expect((await told({ args })).argv).toEqual(args);
  });

  it('[R75] runs in the chosen folder, or in an empty one of its own that goes away; never in ours', async () => {
    expect((await told({ cwd: bench.folder('chosen') })).cwd).toBe(`${bench.path}/chosen`);
    const { cwd } = await told({ cwd: undefined });
    expect(cwd).toMatch(/patchbay-[A-Za-z0-9]{6}$/);
    await eventually('the folder is gone', () => {
      try {
        readFileSync(`${cwd}/.`);
        return false;
      } catch (error) {
        return (error as { code: string }).code === 'ENOENT';
      }
    });
  });
});

describe('the socket for our tools', () => {
  const withTools = async (
    program: string,
    transport: Partial<ChildProcessTransportOptions> = {},
  ): Promise<ChildTransport> =>
    start(bench.program(program), {
      needsToolRelay: true,
      transport: { toolServerPath: await bench.shippedProgram('toolServer'), ...transport },
    });
  const addressOf = (transport: ChildTransport): string =>
    transport.toolRelay?.program.env.PATCHBAY_TOOL_SOCKET ?? 'none';

  /** Starts the server that it is told of, and hands its own lines on to it. */
  const agent = `
const { spawn } = require('node:child_process');
require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
  const { command, args, env } = JSON.parse(line);
  const server = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  server.stdout.pipe(process.stdout);
  server.stdin.write('{"id":1,"method":"tools/list"}\\n');
});
`;

  it('[R40] is there before the child is, serves the server that the child starts, and goes with it', async () => {
    const transport = await withTools(agent);
    const { messages } = collect(transport);
    const { toolRelay } = transport;
    toolRelay?.onMessage((message, connection) =>
      toolRelay.send({ id: 1, result: { heard: message } }, connection),
    );
    await transport.send(toolRelay?.program);
    await eventually('the answer went the whole way', () => messages.length === 1);
    expect(messages).toEqual([{ id: 1, result: { heard: { id: 1, method: 'tools/list' } } }]);
    const address = addressOf(transport);
    expect(existsSync(address)).toBe(true);
    await transport.close();
    expect(existsSync(join(address, '..'))).toBe(false);
    await eventually(
      'the server is gone',
      () => processesWith(join(bench.path, 'toolServer.js')).length === 0,
    );
  });

  it('goes when the child ends by itself, and when it was never started', async () => {
    const ended = await withTools('setTimeout(() => process.exit(0), 20)');
    const address = addressOf(ended);
    await collect(ended).exit;
    expect(existsSync(address)).toBe(false);
    const refused = await withTools('', { isTrusted: () => false });
    const refusedAddress = addressOf(refused);
    expect((await collect(refused).exit).spawnError?.code).toBe('not_trusted');
    expect(existsSync(join(refusedAddress, '..'))).toBe(false);
  });

  it('is not there for a launch that wants none, nor where the program for it is not known', async () => {
    expect(start(bench.program(echo)).toolRelay).toBeUndefined();
    expect(start(bench.program(echo), { needsToolRelay: true }).toolRelay).toBeUndefined();
  });
});
