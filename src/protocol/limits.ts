import { isRecord, type Guard } from '../base/guard';

/** Size limits of what crosses between host and view, in UTF-16 units of a string or entries of a list. */
export const protocolLimits = {
  /** A prompt, a draft, text to copy or insert. */
  text: 4 * 1024 * 1024,
  /** One tool card's detail: 1 MiB of UTF-8 is at most as many units. */
  detail: 1024 * 1024 + 1024,
  /** Words of the user beside a decision. */
  reason: 16 * 1024,
  path: 32 * 1024,
  url: 8 * 1024,
  key: 16 * 1024,
  /** Titles, names, labels. */
  name: 1024,
  id: 512,
  models: 2000,
  /** Items of the conversation that are asked for at once. */
  pageItems: 500,
  hunkIds: 20_000,
  answers: 64,
  /** Pictures with one prompt, and the letters of one: 5 MiB of picture are 4/3 of that in base64. */
  images: 10,
  imageLetters: 7 * 1024 * 1024,
  query: 500,
} as const;

export function isText(maxLength: number): Guard<string> {
  return (value): value is string => typeof value === 'string' && value.length <= maxLength;
}

export function isFilled(maxLength: number): Guard<string> {
  return (value): value is string =>
    typeof value === 'string' && value.length > 0 && value.length <= maxLength;
}

export function isListOf<T>(guard: Guard<T>, maxCount: number): Guard<readonly T[]> {
  return (value): value is readonly T[] =>
    Array.isArray(value) && value.length <= maxCount && value.every(guard);
}

/** A whole number from 0 that a JavaScript number holds exactly. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/**
 * As `isShape` of `base/guard`, made for the thousands of items of a snapshot: it runs before the code is warm, where
 * every helper object and iterator is felt.
 */
export function isFields<T extends Record<string, unknown>>(fields: {
  readonly [K in keyof T]-?: Guard<T[K]>;
}): Guard<T> {
  const names: readonly string[] = Object.keys(fields);
  const guards: readonly Guard<unknown>[] = Object.values(fields);
  return (value): value is T => {
    if (!isRecord(value)) {
      return false;
    }
    for (let index = 0; index < names.length; index++) {
      if (guards[index]?.(value[names[index] ?? '']) !== true) {
        return false;
      }
    }
    return true;
  };
}
