import type { JsonObject } from '../../base/json';
import { toolError, type ToolResult } from '../../events/toolCall';
import type { DelegatedCall, ToolSpec } from '../contract';
import type { RpcId } from '../jsonRpcPeer';

export interface CodexDelegatedCallsOptions {
  /** What this exchange offers as dynamic tools; empty: every call is refused. */
  readonly tools: readonly ToolSpec[];
  readonly delegate: ((call: DelegatedCall) => Promise<ToolResult>) | undefined;
  readonly answer: (id: RpcId, result: JsonObject) => void;
}

/** Calls of our own tools that Codex hands to us (`item/tool/call`), each run once through the gate and answered once. */
export class CodexDelegatedCalls {
  private readonly running = new Map<RpcId, AbortController>();
  private readonly begun = new Set<string>();
  private readonly results = new Map<string, ToolResult>();

  constructor(private readonly options: CodexDelegatedCallsOptions) {}

  /** What we gave for this call, with its details; once. */
  resultOf(callId: string): ToolResult | undefined {
    const result = this.results.get(callId);
    this.results.delete(callId);
    return result;
  }

  accept(id: RpcId, callId: string, toolName: string, input: JsonObject): void {
    const { delegate, tools } = this.options;
    if (this.begun.has(callId)) {
      this.options.answer(id, answerOf(toolError('This call was made before.')));
      return;
    }
    this.begun.add(callId);
    if (delegate === undefined || !tools.some((tool) => tool.name === toolName)) {
      this.settle(id, callId, toolError(`There is no tool ${toolName}.`));
      return;
    }
    const abort = new AbortController();
    this.running.set(id, abort);
    delegate({ callId, toolName, input, signal: abort.signal }).then(
      (result) => this.settle(id, callId, result),
      // It never rejects by its contract; if it does, nothing was allowed.
      () => this.settle(id, callId, toolError('The call could not be run.')),
    );
  }

  /** The server needs no answer any more. */
  resolved(id: RpcId): void {
    const abort = this.running.get(id);
    this.running.delete(id);
    abort?.abort();
  }

  private settle(id: RpcId, callId: string, result: ToolResult): void {
    this.running.delete(id);
    this.results.set(callId, result);
    this.options.answer(id, answerOf(result));
  }
}

function answerOf(result: ToolResult): JsonObject {
  const text = result.ok
    ? result.output
    : [result.error, result.output].filter((part) => part !== '').join('\n');
  return { success: result.ok, contentItems: [{ type: 'inputText', text }] };
}
