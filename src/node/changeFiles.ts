import { createHash } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredTexts } from '../session/storedChanges';
import { namesIn, readPrivately, removeLeftovers, writePrivately } from './checkpointFiles';
import { unlessAbsent } from './unlessAbsent';

/** One private file for each key, named by the key's digest. The folder is made with the first of them. */
export class ChangeFiles implements StoredTexts {
  constructor(private readonly folder: string) {}

  async load(): Promise<readonly string[]> {
    await removeLeftovers(this.folder);
    const texts = await Promise.all(
      (await namesIn(this.folder)).map((name) => readPrivately(join(this.folder, name))),
    );
    return texts.flatMap((bytes) => (bytes === undefined ? [] : [new TextDecoder().decode(bytes)]));
  }

  async save(key: string, text: string): Promise<void> {
    await writePrivately(this.folder, nameOf(key), Buffer.from(text, 'utf8'));
  }

  async remove(key: string): Promise<void> {
    await unlessAbsent(unlink(join(this.folder, nameOf(key))));
  }
}

function nameOf(key: string): string {
  return `${createHash('sha256').update(key).digest('hex')}.json`;
}
