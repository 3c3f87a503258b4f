// A lock between processes: a file with the holder's process id. A holder that died is not waited for.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * @template T
 * @param {string} file
 * @param {{ report?: (line: string) => void, what: string }} options
 * @param {() => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function withLock(file, { report, what }, body) {
  let told = false;
  while (!take(file)) {
    const holder = holderOf(file);
    if (holder !== undefined && !isAlive(holder)) {
      removeStale(file, holder);
      continue;
    }
    if (!told) report?.(`waiting for ${what} by process ${holder ?? '?'}`);
    told = true;
    await pause(300);
  }
  const release = () => {
    if (holderOf(file) === process.pid) rmSync(file, { force: true });
  };
  process.once('exit', release);
  try {
    return await body();
  } finally {
    process.off('exit', release);
    release();
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function holderOf(file) {
  try {
    return Number(readFileSync(file, 'utf8')) || undefined;
  } catch {
    return undefined; // released meanwhile
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Takes a dead holder's file away; puts it back when it turns out to be a new holder's. */
function removeStale(file, dead) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return; // another waiter was quicker
  }
  if (holderOf(aside) === dead) rmSync(aside, { force: true });
  else renameSync(aside, file);
}
