/** A fresh id: the prefix says what it names. Random enough to be unguessable by a page or a child. */
export function createId(prefix: string): string {
  return `${prefix}-${globalThis.crypto.randomUUID()}`;
}
