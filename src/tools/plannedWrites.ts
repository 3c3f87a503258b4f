import type { FileChange, ToolIntent } from '../events/toolIntent';
import type { Effect } from '../gate/contract';

/** One write of a call. */
export interface PlannedWrite {
  readonly intent: ToolIntent & { readonly kind: 'write' };
  readonly effect: Effect & { readonly kind: 'write' };
  /** As the intent has it, with the absolute path where a moved file comes from. */
  readonly change: FileChange;
}

/** The writes of a call, with what they come to on this machine. */
export function toPlannedWrites(
  intents: readonly ToolIntent[],
  effects: readonly Effect[],
): readonly PlannedWrite[] {
  return intents.flatMap((intent, index) => {
    const effect = effects[index];
    return intent.kind === 'write' && effect?.kind === 'write'
      ? [{ intent, effect, change: withSource(intent.change, intents, effects) }]
      : [];
  });
}

/**
 * A moved file is read where it comes from only when the same call deletes it there: that is what the gate decided on.
 * Else nothing is named, and the change cannot be prepared.
 */
function withSource(
  change: FileChange,
  intents: readonly ToolIntent[],
  effects: readonly Effect[],
): FileChange {
  if (change.kind !== 'patch' || change.from === undefined) {
    return change;
  }
  const at = intents.findIndex(
    (intent) =>
      intent.kind === 'write' && intent.change.kind === 'delete' && intent.path === change.from,
  );
  const source = effects[at];
  return { ...change, from: source?.kind === 'write' ? source.path : '' };
}

/** The text of a moved file comes to its new place: who may not read it must not get it that way. */
export function toSourceReads({
  change,
}: Pick<PlannedWrite, 'change'>): readonly (ToolIntent & { readonly kind: 'read' })[] {
  return change.kind === 'patch' && change.from !== undefined
    ? [{ kind: 'read', path: change.from }]
    : [];
}
