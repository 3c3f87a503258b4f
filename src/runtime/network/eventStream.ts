import { failureOfThrown, streamCutFailure, type EndpointNames } from './httpFailure';
import type { ProducerOutput } from './producer';
import { readSse, type SseRecord } from './sse';

/** One dialect's reading of one answer. Pure but for its own state. */
export interface EventParser {
  accept(event: unknown): readonly ProducerOutput[];
  /** The body ended without a terminal event: what that means; empty: it was cut. */
  end(): readonly ProducerOutput[];
  /** The end mark `[DONE]` came, in dialects that have it. */
  done?(): readonly ProducerOutput[];
}

/**
 * Turns a streaming response into outputs, up to and including the terminal one. A body that ends early, breaks, or
 * holds a record that is not JSON ends as `failed` with `stream_cut`: after a lost piece nobody can say what the rest
 * means. An abort ends it without a terminal event; the caller knows its own signal.
 */
export async function* parseEventStream(
  response: Response,
  parser: EventParser,
  names: EndpointNames,
  signal: AbortSignal,
): AsyncGenerator<ProducerOutput> {
  if (response.body === null) {
    yield { kind: 'failed', failure: streamCutFailure(names, 'it came without a body') };
    return;
  }
  try {
    for await (const records of readSse(response.body, signal)) {
      for (const output of outputsOfBatch(records, parser, names)) {
        yield output;
        if (isTerminal(output)) {
          return;
        }
      }
    }
  } catch (error) {
    if (!signal.aborted) {
      yield { kind: 'failed', failure: brokenBody(error, names, signal) };
    }
    return;
  }
  if (!signal.aborted) {
    yield* endedBody(parser, names);
  }
}

/**
 * The outputs of the records that came in one piece, up to the terminal one. Neighbouring deltas of one block become
 * one: what is already here need not be handed on word by word.
 */
function outputsOfBatch(
  records: readonly SseRecord[],
  parser: EventParser,
  names: EndpointNames,
): readonly ProducerOutput[] {
  const outputs: ProducerOutput[] = [];
  for (const record of records) {
    for (const output of outputsOf(record, parser, names)) {
      const last = outputs.at(-1);
      const merged = last === undefined ? undefined : merge(last, output);
      if (merged === undefined) {
        outputs.push(output);
      } else {
        outputs[outputs.length - 1] = merged;
      }
      if (isTerminal(output)) {
        return outputs;
      }
    }
  }
  return outputs;
}

function isTerminal(output: ProducerOutput): boolean {
  return output.kind === 'finish' || output.kind === 'failed';
}

function merge(last: ProducerOutput, next: ProducerOutput): ProducerOutput | undefined {
  if (next.kind === 'activity' || last.kind === 'activity') {
    return next.kind === 'activity' ? last : next;
  }
  if (last.kind === 'text' && next.kind === 'text' && last.blockId === next.blockId) {
    return { ...last, delta: last.delta + next.delta };
  }
  const isPlainThinking =
    last.kind === 'thinking' &&
    next.kind === 'thinking' &&
    next.isRedacted !== true &&
    last.isRedacted !== true;
  return isPlainThinking && last.blockId === next.blockId && next.signature === undefined
    ? { ...last, delta: last.delta + next.delta }
    : undefined;
}

function outputsOf(
  record: SseRecord,
  parser: EventParser,
  names: EndpointNames,
): readonly ProducerOutput[] {
  const data = record.data.trim();
  if (data === '') {
    return [];
  }
  if (data === '[DONE]') {
    return parser.done?.() ?? endedBody(parser, names);
  }
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch {
    // Named below: the reader needs the consequence, not the position of a bracket.
    return [{ kind: 'failed', failure: streamCutFailure(names, 'a piece of it was not readable') }];
  }
  return parser.accept(event);
}

function endedBody(parser: EventParser, names: EndpointNames): readonly ProducerOutput[] {
  const outputs = parser.end();
  return outputs.length > 0
    ? outputs
    : [{ kind: 'failed', failure: streamCutFailure(names, 'it ended without its closing event') }];
}

function brokenBody(
  error: unknown,
  names: EndpointNames,
  signal: AbortSignal,
): ReturnType<typeof failureOfThrown> {
  const failure = failureOfThrown(error, names, signal);
  // Whatever broke the line, the user has half an answer: that is a cut stream, with the reason as detail.
  return failure.code === 'network' || failure.code === 'stream_cut'
    ? {
        ...streamCutFailure(names, 'the connection was lost'),
        ...(failure.detail === undefined ? {} : { detail: failure.detail }),
      }
    : failure;
}
