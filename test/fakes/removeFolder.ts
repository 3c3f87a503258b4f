import { rmSync } from 'node:fs';

/**
 * Takes a folder of a test away. A child that was just killed may still be putting something there: then it is tried
 * again, as a failed clean-up would make the file red without a failed test.
 */
export function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
