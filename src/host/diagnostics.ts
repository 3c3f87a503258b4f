import * as vscode from 'vscode';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import type { Diagnostics, FileProblem } from '../tools/contract';
import { toWorkspaceUri } from './workspaceUri';

/** Services report in several steps (syntax, then types): this long without another report counts as settled. */
const quietMs = 300;

/** The problems of the language services. */
export class EditorDiagnostics implements Diagnostics {
  constructor(private readonly clock: Clock) {}

  snapshot(path: string): readonly FileProblem[] {
    return vscode.languages.getDiagnostics(toWorkspaceUri(path)).map(toProblem);
  }

  async settled(
    path: string,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<readonly FileProblem[]> {
    await this.quiet(toWorkspaceUri(path).toString(), timeoutMs, signal);
    return this.snapshot(path);
  }

  private quiet(uri: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      let quiet: Disposable | undefined;
      const finish = (): void => {
        listener.dispose();
        timeout.dispose();
        quiet?.dispose();
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const listener = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
        if (uris.some((changed) => changed.toString() === uri)) {
          quiet?.dispose();
          quiet = this.clock.schedule(quietMs, finish);
        }
      });
      const timeout = this.clock.schedule(timeoutMs, finish);
      signal.addEventListener('abort', finish, { once: true });
    });
  }
}

function toProblem(diagnostic: vscode.Diagnostic): FileProblem {
  return {
    severity: severityOf(diagnostic.severity),
    message: diagnostic.message,
    lineOneBased: diagnostic.range.start.line + 1,
    ...(diagnostic.source === undefined ? {} : { source: diagnostic.source }),
  };
}

function severityOf(severity: vscode.DiagnosticSeverity): FileProblem['severity'] {
  switch (severity) {
    case vscode.DiagnosticSeverity.Error:
      return 'error';
    case vscode.DiagnosticSeverity.Warning:
      return 'warning';
    case vscode.DiagnosticSeverity.Information:
    case vscode.DiagnosticSeverity.Hint:
      return 'info';
  }
}
