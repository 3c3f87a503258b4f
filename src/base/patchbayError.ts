/**
 * An operational error between rooms. `code` is a literal that callers match with `PatchbayError.is`; the message is
 * for people. Recognised by a brand and not by `instanceof`, because lazily loaded chunks carry their own copy of the class.
 */
export class PatchbayError<Code extends string = string> extends Error {
  readonly isPatchbayError = true;

  constructor(
    readonly code: Code,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
    this.name = 'PatchbayError';
  }

  static is<C extends string>(error: unknown, code?: C): error is PatchbayError<C> {
    return (
      error instanceof Error &&
      'isPatchbayError' in error &&
      'code' in error &&
      (code === undefined || error.code === code)
    );
  }
}

/** The message of anything that was thrown; never empty. What is thrown elsewhere may have anything in its fields. */
export function errorMessage(error: unknown): string {
  const said: readonly unknown[] = error instanceof Error ? [error.message, error.name] : [error];
  for (const words of said) {
    if (typeof words === 'string' && words !== '') {
      return words;
    }
  }
  return 'unknown error';
}
