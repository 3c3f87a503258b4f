import type { Disposable } from '../base/disposable';
import type { JsonObject } from '../base/json';
import type { AssistantMessageEvent } from '../events/assistantMessageEvent';
import type { Failure } from '../events/failure';
import type { AssistantMessage, Message } from '../events/message';
import type { NormalizedEvent } from '../events/normalizedEvent';
import type { Observation } from '../events/observation';
import type { ToolResult } from '../events/toolCall';

/** How much of what an agent does comes before our gate: every call, what it chooses to ask, nothing. */
export type GateCoverage = 'all' | 'asks' | 'none';

/** `note` says for people what does not come before the gate; empty when `coverage` is `all`. */
export interface CoverageInfo {
  readonly coverage: GateCoverage;
  readonly note: string;
}

/** How an external agent is started. Frozen; settings of the user (machine scope) and the shipped catalog make these. */
export interface ExternalRuntimeSpec {
  readonly adapter: string;
  readonly authMode: 'external-cli' | 'api-key';
  readonly binaryPath?: string;
  readonly args?: readonly string[];
  /** Merged over the allow-listed environment; null removes a variable. */
  readonly env?: Readonly<Record<string, string | null>>;
  readonly delegate?: string;
}

/** The wire protocol family of a model. */
export type ModelApi =
  'anthropic-messages' | 'openai-responses' | 'openai-chat' | 'editor' | 'external' | 'playground';

/**
 * A model a turn can go to. `id` is canonical and unique (`anthropic/claude-sonnet-4-5`, `claude-cli/default`);
 * `model` is the name on the wire. `address` is the base URL of a network API or `bridge:<adapter>`.
 * Numbers that nobody reported are absent.
 */
export interface ModelRef {
  readonly id: string;
  readonly api: ModelApi;
  readonly provider: string;
  readonly model: string;
  readonly name: string;
  readonly address?: string;
  readonly contextWindowTokens?: number;
  readonly maxOutputTokens?: number;
  readonly supportsReasoning?: boolean;
  /** False: it is sent no pictures. Absent: nobody knows, and it is. */
  readonly supportsImages?: boolean;
  readonly runtime?: ExternalRuntimeSpec;
  /** Whose tools an agent works with: its own (absent), or ours, which puts every call before our gate. */
  readonly toolSource?: 'patchbay';
}

/** A tool as a model is offered it. `inputSchema` is JSON Schema draft 7, type object. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
}

/** What one turn is produced from. `messages` ends with the newest user message or tool results. */
export interface TurnContext {
  readonly systemPrompt: string;
  readonly messages: readonly Message[];
  readonly tools: readonly ToolSpec[];
}

export type ReasoningEffort = 'minimal' | 'low' | 'medium' | 'high' | 'xhigh';

/** The permission mode of the conversation. The gate applies it; an agent that knows planning is told to plan. */
export type AgentMode = 'ask' | 'accept-edits' | 'plan' | 'auto';

/**
 * A call that a child hands to us (it is ours to judge, run and audit): a tool of ours by name, with its arguments.
 * Beside the tools that models are offered there is `read_text {path, startLine?, lineCount?}`, whose output is the
 * exact text of the file as the editor has it; for `run_command` the result's `details.exitCode` is set.
 */
export interface DelegatedCall {
  /** The card that its questions and progress belong to: an open call of the agent, or one that the bridge reported for it. */
  readonly callId: string;
  readonly toolName: string;
  readonly input: JsonObject;
  /** Ends this call alone, before the turn does. */
  readonly signal?: AbortSignal;
  /** The output of a command as it grows. */
  readonly onOutput?: (text: string) => void;
}

/** What an agent told of itself: session state, not events. Absent: not told. */
export interface AgentInfo {
  /** `id` is what `ModelRef.model` of that model is. */
  readonly models?: readonly { readonly id: string; readonly name: string }[];
  readonly commands?: readonly { readonly name: string; readonly description: string }[];
  readonly agentVersion?: string;
  /** What of the panel's choices it turned out to take, as opened with this model; counts before what its bridge declares. */
  readonly controls?: Partial<BridgeControls>;
}

export interface ExchangeOptions {
  readonly signal: AbortSignal;
  /** The session this exchange belongs to; leases of long-lived children are per session. */
  readonly sessionId: string;
  /** Absolute path of the chosen workspace folder. */
  readonly cwd?: string;
  /** Explicit resume token; beats a stored one. */
  readonly resume?: string;
  /**
   * The branch of the conversation left the agent's session before its newest turn: the agent goes on in a copy of it.
   * `at` is the agent's own name of the last message that belongs to the branch; absent: the whole session does.
   */
  readonly fork?: { readonly at?: string };
  readonly apiKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly reasoning?: ReasoningEffort;
  readonly mode?: AgentMode;
  /** Further folders of the workspace, absolute. */
  readonly extraFolders?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly cacheRetention?: 'none' | 'short' | 'long';
  /** Every observation of the exchange, in order with the events. Called from the exchange, never after its terminal event. */
  readonly observe: (observation: Observation) => void;
  /** Taps every normalized event in order, including `resume`. */
  readonly onEvent?: (event: NormalizedEvent) => void;
  /** Runs a delegated call through the one gate; never rejects. Absent: such calls are refused. */
  readonly delegate?: (call: DelegatedCall) => Promise<ToolResult>;
  /** Ids of calls that are not among the messages any more: the network arm gives a new call none of them. */
  readonly isCallIdTaken?: (id: string) => boolean;
  readonly onAgentInfo?: (info: AgentInfo) => void;
  readonly startTimeoutMs?: number;
  /** Absent: silence ends nothing. */
  readonly idleTimeoutMs?: number;
  readonly closeTimeoutMs?: number;
}

/**
 * The stream both arms return, synchronously. Async-iterable; `result()` never rejects; exactly one terminal event
 * (`done` or `error`), nothing after it. See events/eventStream for the class.
 */
export interface ExchangeStream extends AsyncIterable<AssistantMessageEvent> {
  result(): Promise<AssistantMessage>;
}

/** The network arm: one per api family, behind a lazy import. Yields events; never touches the stream; may throw. */
export interface NetworkProvider {
  stream(
    model: ModelRef,
    context: TurnContext,
    options: ExchangeOptions,
  ): AsyncIterable<
    NormalizedEvent | { readonly kind: 'observation'; readonly observation: Observation }
  >;
}

/** How a child's end looks. `stderrTail` is the last 8 kB, redacted. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderrTail: string;
  /** Set when the process could not be started at all, or its output could not be read (`line_too_long`). */
  readonly spawnError?: Failure;
}

/**
 * A line to a child. Payloads are opaque. Messages that came before the first listener are kept for it. After `close`
 * nothing is delivered and `send` rejects with code `transport_closed`.
 */
export interface ChildTransport {
  send(message: unknown): Promise<void>;
  onMessage(listener: (message: unknown) => void): Disposable;
  /** Lines that were not JSON, shortened; and other trouble worth a notice. */
  onNotice(listener: (text: string) => void): Disposable;
  onExit(listener: (exit: ChildExit) => void): Disposable;
  /** Ends the child politely (stdin end), then firmly (terminate, kill of the group), each with its deadline. */
  close(): Promise<void>;
  /** There for a launch that `needsToolRelay`; it ends with the child. */
  readonly toolRelay?: ToolRelay;
}

/**
 * How the MCP server that an agent starts reaches us: `program` is that server, a small program which hands every
 * message on. With nobody listening a `tools/call` is refused; other messages wait for the next listener.
 */
export interface ToolRelay {
  readonly program: {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
  /** `connection` tells the programs apart, when the agent starts several. */
  onMessage(listener: (message: unknown, connection: string) => void): Disposable;
  /** To a connection that is gone: nothing happens. */
  send(message: unknown, connection: string): void;
}

export interface TransportContext {
  readonly spec: ExternalRuntimeSpec;
  readonly model: ModelRef;
  readonly opts: ExchangeOptions;
  readonly resume: string | undefined;
  readonly launch: LaunchPlan;
}

/** Called lazily, exactly once per exchange attempt, on an external route only. May throw: the exchange then fails. */
export type TransportFactory = (context: TransportContext) => ChildTransport;

/** A file or folder, relative to the working folder, that an agent would run by itself; with `word`: only a file that holds it. */
export interface FolderCodePlace {
  readonly path: string;
  readonly word?: string;
}

/** How to start the child: final argv without the binary, variables that the bridge needs on top. */
export interface LaunchPlan {
  readonly defaultBinary: string;
  readonly args: readonly string[];
  /** The bridge's own variables win over the user's: they are what keeps the agent in check. */
  readonly env?: Readonly<Record<string, string | null>>;
  /** What cannot be kept from running: where there is such a thing, the child starts only after a yes to its exact content. */
  readonly folderCode?: readonly FolderCodePlace[];
  /** The whole input of the child, as it is: written at once, then its stdin ends. Nothing can be sent to such a child. */
  readonly inputText?: string;
  /** The agent is given our tools by an MCP server that it starts; see `ToolRelay`. */
  readonly needsToolRelay?: boolean;
  /**
   * Present when one child may serve the following exchanges of the same session: two plans with equal keys may share
   * it. Absent: the child is closed with the exchange.
   */
  readonly leaseKey?: string;
}

export type ToolCallEvent = Extract<NormalizedEvent, { readonly kind: 'tool_call' }>;

/** What one message from the child meant. */
export interface ParseStep {
  readonly out: readonly (
    NormalizedEvent | { readonly kind: 'observation'; readonly observation: Observation }
  )[];
  /** Messages to send back at once. */
  readonly send?: readonly unknown[];
  /** The exchange is over; the terminal event is the last of `out`. */
  readonly isOver?: boolean;
}

/** One exchange in one dialect. Pure but for its own state; never touches the stream. */
export interface ExchangeParser {
  /** Messages that open the exchange. */
  open(): readonly unknown[];
  accept(message: unknown): ParseStep;
  /** A message that came through the tool relay. */
  acceptRelayed?(message: unknown, connection: string): ParseStep;
  /** The dialect's polite stop; empty when it has none. */
  interrupt(): readonly unknown[];
  /** More words of the user for the running turn; undefined when the dialect, or this moment, takes none. */
  steer?(text: string): readonly unknown[] | undefined;
  /** The failure that an exit without a terminal message means; the driver's default when undefined. */
  explainExit?(exit: ChildExit): Failure | undefined;
  /** The end that was as good as said when the child exited; asked before `explainExit`. */
  endAtExit?(exit: ChildExit): ParseStep | undefined;
  /** The calls that it has not told yet, for instance because they never began: asked at the end, however that comes. */
  heldCalls?(): readonly ToolCallEvent[];
}

export interface ExchangeParserContext {
  readonly model: ModelRef;
  readonly context: TurnContext;
  readonly opts: ExchangeOptions;
  readonly resume: string | undefined;
  /** True when a leased child has served an exchange before this one. */
  readonly isContinuation: boolean;
  /** What the bridge keeps of this child from one exchange to the next: its thread, the last request id, the model in use. */
  readonly notes: Map<string, unknown>;
  /** The form of the dialect that this child was started in, for a bridge that has several. */
  readonly form?: string;
  /** How the child was started. Absent: not told. */
  readonly spec?: ExternalRuntimeSpec;
  /** Sends later, for instance the answer to a permission request. */
  send(message: unknown): void;
  /** Absent: the launch asked for none, or none can be had. */
  readonly toolRelay?: ToolRelay;
  /**
   * Runs once after a while, as if a message had come then; never after the exchange is over. For what a silent child
   * must not hold up. Absent: there is no clock, and the parser does without.
   */
  later?(delayMs: number, run: () => ParseStep): Disposable;
}

/** What of the panel's choices a dialect takes; the rest is greyed out. */
export interface BridgeControls {
  readonly model: boolean;
  readonly reasoning: boolean;
  /** It has a planning mode of its own. */
  readonly plan: boolean;
  readonly extraFolders: boolean;
  readonly images: boolean;
}

/** A runtime that fronts an external agent. Holds no per-session state on its surface. */
export interface Bridge {
  readonly adapter: string;
  readonly displayName: string;
  readonly coverage: GateCoverage;
  /** What this adapter cannot put before the gate, for people; empty when `coverage` is `all`. */
  readonly coverageNote: string;
  /** Where it depends on the model (its tools) or on the agent behind it. Absent: as above. */
  coverageOf?(model: ModelRef): CoverageInfo;
  /** Absent: none is promised. */
  readonly controls?: BridgeControls;
  /**
   * The forms of the dialect to try, best first, one fresh child each: a parser that hears another form ends with the
   * failure code `wrong_dialect`. The one that worked is remembered. Absent: there is one.
   */
  forms?(spec: ExternalRuntimeSpec): readonly string[];
  /**
   * It makes its own conversation smaller when it is sent `/compact`: always, or (`listed`) when it lists such a command.
   * Absent: never.
   */
  readonly compaction?: 'always' | 'listed';
  requiresCredential(spec: ExternalRuntimeSpec): boolean;
  launch(
    spec: ExternalRuntimeSpec,
    context: Omit<
      ExchangeParserContext,
      'send' | 'toolRelay' | 'later' | 'isContinuation' | 'notes'
    >,
  ): LaunchPlan;
  createParser(context: ExchangeParserContext): ExchangeParser;
}

/** What comes of a model's calls before our gate. */
export function coverageOf(bridge: Bridge, model: ModelRef): CoverageInfo {
  return bridge.coverageOf?.(model) ?? { coverage: bridge.coverage, note: bridge.coverageNote };
}

export function runtimeEndpoint(adapter: string): string {
  return `bridge:${adapter}`;
}
