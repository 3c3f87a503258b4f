import type { Memento } from 'vscode';
import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { isString, type Guard } from '../base/guard';
import type { JsonValue } from '../base/json';
import type { DraftStore } from './panelSource';

/** Small things that outlive the window: never keys, never conversations. What was stored is checked when it is read. */
export class StateStore {
  constructor(private readonly memento: Memento) {}

  get<T>(key: string, guard: Guard<T>): T | undefined {
    const value = this.memento.get<unknown>(key);
    return guard(value) ? value : undefined;
  }

  async set(key: string, value: JsonValue | undefined): Promise<void> {
    await this.memento.update(key, value);
  }
}

const draftKey = 'draft';
/** Writing at every key would cost a message to the main process each time. */
const settleMs = 100;

/** The composer's text. It is read from memory, and written a moment after the last key. */
export class StoredDraft implements DraftStore, Disposable {
  private text: string;
  private timer: Disposable | undefined;

  constructor(
    private readonly state: StateStore,
    private readonly clock: Clock,
  ) {
    this.text = state.get(draftKey, isString) ?? '';
  }

  read(): string {
    return this.text;
  }

  write(text: string): void {
    this.text = text;
    this.timer?.dispose();
    this.timer = this.clock.schedule(settleMs, () => void this.state.set(draftKey, text));
  }

  /** What waits is written now. */
  dispose(): void {
    this.timer?.dispose();
    void this.state.set(draftKey, this.text);
  }
}

/** The id of a session, where all windows of a folder find it. */
export interface ShownStore {
  /** Undefined when there is none. */
  read(): Promise<string | undefined>;
  /** In the order of the calls. */
  write(id: string): Promise<void>;
}

/**
 * The session that the next window of the folder shows: the one that was used last, in whatever window. Not in the
 * editor's own store: each window keeps all that an extension stores there as one value (the last writer takes the
 * others' notes away), and writes it a moment later (a page that is reloaded right after an answer loses it).
 */
export class ShownSession {
  private noted: string | undefined;

  constructor(
    private readonly shared: ShownStore,
    private readonly onProblem: (error: unknown) => void,
  ) {}

  last(): Promise<string | undefined> {
    return this.shared.read();
  }

  note(id: string): void {
    this.noted = id;
    this.shared.write(id).catch(this.onProblem);
  }

  /** Asked at every change: only another session is news. */
  noteChange(id: string): void {
    if (id !== this.noted) {
      this.note(id);
    }
  }
}
