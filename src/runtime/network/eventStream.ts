import { LikeLines } from '../../base/likeLines';
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
  const lines = new LikeLines();
  try {
    for await (const records of readSse(response.body, signal)) {
      for (const output of outputsOfBatch(records, lines, parser, names)) {
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
  lines: LikeLines,
  parser: EventParser,
  names: EndpointNames,
): readonly ProducerOutput[] {
  const merged = new MergedOutputs();
  for (const record of records) {
    for (const output of outputsOf(record, lines, parser, names)) {
      merged.add(output);
      if (isTerminal(output)) {
        return merged.take();
      }
    }
  }
  return merged.take();
}

function isTerminal(output: ProducerOutput): boolean {
  return output.kind === 'finish' || output.kind === 'failed';
}

type TextOutput = Extract<ProducerOutput, { readonly kind: 'text' | 'thinking' }>;

class MergedOutputs {
  private readonly done: ProducerOutput[] = [];
  private open: TextOutput | undefined;
  private pieces: string[] = [];
  private hasActivity = false;

  add(output: ProducerOutput): void {
    if (output.kind === 'activity') {
      this.hasActivity = true;
    } else if (output.kind !== 'text' && output.kind !== 'thinking') {
      this.closeText();
      this.done.push(output);
    } else if (this.open !== undefined && isOneText(this.open, output)) {
      this.pieces.push(output.delta);
    } else {
      this.closeText();
      this.open = output;
      this.pieces = [output.delta];
    }
  }

  take(): readonly ProducerOutput[] {
    this.closeText();
    // Anything else is a sign of life too.
    return this.done.length === 0 && this.hasActivity ? [{ kind: 'activity' }] : this.done;
  }

  private closeText(): void {
    const { open, pieces } = this;
    if (open !== undefined) {
      this.open = undefined;
      this.done.push(pieces.length === 1 ? open : { ...open, delta: pieces.join('') });
    }
  }
}

/** A later piece that brings more than its words stays apart; a first one gives what it brings to the whole. */
function isOneText(first: TextOutput, next: TextOutput): boolean {
  return (
    first.kind === next.kind &&
    first.blockId === next.blockId &&
    (first.kind === 'text' || first.isRedacted !== true) &&
    (next.kind === 'text' || (next.isRedacted !== true && next.signature === undefined))
  );
}

function outputsOf(
  record: SseRecord,
  lines: LikeLines,
  parser: EventParser,
  names: EndpointNames,
): readonly ProducerOutput[] {
  const data = withoutSpace(record.data);
  if (data === '') {
    return [];
  }
  if (data === '[DONE]') {
    return parser.done?.() ?? endedBody(parser, names);
  }
  let event: unknown;
  try {
    event = lines.parse(data);
  } catch {
    // Named below: the reader needs the consequence, not the position of a bracket.
    return [{ kind: 'failed', failure: streamCutFailure(names, 'a piece of it was not readable') }];
  }
  return parser.accept(event);
}

/** Most data begins and ends with a bracket: then there is nothing to look for. */
function withoutSpace(data: string): string {
  return data.startsWith('{') && data.endsWith('}') ? data : data.trim();
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
