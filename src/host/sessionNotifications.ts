import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import type { Event } from '../base/emitter';
import type { SignalOfSession } from '../session/sessionManager';
import type { TurnOutcome } from '../session/signals';

export interface SessionNotificationsOptions {
  readonly onDidSignal: Event<SignalOfSession>;
  /** The sessions that wait for an answer or a review now. */
  readonly waiting: () => readonly string[];
  readonly onDidChangeWaiting: readonly Event<unknown>[];
  /** The user sees this session: nothing needs to be told. */
  readonly isSeen: (sessionId: string) => boolean;
  readonly titleOf: (sessionId: string) => string;
  readonly open: (sessionId: string) => Promise<unknown>;
}

const outcomeWords: { readonly [O in TurnOutcome]: string | undefined } = {
  done: 'is done',
  failed: 'has failed',
  // The user stopped it, and knows.
  aborted: undefined,
};

/**
 * Tells of a session that is not seen when its work is over or it waits for the user, with a way to it. Once per turn
 * and per wait.
 */
export class SessionNotifications implements Disposable {
  private readonly store = new DisposableStore();
  private readonly told = new Set<string>();
  private readonly outcomes = new Map<string, TurnOutcome>();

  constructor(private readonly options: SessionNotificationsOptions) {
    this.store.add(options.onDidSignal((event) => this.follow(event)));
    for (const event of options.onDidChangeWaiting) {
      this.store.add(event(() => this.followWaiting()));
    }
  }

  dispose(): void {
    this.store.dispose();
  }

  private follow({ session, signal }: SignalOfSession): void {
    if (signal.kind === 'turn_end') {
      this.outcomes.set(session.id, signal.outcome);
    } else if (signal.kind === 'idle') {
      // Not after each turn of a queue: when nothing runs any more.
      const words = outcomeWords[this.outcomes.get(session.id) ?? 'aborted'];
      this.outcomes.delete(session.id);
      if (words !== undefined && !this.options.isSeen(session.id)) {
        void this.tell(session.id, words);
      }
    }
  }

  private followWaiting(): void {
    const waiting = new Set(this.options.waiting());
    for (const sessionId of this.told) {
      if (!waiting.has(sessionId)) {
        this.told.delete(sessionId);
      }
    }
    for (const sessionId of waiting) {
      if (!this.told.has(sessionId) && !this.options.isSeen(sessionId)) {
        this.told.add(sessionId);
        void this.tell(sessionId, 'waits for you');
      }
    }
  }

  private async tell(sessionId: string, words: string): Promise<void> {
    const title = this.options.titleOf(sessionId);
    const name = title === '' ? 'A session' : `“${title}”`;
    const choice = await vscode.window.showInformationMessage(`${name} ${words}.`, 'Open');
    if (choice === 'Open') {
      await this.options.open(sessionId);
    }
  }
}
