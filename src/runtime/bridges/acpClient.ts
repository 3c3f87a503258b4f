import { createId } from '../../base/ids';
import { numberField, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import { errorMessage } from '../../base/patchbayError';
import { toolError, type ToolResult } from '../../events/toolCall';
import type { ExchangeOptions, ParseStep } from '../contract';
import { rpcErrors, type JsonRpcPeer, type RpcId } from '../jsonRpcPeer';
import type { AcpCalls, AcpCall } from './acpCalls';
import type { AcpQuirks } from './acpProfiles';
import { shellLine } from './acpShell';
import { AcpTerminal, type TerminalExit } from './acpTerminals';

type Item = ParseStep['out'][number];

export interface AcpClientOptions {
  readonly peer: JsonRpcPeer;
  readonly calls: AcpCalls;
  readonly quirks: () => AcpQuirks;
  readonly delegate: NonNullable<ExchangeOptions['delegate']>;
  readonly cwd: string;
  /** Tells the calls of this turn from those of every other one of the session. */
  readonly turnNumber: number;
  readonly send: (message: unknown) => void;
  /** Observations that come while the agent is silent; they go out with its next message. */
  readonly later: (item: Item) => void;
}

/** Error code of the protocol for a file that is not there. */
const resourceNotFound = -32002;

const maxTerminals = 64;

/**
 * What an agent has the client do for it: reading and writing files as the editor has them, and running commands. Each
 * is a call of ours, judged by our gate, shown on the agent's own open call where there is one, else on one of its own.
 */
export class AcpClient {
  private readonly terminals = new Map<string, AcpTerminal>();
  private ownCallCount = 0;

  constructor(private readonly options: AcpClientOptions) {}

  /** The method names that this class serves. */
  static serves(method: string): boolean {
    return method.startsWith('fs/') || method.startsWith('terminal/');
  }

  accept(id: RpcId, method: string, params: unknown): ParseStep {
    const { peer } = this.options;
    switch (method) {
      case 'fs/read_text_file':
        return this.read(id, params);
      case 'fs/write_text_file':
        return this.write(id, params);
      case 'terminal/create':
        return this.create(id, params);
      case 'terminal/output':
      case 'terminal/wait_for_exit':
      case 'terminal/kill':
      case 'terminal/release':
        return this.terminal(id, method, params);
      default:
        return {
          out: [],
          send: [peer.error(id, rpcErrors.methodNotFound, `Patchbay does not offer ${method}.`)],
        };
    }
  }

  /** The turn is over for the agent: no command of it runs on. */
  close(): void {
    for (const terminal of this.terminals.values()) {
      terminal.kill();
    }
    this.terminals.clear();
  }

  private read(id: RpcId, params: unknown): ParseStep {
    const path = stringField(params, 'path');
    if (path === undefined || path === '') {
      return this.refuse(id, rpcErrors.invalidParams, 'The path is missing.');
    }
    const startLine = numberField(params, 'line');
    const lineCount = numberField(params, 'limit');
    const input: JsonObject = {
      path,
      ...(startLine === undefined ? {} : { startLine: Math.max(1, Math.trunc(startLine)) }),
      ...(lineCount === undefined ? {} : { lineCount: Math.max(1, Math.trunc(lineCount)) }),
    };
    const fits = (call: AcpCall): boolean => mentions(call, path);
    return this.run('read_text', input, fits, undefined, (result) => {
      if (result.ok) {
        return this.options.peer.result(id, { content: result.output });
      }
      const isMissing = result.details?.summary === 'not found';
      return isMissing && this.options.quirks().readsMissingAsEmpty
        ? this.options.peer.result(id, { content: '' })
        : this.options.peer.error(
            id,
            isMissing ? resourceNotFound : rpcErrors.internal,
            result.error,
          );
    });
  }

  private write(id: RpcId, params: unknown): ParseStep {
    const path = stringField(params, 'path');
    const content = stringField(params, 'content');
    if (path === undefined || path === '' || content === undefined) {
      return this.refuse(id, rpcErrors.invalidParams, 'The path or the content is missing.');
    }
    const fits = (call: AcpCall): boolean => call.kind === 'edit' && mentions(call, path);
    return this.run('write_file', { path, content }, fits, undefined, (result) =>
      result.ok
        ? this.options.peer.result(id, null)
        : this.options.peer.error(id, rpcErrors.internal, result.error),
    );
  }

  private create(id: RpcId, params: unknown): ParseStep {
    const line = shellLine(params);
    if (line.kind === 'refused') {
      return this.refuse(id, rpcErrors.invalidParams, line.why);
    }
    if (this.terminals.size >= maxTerminals) {
      return this.refuse(
        id,
        rpcErrors.internal,
        'Too many terminals are open. Release some first.',
      );
    }
    const { command } = line;
    const terminalId = createId('terminal');
    const terminal = new AcpTerminal(numberField(params, 'outputByteLimit'));
    this.terminals.set(terminalId, terminal);
    const input = { command, cwd: stringField(params, 'cwd') ?? this.options.cwd };
    const plain = stringField(params, 'command');
    const fits = (call: AcpCall): boolean => {
      const told = stringField(call.input, 'command') ?? call.title;
      return call.kind === 'execute' && (told === command || told === plain);
    };
    const step = this.run('run_command', input, fits, terminal, (result) => {
      terminal.end(result);
      return undefined;
    });
    return { ...step, send: [this.options.peer.result(id, { terminalId })] };
  }

  private terminal(id: RpcId, method: string, params: unknown): ParseStep {
    const { peer, send } = this.options;
    const terminalId = stringField(params, 'terminalId') ?? '';
    const terminal = this.terminals.get(terminalId);
    if (terminal === undefined) {
      return this.refuse(id, resourceNotFound, 'There is no such terminal.');
    }
    switch (method) {
      case 'terminal/output':
        return { out: [], send: [peer.result(id, terminal.output())] };
      case 'terminal/wait_for_exit':
        void terminal.whenEnded.then((exit: TerminalExit) => send(peer.result(id, exit)));
        return { out: [] };
      case 'terminal/release':
        terminal.kill();
        this.terminals.delete(terminalId);
        return { out: [], send: [peer.result(id, {})] };
      default:
        terminal.kill();
        return { out: [], send: [peer.result(id, {})] };
    }
  }

  /** Starts a delegated call behind this step, so that its card is there first; the answer goes out when it is done. */
  private run(
    toolName: string,
    input: JsonObject,
    fits: (call: AcpCall) => boolean,
    terminal: AcpTerminal | undefined,
    answer: (result: ToolResult) => unknown,
  ): ParseStep {
    const { calls, delegate, later, send } = this.options;
    const open = calls.findOpen(fits);
    const callId = open?.id ?? this.ownCallId();
    const out: readonly Item[] =
      open === undefined
        ? [
            {
              kind: 'tool_call',
              call: { id: callId, name: toolName, arguments: input, executedBy: 'child' },
            },
          ]
        : calls.report(callId);
    void Promise.resolve()
      .then(() =>
        delegate({
          callId,
          toolName,
          input,
          ...(terminal === undefined
            ? {}
            : { signal: terminal.signal, onOutput: (text: string) => terminal.append(text) }),
        }),
      )
      // `delegate` never rejects; if it does, the agent still hears an answer, and that is a no.
      .catch((error: unknown): ToolResult => toolError(errorMessage(error)))
      .then((result) => {
        if (open === undefined) {
          later({ kind: 'observation', observation: { kind: 'tool_result', callId, result } });
        }
        const message = answer(result);
        if (message !== undefined) {
          send(message);
        }
      });
    return { out };
  }

  /** By counting, so that the same conversation has the same ids whenever it is played. */
  private ownCallId(): string {
    this.ownCallCount += 1;
    return `acp-${this.options.turnNumber}-${this.ownCallCount}`;
  }

  private refuse(id: RpcId, code: number, why: string): ParseStep {
    return { out: [], send: [this.options.peer.error(id, code, why)] };
  }
}

function mentions(call: AcpCall, path: string): boolean {
  return (
    call.paths.includes(path) ||
    call.diffs.some((diff) => diff.path === path) ||
    ['filePath', 'file_path', 'filepath', 'path'].some(
      (name) => stringField(call.input, name) === path,
    )
  );
}
