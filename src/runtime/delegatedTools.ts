import type { JsonObject } from '../base/json';
import type { Observation } from '../events/observation';
import { toolError, type ToolResult } from '../events/toolCall';
import type { DelegatedCall, ModelRef, ToolSpec } from './contract';
import type { RpcId } from './jsonRpcPeer';

/** Whether an agent works with our tools in the place of its own: every call is then ours to judge and to run. */
export function worksWithOurTools(model: ModelRef): boolean {
  return model.toolSource === 'patchbay';
}

export interface DelegatedToolsOptions {
  /** What this exchange offers; empty: every call is refused. */
  readonly tools: readonly ToolSpec[];
  readonly delegate: ((call: DelegatedCall) => Promise<ToolResult>) | undefined;
}

/**
 * The calls of our own tools that an agent hands to us in one exchange, whatever the channel: each is run once through
 * the gate. `key` names a call for the channel (a request id), `callId` is the agent's own name of it, whose card it shares.
 */
export class DelegatedTools {
  private readonly running = new Map<RpcId, AbortController>();
  private readonly begun = new Set<string>();
  private readonly results = new Map<string, ToolResult>();

  constructor(private readonly options: DelegatedToolsOptions) {}

  hasBegun(callId: string): boolean {
    return this.begun.has(callId);
  }

  /** What we gave for this call, with its details; once. */
  takeResult(callId: string): ToolResult | undefined {
    const result = this.results.get(callId);
    this.results.delete(callId);
    return result;
  }

  /** `done` is called once. A second call with the same `callId`, and a tool that is not on offer, are refused. */
  run(
    key: RpcId,
    { callId, toolName, input }: Pick<DelegatedCall, 'callId' | 'toolName' | 'input'>,
    done: (result: ToolResult) => void,
  ): void {
    const { delegate, tools } = this.options;
    if (this.begun.has(callId)) {
      done(toolError('This call was made before.'));
      return;
    }
    this.begun.add(callId);
    const settle = (result: ToolResult): void => {
      this.running.delete(key);
      this.results.set(callId, result);
      done(result);
    };
    if (delegate === undefined || !tools.some((tool) => tool.name === toolName)) {
      settle(toolError(`There is no tool ${toolName}.`));
      return;
    }
    const abort = new AbortController();
    this.running.set(key, abort);
    delegate({ callId, toolName, input, signal: abort.signal }).then(
      settle,
      // It never rejects by its contract; if it does, nothing was allowed.
      () => settle(toolError('The call could not be run.')),
    );
  }

  /** Nobody waits for this call any more. */
  cancel(key: RpcId): void {
    const abort = this.running.get(key);
    this.running.delete(key);
    abort?.abort();
  }
}

/** A result as the model of the agent reads it. */
export function delegatedText(result: ToolResult): string {
  return result.ok
    ? result.output
    : [result.error, result.output].filter((part) => part !== '').join('\n');
}

/** For people: an agent that never asked which tools there are cannot have worked with them. */
export function toolsNotTaken(agentName: string): Extract<Observation, { kind: 'notice' }> {
  return {
    kind: 'notice',
    level: 'warning',
    code: 'tools_not_taken',
    text: `${agentName} did not ask for Patchbay’s tools, so its model had none. Update the agent, or choose it with its own tools.`,
  };
}

/** The schema of a tool as a channel sends it: the same words as every API model gets. */
export function toolDefinition({ name, description, inputSchema }: ToolSpec): JsonObject {
  return { name, description, inputSchema };
}
