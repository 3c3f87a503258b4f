import { describe, expect, it } from 'vitest';
import { stringField, recordField } from '../src/base/guard';
import type { PermissionRequest } from '../src/events/observation';
import { claudeCliBridge } from '../src/runtime/bridges/claudeCli';
import type { Bridge } from '../src/runtime/contract';
import { ExchangeLab, textOf, type RunningTurn } from './fakes/exchangeLab';

/** What a child of one dialect says, for the matrix that every bridge has to pass. */
interface Dialect {
  readonly bridge: Bridge;
  readonly hello: readonly unknown[];
  text(delta: string): readonly unknown[];
  readonly finish: readonly unknown[];
  readonly failure: readonly unknown[];
  /** A question with this id about a command. */
  question(id: string): readonly unknown[];
  /** The report of one call. */
  readonly call: readonly unknown[];
  readonly unknownKinds: readonly unknown[];
  /** What the child says after an interrupt. */
  readonly interrupted: readonly unknown[];
  isInterrupt(message: unknown): boolean;
  /** The id of the question that a message of ours answers, and whether it allows. */
  answer(message: unknown): { readonly id: string; readonly allows: boolean } | undefined;
}

const claude: Dialect = {
  bridge: claudeCliBridge,
  hello: [
    {
      type: 'control_response',
      response: { subtype: 'success', request_id: 'patchbay-initialize', response: {} },
    },
    { type: 'system', subtype: 'init', session_id: '0', claude_code_version: '2.1.329' },
    {
      type: 'stream_event',
      event: { type: 'message_start', message: { id: '0' } },
      parent_tool_use_id: null,
    },
  ],
  text: (delta) => [
    {
      type: 'stream_event',
      event: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: delta } },
      parent_tool_use_id: null,
    },
  ],
  finish: [{ type: 'result', subtype: 'success', is_error: false, session_id: '0', result: '' }],
  failure: [
    {
      type: 'result',
      subtype: 'success',
      is_error: true,
      api_error_status: 429,
      result: 'API Error: 429',
    },
  ],
  question: (id) => [
    {
      type: 'control_request',
      request_id: id,
      request: {
        subtype: 'can_use_tool',
        tool_name: 'Bash',
        tool_use_id: '0',
        input: { command: 'rm -rf .' },
      },
    },
  ],
  call: [
    {
      type: 'assistant',
      message: {
        id: '0',
        content: [{ type: 'tool_use', id: '0', name: 'Bash', input: { command: 'ls' } }],
      },
      parent_tool_use_id: null,
    },
  ],
  unknownKinds: [
    { type: 'telepathy', id: 0 },
    { type: 'system', subtype: 'aura' },
    { type: 'control_response' },
    {
      type: 'stream_event',
      event: { type: 'content_block_delta', index: 0, delta: { type: 'smell_delta' } },
    },
    { no: 'type' },
    [],
    0,
    null,
  ],
  interrupted: [
    {
      type: 'result',
      subtype: 'error_during_execution',
      is_error: true,
      terminal_reason: 'aborted_streaming',
    },
  ],
  isInterrupt: (message) => stringField(recordField(message, 'request'), 'subtype') === 'interrupt',
  answer: (message) => {
    const response = recordField(message, 'response');
    const id = stringField(response, 'request_id');
    const behavior = stringField(recordField(response, 'response'), 'behavior');
    return id === undefined || behavior === undefined
      ? undefined
      : { id, allows: behavior === 'allow' };
  },
};

async function begin(
  dialect: Dialect,
): Promise<{ readonly lab: ExchangeLab; readonly turn: RunningTurn }> {
  const lab = new ExchangeLab(dialect.bridge);
  const turn = lab.run('do it');
  await lab.pass();
  return { lab, turn };
}

function questions(turn: RunningTurn): readonly PermissionRequest[] {
  return turn.log.flatMap((item) => (item.kind === 'permission_request' ? [item.request] : []));
}

function answers(lab: ExchangeLab, dialect: Dialect): readonly unknown[] {
  return lab.transport.sent.flatMap((message) => dialect.answer(message) ?? []);
}

const terminals = (turn: RunningTurn): number =>
  turn.log.filter((item) => item.kind === 'finish' || item.kind === 'failed').length;

describe.each([claude])('the behaviour of every bridge: $bridge.adapter', (dialect) => {
  it('gives text and an end', async () => {
    const { lab, turn } = await begin(dialect);
    lab.transport.emit(
      ...dialect.hello,
      ...dialect.text('Hel'),
      ...dialect.text('lo'),
      ...dialect.finish,
    );
    const message = await turn.message;
    expect(textOf(message)).toBe('Hello');
    expect(message.stopReason).toBe('stop');
    expect(turn.log.some((item) => item.kind === 'resume' && item.token === '0')).toBe(true);
  });

  it('takes an empty answer for one', async () => {
    const { lab, turn } = await begin(dialect);
    lab.transport.emit(...dialect.hello, ...dialect.finish);
    expect(await turn.message).toMatchObject({ content: [], stopReason: 'stop' });
  });

  it('fails with a reason of its own when the child says so', async () => {
    const { lab, turn } = await begin(dialect);
    lab.transport.emit(...dialect.hello, ...dialect.text('half'), ...dialect.failure);
    const message = await turn.message;
    expect(message.failure?.code).toBe('rate_limited');
    expect(textOf(message)).toBe('half');
  });

  it('[R64] ends as aborted when it was stopped before it began', async () => {
    const lab = new ExchangeLab(dialect.bridge);
    expect((await lab.run('x', { signal: AbortSignal.abort() }).message).stopReason).toBe(
      'aborted',
    );
    expect(lab.transports).toEqual([]);
  });

  it('[R64] ends as aborted in the middle and keeps the text', async () => {
    const { lab, turn } = await begin(dialect);
    lab.transport.emit(...dialect.hello, ...dialect.text('half'));
    turn.abort();
    expect(lab.transport.sent.filter((message) => dialect.isInterrupt(message))).toHaveLength(1);
    lab.transport.emit(...dialect.interrupted, ...dialect.text('late'));
    const message = await turn.message;
    expect([message.stopReason, textOf(message), terminals(turn)]).toEqual(['aborted', 'half', 1]);
  });

  it('[R65] ends a child that does not hear the stop', async () => {
    const { lab, turn } = await begin(dialect);
    lab.transport.emit(...dialect.hello, ...dialect.text('half'));
    turn.abort();
    await lab.pass(1000);
    expect((await turn.message).stopReason).toBe('aborted');
    await lab.pass(1000);
    expect(lab.transport.closeCount).toBe(1);
  });

  it('withdraws a question that is open when it is stopped; a late answer goes nowhere', async () => {
    const { lab, turn } = await begin(dialect);
    lab.transport.emit(...dialect.hello, ...dialect.question('0'));
    turn.abort();
    lab.transport.emit(...dialect.interrupted);
    expect((await turn.message).stopReason).toBe('aborted');
    questions(turn)[0]?.reply({ kind: 'allow' });
    expect(
      turn.log.some((item) => item.kind === 'permission_withdrawn' && item.requestId === '0'),
    ).toBe(true);
    expect(answers(lab, dialect)).toEqual([]);
  });

  it('answers questions with falsy ids, each exactly once', async () => {
    const { lab, turn } = await begin(dialect);
    lab.transport.emit(...dialect.hello, ...dialect.question('0'), ...dialect.question(''));
    const [zero, empty] = questions(turn);
    zero?.reply({ kind: 'deny', message: 'no' });
    zero?.reply({ kind: 'allow' });
    empty?.reply({ kind: 'allow' });
    lab.transport.emit(...dialect.finish);
    await turn.message;
    expect(answers(lab, dialect)).toEqual([
      { id: '0', allows: false },
      { id: '', allows: true },
    ]);
  });

  it('[R70] goes on after a line that was not JSON', async () => {
    const { lab, turn } = await begin(dialect);
    lab.transport.emit(...dialect.hello);
    lab.transport.notice('Skipped a line that is not JSON: {"type":');
    lab.transport.emit(...dialect.text('fine'), ...dialect.finish);
    expect(textOf(await turn.message)).toBe('fine');
    expect(turn.log.filter((item) => item.kind === 'notice')).toHaveLength(1);
  });

  it('[R77] ignores what it does not know, at any place', async () => {
    const { lab, turn } = await begin(dialect);
    lab.transport.emit(
      ...dialect.unknownKinds,
      ...dialect.hello,
      ...dialect.unknownKinds,
      ...dialect.text('fine'),
      ...dialect.unknownKinds,
      ...dialect.finish,
    );
    const message = await turn.message;
    expect([message.stopReason, textOf(message)]).toEqual(['stop', 'fine']);
  });

  it.each(['before its first word', 'in the middle'])(
    '[R66] fails when the child dies %s',
    async (when) => {
      const { lab, turn } = await begin(dialect);
      if (when === 'in the middle') {
        lab.transport.emit(...dialect.hello, ...dialect.text('half'), ...dialect.question('q'));
      }
      lab.transport.exit({ code: null, signal: 'SIGKILL', stderrTail: 'oom' });
      const message = await turn.message;
      expect(message.failure?.code).toBe('child_exited');
      expect(message.errorMessage).toContain('SIGKILL');
      expect(textOf(message)).toBe(when === 'in the middle' ? 'half' : '');
      expect(terminals(turn)).toBe(1);
    },
  );

  it('[R35] ends once, whatever comes after the end', async () => {
    const { lab, turn } = await begin(dialect);
    lab.transport.emit(
      ...dialect.hello,
      ...dialect.text('all'),
      ...dialect.finish,
      ...dialect.finish,
      ...dialect.failure,
      ...dialect.text('late'),
      ...dialect.question('late'),
    );
    const message = await turn.message;
    await lab.pass(10_000);
    expect([message.stopReason, textOf(message), terminals(turn)]).toEqual(['stop', 'all', 1]);
    expect(questions(turn)).toEqual([]);
    expect(
      answers(lab, dialect).filter((answer) => JSON.stringify(answer).includes('true')),
    ).toEqual([]);
  });

  it('marks every call that it reports as executed by the child', async () => {
    const { lab, turn } = await begin(dialect);
    lab.transport.emit(...dialect.hello, ...dialect.call, ...dialect.finish);
    const message = await turn.message;
    expect(
      turn.log.flatMap((item) => (item.kind === 'tool_call' ? [item.call.executedBy] : [])),
    ).toEqual(['child']);
    expect(message.stopReason).toBe('stop');
  });

  it('[R76] keeps two exchanges of one bridge apart', async () => {
    const lab = new ExchangeLab(dialect.bridge);
    const one = lab.run('one', { sessionId: 'a' });
    const two = lab.run('two', { sessionId: 'b' });
    await lab.pass();
    const [first, second] = lab.transports;
    first?.emit(...dialect.hello);
    second?.emit(...dialect.hello, ...dialect.text('B'));
    first?.emit(...dialect.text('A'), ...dialect.finish);
    second?.emit(...dialect.finish);
    expect([textOf(await one.message), textOf(await two.message)]).toEqual(['A', 'B']);
  });
});
