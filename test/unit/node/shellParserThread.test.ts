import { setFlagsFromString } from 'node:v8';
import { afterEach, beforeAll, afterAll, describe, expect, it } from 'vitest';
import { unparsed } from '../../../src/gate/shell/unparsed';
import {
  createShellParserThread,
  type ShellParserThread,
  type ShellParserThreadOptions,
} from '../../../src/node/shellParserThread';
import { Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
const open: ShellParserThread[] = [];
let workerPath = '';

beforeAll(async () => {
  // A thread that is ended waits for the optimizing compiler otherwise.
  setFlagsFromString('--liftoff-only');
  workerPath = await bench.shellParserWorker();
}, 60_000);
afterEach(() => open.splice(0).forEach((thread) => thread.dispose()));
afterAll(() => bench.remove());

function start(options: Partial<ShellParserThreadOptions> = {}): ShellParserThread {
  const thread = createShellParserThread({
    workerPath,
    unparsed,
    timeoutMs: 30_000,
    startTimeoutMs: 30_000,
    ...options,
  });
  open.push(thread);
  return thread;
}

/** Answers the first command of each thread never, and the others with their own text. */
const stubborn = `
const { parentPort } = require('node:worker_threads');
parentPort.postMessage({ kind: 'ready', shells: ['bash'] });
parentPort.on('message', ({ id, command, shell }) => {
  if (command === 'loop') for (;;);
  if (command === 'die') process.exit(1);
  if (command === 'nonsense') parentPort.postMessage('?');
  parentPort.postMessage({ kind: 'parsed', id, parsed: { shell, plain: [[command]], parts: [[command]] } });
});`;

describe('the thread that parses commands', () => {
  it('answers every command with its own answer', async () => {
    const { parse } = start();
    const [bash, powershell, cmd] = await Promise.all([
      parse('git status | cat', 'bash'),
      parse('git status; rm x', 'powershell'),
      parse('echo %X%', 'cmd'),
    ]);
    expect(bash).toEqual({
      shell: 'bash',
      plain: [['git', 'status'], ['cat']],
      parts: [['git', 'status'], ['cat'], ['git', 'status'], ['cat']],
    });
    expect(powershell.obstacle).toBe('is not a plain list of words');
    expect(powershell.parts).toContainEqual(['rm', 'x']);
    expect(cmd.obstacle).toBe('is not a plain list of words');
  }, 60_000);

  it('gives a command up that takes too long, and parses the next with a new thread', async () => {
    const { parse } = start({ workerPath: bench.program(stubborn, 'a.cjs'), timeoutMs: 1000 });
    expect(await parse('loop', 'bash')).toEqual({
      shell: 'bash',
      obstacle: 'could not be parsed in time',
      parts: unparsed('loop', 'bash', '').parts,
    });
    expect((await parse('ls', 'bash')).plain).toEqual([['ls']]);
  }, 60_000);

  it('survives a thread that dies or talks nonsense', async () => {
    const { parse } = start({ workerPath: bench.program(stubborn, 'b.cjs') });
    expect((await parse('die', 'bash')).obstacle).toBe('could not be parsed');
    expect((await parse('nonsense', 'bash')).plain).toEqual([['nonsense']]);
  }, 60_000);

  it('says so where the thread cannot start, and after its end', async () => {
    const missing = start({ workerPath: `${bench.path}/missing.js` });
    await missing.ready();
    expect((await missing.parse('ls', 'bash')).obstacle).toMatch(/^could not be parsed/);
    const thread = start({ workerPath: bench.program(stubborn, 'c.cjs') });
    await thread.ready();
    const waiting = thread.parse('loop', 'bash');
    await thread.ready();
    thread.dispose();
    expect((await waiting).obstacle).toBe('could not be parsed');
    expect((await thread.parse('ls', 'bash')).obstacle).toBe('could not be parsed');
  }, 60_000);
});
