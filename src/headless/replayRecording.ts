import { isRecord, isString, numberField, recordField, stringField } from '../base/guard';
import type { PermissionAnswer } from '../events/observation';

/** One line of a recording (test/fixtures/README.md), as far as a replay needs it. */
export type RecordedEntry =
  | {
      readonly kind: 'launch';
      readonly command: readonly string[];
      readonly cwd: string | undefined;
    }
  /** A line to the agent; undefined when it was no JSON. */
  | { readonly kind: 'client'; readonly message: unknown }
  /** A line of the agent: a message, or the raw text of what was none. */
  | {
      readonly kind: 'agent';
      readonly line: { readonly message: unknown } | { readonly raw: string };
      readonly isUnterminated: boolean;
    }
  | { readonly kind: 'stderr'; readonly text: string }
  | { readonly kind: 'kill'; readonly signal: string }
  | { readonly kind: 'meta'; readonly adapter: string | undefined }
  | { readonly kind: 'exit'; readonly code: number | null; readonly signal: string | null }
  /** A note of the recorder: what was decided about a question, before the bridge put it in the dialect's words. */
  | { readonly kind: 'decision'; readonly requestId: string; readonly answer: PermissionAnswer };

/** One process of a recording. What comes before the first launch is a process too. */
export interface RecordedProcess {
  readonly command: readonly string[];
  readonly cwd: string | undefined;
  readonly entries: readonly RecordedEntry[];
}

/** A line of the input that is no line of a recording. `id` is the line's own, where it has one. */
export interface BadLine {
  readonly error: string;
  readonly id?: string | number;
}

/** Reads a whole recording; what cannot be read is told and left out. Never throws for its content. */
/** A recording, and the dialect that it says it is of. */
export interface Recording {
  readonly adapter: string | undefined;
  readonly processes: readonly RecordedProcess[];
}

export function readRecording(bytes: Uint8Array, onBadLine: (bad: BadLine) => void): Recording {
  let adapter: string | undefined;
  const processes: RecordedEntry[][] = [];
  const launches: (RecordedEntry & { readonly kind: 'launch' })[] = [];
  let lineOneBased = 0;
  for (const text of linesOf(bytes)) {
    lineOneBased += 1;
    if (text.trim() === '') {
      continue;
    }
    const read = readLine(text);
    if ('why' in read) {
      const id = idOf(read.value);
      onBadLine({
        ...(id === undefined ? {} : { id }),
        error: `Line ${lineOneBased} was skipped: ${read.why}.`,
      });
    } else if (read.entry?.kind === 'meta') {
      adapter ??= read.entry.adapter;
    } else if (read.entry?.kind === 'launch') {
      launches[processes.length] = read.entry;
      processes.push([]);
    } else if (read.entry !== undefined) {
      const last = processes.at(-1);
      if (last === undefined) {
        processes.push([read.entry]);
      } else {
        last.push(read.entry);
      }
    }
  }
  return {
    adapter,
    processes: processes.map((entries, index) => ({
      command: launches[index]?.command ?? [],
      cwd: launches[index]?.cwd,
      entries,
    })),
  };
}

/** Line by line, so that a recording near the limit of a string's length can be read. */
function* linesOf(bytes: Uint8Array): Iterable<string> {
  const decoder = new TextDecoder();
  let start = 0;
  while (start < bytes.length) {
    const next = bytes.indexOf(0x0a, start);
    const end = next === -1 ? bytes.length : next;
    yield decoder.decode(bytes.subarray(start, end));
    start = end + 1;
  }
}

type ReadLine =
  { readonly entry: RecordedEntry | undefined } | { readonly why: string; readonly value: unknown };

function readLine(text: string): ReadLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { why: 'it is not JSON', value: undefined }; // told to the caller as a bad line
  }
  if (!isRecord(value)) {
    return { why: 'it is not an object', value };
  }
  const from = value.from;
  switch (from) {
    case 'meta':
      return { entry: { kind: 'meta', adapter: stringField(value, 'adapter') } };
    case 'client-eof':
      return { entry: undefined };
    case 'note':
      return { entry: decisionOf(value) };
    case 'launch':
      return {
        entry: {
          kind: 'launch',
          command: Array.isArray(value.cmd) ? value.cmd.filter(isString) : [],
          cwd: stringField(value, 'cwd'),
        },
      };
    case 'client':
      return { entry: { kind: 'client', message: value.msg } };
    case 'agent':
      return agentLine(value);
    case 'agent-stderr':
      return { entry: { kind: 'stderr', text: stringField(value, 'raw') ?? '' } };
    case 'kill':
      return { entry: { kind: 'kill', signal: stringField(value, 'signal') ?? 'SIGKILL' } };
    case 'exit':
      return {
        entry: {
          kind: 'exit',
          code: numberField(value, 'code') ?? null,
          signal: stringField(value, 'signal') ?? null,
        },
      };
    default:
      return {
        why: isString(from)
          ? `nobody knows lines from "${from.slice(0, 40)}"`
          : 'it does not say who it is from',
        value,
      };
  }
}

function agentLine(value: Readonly<Record<string, unknown>>): ReadLine {
  // Either it is the whole line, or its last piece without a line end.
  const isUnterminated = value.unterminated === true || isString(value.unterminated);
  const raw = stringField(value, 'raw') ?? stringField(value, 'unterminated');
  if ('msg' in value) {
    return { entry: { kind: 'agent', line: { message: value.msg }, isUnterminated } };
  }
  return raw === undefined
    ? { why: 'a line of the agent has neither "msg" nor "raw"', value }
    : { entry: { kind: 'agent', line: { raw }, isUnterminated } };
}

function decisionOf(value: unknown): RecordedEntry | undefined {
  const requestId = stringField(value, 'requestId');
  const answer: unknown = recordField(value, 'answer');
  return stringField(value, 'raw') === 'decision' && requestId !== undefined && isAnswer(answer)
    ? { kind: 'decision', requestId, answer }
    : undefined;
}

function isAnswer(value: unknown): value is PermissionAnswer {
  return (
    isRecord(value) &&
    (value.kind === 'allow' || (value.kind === 'deny' && isString(value.message))) &&
    (value.approved === undefined || isString(recordField(value, 'approved')?.text))
  );
}

function idOf(value: unknown): string | number | undefined {
  const id = isRecord(value) ? value.id : undefined;
  return isString(id) || typeof id === 'number' ? id : undefined;
}
