/** Without a tokenizer: about 3.6 characters of code or English prose are one token; an ideograph is about one by itself. */
export const charsPerToken = 3.6;
export const wideCharTokens = 1.1;
/** Role, separators and names around one message or call. */
export const messageFramingTokens = 4;
/** Images cost about the same whatever they show. */
export const imageTokens = 1024;

/** Tokens of a text, rounded up; 0 for ''. */
export function estimateTextTokens(text: string): number {
  let wide = 0;
  for (let at = 0; at < text.length; at++) {
    if (isWide(text.charCodeAt(at))) {
      wide++;
    }
  }
  return Math.ceil((text.length - wide) / charsPerToken + wide * wideCharTokens);
}

/** Chinese, Japanese, Korean and full-width forms. */
function isWide(code: number): boolean {
  return (
    code >= 0x1100 &&
    (code <= 0x11ff ||
      (code >= 0x2e80 && code <= 0x9fff) ||
      (code >= 0xac00 && code <= 0xd7ff) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xff00 && code <= 0xffef))
  );
}

/**
 * Corrects estimates by what the provider counted: after a turn whose input was estimated at E and reported as R, the
 * same conversation is R tokens, and what comes later is scaled by R / E (kept between a third and three).
 */
export class TokenAnchor {
  private reported = 0;
  private estimatedThen = 0;

  /** Reports of nothing, or for an empty estimate, are ignored. */
  noteUsage(reportedInputTokens: number, estimatedInputTokens: number): void {
    if (reportedInputTokens > 0 && estimatedInputTokens > 0) {
      this.reported = reportedInputTokens;
      this.estimatedThen = estimatedInputTokens;
    }
  }

  /** The best number for an input that is estimated at `estimatedTokens`. */
  correct(estimatedTokens: number): number {
    if (this.estimatedThen === 0) {
      return estimatedTokens;
    }
    const ratio = Math.min(3, Math.max(1 / 3, this.reported / this.estimatedThen));
    const grown = estimatedTokens - this.estimatedThen;
    return grown >= 0
      ? Math.ceil(this.reported + grown * ratio)
      : Math.ceil(estimatedTokens * ratio);
  }
}
