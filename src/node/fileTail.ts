import { openPrivately } from './privateFile';

/** The last bytes of a text file, from the beginning of a line; '' when there is no file yet. */
export async function readFileTail(
  path: string,
  maxBytes: number,
): Promise<{ readonly text: string; readonly isCut: boolean }> {
  let file;
  try {
    file = await openPrivately(path, 'read');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return { text: '', isCut: false };
    }
    throw error;
  }
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - maxBytes);
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(size - start),
      0,
      size - start,
      start,
    );
    const text = buffer.toString('utf8', 0, bytesRead);
    return start === 0
      ? { text, isCut: false }
      : { text: text.slice(text.indexOf('\n') + 1), isCut: true };
  } finally {
    await file.close();
  }
}
