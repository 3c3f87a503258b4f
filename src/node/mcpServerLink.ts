import { append } from '../base/append';
import { pathToFileURL } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  ErrorCode,
  ListRootsRequestSchema,
  McpError,
  ResultSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { arrayField, stringField } from '../base/guard';
import type { JsonObject } from '../base/json';
import { errorMessage } from '../base/patchbayError';
import type { McpReply, StartedServer, StartRequest } from '../tools/plugins/contract';
import { McpChild } from './mcpChild';
import { readTools, toReply } from './mcpContent';
import { describeHttpFailure, httpTransports, isOtherDialect } from './mcpHttp';
import type { HubFailure } from './mcpHubProtocol';
import { maxToolListPages } from './mcpLimits';

const initializeMs = 45_000;
const listMs = 30_000;
/** The caller's own deadline comes first; this is for a caller that is gone. */
const graceMs = 5_000;
/** Several changes in a row are one. */
const relistDelayMs = 200;

export interface ServerLinkEvents {
  onTools(started: StartedServer): void;
  /** Once, after a start that succeeded; not after `close`. */
  onEnded(failure: HubFailure): void;
}

/** One connection to one server. Rejections are to be put into words with `toFailure`. */
export class ServerLink {
  private client: Client | undefined;
  private child: McpChild | undefined;
  private isStarted = false;
  private isClosed = false;
  private relistTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly request: StartRequest,
    private readonly events: ServerLinkEvents,
  ) {}

  get stderrTail(): string {
    return this.child?.stderrTail ?? '';
  }

  async start(signal: AbortSignal): Promise<StartedServer> {
    const { request } = this;
    if (request.kind === 'stdio') {
      this.child = new McpChild(request);
      await this.connect(this.child, signal);
    } else {
      await this.connectOverHttp(httpTransports(request), signal);
    }
    const started = await this.listTools(signal);
    this.isStarted = true;
    return started;
  }

  async call(
    { tool, input, timeoutMs }: { tool: string; input: JsonObject; timeoutMs: number },
    signal: AbortSignal,
  ): Promise<McpReply> {
    const client = this.openClient();
    const result = await client.request(
      { method: 'tools/call', params: { name: tool, arguments: { ...input } } },
      ResultSchema,
      { signal, timeout: timeoutMs + graceMs },
    );
    return toReply(result);
  }

  /** Ends the server with all its processes, a child within a second and a half. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.relistTimer);
    // The child first: the client would tell everybody that the connection is lost.
    await this.child?.close().catch(() => undefined);
    await this.client?.close().catch(() => undefined);
  }

  kill(): void {
    this.child?.kill();
  }

  /** What went wrong, for people. `during`: what was tried. */
  toFailure(error: unknown, during: 'mcp_start' | 'mcp_call', signal: AbortSignal): HubFailure {
    const stderrTail = this.stderrTail;
    if (signal.aborted) {
      return { code: 'aborted', message: 'It was stopped.', stderrTail: '' };
    }
    const isLost = error instanceof McpError && isCode(error, ErrorCode.ConnectionClosed);
    const explanation = this.child?.explanation ?? '';
    if (isLost || (this.child !== undefined && !(error instanceof McpError))) {
      const message = explanation === '' ? 'The server closed the connection.' : explanation;
      return { code: during === 'mcp_start' ? during : 'mcp_gone', message, stderrTail };
    }
    if (error instanceof McpError) {
      const isLate = isCode(error, ErrorCode.RequestTimeout);
      const message = isLate
        ? `The server did not answer in time. ${explanation}`.trim()
        : error.message.slice(0, 2000);
      return { code: during, message, stderrTail: during === 'mcp_start' ? stderrTail : '' };
    }
    return { code: during, message: describeHttpFailure(error), stderrTail };
  }

  /** A request over HTTP failed as a whole: whether the server is still there is seen at the next use. */
  endAfter(error: unknown): void {
    if (this.child === undefined && !(error instanceof McpError)) {
      const never = new AbortController().signal;
      this.ended(this.toFailure(error, 'mcp_call', never));
      void this.close();
    }
  }

  private async connectOverHttp(
    ways: readonly (() => Transport)[],
    signal: AbortSignal,
  ): Promise<void> {
    for (const [index, open] of ways.entries()) {
      try {
        await this.connect(open(), signal);
        return;
      } catch (error) {
        if (index === ways.length - 1 || !isOtherDialect(error) || signal.aborted) {
          throw error;
        }
      }
    }
  }

  private async connect(transport: Transport, signal: AbortSignal): Promise<void> {
    const client = new Client(
      { name: 'patchbay', version: '1' },
      { capabilities: { roots: {} }, jsonSchemaValidator: noValidator },
    );
    client.setRequestHandler(ListRootsRequestSchema, () => ({
      roots: this.request.roots.map(({ name, path }) => ({ name, uri: pathToFileURL(path).href })),
    }));
    client.fallbackRequestHandler = ({ method }) =>
      Promise.reject(
        new McpError(
          ErrorCode.MethodNotFound,
          `Patchbay does not do ${method}: servers get no model and ask the user nothing through it.`,
        ),
      );
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => this.relistSoon());
    client.onclose = () => {
      if (this.client === client && this.child !== undefined) {
        this.ended({
          code: 'mcp_gone',
          message: this.child.explanation || 'The server closed the connection.',
          stderrTail: this.stderrTail,
        });
      }
    };
    this.client = client;
    await client.connect(transport, { signal, timeout: initializeMs });
  }

  private async listTools(signal?: AbortSignal): Promise<StartedServer> {
    const client = this.openClient();
    if (client.getServerCapabilities()?.tools === undefined) {
      return { tools: [], notes: ['The server offers no tools.'] };
    }
    const items: unknown[] = [];
    const cursors = new Set<string>();
    let cursor: string | undefined;
    for (let page = 0; page < maxToolListPages; page += 1) {
      const params = cursor === undefined ? {} : { params: { cursor } };
      // Read by ourselves: one broken tool must not cost the others.
      const result: unknown = await client.request(
        { method: 'tools/list', ...params },
        ResultSchema,
        { timeout: listMs, ...(signal === undefined ? {} : { signal }) },
      );
      append(items, arrayField(result, 'tools') ?? []);
      cursor = stringField(result, 'nextCursor');
      if (cursor === undefined || cursors.has(cursor)) {
        break;
      }
      cursors.add(cursor);
    }
    return readTools(items);
  }

  private relistSoon(): void {
    if (this.isClosed || this.relistTimer !== undefined) {
      return;
    }
    this.relistTimer = setTimeout(() => {
      this.relistTimer = undefined;
      this.listTools().then(
        (started) => this.isStarted && !this.isClosed && this.events.onTools(started),
        // It said that its list changed, and then did not give it: nothing of it can be trusted to be as accepted.
        (error: unknown) =>
          this.isStarted &&
          !this.isClosed &&
          this.events.onTools({
            tools: [],
            notes: [`The changed list of tools could not be read: ${errorMessage(error)}`],
          }),
      );
    }, relistDelayMs);
  }

  private ended(failure: HubFailure): void {
    if (this.isStarted && !this.isClosed) {
      this.isClosed = true;
      clearTimeout(this.relistTimer);
      this.events.onEnded(failure);
    }
  }

  private openClient(): Client {
    if (this.client === undefined || this.isClosed) {
      throw new McpError(ErrorCode.ConnectionClosed, 'The connection is closed.');
    }
    return this.client;
  }
}

/** The code on the wire is a number, of this list or not. */
function isCode(error: McpError, code: ErrorCode): boolean {
  const wanted: number = code;
  return error.code === wanted;
}

/** Never asked: results are text for a model, whatever shape a server promises. Without it the SDK makes its own. */
const noValidator = {
  getValidator: () => () =>
    ({ valid: false, data: undefined, errorMessage: 'results are not checked' }) as const,
};
