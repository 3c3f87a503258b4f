import { isArrayOf, isOneOf, isRecord, isString, stringField } from '../base/guard';
import type { SessionDelta, SessionItem } from '../events/sessionItem';
import { protocolLimits as limits } from '../protocol/limits';
import type { PromptView } from '../protocol/methods';
import { settleToolItem } from '../session/toolItems';

/** Where a text of a model or an agent can end up in the panel. */
export const renderSinks = [
  'markdown',
  'thinking',
  'tool-title',
  'tool-output',
  'file-name',
  'command-line',
  'error',
] as const;

export type RenderSink = (typeof renderSinks)[number];

/** A text to stream into one place of the panel, in the pieces in which a model would send it. */
export interface RenderRequest {
  readonly id: string;
  readonly sink: RenderSink;
  readonly deltas: readonly string[];
  /** `frame`: each delta is painted before the next comes. Absent: as fast as they come, as in a turn. */
  readonly pace?: 'frame';
}

const isSink = isOneOf(...renderSinks);
const maxDeltas = 1_000_000;

/** The request, or the sentence that says what is wrong with it. */
export function toRenderRequest(value: unknown): RenderRequest | string {
  if (!isRecord(value)) {
    return 'The body must be a JSON object {"id","sink","deltas"}.';
  }
  const { sink, deltas, pace } = value;
  const id = stringField(value, 'id') ?? '';
  if (id === '' || id.length > limits.id) {
    return `"id" must be a text of 1 to ${limits.id} characters.`;
  }
  if (!isSink(sink)) {
    return `"sink" must be one of ${renderSinks.join(', ')}.`;
  }
  if (pace !== undefined && pace !== 'frame') {
    return '"pace" must be "frame" or absent.';
  }
  if (!isArrayOf(isString)(deltas) || deltas.length > maxDeltas) {
    return `"deltas" must be a list of at most ${maxDeltas} texts.`;
  }
  const length = deltas.reduce((sum, delta) => sum + delta.length, 0);
  return length > limits.text
    ? `"deltas" must hold at most ${limits.text} characters together, not ${length}.`
    : { id, sink, deltas, ...(pace === undefined ? {} : { pace }) };
}

/** One step of a text's way into the panel: what a session would tell it then. */
export interface RenderStep {
  readonly deltas: readonly SessionDelta[];
  /** For a command line: the question that the step asks. */
  readonly prompt?: PromptView;
}

/**
 * The steps of a text that streams in: the row appears, grows with each delta and is closed. Text and thinking grow by
 * their own deltas, as in a turn; what arrives whole in a turn (a title, an output, a question) is told anew each time.
 */
export function* renderSteps(request: RenderRequest): Generator<RenderStep> {
  const { id, sink } = request;
  yield { deltas: [{ op: 'remove', id }] };
  if (sink === 'markdown' || sink === 'thinking') {
    const kind = sink === 'markdown' ? 'text' : 'thinking';
    yield { deltas: [{ op: 'add', item: { kind, id, text: '', isOpen: true } }] };
    for (const delta of request.deltas) {
      yield { deltas: [{ op: 'text', id, delta }] };
    }
    yield { deltas: [{ op: 'close', id }] };
    return;
  }
  let text = '';
  let lastIndex = -1;
  yield { deltas: [{ op: 'add', item: itemOf(id, sink, text) }], ...promptOf(id, sink, text) };
  const stride = strideOf(request.deltas);
  for (const [index, delta] of request.deltas.entries()) {
    text += delta;
    if (index - lastIndex >= stride || index === request.deltas.length - 1) {
      lastIndex = index;
      yield {
        deltas: [{ op: 'replace', item: itemOf(id, sink, text) }],
        ...promptOf(id, sink, text),
      };
    }
  }
}

const maxToldChars = 32 * 1024 * 1024;

/** Telling all of a long text anew with each of its characters is no work for a frame: some are told together then. */
function strideOf(deltas: readonly string[]): number {
  const length = deltas.reduce((sum, delta) => sum + delta.length, 0);
  return Math.ceil(Math.max(1, (deltas.length * length) / 2 / maxToldChars));
}

function itemOf(
  id: string,
  sink: Exclude<RenderSink, 'markdown' | 'thinking'>,
  text: string,
): SessionItem {
  const call = { kind: 'tool', id, input: '', state: 'running', executedBy: 'child' } as const;
  switch (sink) {
    case 'tool-title':
      return { ...call, toolName: text, action: 'other', object: text };
    case 'tool-output':
      return settleToolItem(
        { ...call, toolName: 'Bash', action: 'run', object: 'true' },
        { ok: true, output: text },
        (shown) => shown,
      );
    case 'file-name':
      return { ...call, toolName: 'Read', action: 'read', object: text, path: `/${text}` };
    case 'command-line':
      return { ...call, toolName: 'Bash', action: 'run', object: text, state: 'awaiting' };
    case 'error':
      return {
        kind: 'error',
        id,
        message: text,
        detail: text,
        code: 'unknown',
        actions: ['retry'],
      };
  }
}

function promptOf(id: string, sink: RenderSink, text: string): { readonly prompt?: PromptView } {
  return sink !== 'command-line'
    ? {}
    : {
        prompt: {
          id: `question:${id}`,
          digest: 'stand-in',
          callId: id,
          asker: 'Agent',
          toolName: 'Bash',
          effects: [{ kind: 'command', command: text, cwd: '/workspace', cwdClass: 'inside' }],
          reason: 'no rule covers it',
          description: text,
          inputText: '',
        },
      };
}
