import * as vscode from 'vscode';
import type { Disposable } from '../base/disposable';
import type { Logger } from '../base/logger';

/** The log of the product, in the Output view. Every line is redacted before it leaves. */
export class OutputLog implements Logger, Disposable {
  private readonly channel = vscode.window.createOutputChannel('Patchbay', { log: true });

  /** `redact` is asked for each line, so that keys which are set later are known. */
  constructor(private readonly redact: (text: string) => string) {}

  debug(message: string): void {
    this.channel.debug(this.clean(message));
  }

  info(message: string): void {
    this.channel.info(this.clean(message));
  }

  warn(message: string): void {
    this.channel.warn(this.clean(message));
  }

  error(message: string): void {
    this.channel.error(this.clean(message));
  }

  show(): void {
    this.channel.show(true);
  }

  dispose(): void {
    this.channel.dispose();
  }

  private clean(message: string): string {
    try {
      return this.redact(message);
    } catch {
      // A text that cannot be redacted could hold a key: it is left out whole.
      return '(a line was left out: it could not be redacted)';
    }
  }
}
