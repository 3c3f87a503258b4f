import { toDisposable, type Disposable } from '../../src/base/disposable';
import type { NormalizedEvent } from '../../src/events/normalizedEvent';
import type { Observation, PermissionRequest } from '../../src/events/observation';
import type {
  Bridge,
  ExchangeParser,
  ExchangeParserContext,
  ParseStep,
} from '../../src/runtime/contract';
import { FakeClock } from './fakeClock';

/** One exchange of a bridge without any driver: what it sends, what it gives out, and a clock that is driven. */
export class PeerTurn {
  readonly clock = new FakeClock();
  readonly sent: unknown[] = [];
  readonly out: (NormalizedEvent | Observation)[] = [];
  isOver = false;
  readonly parser: ExchangeParser;
  private readonly timers: Disposable[] = [];

  constructor(bridge: Bridge, context: Partial<ExchangeParserContext> = {}) {
    this.parser = bridge.createParser({
      model: { id: 'm', api: 'external', provider: bridge.adapter, model: 'default', name: 'M' },
      context: {
        systemPrompt: '',
        tools: [],
        messages: [{ role: 'user', text: 'do it', createdAtMs: 0 }],
      },
      opts: {
        signal: new AbortController().signal,
        sessionId: 's',
        cwd: '/workspace',
        observe: () => undefined,
      },
      resume: undefined,
      isContinuation: false,
      notes: new Map(),
      send: (message) => {
        this.sent.push(message);
      },
      later: (delayMs, run) => {
        const timer = this.clock.schedule(delayMs, () => this.take(run()));
        this.timers.push(timer);
        return toDisposable(() => timer.dispose());
      },
      ...context,
    });
    this.sent.push(...this.parser.open());
  }

  hear(...messages: readonly unknown[]): void {
    for (const message of messages) {
      this.take(this.parser.accept(message));
    }
  }

  /** The answer to our newest command of this name, in the rpc form. */
  answer(command: string, data?: unknown, error?: string): void {
    const id = this.sent
      .filter((message) => hasField(message, 'type', command))
      .map((message) => fieldOf(message, 'id'))
      .at(-1);
    this.hear({
      id,
      type: 'response',
      command,
      success: error === undefined,
      ...(data === undefined ? {} : { data }),
      ...(error === undefined ? {} : { error }),
    });
  }

  /** The answer to our newest JSON-RPC request of this method. */
  reply(method: string, result: unknown): void {
    this.hear({ jsonrpc: '2.0', id: this.idOf(method), result });
  }

  replyError(method: string, code: number, message = 'no'): void {
    this.hear({ jsonrpc: '2.0', id: this.idOf(method), error: { code, message } });
  }

  get questions(): readonly PermissionRequest[] {
    return this.out.flatMap((item) => (item.kind === 'permission_request' ? [item.request] : []));
  }

  get kinds(): readonly string[] {
    return this.out.map(({ kind }) => kind);
  }

  /** The names of what was sent, in order: methods, or types. */
  get sentNames(): readonly unknown[] {
    return this.sent.map((message) => fieldOf(message, 'method') ?? fieldOf(message, 'type'));
  }

  private idOf(method: string): unknown {
    return this.sent
      .filter((message) => hasField(message, 'method', method))
      .map((message) => fieldOf(message, 'id'))
      .at(-1);
  }

  private take(step: ParseStep): void {
    if (this.isOver && step.out.length > 0) {
      throw new Error('something came after the end');
    }
    this.out.push(
      ...step.out.map((item) => (item.kind === 'observation' ? item.observation : item)),
    );
    this.sent.push(...(step.send ?? []));
    if (step.isOver === true) {
      this.isOver = true;
      for (const timer of this.timers.splice(0)) {
        timer.dispose();
      }
    }
  }
}

export function fieldOf(message: unknown, name: string): unknown {
  return typeof message === 'object' && message !== null
    ? Object.entries(message).find(([key]) => key === name)?.[1]
    : undefined;
}

function hasField(message: unknown, name: string, value: string): boolean {
  return fieldOf(message, name) === value;
}
