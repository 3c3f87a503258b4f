/** Undefined when the file is not there; other errors pass through. */
export function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  return unless(['ENOENT'], work);
}

/** The same, also where something on the way to the file is no folder. */
export function unlessNowhere<T>(work: Promise<T>): Promise<T | undefined> {
  return unless(['ENOENT', 'ENOTDIR'], work);
}

async function unless<T>(codes: readonly unknown[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && codes.includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}
