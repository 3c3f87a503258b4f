import { arrayField, isString, stringField } from '../../base/guard';
import type { NormalizedEvent } from '../../events/normalizedEvent';
import type { Observation } from '../../events/observation';
import { toolError, toolOk, type ToolResult } from '../../events/toolCall';
import {
  changedPaths,
  fileChanges,
  itemCall,
  itemResult,
  type CodexCall,
  type CodexFileChange,
} from './codexAppServerItems';

type CallItem =
  | Extract<NormalizedEvent, { readonly kind: 'tool_call' }>
  | { readonly kind: 'observation'; readonly observation: Observation };

/** What is known of a call until it is over. */
interface OpenCall {
  readonly call: CodexCall;
  readonly changes: readonly CodexFileChange[];
  readonly nested: { readonly parentCallId?: string };
  readonly progress: string;
}

export interface CodexCallsOptions {
  /** How a call that failed was stopped, where it was. */
  readonly howStopped: (callId: string) => 'denied' | 'aborted' | undefined;
  /** The result of a call that was ours to run. */
  readonly ownResult: (callId: string) => ToolResult | undefined;
}

/** How much of a running command's output is shown while it runs. Characters. */
const progressChars = 4_000;

/** The calls of a turn, from `item/started` to `item/completed`; every call is told once and closed once. */
export class CodexCalls {
  private readonly open = new Map<string, OpenCall>();
  private readonly seen = new Set<string>();
  /** Threads of sub-agents, by the call that began them. */
  private readonly subThreads = new Map<string, string>();

  constructor(private readonly options: CodexCallsOptions) {}

  callOf(callId: string): CodexCall | undefined {
    return this.open.get(callId)?.call;
  }

  /** The newest open call of this tool: for questions that do not name theirs. */
  newestOf(toolName: string): string | undefined {
    return [...this.open].findLast(([, { call }]) => call.name === toolName)?.[0];
  }

  changesOf(callId: string): readonly CodexFileChange[] {
    return this.open.get(callId)?.changes ?? [];
  }

  /** The call that a sub-agent's thread belongs to. */
  parentOf(threadId: string | undefined): string | undefined {
    return threadId === undefined ? undefined : this.subThreads.get(threadId);
  }

  started(id: string, item: unknown, threadId: string | undefined): readonly CallItem[] {
    const call = itemCall(item);
    if (call === undefined) {
      return [];
    }
    this.noteSubThreads(item, id);
    return this.begin(id, call, fileChanges(item), threadId);
  }

  begin(
    id: string,
    call: CodexCall,
    changes: readonly CodexFileChange[],
    threadId: string | undefined,
  ): readonly CallItem[] {
    if (this.seen.has(id)) {
      return [];
    }
    this.seen.add(id);
    const parentCallId = this.parentOf(threadId);
    const nested = parentCallId === undefined ? {} : { parentCallId };
    this.open.set(id, { call, changes, nested, progress: '' });
    return [
      {
        kind: 'tool_call',
        call: { id, name: call.name, arguments: call.input, executedBy: 'child', ...nested },
        ...nested,
      },
    ];
  }

  completed(id: string, item: unknown, threadId: string | undefined): readonly CallItem[] {
    const begun = this.started(id, item, threadId);
    const known = this.open.get(id);
    if (known === undefined) {
      return begun;
    }
    this.open.delete(id);
    const result = this.options.ownResult(id) ?? this.judged(id, itemResult(item, known.progress));
    const paths =
      stringField(item, 'type') === 'fileChange' && result.ok
        ? changedPaths(fileChanges(item))
        : [];
    return [
      ...begun,
      observation({ kind: 'tool_result', callId: id, result, ...known.nested }),
      ...(paths.length === 0
        ? []
        : [observation({ kind: 'file_change', callId: id, paths, ...known.nested })]),
    ];
  }

  /** `item/commandExecution/outputDelta`: the end of the output so far. */
  output(params: unknown): readonly CallItem[] {
    const callId = stringField(params, 'itemId') ?? '';
    const known = this.open.get(callId);
    const delta = stringField(params, 'delta') ?? '';
    if (known === undefined || delta === '') {
      return [];
    }
    const text = (known.progress + delta).slice(-progressChars);
    this.open.set(callId, { ...known, progress: text });
    return [observation({ kind: 'tool_progress', callId, text, ...known.nested })];
  }

  /** `item/mcpToolCall/progress`. */
  message(params: unknown): readonly CallItem[] {
    const callId = stringField(params, 'itemId') ?? '';
    const known = this.open.get(callId);
    const text = stringField(params, 'message');
    return known === undefined || text === undefined
      ? []
      : [observation({ kind: 'tool_progress', callId, text, ...known.nested })];
  }

  /** `item/fileChange/patchUpdated`: the diff grew before it is asked about. */
  patchUpdated(params: unknown): void {
    const callId = stringField(params, 'itemId') ?? '';
    const known = this.open.get(callId);
    if (known !== undefined) {
      this.open.set(callId, { ...known, changes: fileChanges(params) });
    }
  }

  /** The server does not complete every item: an interrupted command, one that went to the background. */
  closeAll(how: 'aborted' | 'background'): readonly CallItem[] {
    const open = [...this.open];
    this.open.clear();
    return open.map(([callId, { progress, nested }]) =>
      observation({
        kind: 'tool_result',
        callId,
        result: this.options.ownResult(callId) ?? unfinished(how, progress),
        ...nested,
      }),
    );
  }

  /** A call that failed because of our answer, or because of the stop, says so. */
  private judged(callId: string, result: ToolResult): ToolResult {
    const outcome = result.ok ? undefined : this.options.howStopped(callId);
    return outcome === undefined ? result : { ...result, details: { ...result.details, outcome } };
  }

  private noteSubThreads(item: unknown, callId: string): void {
    const ids: readonly unknown[] = [
      ...(arrayField(item, 'receiverThreadIds') ?? []),
      stringField(item, 'agentThreadId'),
    ];
    for (const id of ids.filter(isString)) {
      if (!this.subThreads.has(id)) {
        this.subThreads.set(id, callId);
      }
    }
  }
}

function unfinished(how: 'aborted' | 'background', progress: string): ToolResult {
  if (how === 'aborted') {
    return toolError(
      'The call had no result when its turn ended.',
      { outcome: 'aborted' },
      progress,
    );
  }
  const words = 'It was still running when the turn ended, and goes on in the background.';
  return toolOk(progress === '' ? `(${words})` : `${progress}\n(${words})`, {
    summary: 'in background',
  });
}

function observation(value: Observation): CallItem {
  return { kind: 'observation', observation: value };
}
