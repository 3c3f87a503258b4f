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
  | { readonly kind: 'ready' }
  | { readonly kind: 'parsed'; readonly id: number; readonly parsed: ParsedCommand };

export function isShellParserAnswer(value: unknown): value is ShellParserAnswer {
  return (
    isRecord(value) &&
    (value.kind === 'ready' ||
      (value.kind === 'parsed' && typeof value.id === 'number' && isRecord(value.parsed)))
  );
}
