import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import type { PendingStorage } from './contract';

/**
 * Keeps files in step with what is in memory. `touch` says that one may have changed; it is written (or removed, where
 * nothing is left of it) once the write before it is over, as it is then.
 */
export class KeptFiles {
  private readonly touched = new Set<string>();
  private readonly writing = new Map<string, Promise<void>>();
  private loaded: Promise<'ours' | 'taken'> | undefined;
  private hasFailed = false;

  constructor(
    private readonly storage: PendingStorage,
    private readonly contentOf: (name: string) => string | undefined,
    private readonly logger: Logger,
    private readonly onNotice: (text: string) => void,
  ) {}

  /** Never rejects: what cannot be read is reported, and nothing is written over it. */
  async load(): Promise<readonly { readonly name: string; readonly text: string }[]> {
    const loading = this.storage.load().catch((error: unknown) => {
      this.fail(error);
      return undefined;
    });
    this.loaded = loading.then((found) => (found === undefined ? 'taken' : 'ours'));
    const found = await loading;
    if (found === undefined) {
      this.logger.warn('Edits that wait for you are not kept over a reload by this window.');
    }
    return found ?? [];
  }

  /** Resolves when the file is as it should be, or could not be written. Never rejects. */
  touch(name: string): Promise<void> {
    this.touched.add(name);
    const running = this.writing.get(name);
    if (running !== undefined) {
      return running;
    }
    const work = this.write(name).finally(() => this.writing.delete(name));
    this.writing.set(name, work);
    return work;
  }

  async flush(): Promise<void> {
    while (this.writing.size > 0) {
      await Promise.allSettled(this.writing.values());
    }
  }

  private async write(name: string): Promise<void> {
    if ((await this.loaded) !== 'ours') {
      return;
    }
    while (this.touched.delete(name)) {
      const text = this.contentOf(name);
      try {
        await (text === undefined ? this.storage.remove(name) : this.storage.save(name, text));
      } catch (error) {
        this.fail(error);
      }
    }
  }

  private fail(error: unknown): void {
    this.logger.error(`pending edits could not be stored: ${errorMessage(error)}`);
    if (!this.hasFailed) {
      this.hasFailed = true;
      this.onNotice(
        `Edits that wait for you cannot be kept over a reload (${errorMessage(error)}). They stay open in this window.`,
      );
    }
  }
}
