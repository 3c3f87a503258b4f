import { isRecord } from '../base/guard';
import type { ParsedCommand, ShellKind } from '../gate/shell/contract';

/** What the host asks the thread. */
export interface ShellParserQuestion {
  readonly id: number;
  readonly command: string;
  readonly shell: ShellKind;
}

/** What the thread says. It is our own program: only the shape of the frame is looked at. */
export type ShellParserAnswer =
  /** These shells are parsed at once; the grammar of another one is loaded by its first command. */
  | { readonly kind: 'ready'; readonly shells: readonly ShellKind[] }
  | { readonly kind: 'parsed'; readonly id: number; readonly parsed: ParsedCommand };

export function isShellParserAnswer(value: unknown): value is ShellParserAnswer {
  return (
    isRecord(value) &&
    ((value.kind === 'ready' && Array.isArray(value.shells)) ||
      (value.kind === 'parsed' && typeof value.id === 'number' && isRecord(value.parsed)))
  );
}
