import { toEffect, type StoredAuditRecord } from './auditRecords';
import type { Effect } from './contract';
import type { PastCall } from './simulate';

export interface PastCallOptions {
  /** What `~` in the log's paths stands for. */
  readonly home: string;
  /** What a command comes to today; see `resolveEffects`. */
  readonly resolveCommand: (command: string, cwd: string) => Promise<Effect | undefined>;
}

/**
 * The decisions of the log as calls that can be judged again, in their order. A decision with an effect that the log
 * does not hold whole is left out; the calls that nobody decides about (a question to the user) too.
 */
export async function toPastCalls(
  records: readonly StoredAuditRecord[],
  options: PastCallOptions,
): Promise<readonly PastCall[]> {
  const calls: PastCall[] = [];
  for (const { record } of records) {
    if (record.kind === 'decision') {
      const effects = await Promise.all(
        record.effects.map((effect) => judgeableEffect(effect, options)),
      );
      const known = effects.filter((effect) => effect !== undefined);
      if (known.length === effects.length && known.some(isDecidedAbout)) {
        const { at, tool, modelId, mode, decision, by } = record;
        calls.push({ at, tool, modelId, mode, effects: known, decision, by });
      }
    }
  }
  return calls;
}

async function judgeableEffect(
  stored: Effect,
  { home, resolveCommand }: PastCallOptions,
): Promise<Effect | undefined> {
  const effect = toEffect(stored, home);
  return effect?.kind === 'command' ? await resolveCommand(effect.command, effect.cwd) : effect;
}

function isDecidedAbout(effect: Effect): boolean {
  return effect.kind !== 'none' && effect.kind !== 'question';
}
