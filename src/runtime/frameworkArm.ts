import { abortedFailure, type Failure } from '../events/failure';
import type { ExchangeOptions, ModelRef, NetworkProvider, TurnContext } from './contract';
import type { ExchangeOutlet, TerminalEvent } from './exchange';
import { toFailure } from './toFailure';

/** The network arm as the broker sees it: injected, so that a test needs neither SDK nor key. */
export type FrameworkStream = NetworkProvider['stream'];

type StreamItem = ReturnType<FrameworkStream> extends AsyncIterable<infer T> ? T : never;
type Item = IteratorResult<StreamItem, unknown>;

type Turn =
  | { readonly kind: 'item'; readonly item: Item }
  | { readonly kind: 'error'; readonly error: unknown }
  | { readonly kind: 'aborted' };

/**
 * Runs one turn of the network arm and gives its last event. Never rejects: what the provider throws is a failure, a
 * stream that just stops is `stream_cut`. A provider that does not hear the signal is left behind; the deadlines of the
 * options are the network stream's, which also hears what is not shown. An aborted signal makes no request at all.
 */
export async function driveFramework(options: {
  readonly framework: FrameworkStream;
  readonly model: ModelRef;
  readonly context: TurnContext;
  readonly opts: ExchangeOptions;
  readonly outlet: ExchangeOutlet;
}): Promise<TerminalEvent> {
  const { model, opts, outlet } = options;
  const hasAborted = (): boolean => opts.signal.aborted;
  if (hasAborted()) {
    return failed(abortedFailure());
  }
  let iterator: AsyncIterator<StreamItem, unknown> | undefined;
  try {
    iterator = options.framework(model, options.context, opts)[Symbol.asyncIterator]();
    for (;;) {
      const turn = await nextTurn(iterator.next(), opts.signal);
      if (turn.kind === 'aborted') {
        return failed(abortedFailure());
      }
      if (turn.kind === 'error') {
        return failed(hasAborted() ? abortedFailure() : toFailure(turn.error));
      }
      if (turn.item.done === true) {
        return failed(
          hasAborted()
            ? abortedFailure()
            : {
                code: 'stream_cut',
                message: `The answer of ${model.name} broke off. What has arrived is kept; try again.`,
              },
        );
      }
      const { value } = turn.item;
      if (value.kind === 'finish' || value.kind === 'failed') {
        return value;
      }
      if (value.kind === 'observation') {
        outlet.observation(value.observation);
      } else {
        outlet.event(value);
      }
    }
  } catch (error) {
    return failed(hasAborted() ? abortedFailure() : toFailure(error));
  } finally {
    leave(iterator);
  }
}

function failed(failure: Failure): TerminalEvent {
  return { kind: 'failed', failure };
}

/** Tells the provider that nobody reads any more, without waiting for it. */
function leave(iterator: AsyncIterator<unknown> | undefined): void {
  // The turn is over: an error of the provider's own clean-up changes nothing for anybody.
  Promise.resolve(iterator?.return?.()).catch(() => undefined);
}

function nextTurn(next: Promise<Item>, signal: AbortSignal): Promise<Turn> {
  return new Promise((resolve) => {
    const settle = (turn: Turn): void => {
      signal.removeEventListener('abort', onAbort);
      resolve(turn);
    };
    const onAbort = (): void => settle({ kind: 'aborted' });
    signal.addEventListener('abort', onAbort, { once: true });
    next.then(
      (item) => settle({ kind: 'item', item }),
      (error: unknown) => settle({ kind: 'error', error }),
    );
    if (signal.aborted) {
      onAbort();
    }
  });
}
