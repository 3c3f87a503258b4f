import { rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutputShelf } from '../tools/outputStore';
import { namesIn, readPrivately, writePrivately } from './checkpointFiles';
import { SerialQueue } from '../base/serialQueue';
import { isSessionId } from './sessionFiles';

const extension = '.txt';

export interface OutputFilesOptions {
  readonly folder: string;
  /** Takes secrets out before anything is written. */
  readonly redact: (text: string) => string;
  /** Of one session; the oldest outputs go first. Default 64 MiB. */
  readonly maxBytes?: number;
}

/** One private file for each output, in a folder for each session: what was left out of a result that was too long. */
export class OutputFiles implements OutputShelf {
  private readonly queue = new SerialQueue<string>();

  constructor(private readonly options: OutputFilesOptions) {}

  keep(sessionId: string, id: string, text: string): Promise<void> {
    return this.queue.run(sessionId, async () => {
      const folder = this.folderOf(sessionId);
      if (folder === undefined || !isSessionId(id)) {
        return;
      }
      const bytes = Buffer.from(this.options.redact(text), 'utf8');
      await writePrivately(folder, `${id}${extension}`, bytes);
      await this.makeRoom(folder, `${id}${extension}`);
    });
  }

  find(sessionId: string, id: string): Promise<string | undefined> {
    return this.queue.run(sessionId, async () => {
      const folder = this.folderOf(sessionId);
      const bytes =
        folder === undefined || !isSessionId(id)
          ? undefined
          : await readPrivately(join(folder, `${id}${extension}`));
      return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
    });
  }

  remove(sessionId: string): Promise<void> {
    return this.queue.run(sessionId, async () => {
      const folder = this.folderOf(sessionId);
      if (folder !== undefined) {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }

  private folderOf(sessionId: string): string | undefined {
    return isSessionId(sessionId) ? join(this.options.folder, sessionId) : undefined;
  }

  private async makeRoom(folder: string, newest: string): Promise<void> {
    const { maxBytes = 64 * 1024 * 1024 } = this.options;
    const files = await Promise.all(
      (await namesIn(folder)).map(async (name) => {
        const { size, mtimeMs } = await stat(join(folder, name));
        return { name, size, mtimeMs };
      }),
    );
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { name, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
      if (total <= maxBytes) {
        return;
      }
      if (name !== newest) {
        await unlink(join(folder, name));
        total -= size;
      }
    }
  }
}
