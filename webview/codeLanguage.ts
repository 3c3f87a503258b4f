/** The language of a code element, as its fence named it; empty for none. */
export function languageOfCode(code: Element | null): string {
  return /\blanguage-(\S+)/.exec(code?.className ?? '')?.[1] ?? '';
}
