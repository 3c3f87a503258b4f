import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import type { PermissionMode } from '../gate/contract';
import type { ResumeStore } from '../runtime/resumeLink';
import {
  ChatSession,
  type ChatSessionDeps,
  type SessionLog,
  type StoredSession,
} from './chatSession';
import type { SessionChange, SessionSummary } from './contract';

/** A session's file, opened: what it holds, where news go, and where resume links are kept. */
export interface OpenedSession {
  /** Set for a copy of a session that another window has: `stored.id` is the copy's. */
  readonly copyOf?: string;
  /** The session is not shown any more: another window may have it. */
  readonly close?: () => Promise<void>;
  readonly stored: StoredSession;
  readonly log: SessionLog;
  readonly resume: ResumeStore;
}

/** The stored sessions. `create` writes nothing before the first entry. */
export interface SessionStore {
  create(): OpenedSession;
  /** Undefined when there is no such session or nothing of it can be read. */
  open(sessionId: string): Promise<OpenedSession | undefined>;
  /** Newest first, from the metadata and the ends of the files; `isDeep` reads them whole for the counts. */
  list(options?: { readonly isDeep?: boolean }): Promise<readonly SessionSummary[]>;
  /** Rejects with PatchbayError `session_exists` when the new name is taken. */
  rename(sessionId: string, newId: string): Promise<void>;
  remove(sessionId: string): Promise<void>;
  /**
   * A new session with the active branch of another, up to `entryId` or whole; its id. Undefined when there is no such
   * session or entry.
   */
  fork(sessionId: string, entryId?: string): Promise<string | undefined>;
  /** The same up to before a turn. `empty`: there is nothing before it. Undefined: there is no such turn. */
  forkBefore(sessionId: string, turnId: string): Promise<string | undefined>;
}

export interface SessionManagerDeps {
  readonly store: SessionStore;
  readonly session: Omit<ChatSessionDeps, 'log'>;
  readonly defaults: () => { readonly modelId: string; readonly mode: PermissionMode };
  /** A conversation is removed for good: what is kept for it elsewhere goes too. */
  readonly forget?: (sessionId: string) => void;
}

interface OpenEntry {
  readonly session: ChatSession;
  readonly opened: OpenedSession;
  readonly subscription: Disposable;
}

/** The conversations of this window: one is shown; one that runs goes on when another is shown. */
export class SessionManager implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly openSessions = new Map<string, OpenEntry>();
  private readonly didSwitch = this.disposables.add(new Emitter<ChatSession>());
  private readonly didChange = this.disposables.add(new Emitter<SessionChange>());
  private readonly didRemove = this.disposables.add(new Emitter<string>());
  private shown: OpenEntry;

  /** Another conversation is shown now. */
  readonly onDidSwitch = this.didSwitch.event;
  /** A conversation was removed for good. */
  readonly onDidRemove = this.didRemove.event;
  /** A change of the conversation that is shown. */
  readonly onDidChange = this.didChange.event;

  constructor(private readonly deps: SessionManagerDeps) {
    this.shown = this.adopt(deps.store.create());
  }

  get current(): ChatSession {
    return this.shown.session;
  }

  find(sessionId: string): ChatSession | undefined {
    return this.openSessions.get(sessionId)?.session;
  }

  all(): readonly ChatSession[] {
    return [...this.openSessions.values()].map((entry) => entry.session);
  }

  /** Where the broker finds and keeps the resume links of a session. */
  resumeStore(sessionId: string): ResumeStore | undefined {
    return this.openSessions.get(sessionId)?.opened.resume;
  }

  /** Shows a new, empty conversation with the model and mode of the one shown before. */
  create(): ChatSession {
    if (this.shown.session.isEmpty) {
      this.didSwitch.fire(this.shown.session);
      return this.shown.session;
    }
    const { modelId, mode } = this.shown.session;
    this.show(this.adopt(this.deps.store.create()));
    this.shown.session.setModel(modelId);
    this.shown.session.setMode(mode);
    return this.shown.session;
  }

  /** Shows a stored conversation. False when it cannot be read; the one shown stays. */
  async open(sessionId: string): Promise<boolean> {
    const known = this.openSessions.get(sessionId);
    if (known !== undefined) {
      this.show(known);
      return true;
    }
    const opened = await this.deps.store.open(sessionId);
    if (opened === undefined) {
      return false;
    }
    this.show(this.openSessions.get(sessionId) ?? this.adopt(opened));
    return true;
  }

  /**
   * Shows a copy of the shown conversation as it was before a turn; the conversation itself stays in the history. False
   * when there is no such turn.
   */
  async openBefore(turnId: string): Promise<boolean> {
    const { session, opened } = this.shown;
    await opened.log.flush();
    const id = await this.deps.store.forkBefore(session.id, turnId);
    if (id === undefined) {
      return false;
    }
    if (id === 'empty') {
      this.create();
      return true;
    }
    return await this.open(id);
  }

  async list(): Promise<readonly SessionSummary[]> {
    return this.deps.store.list();
  }

  /** Removes a conversation for good; the shown one is replaced by a new one. */
  async remove(sessionId: string): Promise<void> {
    const entry = this.openSessions.get(sessionId);
    if (entry !== undefined) {
      entry.session.stop();
      await entry.session.whenIdle();
      await entry.opened.log.flush();
      await entry.opened.close?.();
      this.release(entry);
      if (entry === this.shown) {
        this.show(this.adopt(this.deps.store.create()));
      }
    }
    this.deps.forget?.(sessionId);
    await this.deps.store.remove(sessionId);
    this.didRemove.fire(sessionId);
  }

  /** Writes what is not yet on disk, for a clean end. */
  async flush(): Promise<void> {
    await Promise.allSettled(
      [...this.openSessions.values()].map(async ({ opened }) => {
        await opened.log.flush();
        await opened.close?.();
      }),
    );
  }

  dispose(): void {
    for (const entry of [...this.openSessions.values()]) {
      this.release(entry);
    }
    this.disposables.dispose();
  }

  private adopt(opened: OpenedSession): OpenEntry {
    const session = new ChatSession(
      { ...this.deps.session, log: opened.log },
      opened.stored,
      this.deps.defaults(),
    );
    const subscription = session.onDidChange((change) => {
      if (this.shown.session === session) {
        this.didChange.fire(change);
      } else if (!session.isBusy) {
        this.forgetIdle(session.id);
      }
    });
    const entry = { session, opened, subscription };
    this.openSessions.set(session.id, entry);
    return entry;
  }

  private show(entry: OpenEntry): void {
    const before = this.shown;
    this.shown = entry;
    this.didSwitch.fire(entry.session);
    if (before !== entry && !before.session.isBusy) {
      this.forgetIdle(before.session.id);
    }
  }

  /** A conversation that is neither shown nor running is read from its file again when it is wanted. */
  private forgetIdle(sessionId: string): void {
    const entry = this.openSessions.get(sessionId);
    if (entry !== undefined && entry !== this.shown) {
      void entry.opened.log.flush().then(() => entry.opened.close?.());
      this.release(entry);
    }
  }

  private release(entry: OpenEntry): void {
    this.openSessions.delete(entry.session.id);
    entry.subscription.dispose();
    entry.session.dispose();
  }
}
