import { silentLogger } from '../../src/base/logger';
import type { AssistantMessage, Message } from '../../src/events/message';
import type { NormalizedEvent } from '../../src/events/normalizedEvent';
import type { Observation } from '../../src/events/observation';
import { RuntimeBroker, type RuntimeBrokerOptions } from '../../src/runtime/broker';
import type {
  Bridge,
  ExchangeOptions,
  ExchangeStream,
  ModelRef,
  ToolSpec,
  TransportContext,
} from '../../src/runtime/contract';
import { runtimeEndpoint } from '../../src/runtime/contract';
import { FakeClock } from './fakeClock';
import { FakeToolRelay } from './fakeToolRelay';
import { FakeTransport } from './fakeTransport';

export interface RunningTurn {
  readonly stream: ExchangeStream;
  readonly message: Promise<AssistantMessage>;
  /** Events and observations in the order they came. */
  readonly log: readonly (NormalizedEvent | Observation)[];
  readonly abort: () => void;
}

/** A broker with one bridge over fake transports and a clock that stands still. */
export class ExchangeLab {
  readonly clock = new FakeClock();
  readonly transports: FakeTransport[] = [];
  readonly starts: TransportContext[] = [];
  readonly broker: RuntimeBroker;
  readonly model: ModelRef;

  constructor(
    bridge: Bridge,
    /** Plays the child: called for each message that is sent to it. */
    answer: (message: unknown, transport: FakeTransport) => void = () => undefined,
    options: Partial<RuntimeBrokerOptions> = {},
  ) {
    this.model = {
      id: `${bridge.adapter}/default`,
      api: 'external',
      provider: bridge.adapter,
      model: 'default',
      name: bridge.displayName,
      address: runtimeEndpoint(bridge.adapter),
    };
    this.broker = new RuntimeBroker({
      framework: () => {
        throw new Error('the network was asked');
      },
      transport: (context) => {
        const transport = new FakeTransport(
          answer,
          context.launch.needsToolRelay === true ? new FakeToolRelay() : undefined,
        );
        this.starts.push(context);
        this.transports.push(transport);
        return transport;
      },
      clock: this.clock,
      logger: silentLogger,
      ...options,
    });
    this.broker.register(bridge);
  }

  get transport(): FakeTransport {
    const transport = this.transports.at(-1);
    if (transport === undefined) {
      throw new Error('no child was started');
    }
    return transport;
  }

  run(
    prompt: string,
    options: Partial<ExchangeOptions> & {
      readonly messages?: readonly Message[];
      readonly model?: ModelRef;
      readonly tools?: readonly ToolSpec[];
    } = {},
  ): RunningTurn {
    const { messages, model, tools, ...opts } = options;
    const log: (NormalizedEvent | Observation)[] = [];
    const controller = new AbortController();
    const stream = this.broker.exchange(
      model ?? this.model,
      {
        systemPrompt: '',
        tools: tools ?? [],
        messages: messages ?? [{ role: 'user', text: prompt, createdAtMs: 0 }],
      },
      {
        signal: controller.signal,
        sessionId: 'session',
        cwd: '/workspace',
        observe: (observation) => {
          log.push(observation);
        },
        onEvent: (event) => {
          log.push(event);
        },
        ...opts,
      },
    );
    return { stream, message: stream.result(), log, abort: () => controller.abort() };
  }

  /** Lets time pass, and promises settle. */
  async pass(byMs = 0): Promise<void> {
    await this.clock.advance(byMs);
  }
}

/** The answer's text, after retractions. */
export function textOf(message: AssistantMessage): string {
  return message.content.map((block) => (block.kind === 'text' ? block.text : '')).join('');
}
