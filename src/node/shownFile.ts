import { join } from 'node:path';
import { SerialQueue } from '../base/serialQueue';
import { readPrivately, writePrivately } from './checkpointFiles';
import { isSessionId } from './sessionFiles';

const fileName = 'shown';
const maxFileBytes = 1000;

/** The id of the session that is shown next, in a file with mode 600 that is replaced whole. */
export class ShownFile {
  private readonly queue = new SerialQueue<string>();

  /** @param folder absolute; the windows of a workspace have it in common */
  constructor(private readonly folder: string) {}

  /** Undefined when there is none, or what stands there is no id. Rejects where the file cannot be read. */
  async read(): Promise<string | undefined> {
    const bytes = await readPrivately(join(this.folder, fileName), maxFileBytes);
    const id = bytes === undefined ? '' : new TextDecoder().decode(bytes);
    return isSessionId(id) ? id : undefined;
  }

  write(id: string): Promise<void> {
    const bytes = new TextEncoder().encode(id);
    return this.queue.run(fileName, () => writePrivately(this.folder, fileName, bytes));
  }
}
