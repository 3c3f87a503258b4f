/** The text of some bytes; what is not UTF-8 becomes U+FFFD. Faster where the platform has its own. */
export type DecodeUtf8 = (bytes: Uint8Array, start: number, end: number) => string;

/** One character for each byte: ASCII is itself, every other byte some character that is not ASCII. */
export type DecodeSingleBytes = (bytes: Uint8Array) => string;

export function createDecodeUtf8(): DecodeUtf8 {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return (bytes, start, end) => decoder.decode(bytes.subarray(start, end));
}

/** Its name says Latin-1, but the standard means windows-1252: that too has a character of its own for every byte. */
export function createDecodeSingleBytes(): DecodeSingleBytes {
  const decoder = new TextDecoder('windows-1252');
  return (bytes) => decoder.decode(bytes);
}
