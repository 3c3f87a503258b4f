import { describe, expect, it } from 'vitest';
import { toolOk } from '../../../src/events/toolCall';
import type { Observation, PermissionAnswer } from '../../../src/events/observation';
import { ExchangeLab, textOf } from '../../fakes/exchangeLab';
import { createLineBridge } from '../../fakes/lineBridge';

const text = (delta: string): unknown => ({ out: [{ kind: 'text', delta }] });
const finish = { out: [{ kind: 'finish', reason: 'stop' }], isOver: true };
const observe = (observation: Observation): unknown => ({
  out: [{ kind: 'observation', observation }],
});
const toolCall = (id: string): unknown => ({
  out: [{ kind: 'tool_call', call: { id, name: 'Bash', arguments: {}, executedBy: 'child' } }],
});

function question(requestId: string, answers: PermissionAnswer[]): Observation {
  return {
    kind: 'permission_request',
    request: {
      requestId,
      callId: 'c',
      toolName: 'Bash',
      input: {},
      intents: [{ kind: 'none' }],
      reply: (answer) => {
        answers.push(answer);
      },
    },
  };
}

function answerOf(log: readonly unknown[]): (answer: PermissionAnswer) => void {
  for (const item of log) {
    const observation = item as Observation;
    if (observation.kind === 'permission_request') {
      return (answer) => observation.request.reply(answer);
    }
  }
  throw new Error('no question');
}

describe('driving one exchange', () => {
  it('[R60][R61] sends the opening request, settles on the terminal step and closes the child once', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('hello');
    await lab.pass();
    expect(lab.transport.sent).toEqual([{ prompt: 'hello', resume: null }]);
    lab.transport.emit(text('hi'), finish, text('late'), finish);
    const message = await turn.message;
    await lab.pass();
    expect(textOf(message)).toBe('hi');
    expect(turn.log.map((item) => item.kind)).toEqual(['text', 'finish']);
    expect(lab.transport.closeCount).toBe(1);
    expect(lab.transport.listenerCount).toBe(0);
    expect(lab.clock.pendingCount).toBe(0);
  });

  it.each([
    ['was as good as said', true, 'stop'],
    ['was not', false, 'error'],
  ] as const)('takes an exit for the end that %s', async (_what, isSaid, stopReason) => {
    const bridge = createLineBridge();
    const lab = new ExchangeLab({
      ...bridge,
      createParser: (context) => ({
        ...bridge.createParser(context),
        endAtExit: () =>
          isSaid ? { out: [{ kind: 'finish', reason: 'stop' }], isOver: true } : undefined,
      }),
    });
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(text('all of it'));
    lab.transport.exit({ code: 0, signal: null, stderrTail: '' });
    const message = await turn.message;
    expect([textOf(message), message.stopReason]).toEqual(['all of it', stopReason]);
    expect(turn.log.filter(({ kind }) => kind === 'finish' || kind === 'failed')).toHaveLength(1);
  });

  it('[R62] ends as failed when the opening request cannot be sent', async () => {
    const lab = new ExchangeLab(createLineBridge(), (_message, transport) => {
      transport.sendError = new Error('the pipe is gone.');
    });
    lab.broker.register(
      createLineBridge({
        createParser: () => ({
          open: () => [1, 2],
          accept: () => ({ out: [] }),
          interrupt: () => [],
        }),
      }),
    );
    const message = await lab.run('x').message;
    expect(message.failure?.code).toBe('child_exited');
    expect(message.errorMessage).toBe(
      'Line Agent did not take the prompt: the pipe is gone. Try again.',
    );
    expect(lab.transport.closeCount).toBe(1);
  });

  it('[R63] ends as failed with the parser’s message when the parser throws', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(text('so far'), { throw: 'cannot read this' });
    const message = await turn.message;
    expect(message.errorMessage).toContain('cannot read this');
    expect(textOf(message)).toBe('so far');
    expect(lab.transport.closeCount).toBe(1);
  });

  it('[R64] settles as aborted, later and never inside the call, when the signal was aborted before', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x', { signal: AbortSignal.abort() });
    const early: string[] = [];
    void turn.message.then(() => early.push('settled'));
    expect(early).toEqual([]);
    expect(turn.log).toEqual([]);
    expect((await turn.message).stopReason).toBe('aborted');
    expect(lab.transports).toEqual([]);
  });

  it('[R64][R65] interrupts first, and takes the agent’s own last word when it comes in time', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(text('half'));
    turn.abort();
    expect(lab.transport.sent.at(-1)).toEqual({ interrupt: true });
    lab.transport.emit(text(' more'), {
      out: [{ kind: 'failed', failure: { code: 'unknown', message: 'internal words' } }],
      isOver: true,
    });
    const message = await turn.message;
    expect(message.stopReason).toBe('aborted');
    expect(message.errorMessage).toBe('Stopped.');
    expect(textOf(message)).toBe('half more');
  });

  it('[R65] tells the user within a second and closes an agent that does not come to rest after two', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    turn.abort();
    await lab.pass(999);
    expect((await turn.message).stopReason).toBe('aborted');
    expect(lab.transport.closeCount).toBe(0);
    await lab.pass(1000);
    lab.transport.emit(text('late'));
    await lab.pass(1);
    expect(lab.transport.closeCount).toBe(1);
    expect(turn.log.map((item) => item.kind)).toEqual(['failed']);
  });

  it('[R65] closes at once when the dialect has no interrupt', async () => {
    const lab = new ExchangeLab(createLineBridge({ hasInterrupt: false }));
    const turn = lab.run('x');
    await lab.pass();
    turn.abort();
    expect((await turn.message).stopReason).toBe('aborted');
    expect(lab.transport.closeCount).toBe(1);
  });

  it('[R66] reports an exit without a terminal message with its code and the last words on stderr', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(text('half'));
    lab.transport.exit({ code: 3, stderrTail: 'a\nb\nboom' });
    const message = await turn.message;
    expect(message.failure).toMatchObject({ code: 'child_exited', detail: 'a\nb\nboom' });
    expect(message.errorMessage).toContain('exit code 3');
    expect(message.errorMessage).toContain('boom');
    expect(textOf(message)).toBe('half');
    expect(lab.transport.closeCount).toBe(1);
  });

  it('[R66] calls an exit after our stop a stop', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    turn.abort();
    lab.transport.exit({ code: 1 });
    expect((await turn.message).stopReason).toBe('aborted');
  });

  it('[R67] never takes exit 0 with text for a success', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(text('all there?'));
    lab.transport.exit({ code: 0 });
    const message = await turn.message;
    expect(message.stopReason).toBe('error');
    expect(message.errorMessage).toContain('ended early');
    expect(textOf(message)).toBe('all there?');
  });

  it('[R68] gives the stream at once when the child never starts, and ends it with the install hint', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.exit({
      code: null,
      spawnError: {
        code: 'binary_missing',
        message: 'line is not installed. Get it from its site.',
      },
    });
    expect((await turn.message).failure).toEqual({
      code: 'binary_missing',
      message: 'line is not installed. Get it from its site.',
    });
  });

  it('ends with a timeout when nothing comes within the start deadline', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass(29_999);
    expect(turn.log).toEqual([]);
    await lab.pass(1);
    expect((await turn.message).failure?.code).toBe('timeout');
    expect(lab.transport.closeCount).toBe(1);
  });

  it('never ends a silent agent when no idle limit is set', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(text('a'));
    await lab.pass(3_600_000);
    expect(turn.log.map((item) => item.kind)).toEqual(['text']);
  });

  it('counts silence only while nothing is asked and no tool runs', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const answers: PermissionAnswer[] = [];
    const turn = lab.run('x', { idleTimeoutMs: 1000 });
    await lab.pass(900);
    lab.transport.emit(toolCall('c'), observe(question('q', answers)));
    await lab.pass(60_000);
    answerOf(turn.log)({ kind: 'allow' });
    await lab.pass(60_000);
    lab.transport.emit(observe({ kind: 'tool_result', callId: 'c', result: toolOk('done') }));
    await lab.pass(999);
    expect(turn.log.some((item) => item.kind === 'failed')).toBe(false);
    await lab.pass(2000);
    expect((await turn.message).failure?.code).toBe('timeout');
    expect(answers).toEqual([{ kind: 'allow' }]);
  });

  it('passes on one answer per question and nothing after the end', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const answers: PermissionAnswer[] = [];
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(observe(question('0', answers)));
    const reply = answerOf(turn.log);
    reply({ kind: 'deny', message: 'no' });
    reply({ kind: 'allow' });
    lab.transport.emit(finish);
    await turn.message;
    reply({ kind: 'allow' });
    expect(answers).toEqual([{ kind: 'deny', message: 'no' }]);
  });

  it('withdraws open questions and closes open calls before the last event', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const answers: PermissionAnswer[] = [];
    const turn = lab.run('x');
    await lab.pass();
    lab.transport.emit(toolCall('c'), observe(question('0', answers)));
    turn.abort();
    lab.transport.exit({ code: 1 });
    await turn.message;
    answerOf(turn.log)({ kind: 'allow' });
    expect(turn.log.map((item) => item.kind)).toEqual([
      'tool_call',
      'permission_request',
      'permission_withdrawn',
      'tool_result',
      'failed',
    ]);
    expect(answers).toEqual([]);
  });

  it('denies a question that comes after the stop', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const answers: PermissionAnswer[] = [];
    const turn = lab.run('x');
    await lab.pass();
    turn.abort();
    lab.transport.emit(observe(question('1', answers)));
    await lab.pass(1000);
    lab.transport.emit(observe(question('2', answers)));
    await turn.message;
    expect(answers.map((answer) => answer.kind)).toEqual(['deny', 'deny']);
    expect(turn.log.map((item) => item.kind)).toEqual(['failed']);
  });

  it('[R77] tells a bounded number of notices of each kind, and at the end how many there were more', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    for (let count = 0; count < 20_000; count += 1) {
      lab.transport.emit(
        observe({ kind: 'notice', level: 'info', code: 'retry', text: `again ${count}` }),
      );
    }
    lab.transport.emit(observe({ kind: 'notice', level: 'info', code: 'other', text: 'once' }));
    lab.transport.emit(text('a'), finish);
    expect((await turn.message).stopReason).toBe('stop');
    const notices = turn.log.filter((item) => item.kind === 'notice');
    expect(notices).toHaveLength(52);
    expect(notices.slice(-2)).toMatchObject([
      { text: 'once' },
      { code: 'notices_left_out', text: '19950 more notices of Line Agent were left out.' },
    ]);
  });

  it('[R70] shows lines that were not JSON as notices, a bounded number of them', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x');
    await lab.pass();
    for (let index = 0; index < 100; index++) {
      lab.transport.notice(`not JSON ${index}`);
    }
    lab.transport.emit(finish);
    await turn.message;
    const notices = turn.log.filter((item) => item.kind === 'notice');
    expect(notices).toHaveLength(21);
    expect(notices.at(-1)).toMatchObject({
      text: '80 more lines of Line Agent could not be read.',
    });
  });

  it('survives an observer and a tap that throw', async () => {
    const lab = new ExchangeLab(createLineBridge());
    const turn = lab.run('x', {
      observe: () => {
        throw new Error('bad observer');
      },
      onEvent: () => {
        throw new Error('bad tap');
      },
    });
    await lab.pass();
    lab.transport.emit(observe({ kind: 'notice', level: 'info', text: 'n' }), text('a'), finish);
    expect(textOf(await turn.message)).toBe('a');
  });
});
