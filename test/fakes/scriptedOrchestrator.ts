import type { PermissionAnswer, PermissionRequest } from '../../src/events/observation';
import { toolOk, type ToolCall, type ToolResult } from '../../src/events/toolCall';
import type { CallContext, Tool, ToolOrchestrator } from '../../src/tools/contract';

/** Answers every call with `ok:<name>` and every question with `answer`; notes what it was asked. */
export class ScriptedOrchestrator implements ToolOrchestrator {
  readonly executed: ToolCall[] = [];
  readonly asked: PermissionRequest[] = [];
  readonly noted: { readonly call: ToolCall; readonly result: ToolResult }[] = [];

  constructor(
    private readonly answer: (
      request: PermissionRequest,
      context: CallContext,
    ) => Promise<PermissionAnswer> = () => Promise.resolve({ kind: 'allow' }),
    private readonly result: (call: ToolCall, context: CallContext) => Promise<ToolResult> = (
      call,
    ) => Promise.resolve(toolOk(`ok:${call.name}`)),
  ) {}

  execute(call: ToolCall, context: CallContext): Promise<ToolResult> {
    this.executed.push(call);
    return this.result(call, context);
  }

  executeAll(
    calls: readonly ToolCall[],
    context: (call: ToolCall) => CallContext,
  ): Promise<readonly ToolResult[]> {
    return Promise.all(calls.map((call) => this.execute(call, context(call))));
  }

  authorize(request: PermissionRequest, context: CallContext): Promise<PermissionAnswer> {
    this.asked.push(request);
    return this.answer(request, context);
  }

  noteChildResult(call: ToolCall, result: ToolResult): Promise<void> {
    this.noted.push({ call, result });
    return Promise.resolve();
  }

  permittedTools(): readonly Tool[] {
    return [];
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}
