import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toDisposable, type Disposable } from '../base/disposable';
import { isRecord, stringField } from '../base/guard';
import { encodeJsonLine, JsonLinesDecoder } from '../base/jsonLines';
import type { ToolRelay } from '../runtime/contract';
import { toolSocketVariables } from './toolSocketProtocol';

export interface ToolSocketOptions {
  /** The bundled program that agents start, absolute. */
  readonly toolServerPath: string;
  /** A Node, or the editor's Electron, which is run as Node. Default: our own. */
  readonly execPath?: string;
  readonly maxLineBytes?: number;
  /** A connection that has not said its token by then is closed. Default 5000. */
  readonly greetingMs?: number;
  readonly platform?: NodeJS.Platform;
}

/** An agent may start its server anew, or one for each of its sessions. */
const maxConnections = 8;
const maxGreetingBytes = 4096;
const maxMessageBytes = 16 * 1024 * 1024;
/** What is kept while nobody listens; an agent says little then. */
const maxKept = 100;

/**
 * The private socket of one child: a Unix socket (mode 600) in a folder of its own (mode 700), or a named pipe with a
 * random name. A connection begins with the token, which is this child's alone; whoever does not know it is closed
 * without a word. `close` ends the connections and takes the socket away.
 */
export class ToolSocket implements ToolRelay {
  readonly program: ToolRelay['program'];
  private readonly token = randomBytes(32).toString('hex');
  /** The socket's own; undefined on Windows, where a pipe goes with its process. */
  readonly folder: string | undefined;
  private readonly address: string;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly connections = new Map<string, Socket>();
  private readonly listeners = new Set<(message: unknown, connection: string) => void>();
  private kept: { readonly message: unknown; readonly connection: string }[] = [];
  private connectionCount = 0;
  private isClosed = false;

  constructor(private readonly options: ToolSocketOptions) {
    const isWindows = (options.platform ?? process.platform) === 'win32';
    this.folder = isWindows ? undefined : mkdtempSync(join(socketHome(), 'patchbay-'));
    this.address =
      this.folder === undefined
        ? `\\\\.\\pipe\\patchbay-${randomBytes(16).toString('hex')}`
        : join(this.folder, 'tools.sock');
    this.program = {
      command: options.execPath ?? process.execPath,
      args: [options.toolServerPath],
      env: {
        ELECTRON_RUN_AS_NODE: '1',
        [toolSocketVariables.address]: this.address,
        [toolSocketVariables.token]: this.token,
      },
    };
    this.server = createServer((socket) => this.accept(socket));
    this.server.unref();
  }

  /** Resolves when agents can connect; rejects when that cannot be. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => reject(new Error('The socket for Patchbay’s tools was closed.'));
      if (this.isClosed) {
        giveUp();
        return;
      }
      this.server.once('error', reject);
      this.server.once('close', giveUp);
      this.server.listen(this.address, resolve);
    });
    this.server.removeAllListeners('error');
    // What goes wrong later ends a connection, and that is heard there.
    this.server.on('error', () => undefined);
    if (this.folder !== undefined) {
      chmodSync(this.address, 0o600);
    }
  }

  onMessage(listener: (message: unknown, connection: string) => void): Disposable {
    this.listeners.add(listener);
    for (const { message, connection } of this.kept.splice(0)) {
      this.deliver(message, connection);
    }
    return toDisposable(() => this.listeners.delete(listener));
  }

  send(message: unknown, connection: string): void {
    this.connections.get(connection)?.write(encodeJsonLine(message));
  }

  /** Twice without harm. */
  close(): void {
    if (this.isClosed) {
      return;
    }
    this.isClosed = true;
    this.kept = [];
    this.listeners.clear();
    this.server.close();
    for (const socket of this.sockets) {
      socket.destroy();
    }
    if (this.folder !== undefined) {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  private accept(socket: Socket): void {
    if (this.isClosed || this.sockets.size >= maxConnections) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.unref();
    const timer = setTimeout(() => socket.destroy(), this.options.greetingMs ?? 5000);
    timer.unref();
    let connection: string | undefined;
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearTimeout(timer);
      this.sockets.delete(socket);
      if (connection !== undefined) {
        this.connections.delete(connection);
      }
    });
    const messages = new JsonLinesDecoder(
      {
        onMessage: (message) => this.deliver(message, connection ?? ''),
        onInvalidLine: () => socket.destroy(),
      },
      { maxLineBytes: this.options.maxLineBytes ?? maxMessageBytes },
    );
    let greeting = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      if (connection !== undefined) {
        pushOrEnd(messages, chunk, socket);
        return;
      }
      greeting = Buffer.concat([greeting, chunk]);
      const end = greeting.indexOf(0x0a);
      if (end === -1 && greeting.length <= maxGreetingBytes) {
        return;
      }
      if (end === -1 || end > maxGreetingBytes || !this.isGreeting(greeting.subarray(0, end))) {
        socket.destroy();
        return;
      }
      clearTimeout(timer);
      this.connectionCount += 1;
      connection = `tools-${this.connectionCount}`;
      this.connections.set(connection, socket);
      pushOrEnd(messages, greeting.subarray(end + 1), socket);
      greeting = Buffer.alloc(0);
    };
    socket.on('data', onData);
  }

  private isGreeting(line: Buffer): boolean {
    let said: unknown;
    try {
      said = JSON.parse(line.toString('utf8'));
    } catch {
      return false; // no JSON is no token
    }
    const token = stringField(said, 'token');
    return token !== undefined && timingSafeEqual(digest(token), digest(this.token));
  }

  private deliver(message: unknown, connection: string): void {
    if (this.listeners.size > 0) {
      for (const listener of [...this.listeners]) {
        listener(message, connection);
      }
      return;
    }
    if (isRecord(message) && message.method === 'tools/call') {
      const why = 'No turn of the conversation is running; nothing was run.';
      const { id } = message;
      this.send({ jsonrpc: '2.0', id, error: { code: -32600, message: why } }, connection);
    } else if (this.kept.length < maxKept) {
      this.kept.push({ message, connection });
    }
  }
}

function pushOrEnd(messages: JsonLinesDecoder, chunk: Uint8Array, socket: Socket): void {
  try {
    messages.push(chunk);
  } catch {
    socket.destroy(); // a line above all measure: whoever sends that is no agent
  }
}

/** Equal lengths, whatever was said. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The path of a Unix socket has little room (104 bytes on a Mac). */
function socketHome(): string {
  const own = tmpdir();
  return own.length > 70 ? '/tmp' : own;
}
