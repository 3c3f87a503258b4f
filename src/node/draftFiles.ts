import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn, readPrivately, removeLeftovers, writePrivately } from './checkpointFiles';
import { isSessionId } from './sessionFiles';
import { unlessAbsent } from './unlessAbsent';

const extension = '.json';
/** More than the largest picture of a prompt takes: such a file is none of ours. */
const maxFileBytes = 8 * 1024 * 1024;
const maxFiles = 100;

/** What goes with a prompt that is not sent yet, in one folder: a file with mode 600 for each. */
export class DraftFiles {
  constructor(private readonly folder: string) {}

  /** In the order of their names; one that cannot be read, or is no plain file, costs itself only. */
  async load(): Promise<readonly { readonly name: string; readonly text: string }[]> {
    await removeLeftovers(this.folder);
    const found: { readonly name: string; readonly text: string }[] = [];
    for (const file of [...(await namesIn(this.folder))].sort().slice(0, maxFiles)) {
      const name = file.endsWith(extension) ? file.slice(0, -extension.length) : '';
      const bytes = isSessionId(name)
        ? await readPrivately(join(this.folder, file), maxFileBytes).catch(() => undefined)
        : undefined;
      if (bytes !== undefined) {
        found.push({ name, text: new TextDecoder().decode(bytes) });
      }
    }
    return found;
  }

  async keep(name: string, text: string): Promise<void> {
    await writePrivately(this.folder, fileName(name), new TextEncoder().encode(text));
  }

  /** Without harm when it is not there. */
  async remove(name: string): Promise<void> {
    await unlessAbsent(unlink(join(this.folder, fileName(name))));
  }
}

function fileName(name: string): string {
  if (!isSessionId(name)) {
    throw new Error(`"${name.slice(0, 80)}" is no name of a file`);
  }
  return `${name}${extension}`;
}
