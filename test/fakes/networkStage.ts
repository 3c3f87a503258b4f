import { Deferred } from '../../src/base/deferred';
import { silentLogger } from '../../src/base/logger';
import type { AssistantMessage } from '../../src/events/message';
import type { NormalizedEvent } from '../../src/events/normalizedEvent';
import type { Observation } from '../../src/events/observation';
import { RuntimeBroker } from '../../src/runtime/broker';
import type { ExchangeOptions, ModelApi } from '../../src/runtime/contract';
import { createNetworkLoaders } from '../../src/runtime/network/networkLoaders';
import { createNetworkStream } from '../../src/runtime/network/networkStream';
import { defaultRetryPolicy } from '../../src/runtime/retry';
import { FakeClock } from './fakeClock';
import { networkModel, turnContext } from './networkTurn';

export interface NetworkTurn {
  readonly message: Promise<AssistantMessage>;
  readonly log: readonly (NormalizedEvent | Observation)[];
  readonly abort: () => void;
}

/** A broker over the real network arm and a server that says what the test lets it say, byte by byte. */
export class NetworkStage {
  readonly clock = new FakeClock();
  /** Requests that arrived. */
  requestCount = 0;
  private readonly asked = new Deferred<void>();
  private readonly encoder = new TextEncoder();
  private controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  private readonly model;
  private readonly broker: RuntimeBroker;

  constructor(api: ModelApi) {
    this.model = networkModel(api, { address: 'http://127.0.0.1:1/v1' });
    this.broker = new RuntimeBroker({
      framework: createNetworkStream({
        load: createNetworkLoaders(() => Promise.resolve(this.answer())),
        retry: defaultRetryPolicy,
        clock: this.clock,
      }),
      clock: this.clock,
      logger: silentLogger,
    });
  }

  run(options: Partial<ExchangeOptions> = {}): NetworkTurn {
    const log: (NormalizedEvent | Observation)[] = [];
    const stop = new AbortController();
    const stream = this.broker.exchange(this.model, turnContext(), {
      signal: stop.signal,
      sessionId: 'session',
      apiKey: 'a-key-of-the-user',
      observe: (observation) => {
        log.push(observation);
      },
      onEvent: (event) => {
        log.push(event);
      },
      ...options,
    });
    return { message: stream.result(), log, abort: () => stop.abort() };
  }

  /** Lets time pass, and promises settle. */
  async pass(byMs = 0): Promise<void> {
    await this.clock.advance(byMs);
  }

  /** The first request is there (the SDK is loaded when it is first needed). */
  untilAsked(): Promise<void> {
    return this.asked.promise;
  }

  bytes(bytes: Uint8Array): void {
    try {
      this.controller?.enqueue(bytes);
    } catch {
      // The reader has gone; a server notices that only later.
    }
  }

  records(...records: readonly unknown[]): void {
    this.bytes(this.encode(records));
  }

  encode(records: readonly unknown[]): Uint8Array {
    return this.encoder.encode(
      records
        .map((record) => `data: ${record === '[DONE]' ? record : JSON.stringify(record)}\n\n`)
        .join(''),
    );
  }

  raw(text: string): void {
    this.bytes(this.encoder.encode(text));
  }

  endBody(): void {
    try {
      this.controller?.close();
    } catch {
      // Closed before.
    }
  }

  cutConnection(): void {
    this.controller?.error(new TypeError('terminated'));
  }

  private answer(): Response {
    this.requestCount += 1;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.controller = controller;
        this.asked.resolve();
      },
    });
    return new Response(body, { status: 200, headers: { 'content-type': 'text/event-stream' } });
  }
}
