// Which processes there are, from /proc (Linux).
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** @returns {{ pid: number, ppid: number, group: number, startedAt: number }[]} zombies are left out */
function all() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (fields[0] === 'Z') return [];
        const [ppid, group] = [Number(fields[1]), Number(fields[2])];
        return [{ pid: Number(name), ppid, group, startedAt: Number(fields[19]) }];
      } catch {
        return []; // ended meanwhile
      }
    });
}

export const isAlive = (pid) => all().some((p) => p.pid === pid);
export const processGroup = (group) => all().filter((p) => p.group === group);

/**
 * A process and all below it, oldest first. `type` is VS Code's name of the process (`extensionHost`), else its script
 * or program; memory in kB.
 */
export function processTree(pid) {
  const everyone = all();
  const found = [];
  const todo = [pid];
  while (todo.length > 0) {
    const id = todo.shift();
    const self = everyone.find((p) => p.pid === id);
    if (self) found.push(self);
    todo.push(...everyone.filter((p) => p.ppid === id).map((p) => p.pid));
  }
  return found.sort((a, b) => a.startedAt - b.startedAt).flatMap(describe);
}

function describe({ pid, ppid }) {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0/g, ' ').trim();
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const words = command.split(' ');
    const type =
      /--type=(\w+)/.exec(command)?.[1] ??
      path.basename(words.find((word) => /\.[cm]?js$/.test(word)) ?? words[0]);
    const kilobytes = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
    return [{ pid, ppid, type, command, rssKb: kilobytes('VmRSS'), peakKb: kilobytes('VmHWM') }];
  } catch {
    return []; // ended meanwhile
  }
}
