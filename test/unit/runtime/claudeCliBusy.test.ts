import { describe, expect, it } from 'vitest';
import { stringField } from '../../../src/base/guard';
import type { ClaudeCliParser } from '../../../src/runtime/bridges/claudeCliParser';
import type { ParseStep } from '../../../src/runtime/contract';
import { FakeClock } from '../../fakes/fakeClock';
import { createClaudeParser } from '../../fakes/claudeParser';

/** A parser with a clock that is driven, and what its timers gave. */
function createTimed(): {
  readonly parser: ClaudeCliParser;
  readonly clock: FakeClock;
  readonly late: ParseStep[];
} {
  const clock = new FakeClock();
  const late: ParseStep[] = [];
  const parser = createClaudeParser({
    later: (delayMs, run) => clock.schedule(delayMs, () => late.push(run())),
  });
  return { parser, clock, late };
}

const state = (value: string): object => ({
  type: 'system',
  subtype: 'session_state_changed',
  state: value,
});
const init = {
  type: 'system',
  subtype: 'init',
  session_id: 'a',
  claude_code_version: '2.1.329',
  capabilities: ['msg_lifecycle_v1'],
};
const result = (more: object = {}): object => ({
  type: 'result',
  subtype: 'success',
  is_error: false,
  session_id: 'a',
  usage: { input_tokens: 10, output_tokens: 1 },
  ...more,
});
const answer = (id: string, text: string): object => ({
  type: 'assistant',
  message: { id, model: 'm', content: [{ type: 'text', text }] },
  parent_tool_use_id: null,
});
const lifecycle = (id: string | undefined, value: string): object => ({
  type: 'command_lifecycle',
  command_uuid: id,
  state: value,
});

function play(parser: ClaudeCliParser, messages: readonly object[]): readonly ParseStep[] {
  return messages.map((message) => parser.accept(message));
}

function ends(steps: readonly ParseStep[]): readonly unknown[] {
  return steps.flatMap(({ out }) =>
    out.filter((item) => item.kind === 'finish' || item.kind === 'failed'),
  );
}

describe('a child that goes on after a result', () => {
  it('ends at the result when it does not tell its state, and takes no later words', () => {
    const parser = createClaudeParser();
    parser.accept(init);
    expect(parser.steer('also this')).toBeUndefined();
    expect(parser.accept(result())).toMatchObject({ isOver: true });
  });

  it('answers later words within the exchange, with one end and the numbers of both results', () => {
    const parser = createClaudeParser();
    play(parser, [state('running'), init]);
    const [line] = parser.steer('also this') ?? [];
    expect(line).toMatchObject({ type: 'user', message: { role: 'user', content: 'also this' } });
    const uuid = stringField(line, 'uuid');
    const steps = play(parser, [
      lifecycle(uuid, 'queued'),
      answer('m1', 'first'),
      result(),
      lifecycle(uuid, 'started'),
      init,
      answer('m2', 'second'),
      result(),
      lifecycle(uuid, 'completed'),
      state('idle'),
    ]);
    expect(steps.findIndex((step) => step.isOver === true)).toBe(steps.length - 1);
    expect(ends(steps)).toEqual([{ kind: 'finish', reason: 'stop' }]);
    const texts = steps.flatMap(({ out }) =>
      out.flatMap((item) => (item.kind === 'text' ? [item.delta] : [])),
    );
    expect(texts).toEqual(['first', 'second']);
    expect(steps[6]?.out.find((item) => item.kind === 'observation')).toMatchObject({
      observation: { kind: 'usage', usage: { inputTokens: 20, outputTokens: 2 } },
    });
  });

  it('does not end while words that crossed with "idle" are not confirmed', () => {
    const parser = createClaudeParser();
    play(parser, [state('running'), init, result()]);
    const uuid = stringField(parser.steer('late words')?.[0], 'uuid');
    const steps = play(parser, [
      state('idle'),
      lifecycle(uuid, 'queued'),
      state('running'),
      answer('m2', 'to the late words'),
      result(),
      state('idle'),
    ]);
    expect(steps.map((step) => step.isOver === true)).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it('keeps the exchange open for a sub-agent in the background: its questions, and its report as the result of its call', () => {
    const parser = createClaudeParser();
    const call = { type: 'tool_use', id: 'agent', name: 'Agent', input: {} };
    const steps = play(parser, [
      state('running'),
      init,
      { type: 'assistant', message: { id: 'm1', content: [call] }, parent_tool_use_id: null },
      {
        type: 'system',
        subtype: 'task_started',
        task_id: 'task-1',
        tool_use_id: 'agent',
        task_type: 'local_agent',
      },
      {
        type: 'user',
        message: { content: [{ type: 'tool_result', tool_use_id: 'agent', content: 'launched' }] },
        tool_use_result: { isAsync: true, status: 'async_launched' },
        parent_tool_use_id: null,
      },
      result(),
      {
        type: 'control_request',
        request_id: 'q',
        request: {
          subtype: 'can_use_tool',
          tool_name: 'Bash',
          tool_use_id: 'unseen',
          agent_id: 'task-1',
          input: { command: 'ls' },
        },
      },
      {
        type: 'system',
        subtype: 'task_notification',
        task_id: 'task-1',
        tool_use_id: 'agent',
        status: 'completed',
        summary: 'The report.',
      },
      answer('m2', 'the sub-agent is done'),
      result(),
      state('idle'),
    ]);
    expect(steps.findIndex((step) => step.isOver === true)).toBe(10);
    expect(steps[4]?.out).toEqual([]);
    expect(steps[6]?.out).toMatchObject([
      { observation: { kind: 'permission_request', parentCallId: 'agent' } },
    ]);
    expect(steps[7]?.out).toEqual([
      {
        kind: 'observation',
        observation: {
          kind: 'tool_result',
          callId: 'agent',
          result: { ok: true, output: 'The report.' },
        },
      },
    ]);
    expect(ends(steps)).toEqual([{ kind: 'finish', reason: 'stop' }]);
  });

  it('is a stop when the user stops what works in the background', () => {
    const parser = createClaudeParser();
    play(parser, [state('running'), init, answer('m1', 'I wait'), result()]);
    expect(parser.interrupt()).toMatchObject([{ request: { subtype: 'interrupt' } }]);
    expect(parser.accept(state('idle'))).toMatchObject({
      isOver: true,
      out: [{ kind: 'failed', failure: { code: 'aborted', aborted: true } }],
    });
  });

  it('takes queued words back with a stop, and stays stopped where an old version answers them all the same', () => {
    const parser = createClaudeParser();
    play(parser, [state('running'), init]);
    parser.steer('more');
    expect(parser.interrupt()).toMatchObject([
      { request: { subtype: 'interrupt', cancel_queued: true } },
    ]);
    expect(parser.steer('even more')).toBeUndefined();
    const steps = play(parser, [
      lifecycle(undefined, 'queued'),
      { type: 'result', subtype: 'error_during_execution', is_error: true },
      answer('m2', 'to more'),
      result(),
      state('idle'),
    ]);
    expect(ends(steps)).toMatchObject([{ kind: 'failed', failure: { aborted: true } }]);
  });

  it('ends at once with an error: such a child is given up', () => {
    const parser = createClaudeParser();
    play(parser, [state('running'), init]);
    expect(
      parser.accept(result({ is_error: true, api_error_status: 529, result: 'API Error: 529' })),
    ).toMatchObject({ isOver: true });
  });

  it('lets "idle" end nothing when no result has come', () => {
    const parser = createClaudeParser();
    expect(play(parser, [state('idle'), state('running'), state('idle')])).toEqual([
      { out: [] },
      { out: [] },
      { out: [] },
    ]);
  });
});

describe('a child that never says that it is idle', () => {
  const finish = { kind: 'finish', reason: 'stop' };

  it('[R67] ends with its result when it leaves in peace behind it', () => {
    const parser = createClaudeParser();
    play(parser, [state('running'), init, answer('m1', 'all')]);
    expect(parser.endAtExit()).toBeUndefined();
    parser.accept(result());
    expect(parser.endAtExit()).toEqual({ out: [finish], isOver: true });
  });

  it('[R67] has ended early when it leaves in the middle of what comes behind a result', () => {
    const another = createClaudeParser();
    play(another, [state('running'), init, result(), answer('m2', 'and')]);
    expect(another.endAtExit()).toBeUndefined();
    const steered = createClaudeParser();
    play(steered, [state('running'), init]);
    steered.steer('also this');
    steered.accept(result());
    expect(steered.endAtExit()).toBeUndefined();
  });

  it('ends with its result after some seconds of silence', async () => {
    const { parser, clock, late } = createTimed();
    play(parser, [state('running'), init, answer('m1', 'all'), result()]);
    await clock.advance(4_000);
    parser.accept({ type: 'system', subtype: 'status' });
    await clock.advance(5_999);
    expect(ends(late)).toEqual([]);
    await clock.advance(1);
    expect(late.at(-1)).toEqual({ out: [finish], isOver: true });
  });

  it('is not taken for silent while something of its own runs, or another answer has begun', async () => {
    const started = { type: 'system', subtype: 'task_started', task_id: 't', tool_use_id: 'c' };
    const task = createTimed();
    play(task.parser, [state('running'), init, started, result()]);
    await task.clock.advance(60_000);
    expect(ends(task.late)).toEqual([]);
    task.parser.accept({ type: 'system', subtype: 'task_notification', task_id: 't' });
    await task.clock.advance(10_000);
    expect(ends(task.late)).toEqual([finish]);
    const busy = createTimed();
    play(busy.parser, [state('running'), init, result(), answer('m2', 'and')]);
    await busy.clock.advance(60_000);
    expect(ends(busy.late)).toEqual([]);
    busy.parser.accept(result());
    await busy.clock.advance(5_000);
    expect(ends(busy.late)).toEqual([finish]);
  });
});

describe('the memory of a long exchange', () => {
  it('[R77] counts no more kinds of unknown messages than a bound, under names of bounded length', () => {
    const parser = createClaudeParser();
    for (let index = 0; index < 1_000; index += 1) {
      parser.accept({ type: `kind-${index}-${'x'.repeat(1_000)}` });
    }
    expect(parser.unknownMessages.size).toBe(200);
    expect([...parser.unknownMessages.keys()].every((name) => name.length <= 100)).toBe(true);
  });
});
