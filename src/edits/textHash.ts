/**
 * A short name for texts: 53 bits in base 36, equal for equal texts on every machine. For telling texts apart, never
 * for proving anything: it is no cryptographic hash.
 */
export function hashTexts(...texts: readonly string[]): string {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  const mix = (code: number): void => {
    low = Math.imul(low ^ code, 2654435761);
    high = Math.imul(high ^ code, 1597334677);
  };
  for (const text of texts) {
    for (let at = 0; at < text.length; at++) {
      mix(text.charCodeAt(at));
    }
    // The length keeps ('ab', 'c') and ('a', 'bc') apart.
    mix(text.length + 0x10000);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return (4294967296 * (2097151 & high) + (low >>> 0)).toString(36);
}
