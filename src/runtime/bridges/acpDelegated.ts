import type { Disposable } from '../../base/disposable';
import { isRecord } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import type { ToolResult } from '../../events/toolCall';
import type { ParseStep, ToolRelay } from '../contract';
import { DelegatedTools, type DelegatedToolsOptions } from '../delegatedTools';
import { McpToolServer, toolServerName, type McpCall } from '../mcpToolServer';
import type { AcpCall, AcpCalls } from './acpCalls';

type Item = ParseStep['out'][number];

export interface AcpDelegatedOptions extends DelegatedToolsOptions {
  readonly relay: ToolRelay;
  readonly calls: AcpCalls;
  /** Makes the ids of cards of our own unique in the conversation. */
  readonly turnNumber: number;
  /** Runs once after a while; what it gives is shown. Absent: there is no clock. */
  readonly later: ((delayMs: number, run: () => ParseStep) => Disposable) | undefined;
  /** The agent has asked which tools there are. */
  readonly onListed: () => void;
  /** Shows something with the next message of the agent. */
  readonly showLater: (item: Item) => void;
}

/** The agent's report of a call and the call itself come by two ways: this long the one waits for the other. */
const cardWaitMs = 2_000;

/** A call that waits for its card. */
interface Waiting {
  readonly call: McpCall;
  readonly done: (result: ToolResult) => void;
}

/** The server as an ACP session is told to start it. */
export function mcpServers({ program }: ToolRelay): readonly JsonObject[] {
  return [
    {
      name: toolServerName,
      command: program.command,
      args: program.args,
      env: Object.entries(program.env).map(([name, value]) => ({ name, value })),
    },
  ];
}

/** Our name of a tool of ours, by the agent's name of it: opencode's or Claude Code's; undefined for any other. */
export function acpOwnName(toolName: string): string | undefined {
  return /^(?:mcp__patchbay__|patchbay_)(\w+)$/.exec(toolName)?.[1];
}

/**
 * Our tools in an ACP agent. Calls come through the relay, beside the protocol: each runs under the card of the call
 * that the agent reported for it, told by its id or by its tool and arguments; where no report comes, under one of its own.
 */
export class AcpDelegatedTools {
  private readonly tools: DelegatedTools;
  private readonly server: McpToolServer;
  private readonly taken = new Set<string>();
  private waiting: readonly Waiting[] = [];
  private ownCardCount = 0;

  constructor(private readonly options: AcpDelegatedOptions) {
    const { later } = options;
    this.tools = new DelegatedTools(options);
    this.server = new McpToolServer({
      tools: options.tools,
      call: (call, done) => {
        this.waiting = [...this.waiting, { call, done }];
      },
      cancel: (key) => {
        this.waiting = this.waiting.filter(({ call }) => call.key !== key);
        this.tools.cancel(key);
      },
      ...(later === undefined
        ? {}
        : {
            later: (delayMs, run) =>
              later(delayMs, () => {
                run();
                return { out: [] };
              }),
          }),
    });
  }

  /** What we gave for this call, with its details; once. */
  takeResult(callId: string): ToolResult | undefined {
    return this.tools.takeResult(callId);
  }

  accept(message: unknown, connection: string): readonly Item[] {
    const { relay, later } = this.options;
    const send = (answer: JsonObject): void => relay.send(answer, connection);
    if (isRecord(message) && message.method === 'tools/list') {
      this.options.onListed();
    }
    const before = this.waiting.length;
    this.server.accept(message, { connection, reply: send, notify: send });
    const out = this.match();
    if (this.waiting.length > before) {
      if (later === undefined) {
        return [...out, ...this.runRest()];
      }
      const newest = this.waiting.at(-1);
      later(cardWaitMs, () => ({
        out: newest !== undefined && this.waiting.includes(newest) ? this.runUnmatched(newest) : [],
      }));
    }
    return out;
  }

  /** Runs what waited for a card that is there now. Asked after every report of the agent. */
  match(): readonly Item[] {
    return this.waiting.flatMap((waiting) => {
      const { agentCallId, toolName, input } = waiting.call;
      const card = this.find(
        agentCallId === undefined
          ? (call) => call.ownName === toolName && isSame(call.input, input)
          : (call) => call.id === agentCallId,
      );
      return card === undefined
        ? []
        : this.run(waiting, card.id, this.options.calls.report(card.id));
    });
  }

  private runRest(): readonly Item[] {
    return this.waiting.flatMap((waiting) => this.runUnmatched(waiting));
  }

  /** Nobody reported it as it came: under an open card of its tool, else one of its own. */
  private runUnmatched(waiting: Waiting): readonly Item[] {
    const { toolName, input } = waiting.call;
    const card = this.find((call) => call.ownName === toolName);
    if (card !== undefined) {
      return this.run(waiting, card.id, this.options.calls.report(card.id));
    }
    this.ownCardCount += 1;
    const id = `tools-${this.options.turnNumber}-${this.ownCardCount}`;
    const { done } = waiting;
    const shown: Waiting = {
      call: waiting.call,
      done: (result) => {
        this.options.showLater({
          kind: 'observation',
          observation: { kind: 'tool_result', callId: id, result },
        });
        done(result);
      },
    };
    this.waiting = this.waiting.map((item) => (item === waiting ? shown : item));
    return this.run(shown, id, [
      {
        kind: 'tool_call',
        call: { id, name: toolName, arguments: input, executedBy: 'child' },
      },
    ]);
  }

  /** Behind this step, so that the card is there before its questions are. */
  private run(waiting: Waiting, callId: string, out: readonly Item[]): readonly Item[] {
    const { call, done } = waiting;
    this.taken.add(callId);
    this.waiting = this.waiting.filter((item) => item !== waiting);
    queueMicrotask(() =>
      this.tools.run(call.key, { callId, toolName: call.toolName, input: call.input }, done),
    );
    return out;
  }

  private find(fits: (call: AcpCall) => boolean): AcpCall | undefined {
    return this.options.calls.findOpen((call) => !this.taken.has(call.id) && fits(call));
  }
}

/** Equal as JSON, whatever the order of the fields. */
function isSame(one: JsonObject, other: JsonObject): boolean {
  return sorted(one) === sorted(other);
}

function sorted(value: JsonObject): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    isRecord(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
