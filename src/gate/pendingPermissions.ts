import { assertNever } from '../base/assertNever';
import type { Clock } from '../base/clock';
import { Deferred } from '../base/deferred';
import type { Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import { createId } from '../base/ids';
import type { PermissionQuestion, QuestionAnswer, RememberScope } from './contract';
import { sha256Hex } from './digest';

export type QuestionDraft = Omit<PermissionQuestion, 'id' | 'digest' | 'createdAtMs'>;

/** How a question ended. `withdrawn`: nobody answered, and nobody's silence is a yes. */
export type PermissionVerdict =
  | { readonly kind: 'allow' }
  | { readonly kind: 'allowAlways'; readonly offerId: string; readonly scope: RememberScope }
  | { readonly kind: 'deny'; readonly reason?: string }
  | { readonly kind: 'answers'; readonly answers: Readonly<Record<string, string>> }
  | { readonly kind: 'withdrawn' };

/**
 * The open questions of every session. One question, many surfaces: each shows `list()`, the first valid answer wins
 * and closes it everywhere. It lives in the host, so it outlives a view; abort, `withdrawSession` and `dispose` close
 * it unanswered.
 */
export class PendingPermissions implements Disposable {
  private readonly open = new Map<string, OpenQuestion>();
  private readonly didChange = new Emitter<readonly PermissionQuestion[]>();
  private isDisposed = false;
  private isAnnouncing = false;
  private changeCount = 0;

  /** Carries the whole list, after each change. */
  readonly onDidChange = this.didChange.event;

  constructor(private readonly clock: Clock) {}

  list(): readonly PermissionQuestion[] {
    return [...this.open.values()].map((entry) => entry.question);
  }

  /** Asks and waits. Never rejects. */
  async ask(draft: QuestionDraft, signal: AbortSignal): Promise<PermissionVerdict> {
    if (this.isDisposed || signal.aborted) {
      return { kind: 'withdrawn' };
    }
    const content = structuredClone(draft);
    const id = createId('question');
    const question: PermissionQuestion = {
      ...content,
      id,
      // The id is part of it: two equal calls are two questions.
      digest: sha256Hex(JSON.stringify([id, content])),
      createdAtMs: this.clock.nowMs(),
    };
    const verdict = new Deferred<PermissionVerdict>();
    const onAbort = (): void => this.settle(id, { kind: 'withdrawn' });
    signal.addEventListener('abort', onAbort, { once: true });
    this.open.set(id, { question, verdict });
    this.announce();
    try {
      return await verdict.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** False when the answer grants nothing: late, repeated, for another id or input, or of the wrong kind. */
  answer(id: string, digest: string, answer: QuestionAnswer): boolean {
    const entry = this.open.get(id);
    if (entry?.question.digest !== digest) {
      return false;
    }
    const verdict = toVerdict(entry.question, answer);
    if (verdict === undefined) {
      return false;
    }
    this.settle(id, verdict);
    return true;
  }

  withdrawSession(sessionId: string): void {
    for (const { question } of [...this.open.values()]) {
      if (question.sessionId === sessionId) {
        this.settle(question.id, { kind: 'withdrawn' });
      }
    }
  }

  dispose(): void {
    this.isDisposed = true;
    for (const id of [...this.open.keys()]) {
      this.settle(id, { kind: 'withdrawn' });
    }
    this.didChange.dispose();
  }

  private settle(id: string, verdict: PermissionVerdict): void {
    const entry = this.open.get(id);
    if (entry !== undefined) {
      this.open.delete(id);
      entry.verdict.resolve(verdict);
      this.announce();
    }
  }

  /** A listener may answer at once; the others must still hear the newest list last. */
  private announce(): void {
    this.changeCount += 1;
    if (this.isAnnouncing) {
      return;
    }
    this.isAnnouncing = true;
    try {
      for (let announced = 0; announced !== this.changeCount;) {
        announced = this.changeCount;
        this.didChange.fire(this.list());
      }
    } finally {
      this.isAnnouncing = false;
    }
  }
}

interface OpenQuestion {
  readonly question: PermissionQuestion;
  readonly verdict: Deferred<PermissionVerdict>;
}

/** Undefined when the answer does not fit the question: an agent's question wants words, a permission a yes or no. */
function toVerdict(
  question: PermissionQuestion,
  answer: QuestionAnswer,
): PermissionVerdict | undefined {
  switch (answer.kind) {
    case 'deny':
      return answer.reason === undefined || answer.reason.trim() === ''
        ? { kind: 'deny' }
        : { kind: 'deny', reason: answer.reason.trim() };
    case 'allowOnce':
      return question.questions === undefined ? { kind: 'allow' } : undefined;
    case 'allowAlways':
      return question.questions === undefined &&
        question.offers?.some(({ id }) => id === answer.offerId) === true
        ? { kind: 'allowAlways', offerId: answer.offerId, scope: answer.scope }
        : undefined;
    case 'answers': {
      const asked = new Set(question.questions?.map((item) => item.question));
      const names = Object.keys(answer.answers);
      return names.length > 0 && names.every((name) => asked.has(name))
        ? { kind: 'answers', answers: { ...answer.answers } }
        : undefined;
    }
    default:
      return assertNever(answer);
  }
}
