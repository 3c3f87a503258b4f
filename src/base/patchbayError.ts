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

/** The message of anything that was thrown; never empty. */
export function errorMessage(error: unknown): string {
  if (error instanceof Error) {
    return error.message || error.name;
  }
  return typeof error === 'string' && error !== '' ? error : 'unknown error';
}
