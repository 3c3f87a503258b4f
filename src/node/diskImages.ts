import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  open,
  readFile,
  realpath,
  rename,
  rmdir,
  unlink,
} from 'node:fs/promises';
import { basename, dirname, join, relative, sep, isAbsolute } from 'node:path';
import type { ImageFiles } from '../session/checkpoints';
import type { DiskImages, FileImage } from '../tools/changeWatch';
import { unlessNowhere } from './unlessAbsent';

export interface DiskImagesOptions {
  /** The workspace's folders now, and those of their repositories; nothing outside of them is ever written. */
  readonly folders: () => readonly string[] | Promise<readonly string[]>;
  /** False for a path of another file system, which has no image here. Absent: everything is on the disk. */
  readonly isOnDisk?: (path: string) => boolean;
  /** A larger file is not kept. Default 8 MiB. */
  readonly maxBytes?: number;
}

const defaultMaxBytes = 8 * 1024 * 1024;

/** Files of the workspace byte for byte, whatever the editor thinks of them. */
export class WorkspaceImages implements DiskImages, ImageFiles {
  constructor(private readonly options: DiskImagesOptions) {}

  async stat(path: string): ReturnType<DiskImages['stat']> {
    if (this.options.isOnDisk?.(path) === false) {
      return undefined;
    }
    const found = await unlessNowhere(lstat(path));
    return found?.isFile() === true
      ? { mtimeMs: found.mtimeMs, sizeBytes: found.size, mode: found.mode & 0o7777 }
      : undefined;
  }

  async readBytes(path: string): Promise<Uint8Array> {
    return await readFile(path);
  }

  /** Never rejects: what cannot be read is `unknown`. */
  async read(path: string): Promise<FileImage> {
    if (this.options.isOnDisk?.(path) === false) {
      return { kind: 'unknown', why: 'it is not on a disk of this machine' };
    }
    try {
      const real = (await unlessNowhere(realpath(path))) ?? path;
      const found = await unlessNowhere(lstat(real));
      if (found === undefined) {
        return { kind: 'absent' };
      }
      if (!found.isFile()) {
        return { kind: 'unknown', why: 'it is no plain file' };
      }
      if (found.size > (this.options.maxBytes ?? defaultMaxBytes)) {
        return { kind: 'unknown', why: 'it is too large to be kept' };
      }
      return { kind: 'file', bytes: await readFile(real), mode: found.mode & 0o7777 };
    } catch {
      return { kind: 'unknown', why: 'it could not be read' };
    }
  }

  async digest(path: string): Promise<string> {
    const image = await this.read(path);
    switch (image.kind) {
      case 'absent':
      case 'unknown':
        return image.kind;
      case 'file':
        return digestOf(image.bytes);
    }
  }

  async write(
    path: string,
    image: Exclude<FileImage, { readonly kind: 'unknown' }>,
  ): Promise<void> {
    const { folder, target } = await this.place(path);
    if (image.kind === 'absent') {
      await unlessNowhere(unlink(target));
      await removeEmptyAbove(target, folder);
      return;
    }
    await mkdir(dirname(target), { recursive: true });
    const temporary = join(
      dirname(target),
      `.${basename(target).slice(0, 80)}.${randomUUID()}.tmp`,
    );
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(image.bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await chmod(temporary, image.mode & 0o777);
      // Again at the last moment: the folders may have been changed since.
      await this.checkPlace(path);
      await rename(temporary, target);
    } catch (error) {
      await unlink(temporary).catch(() => undefined); // it may never have come into being
      throw error;
    }
  }

  /** Gives a file other permissions, made of those that it has; never those of what a link leads to. */
  async changeMode(path: string, toMode: (now: number) => number): Promise<void> {
    const { target } = await this.place(path);
    const file = await open(target, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      await file.chmod(toMode((await file.stat()).mode & 0o7777));
    } finally {
      await file.close();
    }
  }

  /**
   * Rejects with a sentence unless the path leads to itself: below its workspace folder no link may stand in it. What was
   * kept or noted of a file belongs to that file, and not to one that a link was laid to since.
   */
  async checkPlace(path: string): Promise<void> {
    if (this.options.isOnDisk?.(path) !== false) {
      await this.place(path);
    }
  }

  /** The real place of a path, by the nearest folder above it that exists. */
  private async place(path: string): Promise<{ readonly folder: string; readonly target: string }> {
    const isLink = (await unlessNowhere(lstat(path)))?.isSymbolicLink() === true;
    let above = path;
    let below = '';
    let real: string | undefined;
    while (real === undefined) {
      real = await unlessNowhere(realpath(above));
      if (real === undefined) {
        below = join(basename(above), below);
        if (dirname(above) === above) {
          break;
        }
        above = dirname(above);
      }
    }
    const target = below === '' ? (real ?? path) : join(real ?? above, below);
    for (const given of await this.options.folders()) {
      const folder = (await unlessNowhere(realpath(given))) ?? given;
      const inside = insideOf(given, path) ?? insideOf(folder, path);
      if (inside === undefined) {
        continue;
      }
      if (isLink || join(folder, inside) !== target) {
        throw new Error(`a link leads from there to ${target}; nothing was written`);
      }
      return { folder, target };
    }
    throw new Error('it leads out of the workspace; nothing was written');
  }
}

/** The path relative to a folder, when it is below it. */
function insideOf(folder: string, path: string): string | undefined {
  const inside = relative(folder, path);
  const isBelow =
    inside !== '' && inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside);
  return isBelow ? inside : undefined;
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function removeEmptyAbove(path: string, folder: string): Promise<void> {
  for (let above = dirname(path); above !== folder; above = dirname(above)) {
    try {
      await rmdir(above);
    } catch {
      return; // not empty, or not ours to remove: it stays
    }
  }
}
