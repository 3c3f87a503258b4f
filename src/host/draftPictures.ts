import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import { SerialQueue } from '../base/serialQueue';
import { changedPictures, isDraftPicture } from '../protocol/draftPicture';
import type { Commands, DraftPicture } from '../protocol/methods';
import type { DraftPictureStore } from './panelSource';

/** Where the pictures outlive the window. Names are made by `DraftPictures` and sort in its order. */
export interface DraftShelf {
  load(): Promise<readonly { readonly name: string; readonly text: string }[]>;
  keep(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
}

interface Shelved {
  readonly name: string;
  readonly picture: DraftPicture;
}

/**
 * The pictures in the composer. They are too large for the editor's own small state: they are held in memory, where a
 * page that comes back finds them, and on the shelf, where the next window does. What cannot be written is kept for
 * this window all the same.
 */
export class DraftPictures implements DraftPictureStore {
  private readonly queue = new SerialQueue<'pictures'>();
  private held: readonly Shelved[] = [];
  private count = 0;

  constructor(
    /** Undefined: no folder is open, and nothing outlives the window. */
    private readonly shelf: DraftShelf | undefined,
    private readonly log: Logger,
  ) {
    if (shelf !== undefined) {
      void this.queue.run('pictures', () => this.load(shelf));
    }
  }

  /** With every change that was asked for before. */
  list(): Promise<readonly DraftPicture[]> {
    return this.queue.run('pictures', () =>
      Promise.resolve(this.held.map(({ picture }) => picture)),
    );
  }

  change(change: Commands['view/draftPictures']): void {
    void this.queue.run('pictures', async () => {
      const before = this.held;
      const after = changedPictures(
        before.map(({ picture }) => picture),
        change,
      );
      this.held = after.map(
        (picture) =>
          before.find((one) => one.picture === picture) ?? { name: this.nextName(), picture },
      );
      const { held } = this;
      await this.write(
        held.filter((one) => !before.includes(one)),
        before.filter((one) => !held.includes(one)),
      );
    });
  }

  private async load(shelf: DraftShelf): Promise<void> {
    try {
      for (const { name, text } of await shelf.load()) {
        const picture = toPicture(text);
        this.count = Math.max(this.count, Number.parseInt(name, 10) || 0);
        const after =
          picture === undefined
            ? []
            : changedPictures(
                this.held.map((one) => one.picture),
                { added: [picture], removed: [] },
              );
        const added = after[this.held.length];
        if (added === undefined) {
          await shelf.remove(name); // damaged, or more than there is room for
        } else {
          this.held = [...this.held, { name, picture: added }];
        }
      }
    } catch (error) {
      this.log.warn(`The pictures of the draft were not read: ${errorMessage(error)}`);
    }
  }

  private async write(added: readonly Shelved[], gone: readonly Shelved[]): Promise<void> {
    try {
      for (const { name } of gone) {
        await this.shelf?.remove(name);
      }
      for (const { name, picture } of added) {
        await this.shelf?.keep(name, JSON.stringify(picture));
      }
    } catch (error) {
      this.log.warn(
        `The pictures of the draft are kept for this window only: ${errorMessage(error)}`,
      );
    }
  }

  private nextName(): string {
    this.count += 1;
    return String(this.count).padStart(9, '0');
  }
}

function toPicture(text: string): DraftPicture | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isDraftPicture(value) ? value : undefined;
  } catch {
    return undefined; // damaged: it costs itself only
  }
}
