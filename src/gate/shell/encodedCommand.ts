/** The text of PowerShell's `-EncodedCommand`: UTF-16LE in base64. Undefined when it is none. */
export function decodeUtf16Base64(text: string): string | undefined {
  const clean = text.replace(/=+$/, '');
  if (clean === '' || /[^A-Za-z0-9+/]/.test(clean)) {
    return undefined;
  }
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  for (const character of clean) {
    bits = ((bits << 6) | alphabet.indexOf(character)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push((bits >> count) & 0xff);
    }
  }
  return new TextDecoder('utf-16le').decode(Uint8Array.from(bytes));
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
