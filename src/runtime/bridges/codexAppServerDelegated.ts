import type { JsonObject } from '../../base/json';
import type { ToolResult } from '../../events/toolCall';
import type { DelegatedCall } from '../contract';
import { delegatedText, DelegatedTools, type DelegatedToolsOptions } from '../delegatedTools';
import type { RpcId } from '../jsonRpcPeer';

export interface CodexDelegatedCallsOptions extends DelegatedToolsOptions {
  readonly answer: (id: RpcId, result: JsonObject) => void;
}

/** Calls of our own tools that Codex hands to us (`item/tool/call`), each answered once. */
export class CodexDelegatedCalls {
  private readonly tools: DelegatedTools;

  constructor(private readonly options: CodexDelegatedCallsOptions) {
    this.tools = new DelegatedTools(options);
  }

  /** What we gave for this call, with its details; once. */
  resultOf(callId: string): ToolResult | undefined {
    return this.tools.takeResult(callId);
  }

  accept(id: RpcId, call: Pick<DelegatedCall, 'callId' | 'toolName' | 'input'>): void {
    this.tools.run(id, call, (result) => {
      this.options.answer(id, {
        success: result.ok,
        contentItems: [{ type: 'inputText', text: delegatedText(result) }],
      });
    });
  }

  /** The server needs no answer any more. */
  resolved(id: RpcId): void {
    this.tools.cancel(id);
  }
}
