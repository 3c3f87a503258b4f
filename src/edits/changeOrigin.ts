import { assertNever } from '../base/assertNever';

/**
 * Where a change of a file came from. `ours` is exact; the others are claims by time and path, and are shown as such.
 * `during`: it happened while a command, a tool or a child of this call ran.
 */
export type ChangeOrigin =
  | { readonly kind: 'ours'; readonly callId: string }
  | { readonly kind: 'during'; readonly callId: string; readonly what: string }
  | { readonly kind: 'onSave' }
  | { readonly kind: 'elsewhere' };

export function isSameOrigin(a: ChangeOrigin, b: ChangeOrigin): boolean {
  return (
    a.kind === b.kind &&
    (a.kind === 'during' || a.kind === 'ours'
      ? (b.kind === 'during' || b.kind === 'ours') && a.callId === b.callId
      : true)
  );
}

/** `during "npm test"`, `on save`: the claim in words, as every surface shows it. */
export function originWords(origin: ChangeOrigin): string {
  switch (origin.kind) {
    case 'ours':
      return 'approved';
    case 'during':
      return `during "${shorten(origin.what)}"`;
    case 'onSave':
      return 'on save';
    case 'elsewhere':
      return 'by another program';
    default:
      return assertNever(origin);
  }
}

function shorten(words: string): string {
  const line = words.replace(/\s+/g, ' ').trim();
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
