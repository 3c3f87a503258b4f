import type { Disposable } from '../base/disposable';
import {
  isJsonObject,
  isNumber,
  isRecord,
  isString,
  recordField,
  stringField,
} from '../base/guard';
import type { JsonObject } from '../base/json';
import type { ToolResult } from '../events/toolCall';
import type { ToolSpec } from './contract';
import { delegatedText, toolDefinition } from './delegatedTools';
import { rpcErrors, type RpcId } from './jsonRpcPeer';

/** The name under which agents know our server; their names of its tools begin with it. */
export const toolServerName = 'patchbay';

/** Newest first. What a client asks for beyond these is answered with the newest. */
const protocolVersions = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

/** Clients that count the time of a call begin anew at each sign of life; the usual limit is a minute. */
const progressEveryMs = 15_000;

/** One `tools/call`. */
export interface McpCall {
  /** Unique among the calls that run. */
  readonly key: string;
  readonly toolName: string;
  readonly input: JsonObject;
  /** The agent's own id of the call, where it tells one (Claude Code does). */
  readonly agentCallId: string | undefined;
}

export interface McpToolServerOptions {
  readonly tools: readonly ToolSpec[];
  /** Runs a call; `done` is called once. */
  readonly call: (call: McpCall, done: (result: ToolResult) => void) => void;
  /** The client does not wait for this call any more. */
  readonly cancel: (key: string) => void;
  /** Absent: no signs of life are sent. */
  readonly later?: (delayMs: number, run: () => void) => Disposable;
}

/** Where one message came from. */
export interface McpSource {
  /** Of the connection: ids of requests are unique within it. */
  readonly connection: string;
  /** Takes the answer to this message; called at most once, never for a notification. */
  readonly reply: (message: JsonObject) => void;
  /** Takes notifications of ours. Absent: the channel has no way for them. */
  readonly notify?: (message: JsonObject) => void;
}

/**
 * The server side of MCP for our tools, over whatever carries its messages: `initialize`, `ping`, `tools/list`,
 * `tools/call` and its cancellation. It keeps nothing of the handshake, so one exchange may take it up where another
 * left. Total: any value may come in; what is no valid request runs nothing.
 *
 * Source: the MCP specification, 2024-11-05 to 2025-11-25.
 */
export class McpToolServer {
  private readonly running = new Set<string>();
  private readonly used = new Set<string>();

  constructor(private readonly options: McpToolServerOptions) {}

  accept(message: unknown, source: McpSource): void {
    if (!isRecord(message)) {
      source.reply(errorAnswer(null, rpcErrors.invalidRequest, 'Not a request.'));
      return;
    }
    const { id, params } = message;
    const method = stringField(message, 'method');
    if (method === undefined) {
      // An answer to nothing that we asked is dropped; a request without a method is told so.
      if (isRpcId(id) && !('result' in message) && !('error' in message)) {
        source.reply(errorAnswer(id, rpcErrors.invalidRequest, 'A request needs a method.'));
      }
      return;
    }
    if (id === undefined) {
      this.notified(method, params, source);
    } else if (isRpcId(id)) {
      this.requested(id, method, params, source);
    } else {
      source.reply(errorAnswer(null, rpcErrors.invalidRequest, 'An id is a string or a number.'));
    }
  }

  private notified(method: string, params: unknown, source: McpSource): void {
    const id = isRecord(params) ? params.requestId : undefined;
    if (method !== 'notifications/cancelled' || !isRpcId(id)) {
      return;
    }
    const key = keyOf(source, id);
    if (this.running.delete(key)) {
      this.options.cancel(key);
    }
  }

  private requested(id: RpcId, method: string, params: unknown, source: McpSource): void {
    const answer = (result: JsonObject): void => source.reply({ jsonrpc: '2.0', id, result });
    const refuse = (code: number, why: string): void => source.reply(errorAnswer(id, code, why));
    switch (method) {
      case 'initialize':
        answer(initializeResult(stringField(params, 'protocolVersion')));
        return;
      case 'ping':
        answer({});
        return;
      case 'tools/list':
        if (stringField(params, 'cursor') === undefined) {
          answer({ tools: this.options.tools.map(listedTool) });
        } else {
          refuse(rpcErrors.invalidParams, 'There is one page of tools.');
        }
        return;
      case 'tools/call': {
        const toolName = stringField(params, 'name');
        const input = isRecord(params) ? (params.arguments ?? {}) : undefined;
        if (toolName === undefined || !isJsonObject(input)) {
          refuse(rpcErrors.invalidParams, 'A call needs a name, and an object of arguments.');
        } else if (this.used.has(keyOf(source, id))) {
          refuse(rpcErrors.invalidRequest, 'A call with this id was made before.');
        } else {
          this.call(id, { toolName, input, meta: recordField(params, '_meta') }, source);
        }
        return;
      }
      default:
        refuse(
          rpcErrors.methodNotFound,
          `Patchbay offers tools only, not ${method.slice(0, 100)}.`,
        );
    }
  }

  private call(
    id: RpcId,
    asked: { readonly toolName: string; readonly input: JsonObject; readonly meta: unknown },
    source: McpSource,
  ): void {
    const { toolName, input, meta } = asked;
    const key = keyOf(source, id);
    this.used.add(key);
    this.running.add(key);
    const pulse = this.pulse(key, isRecord(meta) ? meta.progressToken : undefined, source);
    const agentCallId = stringField(meta, 'claudecode/toolUseId');
    this.options.call({ key, toolName, input, agentCallId }, (result) => {
      pulse?.dispose();
      // Whoever cancelled wants no answer.
      if (this.running.delete(key)) {
        const text = delegatedText(result);
        source.reply({
          jsonrpc: '2.0',
          id,
          result: {
            content: [{ type: 'text', text: text === '' ? '(no output)' : text }],
            isError: !result.ok,
          },
        });
      }
    });
  }

  /** Signs of life while a call runs, also while the user is asked about it. */
  private pulse(key: string, token: unknown, source: McpSource): Disposable | undefined {
    const { notify } = source;
    const { later } = this.options;
    if (later === undefined || notify === undefined || !isRpcId(token)) {
      return undefined;
    }
    let progress = 0;
    let timer: Disposable;
    const beat = (): void => {
      if (this.running.has(key)) {
        progress += 1;
        notify({
          jsonrpc: '2.0',
          method: 'notifications/progress',
          params: { progressToken: token, progress },
        });
        timer = later(progressEveryMs, beat);
      }
    };
    timer = later(progressEveryMs, beat);
    return { dispose: () => timer.dispose() };
  }
}

function initializeResult(wanted: string | undefined): JsonObject {
  return {
    protocolVersion: protocolVersions.find((version) => version === wanted) ?? protocolVersions[0],
    capabilities: { tools: {} },
    serverInfo: { name: toolServerName, title: 'Patchbay', version: '1.0.0' },
    instructions:
      'The tools for the files and the terminal of this workspace. The user may be asked about a call, and may refuse it or change it.',
  };
}

/** Claude Code would otherwise hold tools back until they are searched for. */
function listedTool(tool: ToolSpec): JsonObject {
  return { ...toolDefinition(tool), _meta: { 'anthropic/alwaysLoad': true } };
}

function errorAnswer(id: RpcId | null, code: number, message: string): JsonObject {
  return { jsonrpc: '2.0', id, error: { code, message } };
}

/** `1` and `"1"` are two ids. */
function keyOf({ connection }: McpSource, id: RpcId): string {
  return `${connection}:${JSON.stringify(id)}`;
}

function isRpcId(value: unknown): value is RpcId {
  return isString(value) || isNumber(value);
}
