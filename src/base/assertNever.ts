/** Ends a closed union: a new kind is a compile error here. Throws with the value that broke the assumption. */
export function assertNever(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
