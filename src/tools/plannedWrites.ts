import type { FileChange, ToolIntent } from '../events/toolIntent';
import type { Effect, WorkspaceRoots } from '../gate/contract';
import { displayPath } from '../gate/paths';
import type { CallGate, GatedCall } from './callGate';

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

/** The rule of a write that asks for no other reason than the mode. What asks for one of its own is asked by itself. */
export const plainWriteRule = 'default.write';

/** The question about a file that moves says so: its old place goes with the answer. */
export function withMove(
  reason: string,
  { change }: Pick<PlannedWrite, 'change'>,
  roots: WorkspaceRoots,
): string {
  return change.kind === 'patch' && change.from !== undefined && change.from !== ''
    ? `${reason}; moves here from ${displayPath(change.from, roots)}, which goes with it`
    : reason;
}

/** True when the file that `deleted` takes away is the one that `created` is made from. */
export function isMovedFrom(created: PlannedWrite, deleted: PlannedWrite): boolean {
  return (
    deleted.change.kind === 'delete' &&
    created.change.kind === 'patch' &&
    created.change.from === deleted.effect.path
  );
}

/** The text of a moved file comes to its new place: who may not read it must not get it that way. */
export function toSourceReads({
  change,
}: Pick<PlannedWrite, 'change'>): readonly (ToolIntent & { readonly kind: 'read' })[] {
  return change.kind === 'patch' && change.from !== undefined
    ? [{ kind: 'read', path: change.from }]
    : [];
}

/** Whether the caller may read the file of a write, and the one that it is made from: else it is told no text of it. */
export async function mayShowWrite(
  gate: Pick<CallGate, 'mayRead'>,
  call: GatedCall,
  write: Pick<PlannedWrite, 'effect' | 'change'>,
): Promise<boolean> {
  const paths = [write.effect.path, ...toSourceReads(write).map(({ path }) => path)];
  const answers = await Promise.all(paths.map(async (path) => await gate.mayRead(call, path)));
  return answers.every((mayRead) => mayRead);
}
