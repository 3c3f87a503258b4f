import type { CancellationToken } from 'vscode';
import type { Disposable } from '../base/disposable';

/**
 * The one place where VS Code's cancellation becomes an `AbortSignal`. Dispose it when the work is over: a token of a
 * long-lived source would keep the listener otherwise.
 */
export function toAbortSignal(
  token: CancellationToken,
): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  if (token.isCancellationRequested) {
    controller.abort();
  }
  const listener = token.onCancellationRequested(() => controller.abort());
  return { signal: controller.signal, dispose: () => void listener.dispose() };
}
