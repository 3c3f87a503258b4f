import type { JsonObject } from './json';

/** Shape guards for the borders; `unknown` becomes a type only here. */
export type Guard<T> = (value: unknown) => value is T;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isString(value: unknown): value is string {
  return typeof value === 'string';
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

export function isArrayOf<T>(guard: Guard<T>): Guard<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(guard);
}

export function isOneOf<const T extends string>(...allowed: readonly T[]): Guard<T> {
  return (value): value is T =>
    typeof value === 'string' && (allowed as readonly string[]).includes(value);
}

export function isOptional<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

/** Every named field passes its guard; other fields are allowed. */
export function isShape<T extends Record<string, unknown>>(fields: {
  readonly [K in keyof T]-?: Guard<T[K]>;
}): Guard<T> {
  const entries: readonly (readonly [string, Guard<unknown>])[] = Object.entries(fields);
  return (value): value is T =>
    isRecord(value) && entries.every(([name, guard]) => guard(value[name]));
}

/** True for values that survive JSON unchanged, down to `maxDepth` levels. */
export function isJsonObject(value: unknown, maxDepth = 64): value is JsonObject {
  return isRecord(value) && Object.values(value).every((item) => isJsonValue(item, maxDepth - 1));
}

function isJsonValue(value: unknown, depth: number): boolean {
  if (
    value === null ||
    value === undefined ||
    isString(value) ||
    isNumber(value) ||
    isBoolean(value)
  ) {
    return true;
  }
  if (depth <= 0) {
    return false;
  }
  return Array.isArray(value)
    ? value.every((item) => isJsonValue(item, depth - 1))
    : isJsonObject(value, depth);
}

export function stringField(value: unknown, name: string): string | undefined {
  const field = isRecord(value) ? value[name] : undefined;
  return isString(field) ? field : undefined;
}

/** An id as programs write them: a string, or a number. 0 and "" are ids. */
export function idField(value: unknown, name: string): string | undefined {
  const field = isRecord(value) ? value[name] : undefined;
  return isNumber(field) ? String(field) : isString(field) ? field : undefined;
}

export function numberField(value: unknown, name: string): number | undefined {
  const field = isRecord(value) ? value[name] : undefined;
  return isNumber(field) ? field : undefined;
}

export function recordField(
  value: unknown,
  name: string,
): Readonly<Record<string, unknown>> | undefined {
  const field = isRecord(value) ? value[name] : undefined;
  return isRecord(field) ? field : undefined;
}

export function arrayField(value: unknown, name: string): readonly unknown[] | undefined {
  const field = isRecord(value) ? value[name] : undefined;
  return Array.isArray(field) ? (field as readonly unknown[]) : undefined;
}
