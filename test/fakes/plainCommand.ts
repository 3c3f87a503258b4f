import type { Effect } from '../../src/gate/contract';

/** The effect of a plain command line in the workspace, as the shell analysis would describe it: words split at blanks. */
export function plainCommand(...lines: readonly string[]): Effect & { readonly kind: 'command' } {
  const plain = lines.map((line) => line.split(' '));
  return {
    kind: 'command',
    command: lines.join(' && '),
    cwd: '/w/app',
    cwdClass: 'inside',
    analysis: { shell: 'bash', plain, wordsToCover: plain.map(() => 1), parts: plain },
  };
}
