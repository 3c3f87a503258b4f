import { describe, expect, it } from 'vitest';
import { stringField } from '../src/base/guard';
import type { PermissionRequest } from '../src/events/observation';
import { createRuntimeSpec } from '../src/runtime/specs';
import { dialects } from './dialects/all';
import type { Dialect } from './dialects/dialect';
import { networkDialects } from './dialects/network';
import { DialectStage, linesOf, questions, terminals } from './fakes/dialectStage';
import { ExchangeLab, textOf, type RunningTurn } from './fakes/exchangeLab';
import { NetworkStage, type NetworkTurn } from './fakes/networkStage';

const idle = 10_000;
const kindsOf = (turn: RunningTurn | NetworkTurn): readonly string[] =>
  turn.log.map((item) => item.kind);

/** The one end of a turn, whole: how, with which text, how many terminal events, and nothing behind them. */
async function endOf(turn: RunningTurn | NetworkTurn) {
  const message = await turn.message;
  const kinds = kindsOf(turn);
  return {
    stop: message.stopReason,
    text: textOf(message),
    ends: terminals(turn.log),
    last: kinds.at(-1),
  };
}

/** Everything of it that is data; a question's `reply` stays what it is. */
function frozen(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

/** The same dialect; `counts` gets what each of its parsers counts of unknown kinds. */
function countingUnknown(dialect: Dialect, counts: ReadonlyMap<string, number>[]): Dialect {
  return {
    ...dialect,
    bridge: {
      ...dialect.bridge,
      createParser: (context) => {
        const parser = dialect.bridge.createParser(context);
        if ('unknownMessages' in parser && parser.unknownMessages instanceof Map) {
          counts.push(parser.unknownMessages);
        }
        return parser;
      },
    },
  };
}

function isQuestion(item: unknown): item is { readonly request: PermissionRequest } {
  return stringField(item, 'kind') === 'permission_request';
}

const stopped = (text: string) => ({ stop: 'aborted', text, ends: 1, last: 'failed' });
const finished = (text: string) => ({ stop: 'stop', text, ends: 1, last: 'finish' });
const failed = (text: string) => ({ stop: 'error', text, ends: 1, last: 'failed' });

describe.each(dialects)('the behaviour of every bridge: $name', (dialect) => {
  const canAsk = dialect.questionIds.length > 0;
  const [firstId = ''] = dialect.questionIds;

  /** A row about questions; a dialect that cannot ask must then say so. */
  const asking = (title: string, run: () => Promise<void>): void => {
    if (canAsk) {
      it(title, run);
    } else {
      it(`not applicable, it cannot ask: ${title}`, () => {
        expect(dialect.bridge.coverage).toBe('none');
        expect(dialect.bridge.coverageNote).not.toBe('');
      });
    }
  };

  it('gives text and an end, and its token', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    const { child } = stage;
    stage.say(child.hello(), child.text('Hel'), child.text('lo'), child.finish());
    expect(await endOf(turn)).toEqual(finished('Hello'));
    const tokens = turn.log.flatMap((item) => (item.kind === 'resume' ? [item.token] : []));
    expect(tokens[0]).toBe(dialect.resumeToken);
  });

  it('takes an empty answer for one', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello(), stage.child.finish());
    expect(await endOf(turn)).toEqual(finished(''));
    expect((await turn.message).content).toEqual([]);
  });

  it('fails with a reason of its own when the child says so, and keeps the text', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello(), stage.child.text('half'), stage.child.failure());
    expect(await endOf(turn)).toEqual(failed('half'));
    expect((await turn.message).failure?.code).toBe(dialect.failureCode);
  });

  it('[R64] ends as aborted when it was stopped before it began', async () => {
    const stage = new DialectStage(dialect);
    const turn = stage.lab.run('x', { signal: AbortSignal.abort() });
    expect(await endOf(turn)).toEqual(stopped(''));
    expect(stage.lab.transports).toEqual([]);
  });

  it('[R64] ends as aborted when it was stopped before the child said a word', async () => {
    const stage = new DialectStage(dialect);
    const turn = stage.lab.run('x');
    turn.abort();
    await stage.lab.pass(10_000);
    expect(await endOf(turn)).toEqual(stopped(''));
    expect(stage.lab.transports.filter((transport) => transport.isOpen)).toEqual([]);
  });

  it('[R64] ends as aborted in the middle and keeps the text', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello(), stage.child.text('half'));
    turn.abort();
    expect(stage.interrupts()).toBe(dialect.canInterrupt ? 1 : 0);
    stage.say(stage.child.interrupted(), stage.child.text('late'));
    await stage.lab.pass(10_000);
    expect(await endOf(turn)).toEqual(stopped('half'));
  });

  it('[R65] ends a child that does not hear the stop', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello(), stage.child.text('half'));
    turn.abort();
    await stage.lab.pass(1000);
    expect(await endOf(turn)).toEqual(stopped('half'));
    await stage.lab.pass(1000);
    expect(stage.lab.transport.closeCount).toBe(1);
  });

  asking('withdraws a question that is open when it is stopped', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello(), stage.child.question(firstId));
    await stage.lab.pass();
    const [question] = questions(turn);
    turn.abort();
    stage.say(stage.child.interrupted());
    await stage.lab.pass(10_000);
    expect(await endOf(turn)).toEqual(stopped(''));
    question?.reply({ kind: 'allow' });
    expect(
      turn.log.some(
        (item) => item.kind === 'permission_withdrawn' && item.requestId === question?.requestId,
      ),
    ).toBe(true);
    expect(stage.answers().filter(({ allows }) => allows)).toEqual([]);
  });

  asking('answers questions with falsy ids, each exactly once', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello(), ...dialect.questionIds.map((id) => stage.child.question(id)));
    await stage.lab.pass();
    const open = questions(turn);
    expect(new Set(open.map(({ requestId }) => requestId)).size).toBe(dialect.questionIds.length);
    open.forEach((question, index) => {
      question.reply(index === 0 ? { kind: 'deny', message: 'no' } : { kind: 'allow' });
      question.reply({ kind: 'allow' });
    });
    await stage.lab.pass();
    expect(stage.answers()).toEqual(
      dialect.questionIds.map((id, index) => ({ id, allows: index > 0 })),
    );
    stage.say(stage.child.finish());
    expect(await endOf(turn)).toEqual(finished(''));
  });

  asking('answers a question that comes twice under one id without a second yes', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello(), stage.child.question(firstId), stage.child.question(firstId));
    await stage.lab.pass();
    const open = questions(turn);
    open.forEach((question, index) => {
      question.reply(index === 0 ? { kind: 'allow' } : { kind: 'deny', message: 'once' });
    });
    await stage.lab.pass();
    stage.say(stage.child.finish());
    expect(await endOf(turn)).toEqual(finished(''));
    expect(stage.answers().filter(({ allows }) => allows).length).toBeLessThanOrEqual(1);
    expect(stage.answers().length).toBeLessThanOrEqual(2);
  });

  asking('does not count the time while it asks as silence', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin({ idleTimeoutMs: idle });
    stage.say(stage.child.hello(), stage.child.question(firstId));
    await stage.lab.pass(idle * 5);
    expect(terminals(turn.log)).toBe(0);
    questions(turn)[0]?.reply({ kind: 'deny', message: 'no' });
    await stage.lab.pass();
    stage.say(stage.child.finish());
    expect(await endOf(turn)).toEqual(finished(''));
  });

  it('reports a call once, whatever comes twice under its id, and as executed by the child', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    const { child } = stage;
    stage.say(child.hello(), child.call('0'), child.call('0'), child.result('0'));
    stage.say(child.result('0'), child.call('1'), child.result('1'), child.finish());
    expect((await endOf(turn)).stop).toBe('stop');
    expect(
      turn.log.flatMap((item) =>
        item.kind === 'tool_call' ? [[item.call.id, item.call.executedBy]] : [],
      ),
    ).toEqual([
      ['0', 'child'],
      ['1', 'child'],
    ]);
    const results = turn.log.flatMap((item) => (item.kind === 'tool_result' ? [item.callId] : []));
    expect(new Set(results)).toEqual(new Set(['0', '1']));
  });

  it('[R176] shows the call of a result whose own announcement was lost, before the result', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    const { child } = stage;
    stage.say(child.hello(), child.result('0'), child.result('0'), child.finish());
    expect((await endOf(turn)).stop).toBe('stop');
    const about = turn.log.flatMap((item) =>
      item.kind === 'tool_call'
        ? [`call ${item.call.id}`]
        : item.kind === 'tool_result'
          ? [`result ${item.callId}`]
          : [],
    );
    const tellsResults = child.result('0').length > 0;
    expect(about.slice(0, 2)).toEqual(tellsResults ? ['call 0', 'result 0'] : []);
    expect(about.filter((what) => what === 'call 0')).toHaveLength(tellsResults ? 1 : 0);
  });

  it('closes a call that never had a result', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello(), stage.child.call('0'), stage.child.finish());
    expect((await endOf(turn)).stop).toBe('stop');
    expect(turn.log.flatMap((item) => (item.kind === 'tool_result' ? [item.callId] : []))).toEqual([
      '0',
    ]);
  });

  it.each(['finish', 'exit', 'stop', 'stop that is not heard'])(
    '[R66] tells of a call that was announced and never began, and closes it, at the %s',
    async (end) => {
      const stage = new DialectStage(dialect);
      const turn = await stage.begin();
      const { child } = stage;
      stage.say(child.hello(), child.announced?.('0') ?? child.call('0'));
      if (end === 'finish') {
        stage.say(child.finish());
      } else if (end === 'exit') {
        stage.lab.transport.exit({ code: 1 });
      } else {
        turn.abort();
        stage.say(end === 'stop' ? child.interrupted() : []);
        await stage.lab.pass(10_000);
      }
      // A command of Codex that is open at the end goes on in the background.
      const runsOn = dialect.name === 'codex-app-server' && end === 'finish';
      const message = await turn.message;
      const stop = end === 'finish' ? 'stop' : end === 'exit' ? 'error' : 'aborted';
      expect([message.stopReason, terminals(turn.log)]).toEqual([stop, 1]);
      expect(message.content.map((block) => block.kind)).toEqual(['tool_call']);
      expect(
        turn.log.flatMap((item) =>
          item.kind === 'tool_call'
            ? [`call ${item.call.id}`]
            : item.kind === 'tool_result'
              ? [`result ${item.callId}: ${item.result.details?.outcome ?? ''}`]
              : [],
        ),
      ).toEqual(['call 0', `result 0: ${runsOn ? '' : 'aborted'}`]);
    },
  );

  it('[R70] goes on after a broken line, and says so once', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    const { child } = stage;
    const broken = new TextEncoder().encode('{"type":"trunc\n');
    stage.sayBytes(
      Buffer.concat([
        linesOf([...child.hello(), ...child.text('fi')]),
        broken,
        linesOf([...child.text('ne'), ...child.finish()]),
      ]),
    );
    expect(await endOf(turn)).toEqual(finished('fine'));
    expect(
      turn.log.filter((item) => item.kind === 'notice' && item.code === 'bad_line'),
    ).toHaveLength(1);
  });

  it('[R69] keeps characters whole wherever the bytes are cut, with either line end', async () => {
    const words = 'Grüße 👋🏽 from 漢字\u2028and\u2029 on';
    for (const lineEnd of ['\n', '\r\n', '\n\n']) {
      for (const pieceBytes of [1, 2, 3, 7]) {
        const stage = new DialectStage(dialect);
        const turn = await stage.begin();
        const { child } = stage;
        const said = [...child.hello(), ...child.text(words), ...child.finish()];
        stage.sayBytes(linesOf(said, lineEnd), pieceBytes);
        expect(await endOf(turn)).toEqual(finished(words));
      }
    }
  });

  it('takes a line of 10 MB', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    const { child } = stage;
    const long = 'x'.repeat(10 * 1024 * 1024);
    stage.sayBytes(linesOf([...child.hello(), ...child.text(long), ...child.finish()]), 64 * 1024);
    const end = await endOf(turn);
    expect([end.stop, end.text === long]).toEqual(['stop', true]);
  });

  it('[R77] ignores what it does not know and what lacks its ids, at any place', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    const { child } = stage;
    const odd = (): readonly unknown[] => [...child.unknownKinds(), ...child.withoutIds()];
    stage.say(odd(), child.hello(), odd(), child.text('fi'), odd(), child.text('ne'), odd());
    await stage.lab.pass();
    expect(terminals(turn.log)).toBe(0);
    stage.say(child.finish(), odd());
    expect(await endOf(turn)).toEqual(finished('fine'));
  });

  it('[R77] counts what it does not know, by kind, however often it comes', async () => {
    const counts: ReadonlyMap<string, number>[] = [];
    const stage = new DialectStage(countingUnknown(dialect, counts));
    const turn = await stage.begin();
    stage.say(stage.child.hello());
    const known = counts.length;
    const before = new Map(counts[0]);
    stage.say(stage.child.unknownKinds());
    const once = [...(counts[0] ?? [])].map(([kind, count]) => [
      kind,
      count - (before.get(kind) ?? 0),
    ]);
    stage.say(stage.child.unknownKinds());
    const twice = [...(counts[0] ?? [])].map(([kind, count]) => [
      kind,
      count - (before.get(kind) ?? 0),
    ]);
    expect(known).toBe(1);
    expect(once.length).toBeGreaterThan(1);
    expect(once.map(([kind]) => kind).join(' ')).toMatch(/telepathy/);
    expect(twice).toEqual(once.map(([kind, count]) => [kind, Number(count) * 2]));
    stage.say(stage.child.text('fine'), stage.child.finish());
    expect(await endOf(turn)).toEqual(finished('fine'));
  });

  it('[R77] holds a bounded number of the names that a child invents', async () => {
    const counts: ReadonlyMap<string, number>[] = [];
    const stage = new DialectStage(countingUnknown(dialect, counts));
    const turn = await stage.begin();
    stage.say(stage.child.hello());
    const odd = stage.child
      .unknownKinds()
      .find((item) => JSON.stringify(item).includes('telepathy'));
    const before = [...(counts[0]?.values() ?? [])].reduce((sum, count) => sum + count, 0);
    for (let count = 0; count < 3_000; count += 1) {
      const name = `telepathy${count}${'x'.repeat(count % 500)}`;
      stage.lab.transport.emit(JSON.parse(JSON.stringify(odd).replace('telepathy', name)));
    }
    const names = [...(counts[0]?.keys() ?? [])];
    const sum = [...(counts[0]?.values() ?? [])].reduce((total, count) => total + count, 0);
    expect([names.length <= 200, sum - before]).toEqual([true, 3_000]);
    expect(Math.max(...names.map((name) => name.length))).toBeLessThanOrEqual(100);
    stage.say(stage.child.text('fine'), stage.child.finish());
    expect(await endOf(turn)).toEqual(finished('fine'));
  });

  it('[R67] keeps text that came without its ids', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    const { child } = stage;
    stage.say(child.hello(), child.unnamedText('one '), child.unnamedText('two'));
    stage.lab.transport.exit({ code: 1 });
    expect(await endOf(turn)).toEqual(failed('one two'));
  });

  it('[R176] tells of every call that came without a proper id, each by a name of its own', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello(), stage.child.unnamedCalls(), stage.child.finish());
    expect((await endOf(turn)).stop).toBe('stop');
    const calls = turn.log.flatMap((item) => (item.kind === 'tool_call' ? [item.call] : []));
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    expect(turn.log.flatMap((item) => (item.kind === 'tool_result' ? [item.callId] : []))).toEqual(
      calls.map(({ id }) => id),
    );
  });

  it('[R23] changes nothing that it has told: every event can be frozen as it comes', async () => {
    const stage = new DialectStage(dialect);
    const told: { readonly item: unknown; readonly text: string }[] = [];
    const keep = (item: unknown): void => {
      told.push({ item: frozen(item), text: JSON.stringify(item) });
    };
    const turn = await stage.begin({ onEvent: keep, observe: keep });
    const { child } = stage;
    const odd = (): readonly unknown[] => [...child.unknownKinds(), ...child.withoutIds()];
    stage.say(
      child.hello(),
      child.text('a'),
      child.call('0'),
      canAsk ? child.question(firstId) : [],
    );
    await stage.lab.pass();
    for (const { item } of told) {
      if (isQuestion(item)) {
        item.request.reply({ kind: 'allow' });
      }
    }
    stage.say(child.call('0'), odd(), child.result('0'), child.result('0'), child.text('b'));
    stage.say(child.call('1'), child.finish(), odd());
    expect((await turn.message).stopReason).toBe('stop');
    expect(told.length).toBeGreaterThan(3);
    expect(told.map(({ item }) => JSON.stringify(item))).toEqual(told.map(({ text }) => text));
  });

  it.each(['before its first word', 'in the middle'])(
    '[R66] fails when the child dies %s',
    async (when) => {
      const stage = new DialectStage(dialect);
      const turn = await stage.begin();
      if (when === 'in the middle') {
        stage.say(stage.child.hello(), stage.child.text('half'), stage.child.call('0'));
        if (canAsk) {
          stage.say(stage.child.question(firstId));
        }
      }
      stage.lab.transport.exit({ code: null, signal: 'SIGKILL', stderrTail: 'out of memory' });
      expect(await endOf(turn)).toEqual(failed(when === 'in the middle' ? 'half' : ''));
      const { failure, errorMessage } = await turn.message;
      expect(failure?.code).toBe('child_exited');
      expect(errorMessage).toContain('SIGKILL');
      expect(errorMessage).toContain('out of memory');
    },
  );

  it('[R67] fails when the child leaves in peace, but without a last word', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello(), stage.child.text('half'));
    stage.lab.transport.exit({ code: 0 });
    expect(await endOf(turn)).toEqual(failed('half'));
    expect((await turn.message).errorMessage).toContain('ended early');
  });

  it('does not mind a child that dies after its last word; the next turn starts another', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello(), stage.child.text('all'), stage.child.finish());
    await stage.lab.pass();
    stage.lab.transport.exit({ code: 1 });
    expect(await endOf(turn)).toEqual(finished('all'));
    await stage.lab.pass(10_000);
    const next = await stage.begin();
    expect(stage.lab.transports).toHaveLength(2);
    stage.say(stage.child.hello(), stage.child.text('again'), stage.child.finish());
    expect(await endOf(next)).toEqual(finished('again'));
  });

  it('fails when the child never begins', async () => {
    const stage = new DialectStage(dialect);
    const silent = new DialectStage({
      ...dialect,
      child: () => ({ ...dialect.child(), hear: () => [] }),
    });
    const turn = await silent.begin({ startTimeoutMs: 5000 });
    await silent.lab.pass(5000);
    expect(await endOf(turn)).toEqual(failed(''));
    expect((await turn.message).failure?.code).toBe('timeout');
    expect(silent.lab.transport.closeCount).toBe(1);
    expect(stage.lab.transports).toEqual([]);
  });

  it('fails when the child falls silent, and keeps the text', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin({ idleTimeoutMs: idle });
    stage.say(stage.child.hello(), stage.child.text('half'));
    await stage.lab.pass(idle);
    expect(await endOf(turn)).toEqual(failed('half'));
    expect((await turn.message).failure?.code).toBe('timeout');
    expect(stage.lab.transport.closeCount).toBe(1);
  });

  it('holds a bounded number of events when it is flooded', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    const { child } = stage;
    stage.say(child.hello());
    const [odd] = child.unknownKinds();
    for (let count = 0; count < 5_000; count += 1) {
      stage.lab.transport.emit(...child.text('ab'), ...Array.from({ length: 19 }, () => odd));
    }
    stage.say(child.finish());
    const message = await turn.message;
    expect([message.stopReason, textOf(message).length]).toEqual(['stop', 10_000]);
    let waiting = 0;
    for await (const _event of turn.stream) {
      waiting += 1;
    }
    expect(waiting).toBeLessThan(1000);
  });

  it('[R35] ends once, whatever comes after the end', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    const { child } = stage;
    stage.say(child.hello(), child.text('all'));
    const late = [child.finish(), child.failure(), child.text('late'), child.call('late')];
    stage.say(child.finish());
    await stage.lab.pass();
    stage.say(...late, canAsk ? child.question(firstId) : []);
    await stage.lab.pass(10_000);
    expect(await endOf(turn)).toEqual(finished('all'));
    expect(questions(turn)).toEqual([]);
    expect(stage.answers().filter(({ allows }) => allows)).toEqual([]);
  });

  it('[R76] keeps two exchanges of one bridge apart', async () => {
    const stage = new DialectStage(dialect);
    const { one, two, first, second, a, b } = await stage.beginTwo();
    first.emit(...a.hello());
    second.emit(...b.hello(), ...b.text('B'));
    first.emit(...a.text('A'), ...a.finish());
    second.emit(...b.finish());
    expect([await endOf(one), await endOf(two)]).toEqual([finished('A'), finished('B')]);
  });

  it('[R76] lets no call, question, result or stop of one exchange reach the other, whatever their ids', async () => {
    const stage = new DialectStage(dialect);
    const { one, two, first, second, a, b } = await stage.beginTwo();
    const asked = canAsk ? [a.question(firstId), b.question(firstId)] : [[], []];
    first.emit(...a.hello(), ...a.call('0'), ...(asked[0] ?? []));
    second.emit(...b.hello(), ...b.call('0'), ...(asked[1] ?? []));
    await stage.lab.pass();
    const answersOf = (sent: readonly unknown[]) =>
      sent.flatMap((message) => dialect.answer(message) ?? []);
    questions(two)[0]?.reply({ kind: 'deny', message: 'no' });
    second.emit(...b.result('0'));
    await stage.lab.pass();
    expect(answersOf(first.sent)).toEqual([]);
    expect(answersOf(second.sent)).toEqual(canAsk ? [{ id: firstId, allows: false }] : []);
    expect(kindsOf(one)).not.toContain('tool_result');
    one.abort();
    first.emit(...a.interrupted());
    await stage.lab.pass();
    expect(second.sent.filter((message) => dialect.isInterrupt(message))).toEqual([]);
    second.emit(...b.text('B'), ...b.finish());
    await stage.lab.pass(10_000);
    expect([await endOf(one), await endOf(two)]).toEqual([stopped(''), finished('B')]);
    const callsOf = (turn: RunningTurn) =>
      turn.log.flatMap((item) => (item.kind === 'tool_call' ? [item.call.id] : []));
    expect(callsOf(two)).toEqual(callsOf(one));
    expect(callsOf(two).filter((id) => id === '0')).toHaveLength(1);
    expect(kindsOf(two)).not.toContain('permission_withdrawn');
  });

  it('gives no busy child a second prompt, which agents queue, join or take for a stop of the first', async () => {
    const stage = new DialectStage(dialect);
    const [one, two] = [stage.lab.run('the first'), stage.lab.run('the second')];
    await stage.lab.pass();
    await stage.lab.pass();
    const [first] = stage.lab.transports;
    if (first === undefined) {
      throw new Error('a child was to be started');
    }
    const heardBy = (index: number): string =>
      JSON.stringify([
        stage.lab.transports[index]?.sent,
        stage.lab.starts[index]?.launch.inputText,
      ]);
    expect(heardBy(0)).toContain('the first');
    expect(heardBy(0)).not.toContain('the second');
    const a = stage.childOf(first);
    first.emit(...a.hello(), ...a.text('A'), ...a.finish());
    expect(await endOf(one)).toEqual(finished('A'));
    expect(terminals(two.log)).toBe(0);
    await stage.lab.pass();
    await stage.lab.pass();
    expect(heardBy(stage.lab.transports.length - 1)).toContain('the second');
    stage.say(stage.child.hello(), stage.child.text('B'), stage.child.finish());
    expect(await endOf(two)).toEqual(finished('B'));
  });

  it('[R64] hears a stop of a prompt that waits for a busy child, at once, and never starts it', async () => {
    const stage = new DialectStage(dialect);
    const one = stage.lab.run('the first');
    await stage.lab.pass();
    await stage.lab.pass();
    const two = stage.lab.run('the second');
    const three = stage.lab.run('the third');
    await stage.lab.pass();
    two.abort();
    await stage.lab.pass();
    expect(await endOf(two)).toEqual(stopped(''));
    // A child of its own begins at once; it is told nothing either, or what it was told is stopped with it.
    const isShared = stage.lab.starts[0]?.launch.leaseKey !== undefined;
    const [first] = stage.lab.transports;
    if (first === undefined) {
      throw new Error('a child was to be started');
    }
    expect(stage.lab.transports).toHaveLength(isShared ? 1 : 3);
    expect(terminals(one.log) + terminals(three.log)).toBe(0);
    const a = stage.childOf(first);
    first.emit(...a.hello(), ...a.text('A'), ...a.finish());
    expect(await endOf(one)).toEqual(finished('A'));
    await stage.lab.pass();
    await stage.lab.pass();
    stage.say(stage.child.hello(), stage.child.text('C'), stage.child.finish());
    expect(await endOf(three)).toEqual(finished('C'));
    await stage.lab.pass(10_000);
    if (isShared) {
      expect(
        JSON.stringify(stage.lab.transports.map(({ sent }) => sent)).includes('the second'),
      ).toBe(false);
    }
  });

  it('tells an idle child nothing of a stop that comes after the end', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello(), stage.child.text('all'), stage.child.finish());
    expect(await endOf(turn)).toEqual(finished('all'));
    await stage.lab.pass();
    const before = stage.lab.transport.sent.length;
    turn.abort();
    await stage.lab.pass(10_000);
    expect(stage.lab.transport.sent).toHaveLength(before);
    expect(await endOf(turn)).toEqual(finished('all'));
  });

  it('bears a minute of silence behind the first sign of life where no limit was set', async () => {
    const stage = new DialectStage(dialect);
    const turn = await stage.begin();
    stage.say(stage.child.hello());
    await stage.lab.pass(60_000);
    expect(terminals(turn.log)).toBe(0);
    stage.say(stage.child.text('late'), stage.child.finish());
    expect(await endOf(turn)).toEqual(finished('late'));
  });

  it('[R21] takes a `delegate` that is not meant for it as if it were not there', async () => {
    const opened = async (delegate: string | undefined) => {
      const { adapter } = dialect.bridge;
      const spec = createRuntimeSpec({
        adapter,
        authMode: 'external-cli',
        ...(delegate === undefined ? {} : { delegate }),
      });
      const child = dialect.child();
      const lab = new ExchangeLab(
        dialect.bridge,
        (message, transport) => {
          const said = child.hear(message);
          queueMicrotask(() => transport.emit(...said));
        },
        { specs: () => ({ byModelId: {}, byAdapter: { [adapter]: spec } }) },
      );
      const turn = lab.run('do it');
      await lab.pass();
      await lab.pass();
      lab.transport.emit(...child.hello(), ...child.text('done'), ...child.finish());
      expect(await endOf(turn)).toEqual(finished('done'));
      expect(lab.starts[0]?.spec.delegate).toBe(delegate);
      return { launch: lab.starts[0]?.launch, sent: lab.transport.sent };
    };
    const [without, withOne] = [await opened(undefined), await opened('other-source')];
    // Indusagi fronts other sources; its link is what is left after `runExchange` was asked with it.
    const takesIt = dialect.name === 'peer-exchange' || dialect.name === 'peer-link';
    expect(withOne.launch).toEqual(without.launch);
    expect(JSON.stringify(withOne.sent).includes('other-source')).toBe(takesIt);
    if (!takesIt) {
      expect(withOne.sent).toEqual(without.sent);
    }
  });

  it('[R49] gives its agent no key, header, metadata or temperature of a network request', async () => {
    const opened = async (more: Parameters<DialectStage['begin']>[0]) => {
      const stage = new DialectStage(dialect);
      const turn = await stage.begin(more);
      stage.say(stage.child.hello(), stage.child.finish());
      await turn.message;
      const { launch } = stage.lab.starts[0] ?? {};
      return { launch, sent: stage.lab.transport.sent };
    };
    const plain = await opened({});
    const given = await opened({
      apiKey: 'sk-of-the-user',
      headers: { 'x-own': 'header-value' },
      metadata: { own: 'metadata-value' },
      temperature: 0.125,
      maxTokens: 4711,
      cacheRetention: 'long',
    });
    expect(given).toEqual(plain);
  });

  it('[R49] names the effort to its agent exactly when it says that it takes one', async () => {
    const opened = async (reasoning: 'high' | undefined) => {
      const stage = new DialectStage(dialect);
      const turn = await stage.begin(reasoning === undefined ? {} : { reasoning });
      stage.say(stage.child.hello(), stage.child.finish());
      const { stopReason } = await turn.message;
      expect(stopReason).toBe('stop');
      return JSON.stringify([stage.lab.starts[0]?.launch, stage.lab.transport.sent]);
    };
    expect(await opened(undefined)).not.toContain('"high"');
    expect((await opened('high')).includes('high')).toBe(
      dialect.bridge.controls?.reasoning === true,
    );
  });
});

describe.each(networkDialects)('the behaviour of every provider: $name', (dialect) => {
  const begin = async (options: Parameters<NetworkStage['run']>[0] = {}) => {
    const stage = new NetworkStage(dialect.api);
    const turn = stage.run(options);
    await stage.untilAsked();
    return { stage, turn };
  };

  it('gives text and an end', async () => {
    const { stage, turn } = await begin();
    stage.records(...dialect.hello(), ...dialect.text('Hel'), ...dialect.text('lo'));
    stage.records(...dialect.finish());
    stage.endBody();
    expect(await endOf(turn)).toEqual(finished('Hello'));
  });

  it('takes an empty answer for one', async () => {
    const { stage, turn } = await begin();
    stage.records(...dialect.hello(), ...dialect.finish());
    stage.endBody();
    expect(await endOf(turn)).toEqual(finished(''));
  });

  it('fails with a reason of its own in the middle, and keeps the text', async () => {
    const { stage, turn } = await begin();
    stage.records(...dialect.hello(), ...dialect.text('half'), ...dialect.failure());
    stage.endBody();
    expect(await endOf(turn)).toEqual(failed('half'));
    expect((await turn.message).failure?.code).toBe(dialect.failureCode);
  });

  it('ends as aborted when it was stopped before it began', async () => {
    const stage = new NetworkStage(dialect.api);
    const turn = stage.run({ signal: AbortSignal.abort() });
    expect(await endOf(turn)).toEqual(stopped(''));
    expect(stage.requestCount).toBe(0);
  });

  it('ends as aborted in the middle and keeps the text', async () => {
    const { stage, turn } = await begin();
    stage.records(...dialect.hello(), ...dialect.text('half'));
    await stage.pass();
    turn.abort();
    stage.records(...dialect.text('late'), ...dialect.finish());
    expect(await endOf(turn)).toEqual(stopped('half'));
  });

  it('ignores what it does not know and what lacks its ids, at any place', async () => {
    const { stage, turn } = await begin();
    const odd = [...dialect.unknownKinds(), ...dialect.withoutIds()];
    stage.records(...odd, ...dialect.hello(), ...odd, ...dialect.text('fi'), ...odd);
    stage.records(...dialect.text('ne'), ...odd, ...dialect.finish());
    stage.endBody();
    expect(await endOf(turn)).toEqual(finished('fine'));
  });

  it('ends once and clearly at a broken record, and keeps the text', async () => {
    const { stage, turn } = await begin();
    stage.records(...dialect.hello(), ...dialect.text('half'));
    stage.raw('data: {"type":"trunc\n\n');
    stage.records(...dialect.text(' more'), ...dialect.finish());
    stage.endBody();
    const end = await endOf(turn);
    expect([end.text.startsWith('half'), end.ends]).toEqual([true, 1]);
    if (end.stop === 'error') {
      expect((await turn.message).errorMessage).toMatch(/kept|again/);
    }
  });

  it('keeps characters whole wherever the bytes are cut', async () => {
    const words = 'Grüße 👋🏽 from 漢字\u2028and\u2029 on';
    for (const pieceBytes of [1, 2, 3, 7]) {
      const { stage, turn } = await begin();
      const bytes = stage.encode([...dialect.hello(), ...dialect.text(words), ...dialect.finish()]);
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        stage.bytes(bytes.subarray(at, at + pieceBytes));
      }
      stage.endBody();
      expect(await endOf(turn)).toEqual(finished(words));
    }
  });

  it('takes a record of 10 MB', async () => {
    const { stage, turn } = await begin();
    const long = 'x'.repeat(10 * 1024 * 1024);
    stage.records(...dialect.hello(), ...dialect.text(long), ...dialect.finish());
    stage.endBody();
    const end = await endOf(turn);
    expect([end.stop, end.text === long]).toEqual(['stop', true]);
  });

  it('tries again when the connection dies before the first word, and then fails', async () => {
    const { stage, turn } = await begin();
    for (let round = 0; round < 10 && terminals(turn.log) === 0; round += 1) {
      stage.cutConnection();
      await stage.pass(60_000);
    }
    expect(await endOf(turn)).toEqual(failed(''));
    expect((await turn.message).failure?.code).toBe('stream_cut');
  });

  it('fails when the connection dies in the middle, and keeps the text', async () => {
    const { stage, turn } = await begin();
    stage.records(...dialect.hello(), ...dialect.text('half'));
    await stage.pass();
    stage.cutConnection();
    expect(await endOf(turn)).toEqual(failed('half'));
    expect((await turn.message).failure?.code).toBe('stream_cut');
    expect(stage.requestCount).toBe(1);
  });

  it('fails when the body ends without a last word, and keeps the text', async () => {
    const { stage, turn } = await begin();
    stage.records(...dialect.hello(), ...dialect.text('half'));
    stage.endBody();
    expect(await endOf(turn)).toEqual(failed('half'));
  });

  it('does not mind a connection that dies after the last word', async () => {
    const { stage, turn } = await begin();
    stage.records(...dialect.hello(), ...dialect.text('all'), ...dialect.finish());
    await stage.pass();
    stage.cutConnection();
    expect(await endOf(turn)).toEqual(finished('all'));
  });

  it('fails when the server never begins', async () => {
    const { stage, turn } = await begin({ startTimeoutMs: 5000 });
    // A deadline before the first word may be tried again; each try has its own.
    for (let round = 0; round < 20 && terminals(turn.log) === 0; round += 1) {
      await stage.pass(5000);
    }
    expect(await endOf(turn)).toEqual(failed(''));
    expect((await turn.message).failure?.code).toBe('timeout');
  });

  it('fails when the server falls silent, and keeps the text', async () => {
    const { stage, turn } = await begin({ idleTimeoutMs: idle });
    stage.records(...dialect.hello(), ...dialect.text('half'));
    await stage.pass();
    await stage.pass(idle);
    expect(await endOf(turn)).toEqual(failed('half'));
    expect((await turn.message).failure?.code).toBe('timeout');
  });

  it('takes a flood of small records', async () => {
    const { stage, turn } = await begin();
    stage.records(...dialect.hello());
    const batch = stage.encode(Array.from({ length: 1000 }, () => dialect.text('ab')).flat());
    for (let count = 0; count < 50; count += 1) {
      stage.bytes(batch);
    }
    stage.records(...dialect.finish());
    stage.endBody();
    const end = await endOf(turn);
    expect([end.stop, end.text.length, end.ends]).toEqual(['stop', 100_000, 1]);
  });

  it('gives calls to us, each once', async () => {
    const { stage, turn } = await begin();
    stage.records(...dialect.hello(), ...dialect.call('0'), ...dialect.finish());
    stage.endBody();
    const message = await turn.message;
    expect(message.stopReason).toBe('toolUse');
    expect(
      turn.log.flatMap((item) =>
        item.kind === 'tool_call' ? [[item.call.id, item.call.executedBy]] : [],
      ),
    ).toEqual([['0', 'host']]);
  });

  it('ends once, whatever comes after the end', async () => {
    const { stage, turn } = await begin();
    stage.records(...dialect.hello(), ...dialect.text('all'), ...dialect.finish());
    stage.records(...dialect.finish(), ...dialect.failure(), ...dialect.text('late'));
    stage.endBody();
    await stage.pass();
    expect(await endOf(turn)).toEqual(finished('all'));
  });
});
