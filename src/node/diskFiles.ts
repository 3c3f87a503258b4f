import { constants } from 'node:fs';
import {
  access,
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  stat,
  unlink,
} from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { Emitter } from '../base/emitter';
import { PatchbayError } from '../base/patchbayError';
import type { WorkspaceRoots } from '../gate/contract';
import type {
  DirectoryEntry,
  FileStat,
  PlaceCheck,
  TextFile,
  WorkspaceFiles,
  WriteOutcome,
} from '../tools/contract';
import { unlessNowhere } from './unlessAbsent';

const maxFileBytes = 50 * 1024 * 1024;

/**
 * The workspace's files straight on disk, for a host without an editor. UTF-8 only: other bytes are `not_text`. A byte
 * order mark is no part of the text and is kept by writes; line endings are part of it. A write goes to a temporary file
 * beside the target, which then takes its place in one step, keeping the file's mode; links are followed to the file.
 */
export class DiskFiles implements WorkspaceFiles {
  private readonly didChange = new Emitter<string | undefined>();

  constructor(private readonly workspace: WorkspaceRoots) {}

  readonly onDidChange = this.didChange.event;

  roots(): WorkspaceRoots {
    return this.workspace;
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const found = await unlessNowhere(stat(path));
    if (found === undefined) {
      return undefined;
    }
    return {
      kind: kindOf(found),
      sizeBytes: found.size,
      mtimeMs: found.mtimeMs,
      isReadOnly: !(await isWritable(path, found.mode)),
    };
  }

  async readText(path: string): Promise<TextFile> {
    const { text } = await readDecoded(path);
    return { text, isDirty: false, isOpen: false };
  }

  async writeText(
    path: string,
    text: string,
    expectedText: string | undefined,
    checkPlace?: PlaceCheck,
  ): Promise<WriteOutcome> {
    if (/[\0\p{Surrogate}]/u.test(text)) {
      throw new PatchbayError(
        'not_text',
        `The new text of ${path} has characters that a text file cannot hold; nothing was written.`,
      );
    }
    if (expectedText === undefined) {
      await this.create(path, text, checkPlace);
    } else {
      await this.replace(path, text, expectedText, checkPlace);
    }
    this.didChange.fire(path);
    return { isSaved: true };
  }

  async deleteFile(path: string, expectedText: string, checkPlace?: PlaceCheck): Promise<void> {
    const { text } = await readDecoded(path);
    if (text !== expectedText) {
      throw stale(path, 'has changed meanwhile');
    }
    await checkPlace?.();
    try {
      await unlink(path);
    } catch (error) {
      throw readOnly(path, error);
    }
    this.didChange.fire(path);
  }

  async list(path: string): Promise<readonly DirectoryEntry[]> {
    try {
      const entries = await readdir(path, { withFileTypes: true });
      return entries
        .map((entry) => ({
          name: entry.name,
          kind: entry.isFile()
            ? ('file' as const)
            : entry.isDirectory()
              ? ('directory' as const)
              : ('other' as const),
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      throw systemCode(error) === 'ENOENT'
        ? new PatchbayError('not_found', `${path} does not exist.`, { cause: error })
        : new PatchbayError('not_directory', `${path} could not be listed.`, { cause: error });
    }
  }

  private async create(
    path: string,
    text: string,
    checkPlace: PlaceCheck | undefined,
  ): Promise<void> {
    if ((await unlessNowhere(lstat(path))) !== undefined) {
      throw stale(path, 'exists by now');
    }
    await checkPlace?.();
    try {
      await mkdir(dirname(path), { recursive: true });
      // Exclusive: a file or link that somebody makes in this moment is not followed or overwritten.
      const file = await open(path, 'wx');
      try {
        await file.writeFile(text, 'utf8');
      } finally {
        await file.close();
      }
    } catch (error) {
      throw systemCode(error) === 'EEXIST' ? stale(path, 'exists by now') : readOnly(path, error);
    }
  }

  private async replace(
    path: string,
    text: string,
    expectedText: string,
    checkPlace: PlaceCheck | undefined,
  ): Promise<void> {
    const target = (await unlessNowhere(realpath(path))) ?? path;
    const present = await readDecoded(target).catch((error: unknown) => {
      throw PatchbayError.is(error, 'not_found') ? stale(path, 'is gone') : error;
    });
    if (present.text !== expectedText) {
      throw stale(path, 'has changed meanwhile');
    }
    const { mode } = await stat(target);
    if (!(await isWritable(target, mode))) {
      throw readOnly(path);
    }
    const bytes = Buffer.from((present.hasMark ? byteOrderMark : '') + text, 'utf8');
    // The real file is replaced, whatever becomes of the links that led to it.
    await checkPlace?.();
    await replaceFile(target, bytes, mode, path);
  }
}

interface Decoded {
  readonly text: string;
  readonly hasMark: boolean;
}

const byteOrderMark = '\uFEFF';

async function readDecoded(path: string): Promise<Decoded> {
  const found = await unlessNowhere(stat(path));
  if (found === undefined) {
    throw new PatchbayError('not_found', `${path} does not exist.`);
  }
  if (found.isDirectory()) {
    throw new PatchbayError('is_directory', `${path} is a folder.`);
  }
  if (!found.isFile()) {
    throw new PatchbayError('not_text', `${path} is a device or a pipe, not a text file.`);
  }
  if (found.size > maxFileBytes) {
    throw new PatchbayError(
      'too_large',
      `${path} is larger than 50 MB; files of that size are not read or changed.`,
    );
  }
  const bytes = await readFile(path);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw notText(path, error);
  }
  if (text.includes('\0')) {
    throw notText(path);
  }
  return text.startsWith(byteOrderMark)
    ? { text: text.slice(1), hasMark: true }
    : { text, hasMark: false };
}

async function replaceFile(
  target: string,
  bytes: Uint8Array,
  mode: number,
  shownPath: string,
): Promise<void> {
  const temporary = join(dirname(target), `.${basename(target).slice(0, 80)}.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(temporary, mode & 0o7777);
    await rename(temporary, target);
  } catch (error) {
    await unlink(temporary).catch(() => undefined); // it may never have come into being
    throw readOnly(shownPath, error);
  }
}

/** Asks the mode too: a privileged user could write a file that its owner has made read-only. */
async function isWritable(path: string, mode: number): Promise<boolean> {
  if ((mode & 0o222) === 0) {
    return false;
  }
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}

function kindOf(found: { isFile(): boolean; isDirectory(): boolean }): FileStat['kind'] {
  return found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other';
}

function systemCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function stale(path: string, how: string): PatchbayError {
  return new PatchbayError(
    'stale',
    `${path} ${how}; nothing was written. Read it again and propose the change anew.`,
  );
}

function notText(path: string, cause?: unknown): PatchbayError {
  return new PatchbayError(
    'not_text',
    `${path} is not a UTF-8 text file; only those can be read or changed here.`,
    { cause },
  );
}

function readOnly(path: string, cause?: unknown): PatchbayError {
  return new PatchbayError(
    'read_only',
    `${path} cannot be written; nothing was changed. Check its permissions, then try again.`,
    { cause },
  );
}
