import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { JSONRPCMessageSchema, type JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { isRecord } from '../base/guard';
import { encodeJsonLine, JsonLinesDecoder } from '../base/jsonLines';
import { errorMessage } from '../base/patchbayError';
import type { StartRequest } from '../tools/plugins/contract';
import { FloodGuard } from './floodGuard';
import { floodLimits, maxMessageBytes } from './mcpLimits';
import { stderrTailBytes } from './mcpHubProtocol';
import { OutputTail } from './outputTail';

const isWindows = process.platform === 'win32';
const politeMs = 700;
const firmMs = 700;

/**
 * A server as a child process: JSON lines over its standard streams. The SDK's own transport ends the first process
 * only and adds variables of ours; this one ends the whole group, gives exactly the environment it was told, skips
 * lines that are no messages, and ends a server that floods.
 */
export class McpChild implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  private child: ChildProcess | undefined;
  private readonly tail = new OutputTail(stderrTailBytes, (text) => text);
  private readonly flood = new FloodGuard(floodLimits, () => performance.now());
  private readonly decoder: JsonLinesDecoder;
  private noise: string | undefined;
  private why: string | undefined;
  private isClosed = false;
  /** It is being ended for what it sent; the rest is not read. */
  private isCondemned = false;

  constructor(private readonly request: StartRequest & { readonly kind: 'stdio' }) {
    this.decoder = new JsonLinesDecoder(
      {
        onMessage: (message) => this.accept(message),
        onInvalidLine: (excerpt) => (this.noise ??= excerpt),
      },
      { maxLineBytes: maxMessageBytes },
    );
  }

  get stderrTail(): string {
    return this.tail.text();
  }

  /** Why it ended, or what is odd about it, in sentences; '' when nothing is known. */
  get explanation(): string {
    const noise =
      this.noise === undefined
        ? ''
        : ` It wrote a line to its standard output that is no message: ${this.noise.slice(0, 120)}`;
    return `${this.why ?? ''}${noise}`.trim();
  }

  start(): Promise<void> {
    const { file, args, cwd, env } = this.request;
    const run = process.env.PATCHBAY_RUN;
    const child = spawn(file, args, {
      cwd,
      // The mark by which whoever watches over us finds what is left of the family.
      env: { ...env, ...(run === undefined ? {} : { PATCHBAY_RUN: run }) },
      stdio: ['pipe', 'pipe', 'pipe'],
      shell: false,
      windowsHide: true,
      detached: !isWindows,
    });
    this.child = child;
    child.stdin.on('error', () => undefined); // its end says it better
    child.stderr.on('data', (chunk: Uint8Array) => this.tail.push(chunk));
    child.stderr.on('error', () => undefined);
    child.stdout.on('data', (chunk: Uint8Array) => this.read(chunk));
    child.stdout.on('error', () => undefined);
    child.once('exit', (code, signal) => {
      this.why ??=
        signal === null ? `It ended with exit code ${code ?? 0}.` : `It was ended by ${signal}.`;
    });
    // After the streams: the last words are in the tail by then.
    child.once('close', () => this.finish());
    return new Promise((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => {
        this.why ??= `It could not be started: ${error.message}`;
        reject(error);
        this.finish();
      });
    });
  }

  send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.child?.stdin;
    if (this.isClosed || stdin?.writable !== true) {
      return Promise.reject(new Error('The server does not read any more.'));
    }
    return new Promise((resolve, reject) => {
      stdin.write(encodeJsonLine(message), (error) => {
        if (error === null || error === undefined) {
          resolve();
        } else {
          reject(error);
        }
      });
    });
  }

  /** The end of its input, then terminate, then kill, of the whole group. */
  async close(): Promise<void> {
    const { child } = this;
    if (child === undefined || this.isClosed) {
      return;
    }
    child.stdin?.end();
    if (!(await this.endsWithin(politeMs))) {
      this.signal('SIGTERM');
      await this.endsWithin(firmMs);
    }
    this.signal('SIGKILL');
    this.finish();
  }

  /** At once, without waiting: for the end of the hub. */
  kill(): void {
    this.signal('SIGKILL');
  }

  private read(chunk: Uint8Array): void {
    if (this.isClosed || this.isCondemned) {
      return;
    }
    try {
      if (!this.flood.note(chunk.length, 0)) {
        throw new Error('It wrote more than any server needs to, and was ended.');
      }
      this.decoder.push(chunk);
    } catch (error) {
      this.isCondemned = true;
      this.why = errorMessage(error);
      this.signal('SIGKILL');
    }
  }

  private accept(message: unknown): void {
    if (isRecord(message) && message.method !== undefined && !this.flood.note(0, 1)) {
      throw new Error('It sent more messages than any server needs to, and was ended.');
    }
    const parsed = JSONRPCMessageSchema.safeParse(message);
    if (parsed.success) {
      this.onmessage?.(parsed.data);
    } else {
      this.noise ??= JSON.stringify(message).slice(0, 200);
    }
  }

  private endsWithin(waitMs: number): Promise<boolean> {
    const { child } = this;
    return new Promise((resolve) => {
      if (child === undefined || this.isClosed) {
        resolve(true);
        return;
      }
      const onClose = (): void => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        child.off('close', onClose);
        resolve(false);
      }, waitMs);
      child.once('close', onClose);
    });
  }

  private signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const pid = this.child?.pid;
    if (pid === undefined) {
      return;
    }
    if (isWindows) {
      const taskkill = join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'taskkill.exe');
      execFile(taskkill, ['/PID', String(pid), '/T', '/F'], () => undefined);
      return;
    }
    try {
      process.kill(-pid, signal);
    } catch {
      // nobody of the group is left, which is what was wanted
    }
  }

  private finish(): void {
    if (!this.isClosed) {
      this.isClosed = true;
      this.signal('SIGKILL'); // what it left behind in its group
      this.onclose?.();
    }
  }
}
