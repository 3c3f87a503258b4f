import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import { SerialQueue } from '../base/serialQueue';
import type { ImageContent } from '../events/message';
import type { PermissionMode } from '../gate/contract';
import type { ResumeStore } from '../runtime/resumeLink';
import type { PromptPlace } from './branchTree';
import {
  ChatSession,
  type ChatSessionDeps,
  type SessionBranches,
  type SessionLog,
  type StoredSession,
  type SubmitOptions,
  type SubmitOutcome,
} from './chatSession';
import type { SessionChange, SessionSummary } from './contract';
import type { QueuedPrompt } from './promptQueue';
import type { SessionSignal } from './signals';
import type { CallTexts } from './storedTexts';

/** A session's file, opened: what it holds, where news go, and where resume links are kept. */
export interface OpenedSession {
  /** Set for a copy of a session that another window has: `stored.id` is the copy's. */
  readonly copyOf?: string;
  /** The session is not shown any more: another window may have it. */
  readonly close?: () => Promise<void>;
  readonly stored: StoredSession;
  readonly log: SessionLog;
  readonly resume: ResumeStore;
  readonly branches: SessionBranches;
  /** Long inputs and outputs of calls. Absent: all of them stay in memory. */
  readonly texts?: CallTexts;
  /**
   * What the branch that ends at an entry holds (null: before the first). Changes nothing. Undefined when there is no
   * such entry, or not everything could be written.
   */
  readonly readAt: (leaf: string | null) => Promise<StoredSession | undefined>;
}

/** `problem` is a sentence for the user: nothing was changed then. */
export type BranchOutcome =
  { readonly ok: true } | { readonly ok: false; readonly problem: string };

/** A signal of one of the sessions of this window. */
export interface SignalOfSession {
  readonly session: ChatSession;
  readonly signal: SessionSignal;
}

/** The stored sessions. `create` writes nothing before the first entry. */
export interface SessionStore {
  create(): OpenedSession;
  /**
   * Undefined when there is no such session or nothing of it can be read. Rejects with PatchbayError `newer_session`
   * when only a newer version can, or, with `isOwn`, when a newer version wrote in it.
   */
  open(
    sessionId: string,
    options?: {
      /** Only what no other window has; nobody is told of what was damaged, and nothing is waited for. */
      readonly isOwn?: boolean;
    },
  ): Promise<OpenedSession | undefined>;
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
}

export interface SessionManagerDeps {
  readonly store: SessionStore;
  readonly session: Omit<ChatSessionDeps, 'log' | 'branches'>;
  readonly defaults: () => { readonly modelId: string; readonly mode: PermissionMode };
  /** A conversation is removed for good: what is kept for it elsewhere goes too. */
  readonly forget?: (sessionId: string) => void;
}

interface OpenEntry {
  readonly session: ChatSession;
  readonly opened: OpenedSession;
  readonly subscription: Disposable;
  /** It is being read anew for another branch. */
  isBranching: boolean;
}

/** What the user wants to see. A newer one counts, however long the older takes to be read. */
interface Choice {
  /** Undefined for one that has no name yet, and for words that were sent in the one that is shown. */
  readonly sessionId: string | undefined;
}

type Opening = 'shown' | 'overtaken' | 'missing';

/** The conversations of this window: one is shown; one that runs goes on when another is shown. */
export class SessionManager implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly openSessions = new Map<string, OpenEntry>();
  private readonly didSwitch = this.disposables.add(new Emitter<ChatSession>());
  private readonly didChange = this.disposables.add(new Emitter<SessionChange>());
  private readonly didRemove = this.disposables.add(new Emitter<string>());
  private readonly didSignal = this.disposables.add(new Emitter<SignalOfSession>());
  /** Opening and closing of one session wait for each other: a close never ends the claim of a reopening. */
  private readonly fileWork = new SerialQueue<string>();
  private shown: OpenEntry;
  private choice: Choice = { sessionId: undefined };

  /** Another conversation is shown now. */
  readonly onDidSwitch = this.didSwitch.event;
  /** A conversation was removed for good. */
  readonly onDidRemove = this.didRemove.event;
  /** A change of the conversation that is shown. */
  readonly onDidChange = this.didChange.event;
  /** What happens in any of the conversations, shown or not. */
  readonly onDidSignal = this.didSignal.event;

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
    this.choose(undefined);
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

  /** Sends a prompt in the conversation that is shown; one that is still being read is not shown over it. */
  submit(text: string, options?: SubmitOptions): SubmitOutcome {
    this.choose(undefined);
    return this.shown.session.submit(text, options);
  }

  /**
   * Shows a stored conversation, unless the user chooses something else while it is read. False when it cannot be read;
   * the one shown stays.
   */
  async open(sessionId: string): Promise<boolean> {
    return (await this.openFor(this.choose(sessionId), sessionId)) !== 'missing';
  }

  /** The same at the start of a window: whoever began something else meanwhile is not taken away from it. */
  async restore(sessionId: string): Promise<boolean> {
    const { session } = this.shown;
    const opening = this.openFor(this.choose(sessionId), sessionId, () => session.isEmpty);
    return (await opening) === 'shown';
  }

  /**
   * Shows a copy of the shown conversation as it was before a turn; the conversation itself stays in the history. False
   * when there is no such turn.
   */
  async openBefore(turnId: string): Promise<boolean> {
    const at = this.shown.opened.branches.beforeTurn(turnId);
    return at !== undefined && (await this.openCopyTo(at)) !== 'missing';
  }

  async list(): Promise<readonly SessionSummary[]> {
    const summaries = await this.deps.store.list();
    return summaries.map((summary) => {
      const open = this.openSessions.get(summary.id)?.session;
      const title = open?.live().title ?? '';
      return {
        ...summary,
        ...(title === '' ? {} : { title }),
        ...(open === undefined || open.modelId === '' ? {} : { modelId: open.modelId }),
      };
    });
  }

  /** Asks something else in the place of an earlier message; what followed stays on a branch of its own. */
  async resend(itemId: string, text: string): Promise<SubmitOutcome> {
    this.choose(undefined);
    const entry = this.shown;
    const place = entry.session.promptPlace(itemId);
    if (text.trim() === '') {
      return { accepted: false, problem: 'The message is empty.' };
    }
    if (place === undefined) {
      return { accepted: false, problem: cannotBranch };
    }
    const images = imagesOf(entry, place);
    const outcome = await this.branch(entry, place.branchPoint);
    return outcome.ok
      ? (this.openSessions.get(entry.session.id)?.session.submit(text, { images }) ?? {
          accepted: false,
        })
      : { accepted: false, problem: outcome.problem };
  }

  /** Shows what was asked in the place of a message instead. `index` counts from 0. */
  async chooseBranch(itemId: string, index: number): Promise<BranchOutcome> {
    const sibling = this.shown.session.promptPlace(itemId)?.siblings[index];
    return sibling === undefined
      ? { ok: false, problem: cannotBranch }
      : this.branch(this.shown, this.shown.opened.branches.tipOf(sibling));
  }

  /**
   * A conversation goes on from an earlier entry (null: from its start); what came after stays in its file. Refused
   * while a turn of it runs.
   */
  async branchAt(sessionId: string, entryId: string | null): Promise<BranchOutcome> {
    const entry = this.openSessions.get(sessionId);
    return entry === undefined
      ? { ok: false, problem: 'This session is not open.' }
      : this.branch(entry, entryId);
  }

  /** The same from the place where a turn began. */
  async branchBeforeTurn(sessionId: string, turnId: string): Promise<BranchOutcome> {
    const at = this.openSessions.get(sessionId)?.opened.branches.beforeTurn(turnId);
    return at === undefined
      ? { ok: false, problem: 'This turn is not in the session any more.' }
      : this.branchAt(sessionId, at);
  }

  /**
   * Shows a new session with everything before a message of the shown one; what that message said, nothing when the
   * user chose another session meanwhile. Undefined when there is nothing to copy.
   */
  async forkBefore(itemId: string): Promise<Pick<QueuedPrompt, 'text' | 'images'> | undefined> {
    const { session } = this.shown;
    const place = session.promptPlace(itemId);
    const item = session.live().items.find(({ id }) => id === itemId);
    if (place === undefined || item?.kind !== 'user') {
      return undefined;
    }
    const { text } = item;
    const images = imagesOf(this.shown, place);
    const opening = await this.openCopyTo(place.branchPoint);
    if (opening === 'missing') {
      return undefined;
    }
    return opening === 'shown' ? { text, images } : { text: '', images: [] };
  }

  /** Shows a copy of the shown session, with its active branch. False when there is nothing to copy. */
  async forkWhole(): Promise<boolean> {
    const { session, opened } = this.shown;
    if (session.isEmpty) {
      return false;
    }
    const choice = this.choose(undefined);
    await opened.log.flush();
    const forked = await this.deps.store.fork(session.id);
    return forked !== undefined && (await this.openFor(choice, forked)) !== 'missing';
  }

  /** Gives any session another title, also one that is not open. False when it cannot be read. */
  async rename(sessionId: string, title: string): Promise<boolean> {
    const known = this.openSessions.get(sessionId);
    if (known !== undefined) {
      known.session.rename(title);
      return true;
    }
    return this.fileWork.run(sessionId, async () => {
      const shown = this.openSessions.get(sessionId);
      if (shown !== undefined) {
        shown.session.rename(title);
        return true;
      }
      const opened = await this.deps.store.open(sessionId, { isOwn: true });
      if (opened === undefined) {
        return false;
      }
      opened.log.titled(title);
      await opened.log.flush();
      await opened.close?.();
      return true;
    });
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
    await this.deps.store.remove(sessionId);
    // Behind it: a session that could not be removed keeps what belongs to it.
    this.deps.forget?.(sessionId);
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
      {
        ...this.deps.session,
        log: opened.log,
        branches: opened.branches,
        ...(opened.texts === undefined ? {} : { texts: opened.texts }),
      },
      opened.stored,
      this.deps.defaults(),
    );
    const subscription = new DisposableStore();
    subscription.add(
      session.onDidChange((change) => {
        if (this.shown.session === session) {
          this.didChange.fire(change);
        }
      }),
    );
    subscription.add(
      session.onDidSignal((signal) => {
        this.didSignal.fire({ session, signal });
        if (signal.kind === 'idle' && this.isIdle(entry)) {
          this.forget(entry);
        }
      }),
    );
    const entry: OpenEntry = { session, opened, subscription, isBranching: false };
    this.openSessions.set(session.id, entry);
    return entry;
  }

  /** Shows a copy of the shown session up to an entry; where nothing was said before, a new one. */
  private async openCopyTo(entryId: string | null): Promise<Opening> {
    const { session, opened } = this.shown;
    if (entryId === null || opened.branches.prompts()[0]?.branchPoint === entryId) {
      this.create();
      return 'shown';
    }
    const choice = this.choose(undefined);
    await opened.log.flush();
    const forked = await this.deps.store.fork(session.id, entryId);
    return forked === undefined ? 'missing' : this.openFor(choice, forked);
  }

  private choose(sessionId: string | undefined): Choice {
    this.choice = { sessionId };
    return this.choice;
  }

  private async openFor(
    choice: Choice,
    sessionId: string,
    isStillWanted = (): boolean => true,
  ): Promise<Opening> {
    const isOvertaken = (): boolean =>
      this.choice === choice ? !isStillWanted() : this.choice.sessionId !== sessionId;
    const showKnown = (): Opening | undefined => {
      const known = this.openSessions.get(sessionId);
      if (isOvertaken()) {
        return 'overtaken';
      }
      if (known !== undefined) {
        this.show(known);
      }
      return known && 'shown';
    };
    return (
      showKnown() ??
      this.fileWork.run(sessionId, async () => {
        const early = showKnown();
        if (early !== undefined) {
          return early;
        }
        const opened = await this.deps.store.open(sessionId);
        if (opened === undefined) {
          return 'missing';
        }
        if (isOvertaken()) {
          await opened.close?.();
          return 'overtaken';
        }
        this.show(this.adopt(opened));
        return 'shown';
      })
    );
  }

  /** The conversation is read anew from its file, so that a branch is always what a reload would show. */
  private async branch(entry: OpenEntry, to: string | null): Promise<BranchOutcome> {
    const { session, opened } = entry;
    if (session.isBusy || entry.isBranching) {
      return { ok: false, problem: 'A turn is running. Stop it first, then try again.' };
    }
    const { branches } = opened;
    const before = branches.leafId;
    entry.isBranching = true;
    let stored: StoredSession | undefined;
    try {
      stored = await opened.readAt(to);
    } finally {
      entry.isBranching = false;
    }
    // From here on without a wait: nothing is sent, and nothing closed, between the look and the step.
    const isOpen = this.openSessions.get(session.id) === entry;
    if (stored === undefined || !isOpen) {
      return {
        ok: false,
        problem: 'The session could not be read back from its file. The conversation is as it was.',
      };
    }
    if (isBusy(session) || branches.leafId !== before) {
      return {
        ok: false,
        problem: 'The conversation went on while its file was read, and stays as it is. Try again.',
      };
    }
    if (!branches.branchFrom(to)) {
      return { ok: false, problem: cannotBranch };
    }
    const { queued } = session;
    const next = this.replace(entry, { ...stored, queued });
    if (queued.length + (stored.queued?.length ?? 0) > 0) {
      opened.log.queueChanged?.(queued);
    }
    next.session.setModel(session.modelId);
    next.session.setMode(session.mode);
    return { ok: true };
  }

  private replace(entry: OpenEntry, stored: StoredSession): OpenEntry {
    this.release(entry);
    const next = this.adopt({ ...entry.opened, stored });
    if (this.shown === entry) {
      this.shown = next;
      this.didSwitch.fire(next.session);
    }
    return next;
  }

  private show(entry: OpenEntry): void {
    const before = this.shown;
    this.shown = entry;
    this.didSwitch.fire(entry.session);
    if (before !== entry) {
      // All of them: one that could not be written when it was left may be by now.
      [...this.openSessions.values()].filter((open) => this.isIdle(open)).forEach(this.forget);
    }
  }

  /**
   * A conversation that is neither shown nor running is read from its file again when it is wanted. One that could not
   * be written is only here, and stays.
   */
  private readonly forget = (entry: OpenEntry): void => {
    const { session, opened } = entry;
    this.fileWork
      .run(session.id, async () => {
        await opened.log.flush();
        if (this.isIdle(entry) && opened.log.problem === undefined) {
          this.release(entry);
          await opened.close?.();
        }
      })
      .catch(() => {
        // The session could not be given back: its claim ends with this window.
      });
  };

  private isIdle(entry: OpenEntry): boolean {
    const { session } = entry;
    return this.openSessions.get(session.id) === entry && entry !== this.shown && !session.isBusy;
  }

  private release(entry: OpenEntry): void {
    this.openSessions.delete(entry.session.id);
    entry.subscription.dispose();
    entry.session.dispose();
  }
}

/** The pictures that went with a message of the user. */
function imagesOf({ session, opened }: OpenEntry, place: PromptPlace): readonly ImageContent[] {
  const at = opened.branches.prompts().findIndex(({ entryId }) => entryId === place.entryId);
  const said = session.conversation.filter(
    (message) => message.role === 'user' && message.compaction === undefined,
  );
  const message = said[at];
  return message?.role === 'user' ? (message.images ?? []) : [];
}

/** Asked anew after every wait: the compiler believes that an earlier answer still holds. */
function isBusy(session: ChatSession): boolean {
  return session.isBusy;
}

const cannotBranch = 'This message is not in the session any more. Nothing was changed.';
