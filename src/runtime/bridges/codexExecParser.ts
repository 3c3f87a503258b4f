import { arrayField, idField, isNumber, isRecord, isString, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import { oneLine, type Failure } from '../../events/failure';
import type { Message } from '../../events/message';
import type { Observation, PlanItem } from '../../events/observation';
import { toolError, toolOk, type ToolResult } from '../../events/toolCall';
import {
  codexArguments,
  codexFailure,
  codexExit,
  codexUsage,
  GrowingTexts,
  isLengthLimit,
  mcpResultText,
} from '../codexItems';
import type { ChildExit, ExchangeParser, ExchangeParserContext, ParseStep } from '../contract';
import { execExit, resumeRejected } from './codexExecExit';
import { countField } from '../usageCounts';
import { UnknownKinds } from '../unknownKinds';
import { UnnamedIds } from '../unnamedIds';

type Item = ParseStep['out'][number];
type Phase = 'started' | 'updated' | 'completed';

/**
 * One turn of `codex exec --json` (0.55 to 0.169): whole items, no deltas. `turn.completed` and `turn.failed` end it; an
 * `error` line alone is news of a retry, and the reason only when the process then ends without a last word.
 */
export class CodexExecParser implements ExchangeParser {
  private readonly texts = new GrowingTexts();
  private readonly unnamed = new UnnamedIds();
  private readonly openCalls = new Map<string, string>();
  private readonly names = new Map<string, string>();
  private readonly taken: ReadonlySet<string>;
  private readonly unknownKinds = new UnknownKinds();
  private hasThread = false;
  private isOver = false;
  private lastError: Failure | undefined;

  constructor(private readonly context: ExchangeParserContext) {
    this.taken = callIds(context.context.messages);
  }

  /** How often each kind of message came that this parser does not know. */
  get unknownMessages(): ReadonlyMap<string, number> {
    return this.unknownKinds.byKind;
  }

  /** The prompt is the child's whole input (LaunchPlan.inputText). */
  open(): readonly unknown[] {
    return [];
  }

  /** Nothing can be said to this child: it is ended. */
  interrupt(): readonly unknown[] {
    return [];
  }

  explainExit(exit: ChildExit): Failure {
    return (
      execExit(exit, this.hasThread ? undefined : this.context.resume) ??
      codexExit(exit, this.lastError)
    );
  }

  accept(message: unknown): ParseStep {
    if (this.isOver) {
      return { out: [] };
    }
    const type = stringField(message, 'type') ?? 'nothing';
    switch (type) {
      case 'thread.started':
        return this.threadStarted(stringField(message, 'thread_id'));
      case 'turn.started':
        return { out: [] };
      case 'item.started':
        return { out: this.item('started', message) };
      case 'item.updated':
        return { out: this.item('updated', message) };
      case 'item.completed':
        return { out: this.item('completed', message) };
      case 'turn.completed':
        return this.end([...this.usage(message), { kind: 'finish', reason: 'stop' }]);
      case 'turn.failed':
        return this.failed(errorText(message));
      case 'error':
        return { out: this.error(errorText(message)) };
      default:
        return { out: this.unknown(type) };
    }
  }

  private threadStarted(threadId: string | undefined): ParseStep {
    if (threadId === undefined) {
      return { out: this.unknown('thread.started without id') };
    }
    this.hasThread = true;
    const { resume } = this.context;
    // A token that is no id counts as a name, and for a name that nobody has Codex begins anew.
    return resume === undefined || threadId === resume
      ? { out: [{ kind: 'resume', token: threadId }] }
      : this.end([{ kind: 'failed', failure: resumeRejected('') }]);
  }

  private item(phase: Phase, message: unknown): readonly Item[] {
    const item = isRecord(message) ? message.item : undefined;
    // Older versions wrote `item_type`.
    const type = stringField(item, 'type') ?? stringField(item, 'item_type') ?? 'nothing';
    const idOf = (): string =>
      idField(item, 'id') ??
      (phase === 'completed' ? this.unnamed.last(type) : this.unnamed.current(type));
    switch (type) {
      case 'agent_message':
      case 'assistant_message':
        return this.grown('text', idOf(), phase, stringField(item, 'text') ?? '');
      case 'reasoning':
        return this.grown('thinking', idOf(), phase, stringField(item, 'text') ?? '');
      case 'todo_list':
        return [observation({ kind: 'plan', items: todoItems(item) })];
      case 'error':
        return [
          notice(
            'warning',
            'agent_warning',
            `Codex: ${stringField(item, 'message') ?? 'a warning'}`,
          ),
        ];
      case 'command_execution':
      case 'file_change':
      case 'mcp_tool_call':
      case 'web_search':
      case 'collab_tool_call':
      case 'function_call':
        return this.call(phase, type, idOf(), item);
      default:
        return this.unknown(`item ${type}`);
    }
  }

  private grown(
    kind: 'text' | 'thinking',
    id: string,
    phase: Phase,
    text: string,
  ): readonly Item[] {
    const isComplete = phase === 'completed';
    const { delta, blockId, retracted } = this.texts.replace(id, text, isComplete);
    return [
      ...(retracted === undefined ? [] : [observation({ kind: 'retract', blockId: retracted })]),
      ...(delta === '' ? [] : [{ kind, delta, blockId }]),
    ];
  }

  /** Older versions tell of a change of files only when it is done: then the call comes with its result. */
  private call(phase: Phase, type: string, itemId: string, item: unknown): readonly Item[] {
    const name = callName(type, item);
    const wireId = idField(item, 'call_id') ?? itemId;
    const isNew = !this.names.has(wireId);
    const id = this.unique(wireId);
    const begun: readonly Item[] = isNew
      ? [
          {
            kind: 'tool_call',
            call: { id, name, arguments: callInput(type, item), executedBy: 'child' },
          },
        ]
      : [];
    if (isNew) {
      this.openCalls.set(id, '');
    }
    if (phase !== 'completed') {
      return [...begun, ...this.progress(id, item)];
    }
    if (!this.openCalls.delete(id)) {
      return [];
    }
    const result = callResult(type, item);
    const paths =
      type === 'file_change' && result.ok ? changedFiles(item).map(({ path }) => path) : [];
    return [
      ...begun,
      observation({ kind: 'tool_result', callId: id, result }),
      ...(paths.length === 0 ? [] : [observation({ kind: 'file_change', callId: id, paths })]),
    ];
  }

  private progress(callId: string, item: unknown): readonly Item[] {
    const text = (stringField(item, 'aggregated_output') ?? '').slice(-progressChars);
    if (text === '' || this.openCalls.get(callId) === text) {
      return [];
    }
    this.openCalls.set(callId, text);
    return [observation({ kind: 'tool_progress', callId, text })];
  }

  /** Item ids begin anew in each process; ids of calls are unique in a conversation. */
  private unique(wireId: string): string {
    const known = this.names.get(wireId);
    if (known !== undefined) {
      return known;
    }
    let name = wireId;
    for (let count = 2; this.taken.has(name); count += 1) {
      name = `${wireId}.${count}`;
    }
    this.names.set(wireId, name);
    return name;
  }

  /** The counts are of the whole thread: in a thread that was taken up again they say nothing of this turn. */
  private usage(message: unknown): readonly Item[] {
    if (this.context.resume !== undefined) {
      return [];
    }
    const counts = isRecord(message) ? message.usage : undefined;
    const usage = codexUsage({
      input: countField(counts, 'input_tokens'),
      cached: countField(counts, 'cached_input_tokens'),
      cacheWrite: countField(counts, 'cache_write_input_tokens'),
      output: countField(counts, 'output_tokens'),
    });
    return usage === undefined ? [] : [observation({ kind: 'usage', usage })];
  }

  private failed(message: string): ParseStep {
    return this.end([
      isLengthLimit(message)
        ? { kind: 'finish', reason: 'length' }
        : { kind: 'failed', failure: codexFailure(message) },
    ]);
  }

  private error(message: string): readonly Item[] {
    this.lastError = codexFailure(message);
    return [notice('info', 'api_retry', `Codex: ${message}`)];
  }

  /** What was begun and never completed is closed in front of the last word. */
  private end(last: readonly Item[]): ParseStep {
    this.isOver = true;
    const open = [...this.openCalls];
    this.openCalls.clear();
    return {
      out: [
        ...open.map(([callId, output]) =>
          observation({
            kind: 'tool_result',
            callId,
            result: toolError(
              'The call had no result when its turn ended.',
              { outcome: 'aborted' },
              output,
            ),
          }),
        ),
        ...last,
      ],
      isOver: true,
    };
  }

  private unknown(kind: string): readonly Item[] {
    this.unknownKinds.add(kind);
    return [];
  }
}

/** How much of a running command's output is shown while it runs. Characters. */
const progressChars = 4_000;

function callName(type: string, item: unknown): string {
  switch (type) {
    case 'command_execution':
      return 'shell';
    case 'file_change':
      return 'apply_patch';
    case 'mcp_tool_call':
      return `${stringField(item, 'server') ?? 'mcp'}.${stringField(item, 'tool') ?? 'tool'}`;
    case 'collab_tool_call':
      return `agent.${stringField(item, 'tool') ?? 'call'}`;
    default:
      return stringField(item, 'name') ?? type;
  }
}

function callInput(type: string, item: unknown): JsonObject {
  switch (type) {
    case 'command_execution':
      return { command: stringField(item, 'command') ?? '' };
    case 'file_change':
      return { changes: changedFiles(item) };
    case 'web_search':
      return { query: stringField(item, 'query') ?? '' };
    case 'collab_tool_call':
      return { prompt: stringField(item, 'prompt') ?? '' };
    default:
      return codexArguments(isRecord(item) ? item.arguments : undefined);
  }
}

function callResult(type: string, item: unknown): ToolResult {
  const isFailed = ['failed', 'declined'].includes(stringField(item, 'status') ?? '');
  switch (type) {
    case 'command_execution': {
      const output = stringField(item, 'aggregated_output') ?? '';
      const exitCode = isRecord(item) && isNumber(item.exit_code) ? item.exit_code : undefined;
      if (exitCode !== undefined && exitCode !== 0) {
        return toolError(
          `The command ended with exit code ${exitCode}.`,
          { summary: `exit ${exitCode}` },
          output,
        );
      }
      return isFailed ? toolError('The command failed.', undefined, output) : toolOk(output);
    }
    case 'file_change':
      return isFailed
        ? toolError('The change could not be made.')
        : toolOk(
            changedFiles(item)
              .map(({ kind, path }) => `${kind} ${path}`)
              .join('\n'),
          );
    case 'mcp_tool_call': {
      const error = stringField(isRecord(item) ? item.error : undefined, 'message');
      const output = mcpResultText(isRecord(item) ? item.result : undefined);
      return error === undefined && !isFailed
        ? toolOk(output)
        : toolError(error ?? (output === '' ? 'The call failed.' : output));
    }
    default:
      return isFailed ? toolError('The call failed.') : toolOk('');
  }
}

function changedFiles(item: unknown): readonly { readonly path: string; readonly kind: string }[] {
  return (arrayField(item, 'changes') ?? []).flatMap((change) => {
    const path = stringField(change, 'path');
    return path === undefined ? [] : [{ path, kind: stringField(change, 'kind') ?? 'update' }];
  });
}

/** An entry is `{text, completed}`: it does not say what is being done right now. */
function todoItems(item: unknown): readonly PlanItem[] {
  return (arrayField(item, 'items') ?? []).flatMap((entry): readonly PlanItem[] => {
    const text = stringField(entry, 'text');
    const isDone = isRecord(entry) && entry.completed === true;
    return text === undefined ? [] : [{ text, status: isDone ? 'done' : 'pending' }];
  });
}

function errorText(message: unknown): string {
  const error = isRecord(message) ? message.error : undefined;
  return (
    stringField(error, 'message') ??
    (isString(error) ? error : stringField(message, 'message')) ??
    'unknown error'
  );
}

function callIds(messages: readonly Message[]): ReadonlySet<string> {
  return new Set(
    messages.flatMap((message) =>
      message.role === 'assistant'
        ? message.content.flatMap((block) => (block.kind === 'tool_call' ? [block.call.id] : []))
        : [],
    ),
  );
}

function observation(value: Observation): Item {
  return { kind: 'observation', observation: value };
}

function notice(level: 'info' | 'warning', code: string, text: string): Item {
  return observation({ kind: 'notice', level, code, text: oneLine(text) });
}
