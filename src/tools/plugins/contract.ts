import type { JsonObject } from '../../base/json';

/** How a server is reached, as it was written: references such as `${env:NAME}` are still in it. */
export type ServerTransport =
  | {
      readonly kind: 'stdio';
      readonly command: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd?: string;
    }
  /** `http` is Streamable HTTP, and server-sent events where a server knows nothing newer. */
  | {
      readonly kind: 'http' | 'sse';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/** Who wrote the definition. A workspace's file is content of the repository: it is never its own permission. */
export type ServerSource =
  | { readonly kind: 'user' }
  | {
      readonly kind: 'workspace';
      /** Of the workspace folder, absolute. */
      readonly folder: string;
      readonly folderName: string;
      /** Absolute. */
      readonly file: string;
      /** For people: `.vscode/mcp.json`. */
      readonly label: string;
    };

/** A value that a file leaves to the user: `${input:id}`. */
export interface ServerInput {
  readonly id: string;
  readonly description: string;
  readonly isSecret: boolean;
  readonly options?: readonly string[];
  readonly defaultValue?: string;
}

/** One server of the configuration. */
export interface ConfiguredServer {
  /** Unique and lasting: what approvals, pins and switches are kept under. */
  readonly key: string;
  /** Its part of a tool's name, `plugin.<id>.<tool>`: no dots. */
  readonly id: string;
  readonly name: string;
  readonly source: ServerSource;
  readonly transport: ServerTransport;
  /** Of the exact transport as it was written. */
  readonly definitionHash: string;
  readonly timeoutMs: number;
  readonly isEnabled: boolean;
  /** By the server's own name of the tool; absent: on. */
  readonly toolSwitches: Readonly<Record<string, boolean>>;
  readonly inputs: readonly ServerInput[];
}

/** An entry that cannot be used, and why, in a sentence. */
export interface BrokenServer {
  readonly name: string;
  readonly source: ServerSource;
  readonly problem: string;
}

export interface ServerList {
  readonly servers: readonly ConfiguredServer[];
  readonly broken: readonly BrokenServer[];
}

/** A tool as its server describes it: untrusted text. */
export interface ServerTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonObject;
  readonly annotations?: JsonObject;
}

/** A server with nothing left open: what is really started. */
export type StartRequest = { readonly key: string; readonly timeoutMs: number } & (
  | {
      readonly kind: 'stdio';
      /** Absolute. */
      readonly file: string;
      readonly args: readonly string[];
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'http' | 'sse';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
    }
) & {
    /** Told to a server that asks for roots: absolute paths. */
    readonly roots: readonly { readonly name: string; readonly path: string }[];
  };

export interface StartedServer {
  readonly tools: readonly ServerTool[];
  /** Tools that were left out, and why; for people. */
  readonly notes: readonly string[];
}

export interface McpReply {
  /** For a model: text as it came, other content in words; escape sequences stripped, bounded. */
  readonly text: string;
  readonly isError: boolean;
  /** Files that the result is about, by its own word: absolute paths, bounded. Absent: none. */
  readonly files?: readonly string[];
}

/**
 * The process that holds every connection to an MCP server. Rejections are PatchbayErrors with a sentence for people:
 * `mcp_start`, `mcp_call`, `mcp_gone` (the server or the process ended), `aborted`.
 */
export interface McpHub {
  start(request: StartRequest, signal: AbortSignal): Promise<StartedServer>;
  call(
    request: {
      readonly key: string;
      readonly tool: string;
      readonly input: JsonObject;
      readonly timeoutMs: number;
    },
    signal: AbortSignal,
  ): Promise<McpReply>;
  /** Ends one server with all its processes. Harmless when it does not run. */
  stop(key: string): Promise<void>;
  /** The end of what a server wrote to its error output, redacted. */
  log(key: string): Promise<string>;
  onDidChangeTools(listener: (change: { readonly key: string } & StartedServer) => void): {
    dispose(): void;
  };
  /** A server that ran has ended by itself. */
  onDidEnd(listener: (end: { readonly key: string; readonly message: string }) => void): {
    dispose(): void;
  };
  /** Ends every server and the process. */
  close(): Promise<void>;
}
