import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ReplayLine } from '../../../src/headless/replay';
import { replayCommand } from '../../../src/headless/replayCommand';
import type { ReplayDialectName } from '../../../src/headless/replayDialect';
import { replayed } from '../../fakes/goldenText';

const read = (dialect: ReplayDialectName, name: string): readonly string[] =>
  readFileSync(join(process.cwd(), 'test/fixtures', dialect, `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line !== '');

const play = (dialect: ReplayDialectName, lines: readonly string[], chunkBytes?: number) =>
  replayed(dialect, lines.join('\n'), chunkBytes === undefined ? undefined : () => chunkBytes);

const terminalsOf = (lines: readonly ReplayLine[]) =>
  lines.flatMap((line) => ('terminal' in line ? [line.terminal] : []));

const errorsOf = (lines: readonly ReplayLine[]) =>
  lines.flatMap((line) => ('error' in line ? [line] : []));

const decisionsOf = (lines: readonly ReplayLine[]) =>
  lines.flatMap((line) => ('permission' in line ? [line.permission] : []));

const line = (from: string, fields: object = {}): string => JSON.stringify({ from, ...fields });
const launch = line('launch', { cmd: ['claude', '-p', '--verbose'], cwd: '/workspace' });
const prompt = (content: string): string =>
  line('client', { msg: { type: 'user', message: { role: 'user', content } } });
const agent = (msg: unknown): string => line('agent', { msg });
const text = (delta: string): string =>
  agent({
    type: 'stream_event',
    event: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: delta } },
    parent_tool_use_id: null,
  });
const began = agent({
  type: 'stream_event',
  event: { type: 'message_start', message: { id: 'm' } },
  parent_tool_use_id: null,
});
const result = agent({ type: 'result', subtype: 'success', is_error: false, session_id: 's' });

describe('the replay of a recording', () => {
  it('reports each line that it cannot read, with its id, and plays the rest', async () => {
    const { lines, exitCode } = await play('claude-cli', [
      launch,
      prompt('hi'),
      '{"from":"agent","msg":{"type":',
      '{"id":7,"from":"nobody"}',
      '[]',
      '{"id":"x","from":"agent"}',
      began,
      text('fine'),
      result,
      '\u0000',
    ]);
    expect(errorsOf(lines)).toEqual([
      { error: 'Line 3 was skipped: it is not JSON.' },
      { id: 7, error: 'Line 4 was skipped: nobody knows lines from "nobody".' },
      { error: 'Line 5 was skipped: it is not an object.' },
      {
        id: 'x',
        error: 'Line 6 was skipped: a line of the agent has neither "msg" nor "raw".',
      },
      { error: 'Line 10 was skipped: it is not JSON.' },
    ]);
    expect(terminalsOf(lines)).toMatchObject([{ kind: 'finish', text: 'fine' }]);
    expect(exitCode).toBe(0);
  });

  it('gives the exit status of the last turn', async () => {
    const failure = agent({
      type: 'result',
      subtype: 'success',
      is_error: true,
      api_error_status: 400,
      result: 'API Error: 400',
    });
    const bad = [launch, prompt('one'), began, text('half'), failure];
    const good = [launch, prompt('two'), began, text('all'), result];
    expect((await play('claude-cli', [...good, ...bad])).exitCode).toBe(1);
    const { exitCode, lines } = await play('claude-cli', [...bad, ...good]);
    expect([exitCode, terminalsOf(lines).map(({ kind }) => kind)]).toEqual([
      0,
      ['failed', 'finish'],
    ]);
  });

  it('says that an empty input is no recording', async () => {
    const { lines, exitCode } = await play('claude-cli', ['']);
    expect([exitCode, lines]).toEqual([1, [{ error: 'There is no recording on standard input.' }]]);
  });

  it('plays how a process ended: its signal, its last words, the line that was cut', async () => {
    const { lines } = await play('claude-cli', [
      launch,
      prompt('hi'),
      began,
      text('half'),
      line('agent', { raw: 'not JSON' }),
      line('agent-stderr', { raw: 'out of memory' }),
      line('kill', { signal: 'SIGKILL' }),
      line('exit', { code: null, signal: 'SIGKILL' }),
    ]);
    const [terminal] = terminalsOf(lines);
    expect(terminal).toMatchObject({ kind: 'failed', reason: 'child_exited', text: 'half' });
    expect(terminal?.message).toContain('SIGKILL');
    expect(terminal?.message).toContain('out of memory');
    expect(terminal?.notices).toEqual(['Skipped a line that is not JSON: not JSON']);
  });

  it('takes a last line without its end', async () => {
    const { lines } = await play('claude-cli', [
      launch,
      prompt('hi'),
      began,
      text('all'),
      result.replace(/\}$/, ',"unterminated":true}'),
      line('exit', { code: 0, signal: null }),
    ]);
    expect(terminalsOf(lines)).toMatchObject([{ kind: 'finish', text: 'all' }]);
  });

  it('ends a recording that breaks off, and keeps the text', async () => {
    const { lines, exitCode } = await play('claude-cli', [launch, prompt('hi'), began, text('ha')]);
    expect(terminalsOf(lines)).toMatchObject([{ kind: 'failed', text: 'ha' }]);
    expect(exitCode).toBe(1);
  });

  it('gives a prompt that was written while a turn ran a turn of its own, behind it', async () => {
    const { lines } = await play('claude-cli', [
      launch,
      prompt('one'),
      began,
      prompt('two'),
      text('first'),
      result,
      began,
      text('second'),
      result,
    ]);
    expect(terminalsOf(lines).map((terminal) => terminal.text)).toEqual(['first', 'second']);
  });

  it('takes further words for a running turn as a part of it where the dialect steers', async () => {
    const recording = read('codex-app-server', 'plain-text');
    const at = recording.findIndex((entry) => entry.includes('"item/agentMessage/delta"'));
    const steer = recording
      .find((entry) => entry.includes('"turn/start"'))
      ?.replace(/"id":\d+/, '"id":999');
    const { lines } = await play('codex-app-server', [
      ...recording.slice(0, at),
      steer ?? '',
      ...recording.slice(at),
    ]);
    expect(terminalsOf(lines)).toHaveLength(1);
  });

  it('makes a turn of an answer whose prompt is lost', async () => {
    const { lines } = await play('claude-cli', [launch, began, text('lost'), result]);
    expect(terminalsOf(lines)).toMatchObject([{ kind: 'finish', text: 'lost' }]);
  });

  it('makes no turn of a recording without a prompt', async () => {
    const { lines, exitCode } = await play('codex-app-server', read('codex-app-server', 'queries'));
    expect([terminalsOf(lines), exitCode]).toEqual([[], 0]);
  });

  it('counts the second start after a refused token as the same turn', async () => {
    const { lines } = await play('claude-cli', read('claude-cli', 'resume-unknown'));
    expect(terminalsOf(lines)).toHaveLength(1);
  });

  it('decides as the recorded client did, also where it would decide otherwise today', async () => {
    const question = agent({
      type: 'control_request',
      request_id: 'q',
      request: {
        subtype: 'can_use_tool',
        tool_name: 'Read',
        tool_use_id: 't',
        input: { file_path: '/workspace/notes.md' },
      },
    });
    const answer = line('client', {
      msg: {
        type: 'control_response',
        response: {
          subtype: 'success',
          request_id: 'q',
          response: { behavior: 'deny', message: 'Not that one.' },
        },
      },
    });
    const { lines, sent } = await play('claude-cli', [
      launch,
      prompt('read'),
      question,
      answer,
      result,
    ]);
    expect(decisionsOf(lines)).toMatchObject([
      { decision: 'deny', reason: 'the user said no: Not that one.' },
    ]);
    expect(JSON.stringify(sent.at(-1))).toContain('Not that one.');
  });

  it('goes on when the recorded answer to a question is lost, and withdraws the question', async () => {
    const recording = read('claude-cli', 'shell-denied').filter(
      (entry) => !entry.includes('"behavior":"deny"'),
    );
    const { lines } = await play('claude-cli', recording);
    expect(terminalsOf(lines)).toMatchObject([{ kind: 'finish' }]);
    expect(
      lines.some(
        (item) => 'observation' in item && item.observation.kind === 'permission_withdrawn',
      ),
    ).toBe(true);
  });

  it('survives what is nested too deeply to be written down', async () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    const { lines } = await play('claude-cli', [
      launch,
      prompt('hi'),
      `{"from":"agent","msg":{"type":"assistant","message":${deep}}}`,
      began,
      text('fine'),
      result,
    ]);
    expect(terminalsOf(lines)).toMatchObject([{ kind: 'finish', text: 'fine' }]);
  });

  it('plays a flood in bounded time', async () => {
    const flood = Array.from({ length: 20_000 }, () => text('ab'));
    const { lines } = await play('claude-cli', [launch, prompt('hi'), began, ...flood, result]);
    expect(terminalsOf(lines)[0]?.text.length).toBe(40_000);
  });

  it('ends each turn exactly once, whatever is missing, doubled, cut or changed, and however it is chunked', async () => {
    const originals = (
      [
        ['claude-cli', 'shell-denied'],
        ['claude-cli', 'two-turns-one-process'],
        ['claude-cli', 'interrupt-mid-text'],
        ['codex-app-server', 'file-change-accept'],
        ['codex-app-server', 'interrupt-mid-text'],
        ['codex-exec', 'tool-loop'],
        ['acp', 'gemini-tool-edit-allowed'],
        ['acp', 'opencode-two-prompts'],
        ['pi-rpc', 'tool-shell'],
      ] as const
    ).map(([dialect, name]) => ({ dialect, lines: read(dialect, name) }));
    const damage = fc.record({
      kind: fc.constantFrom('drop', 'double', 'cut', 'end', 'swap'),
      at: fc.nat(200),
      to: fc.nat(200),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...originals),
        fc.array(damage, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 300 }),
        async ({ dialect, lines: whole }, damages, chunkBytes) => {
          const damaged = damages.reduce((lines, item) => hurt(lines, item), whole);
          const { lines } = await play(dialect, damaged);
          let ends = 0;
          for (const item of lines) {
            if ('terminal' in item) {
              expect(ends).toBeLessThanOrEqual(1);
              ends = 0;
            } else if ('event' in item) {
              expect(ends).toBe(0);
              ends += item.event.kind === 'finish' || item.event.kind === 'failed' ? 1 : 0;
            }
          }
          expect(ends).toBe(0);
          const cut = await play(dialect, damaged, chunkBytes);
          // A question that the damage left without its answer may be withdrawn a line earlier or later.
          const whatWasSaid = (text: string): readonly string[] => text.split('\n').sort();
          expect(whatWasSaid(cut.text)).toEqual(whatWasSaid((await play(dialect, damaged)).text));
        },
      ),
      { numRuns: 60 },
    );
  });
});

function hurt(
  lines: readonly string[],
  { kind, at, to }: { readonly kind: string; readonly at: number; readonly to: number },
): readonly string[] {
  const index = at % Math.max(1, lines.length);
  const other = to % Math.max(1, lines.length);
  const hit = lines[index];
  if (hit === undefined) {
    return lines; // nothing is left to hurt
  }
  switch (kind) {
    case 'drop':
      return lines.toSpliced(index, 1);
    case 'double':
      return lines.toSpliced(other, 0, hit);
    case 'cut':
      return lines.toSpliced(index, 1, hit.slice(0, to));
    case 'end':
      return lines.slice(0, index);
    default:
      return lines.with(index, lines[other] ?? '').with(other, hit);
  }
}

describe('the arguments of replay', () => {
  it('are a dialect and a number of bytes', () => {
    expect(replayCommand(['--dialect', 'acp'])).toEqual({ kind: 'replay', dialect: 'acp' });
    expect(replayCommand(['--dialect=pi-rpc', '--chunk-bytes', '1'])).toEqual({
      kind: 'replay',
      dialect: 'pi-rpc',
      chunkBytes: 1,
    });
  });

  it.each([
    [[], /--dialect must be one of claude-cli, codex-app-server, codex-exec, acp, pi-rpc/],
    [['--dialect', 'codex'], /--dialect/],
    [['--dialect', 'acp', '--chunk-bytes', '0'], /--chunk-bytes/],
    [['--dialect', 'acp', '--chunk-bytes', '1.5'], /--chunk-bytes/],
    [['--dialect', 'acp', '--chunk-bytes', '-1'], /must be a whole number of bytes, at least 1/],
    [['--dialect', 'acp', 'more'], /more/],
  ])('are refused as %j', (argv, message) => {
    expect(() => replayCommand(argv)).toThrow(message);
  });
});
