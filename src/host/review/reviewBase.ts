import type { Clock } from '../../base/clock';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { Logger } from '../../base/logger';
import { errorMessage, PatchbayError } from '../../base/patchbayError';
import type { PendingEditsApi } from '../../session/contract';
import type { WorkspaceFiles } from '../../tools/contract';

/** A formatter, a watcher and a save make several events of one change. */
const settleMs = 200;

/** Keeps the base of every waiting edit what the file really is: a change while it waits is merged or asked again. */
export class ReviewBase implements Disposable {
  private readonly store = new DisposableStore();
  private readonly timers = new Map<string, Disposable>();

  constructor(
    private readonly edits: PendingEditsApi,
    private readonly files: WorkspaceFiles,
    private readonly clock: Clock,
    private readonly log: Logger,
    /** Takes over what the user is typing in a proposal; a merge must have it. */
    private readonly flushTyping: () => void,
  ) {
    this.store.add(files.onDidChange((path) => this.changed(path)));
  }

  dispose(): void {
    this.store.dispose();
    for (const timer of this.timers.values()) {
      timer.dispose();
    }
    this.timers.clear();
  }

  private changed(path: string | undefined): void {
    for (const edit of this.edits.list()) {
      if (edit.state === 'open' && (path === undefined || edit.path === path)) {
        this.timers.get(edit.id)?.dispose();
        this.timers.set(
          edit.id,
          this.clock.schedule(settleMs, () => {
            this.timers.delete(edit.id);
            void this.compare(edit.id);
          }),
        );
      }
    }
  }

  private async compare(editId: string): Promise<void> {
    const before = this.edits.get(editId);
    if (before?.state !== 'open') {
      return;
    }
    let text: string;
    try {
      text = (await this.files.readText(before.path)).text;
    } catch (error) {
      if (!PatchbayError.is(error, 'not_found')) {
        // The write checks again and refuses with the reason; nothing is lost by waiting for it.
        this.log.warn(`${before.label} changed, but could not be read: ${errorMessage(error)}`);
        return;
      }
      text = '';
    }
    this.flushTyping();
    const now = this.edits.get(editId);
    if (now?.state === 'open' && now.baseText === before.baseText && now.baseText !== text) {
      this.edits.updateBase(editId, text);
    }
  }
}
