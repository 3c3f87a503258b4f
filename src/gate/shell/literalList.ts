import type { LiteralReading } from './literalBash';

/**
 * The only text of PowerShell and cmd that may run without a question: one command, its words made of characters that
 * mean themselves in every shell. No quotes: what they mean differs between these shells and the programs they start.
 */
export function readLiteralList(text: string): LiteralReading {
  if (/[\n\r]/.test(text.trim())) {
    return { kind: 'obstacle', obstacle: 'has more than one line' };
  }
  const words = text.split(/[ \n]+/).filter((word) => word !== '');
  if (words.length === 0) {
    return { kind: 'obstacle', obstacle: 'does not parse' };
  }
  const odd = words.find((word) => !isPlainWord(word));
  return odd === undefined
    ? { kind: 'plain', commands: [words] }
    : { kind: 'obstacle', obstacle: 'is not a plain list of words' };
}

function isPlainWord(word: string): boolean {
  // A backslash is a separator between names; at the beginning, or in an option, another shell takes it for an escape.
  const rest = word.replace(/^[A-Za-z]:(?=[\\/])/, '');
  if (/(?:^|[\\/])(?:con|prn|aux|nul|conin\$|conout\$|com\d|lpt\d)(?:\.|$)/i.test(rest)) {
    return false;
  }
  return /^[A-Za-z0-9_./\\=+-]+$/.test(rest) && !/^\\|^[-=].*\\|^=/.test(rest);
}
