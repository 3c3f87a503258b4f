import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PatchbayError } from '../base/patchbayError';

/**
 * Never through a link; and a pipe in the file's place is an error at once, not a wait for its other end. Windows knows
 * neither; there making links needs a privilege.
 */
const safeFlags = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** To read a state file of our own. */
export const readFlags = constants.O_RDONLY | safeFlags;

/**
 * Opens a state file of our own: created with mode 600 in a folder with mode 700, never through a link that somebody
 * planted, never a device. Rejects with PatchbayError `unsafe_file` when something else is in its place.
 */
export async function openPrivately(path: string, use: 'append' | 'read'): Promise<FileHandle> {
  const flags =
    use === 'append'
      ? constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | safeFlags
      : readFlags;
  if (use === 'append') {
    await createPrivateFolder(dirname(path));
  }
  let file: FileHandle;
  try {
    file = await open(path, flags, 0o600);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw code === 'ELOOP' || code === 'ENXIO'
      ? unsafe(path, use, code === 'ELOOP' ? isLink : isNoFile, error)
      : error;
  }
  const found = await file.stat();
  const why = strangeness(found);
  if (why !== undefined) {
    await file.close();
    throw unsafe(path, use, why);
  }
  if (use === 'append' && process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    await file.chmod(0o600);
  }
  return file;
}

/**
 * Appends whole lines in one write, so that writers in other processes never mix with it. When the file ends in a torn
 * line (a crash, a full disk) a line end comes first: the torn line is lost, this one is not. Gives what was written and
 * where it begins.
 */
export async function appendLines(
  file: FileHandle,
  lines: string,
): Promise<{ readonly start: number; readonly bytes: Uint8Array }> {
  const { size } = await file.stat();
  const isTorn =
    size > 0 && (await file.read(new Uint8Array(1), 0, 1, size - 1)).buffer[0] !== 0x0a;
  const bytes: Uint8Array = Buffer.from(isTorn ? `\n${lines}` : lines, 'utf8');
  let rest = bytes;
  while (rest.length > 0) {
    const { bytesWritten } = await file.write(rest);
    rest = rest.subarray(bytesWritten);
  }
  return { start: size, bytes };
}

/** With mode 700. Rejects with `unsafe_file` when something else is in its place. */
export async function createPrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  if (!found.isDirectory()) {
    throw unsafe(path, 'append', 'it is no folder');
  }
}

const isLink = 'it is a link';
const isNoFile = 'it is no plain file';

/** Why what was found is no state file of our own; undefined when it is one. */
export function strangeness(found: Stats): string | undefined {
  if (found.isSymbolicLink()) {
    return isLink;
  }
  if (!found.isFile()) {
    return found.isDirectory() ? 'it is a folder' : isNoFile;
  }
  // A second name of the same file, or a file of somebody else: planted as well as a link.
  if (process.platform !== 'win32' && found.nlink > 1) {
    return 'it has a second name (a hard link)';
  }
  return process.platform !== 'win32' && found.uid !== process.getuid?.()
    ? 'it belongs to somebody else'
    : undefined;
}

function unsafe(
  path: string,
  use: 'append' | 'read',
  why: string,
  cause?: unknown,
): PatchbayError<'unsafe_file'> {
  return new PatchbayError(
    'unsafe_file',
    use === 'read'
      ? `${path} was not read: ${why}.`
      : `${path} was not written: ${why}. Remove it to go on.`,
    { cause },
  );
}
