import type { PostWriteHooks } from './postWriteHooks';

type FinishHooks = ReturnType<PostWriteHooks['begin']>;

interface ProposalName {
  readonly sessionId: string;
  readonly callId: string;
  readonly path: string;
}

/** More proposals than can wait; what is dropped only begins anew at its write. */
const maxKept = 300;

/**
 * The hooks that were begun for proposals whose agent no longer waits: what they tell after the late write counts from
 * the proposal, not from the decision. In memory: a proposal of an earlier window begins anew.
 */
export class ProposedHooks {
  private readonly kept = new Map<string, FinishHooks>();

  keep(proposal: ProposalName, finish: FinishHooks): void {
    const key = keyOf(proposal);
    this.kept.delete(key);
    this.kept.set(key, finish);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= maxKept) {
        break;
      }
      this.kept.delete(oldest);
    }
  }

  /** Gives them once. */
  take(proposal: ProposalName): FinishHooks | undefined {
    const key = keyOf(proposal);
    const finish = this.kept.get(key);
    this.kept.delete(key);
    return finish;
  }
}

function keyOf({ sessionId, callId, path }: ProposalName): string {
  return JSON.stringify([sessionId, callId, path]);
}
