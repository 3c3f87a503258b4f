/** Numbers and times as people read them. Pure. */

export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}

/** `4 s`, `1 min 20 s`, `2 h 5 min`. Below a second: `1 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) {
    return `${seconds} s`;
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? joined(`${minutes} min`, seconds % 60, 's')
    : joined(`${Math.floor(minutes / 60)} h`, minutes % 60, 'min');
}

function joined(head: string, rest: number, unit: string): string {
  return rest === 0 ? head : `${head} ${rest} ${unit}`;
}

/** `812`, `12.3k`, `1.2M`. */
export function shortCount(count: number): string {
  if (count < 1000) {
    return String(count);
  }
  return count < 1_000_000 ? `${tenth(count / 1000)}k` : `${tenth(count / 1_000_000)}M`;
}

/** `512 B`, `1.2 KB`, `3 MB`; powers of 1024, as the editor writes sizes. */
export function byteSize(bytes: number): string {
  if (bytes < 1024) {
    return `${bytes} B`;
  }
  return bytes < 1024 * 1024 ? `${tenth(bytes / 1024)} KB` : `${tenth(bytes / (1024 * 1024))} MB`;
}

function tenth(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

/** `just now`, `5 min ago`, `3 h ago`, `yesterday`, `12 days ago`, then the date. */
export function ago(thenMs: number, nowMs: number): string {
  const minutes = Math.floor((nowMs - thenMs) / 60_000);
  if (minutes < 1) {
    return 'just now';
  }
  if (minutes < 60) {
    return `${minutes} min ago`;
  }
  const hours = Math.floor(minutes / 60);
  if (hours < 24) {
    return `${hours} h ago`;
  }
  const days = Math.floor(hours / 24);
  if (days === 1) {
    return 'yesterday';
  }
  return days < 30 ? `${days} days ago` : new Date(thenMs).toISOString().slice(0, 10);
}
