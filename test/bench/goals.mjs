// How a bench says what it found: one line per goal, exit status 1 when a ratio or a size falls short. Machines are shared
// and noisy: milliseconds and frames are for a person to read.
const forReading = new Set(['ms', 'frames']);

/**
 * @param {string} title
 * @param {{ what: string, value: number, goal: number, unit?: string, note?: string }[]} goals each is met when the
 *   value is at most the goal
 */
export function report(title, goals) {
  console.log(title);
  for (const { what, value, goal, unit = 'x', note } of goals) {
    const isRead = forReading.has(unit);
    const verdict = value <= goal ? 'pass ' : isRead ? 'read ' : 'SHORT';
    const figures = `${digits(value)} ${unit}, goal <= ${digits(goal)} ${unit}`;
    console.log(`  ${verdict}  ${what}: ${figures}${note ? ` (${note})` : ''}`);
    if (!(value <= goal) && !isRead) process.exitCode = 1;
  }
}

/** A line for a person to read; it decides nothing. */
export const remark = (text) => console.log(`         ${text}`);

const digits = (n) => (Number.isInteger(n) ? String(n) : n.toFixed(n < 1 ? 3 : n < 100 ? 2 : 1));

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const kilobytes = (bytes) => bytes / 1000;

/** Processor time of this process while `work` runs, in milliseconds: what others do on the machine does not count. */
export function cpuMs(work) {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
