import type { Disposable } from '../base/disposable';
import type { JsonObject } from '../base/json';
import type { AssistantMessageEvent } from '../events/assistantMessageEvent';
import type { Failure } from '../events/failure';
import type { AssistantMessage, Message } from '../events/message';
import type { NormalizedEvent } from '../events/normalizedEvent';
import type { Observation } from '../events/observation';

/** How much of what an agent does comes before our gate: every call, what it chooses to ask, nothing. */
export type GateCoverage = 'all' | 'asks' | 'none';

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
  readonly runtime?: ExternalRuntimeSpec;
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

export interface ExchangeOptions {
  readonly signal: AbortSignal;
  /** The session this exchange belongs to; leases of long-lived children are per session. */
  readonly sessionId: string;
  /** Absolute path of the chosen workspace folder. */
  readonly cwd?: string;
  /** Explicit resume token; beats a stored one. */
  readonly resume?: string;
  readonly apiKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly reasoning?: ReasoningEffort;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly cacheRetention?: 'none' | 'short' | 'long';
  /** Every observation of the exchange, in order with the events. Called from the exchange, never after its terminal event. */
  readonly observe: (observation: Observation) => void;
  /** Taps every normalized event in order, including `resume`. */
  readonly onEvent?: (event: NormalizedEvent) => void;
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

/** How to start the child: final argv without the binary, variables that the bridge needs on top. */
export interface LaunchPlan {
  readonly defaultBinary: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | null>>;
  /**
   * Present when one child may serve the following exchanges of the same session: two plans with equal keys may share
   * it. Absent: the child is closed with the exchange.
   */
  readonly leaseKey?: string;
}

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
  /** The dialect's polite stop; empty when it has none. */
  interrupt(): readonly unknown[];
  /** The failure that an exit without a terminal message means; the driver's default when undefined. */
  explainExit?(exit: ChildExit): Failure | undefined;
}

export interface ExchangeParserContext {
  readonly model: ModelRef;
  readonly context: TurnContext;
  readonly opts: ExchangeOptions;
  readonly resume: string | undefined;
  /** True when a leased child has served an exchange before this one. */
  readonly isContinuation: boolean;
  /** Sends later, for instance the answer to a permission request. */
  send(message: unknown): void;
}

/** A runtime that fronts an external agent. Holds no per-session state on its surface. */
export interface Bridge {
  readonly adapter: string;
  readonly displayName: string;
  readonly coverage: GateCoverage;
  /** What this adapter cannot put before the gate, for people; empty when `coverage` is `all`. */
  readonly coverageNote: string;
  requiresCredential(spec: ExternalRuntimeSpec): boolean;
  launch(
    spec: ExternalRuntimeSpec,
    context: Omit<ExchangeParserContext, 'send' | 'isContinuation'>,
  ): LaunchPlan;
  createParser(context: ExchangeParserContext): ExchangeParser;
}

export function runtimeEndpoint(adapter: string): string {
  return `bridge:${adapter}`;
}
