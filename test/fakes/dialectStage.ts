import { JsonLinesDecoder } from '../../src/base/jsonLines';
import type { PermissionRequest } from '../../src/events/observation';
import type { ExchangeOptions } from '../../src/runtime/contract';
import type { Dialect, DialectAnswer, DialectChild } from '../dialects/dialect';
import { ExchangeLab, type RunningTurn } from './exchangeLab';
import type { FakeTransport } from './fakeTransport';

/** A turn over a fake child that speaks a dialect: it answers what it hears by itself, the rest is up to the test. */
export class DialectStage {
  readonly lab: ExchangeLab;
  private readonly children = new Map<FakeTransport, DialectChild>();

  constructor(private readonly dialect: Dialect) {
    this.lab = new ExchangeLab(dialect.bridge, (message, transport) => {
      const said = this.childOf(transport).hear(message);
      // Behind what is running now, as it is with a pipe.
      queueMicrotask(() => transport.emit(...said));
    });
  }

  /** Starts a turn and lets the bridge come as far as its prompt. */
  async begin(options: Partial<ExchangeOptions> = {}): Promise<RunningTurn> {
    const turn = this.lab.run('do it', options);
    await this.lab.pass();
    await this.lab.pass();
    return turn;
  }

  /** Two turns of two sessions at once, each with what its child says. */
  async beginTwo() {
    const one = this.lab.run('one', { sessionId: 'a' });
    const two = this.lab.run('two', { sessionId: 'b' });
    await this.lab.pass();
    await this.lab.pass();
    const [first, second] = this.lab.transports;
    if (first === undefined || second === undefined) {
      throw new Error('two children were to be started');
    }
    return { one, two, first, second, a: this.childOf(first), b: this.childOf(second) };
  }

  get child(): DialectChild {
    return this.childOf(this.lab.transport);
  }

  childOf(transport: FakeTransport): DialectChild {
    const known = this.children.get(transport);
    if (known !== undefined) {
      return known;
    }
    const fresh = this.dialect.child();
    this.children.set(transport, fresh);
    return fresh;
  }

  say(...messages: readonly (readonly unknown[])[]): void {
    this.lab.transport.emit(...messages.flat());
  }

  /** The child's bytes through the real decoder, in pieces of `pieceBytes`. */
  sayBytes(bytes: Uint8Array, pieceBytes = bytes.length): void {
    const decoder = new JsonLinesDecoder({
      onMessage: (message) => this.lab.transport.emit(message),
      onInvalidLine: (excerpt) =>
        this.lab.transport.notice(`Skipped a line that is not JSON: ${excerpt}`),
    });
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      decoder.push(bytes.subarray(at, at + pieceBytes));
    }
    decoder.end();
  }

  answers(): readonly DialectAnswer[] {
    return this.lab.transport.sent.flatMap((message) => this.dialect.answer(message) ?? []);
  }

  interrupts(): number {
    return this.lab.transport.sent.filter((message) => this.dialect.isInterrupt(message)).length;
  }
}

export function linesOf(messages: readonly unknown[], lineEnd = '\n'): Uint8Array {
  return new TextEncoder().encode(
    messages.map((message) => `${JSON.stringify(message)}${lineEnd}`).join(''),
  );
}

export function questions(turn: RunningTurn): readonly PermissionRequest[] {
  return turn.log.flatMap((item) => (item.kind === 'permission_request' ? [item.request] : []));
}

export function terminals(log: RunningTurn['log']): number {
  return log.filter((item) => item.kind === 'finish' || item.kind === 'failed').length;
}
