import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

/** Waits until a value is what it should be; says what it was when it never is. */
export async function becomes(read, wanted, what, ms = 30_000) {
  const endMs = Date.now() + ms;
  for (;;) {
    const value = await read();
    if (value === wanted) return;
    if (Date.now() > endMs) assert.equal(value, wanted, what);
    await pause(50);
  }
}
