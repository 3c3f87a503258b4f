import type { Clock } from '../base/clock';
import type { Disposable } from '../base/disposable';
import { originWords } from '../edits/changeOrigin';
import type { SeenChange } from '../tools/changeWatch';

export interface UnshownChangesDeps {
  readonly clock: Clock;
  readonly labelFor: (path: string) => string;
  readonly onNotice: (text: string) => void;
}

/** What is found within this time is one notice. */
const noticeDelayMs = 500;
const namedFiles = 3;

/**
 * Changes of protected files that have no hunks: links, and what is no text or was not read. They cannot wait among the
 * others, so each is said at once, with what came of it and where what was there can be had.
 */
export class UnshownChanges implements Disposable {
  private readonly waiting = new Map<string, string>();
  private telling: Disposable | undefined;

  constructor(private readonly deps: UnshownChangesDeps) {}

  readonly note = (change: SeenChange): void => {
    this.waiting.set(change.path, `${this.deps.labelFor(change.path)} (${wordsOf(change)})`);
    this.telling ??= this.deps.clock.schedule(noticeDelayMs, () => this.tell());
  };

  dispose(): void {
    this.telling?.dispose();
  }

  private tell(): void {
    this.telling = undefined;
    const all = [...this.waiting.values()];
    this.waiting.clear();
    const more = all.length > namedFiles ? `, and ${all.length - namedFiles} more` : '';
    this.deps.onNotice(
      `Protected files were changed without a question, and it cannot be shown as lines: ${all.slice(0, namedFiles).join(', ')}${more}. Look at them before you go on; "Restore to Before a Turn" brings back what is kept of them.`,
    );
  }
}

function wordsOf({ origin, existsAfter, linkTarget }: SeenChange): string {
  const now =
    linkTarget === undefined
      ? existsAfter
        ? 'changed'
        : 'deleted'
      : `now a link to ${linkTarget.slice(0, 200)}`;
  return `${now}, ${originWords(origin)}`;
}
