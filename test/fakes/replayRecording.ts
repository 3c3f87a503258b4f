/** Cuts the bytes of one stretch of a child's output into chunks. */
export type Rechunk = (bytes: Uint8Array) => Iterable<Uint8Array>;

export const inOneChunk: Rechunk = (bytes) => [bytes];

export function* byteByByte(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    yield bytes.subarray(at, at + 1);
  }
}
