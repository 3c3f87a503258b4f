import { Deferred } from '../../base/deferred';
import { numberField } from '../../base/guard';
import type { ToolResult } from '../../events/toolCall';

export interface TerminalExit {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** More output than this is never kept of one command, whatever the agent asks for. Bytes of UTF-8. */
export const maxTerminalBytes = 1_048_576;

/** One command that runs for the agent: its newest output up to a limit, and its end. */
export class AcpTerminal {
  private text = '';
  private hasLost = false;
  private exit: TerminalExit | undefined;
  private readonly ended = new Deferred<TerminalExit>();
  private readonly controller = new AbortController();
  private readonly limitBytes: number;

  constructor(limitBytes: number | undefined) {
    this.limitBytes = Math.min(Math.max(limitBytes ?? maxTerminalBytes, 0), maxTerminalBytes);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get whenEnded(): Promise<TerminalExit> {
    return this.ended.promise;
  }

  append(text: string): void {
    if (this.exit === undefined) {
      this.keep(this.text + text);
    }
  }

  /** Our tool's result: its output replaces what came as progress. */
  end(result: ToolResult): void {
    if (this.exit !== undefined) {
      return;
    }
    const own = result.output === '' ? this.text : result.output;
    const said = result.ok ? own : [own, result.error].filter((part) => part !== '').join('\n');
    this.keep(said);
    const told = numberField(result.details, 'exitCode');
    this.exit = {
      exitCode: this.controller.signal.aborted ? null : (told ?? (result.ok ? 0 : 1)),
      signal: this.controller.signal.aborted ? 'SIGTERM' : null,
    };
    this.ended.resolve(this.exit);
  }

  kill(): void {
    this.controller.abort();
  }

  output(): Readonly<Record<string, unknown>> {
    return {
      output: this.text,
      truncated: this.hasLost,
      ...(this.exit === undefined ? {} : { exitStatus: this.exit }),
    };
  }

  /** The end of a text is kept, cut at a whole character. */
  private keep(text: string): void {
    const bytes = new TextEncoder().encode(text.slice(-this.limitBytes - 1));
    if (text.length <= this.limitBytes && bytes.length <= this.limitBytes) {
      this.text = text;
      return;
    }
    this.hasLost = true;
    let from = Math.max(0, bytes.length - this.limitBytes);
    while (from < bytes.length && ((bytes[from] ?? 0) & 0xc0) === 0x80) {
      from += 1;
    }
    this.text = new TextDecoder().decode(bytes.subarray(from));
  }
}
