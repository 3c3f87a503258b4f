import { applyDecisions } from '../edits/hunks';
import type { EditVerdict, FileEdit } from '../edits/fileEdit';
import type { UserQuestion } from '../events/toolIntent';
import type { PermissionQuestion, QuestionAnswer } from '../gate/contract';
import type { PendingPermissions } from '../gate/pendingPermissions';
import type { EditReviewer } from '../tools/contract';
import type { RecordedDecision } from './replayDialect';

/**
 * The user of a replay: decides about each question what the recorded client decided, when the replay has come to that
 * answer. A question is a line of the agent (its number); several prompts may come of one.
 */
export class ReplayUser implements EditReviewer {
  private current: number | undefined;
  private coming: RecordedDecision | undefined;
  private readonly byCall = new Map<string, number>();
  private readonly decided = new Map<number, RecordedDecision>();
  private readonly waiting = new Map<number, ((decision: RecordedDecision) => void)[]>();

  /** The agent has just asked this; what is asked from here on belongs to it. */
  begin(question: number, decision: RecordedDecision | undefined): void {
    this.current = question;
    this.coming = decision;
  }

  /** What the current question will be answered with. */
  get currentDecision(): RecordedDecision | undefined {
    return this.coming;
  }

  /** The call that the current question is about. */
  bind(callId: string): void {
    if (this.current !== undefined) {
      this.byCall.set(callId, this.current);
    }
  }

  decide(question: number, decision: RecordedDecision): void {
    this.decided.set(question, decision);
    for (const resolve of this.waiting.get(question)?.splice(0) ?? []) {
      resolve(decision);
    }
  }

  /** Nobody will answer any more. */
  denyRest(reason: string): void {
    for (const question of [...this.waiting.keys()]) {
      this.decide(question, { kind: 'deny', reason });
    }
  }

  /** Answers the plain questions of the gate. */
  watch(permissions: PendingPermissions): void {
    const seen = new Set<string>();
    permissions.onDidChange((questions) => {
      for (const question of questions) {
        if (!seen.has(question.id)) {
          seen.add(question.id);
          this.whenDecided(question.callId, (decision) => {
            permissions.answer(question.id, question.digest, answerOf(question, decision));
          });
        }
      }
    });
  }

  review(
    { callId, edit }: Parameters<EditReviewer['review']>[0],
    signal: AbortSignal,
  ): ReturnType<EditReviewer['review']> {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve({ kind: 'withdrawn' }), { once: true });
      if (signal.aborted) {
        resolve({ kind: 'withdrawn' });
      }
      this.whenDecided(callId, (decision) =>
        resolve({ kind: 'decided', verdict: verdictOf(edit, decision) }),
      );
    });
  }

  noteWritten(): void {
    // Nobody looks at what was written without a question.
  }

  private whenDecided(callId: string, then: (decision: RecordedDecision) => void): void {
    const question = this.byCall.get(callId) ?? this.current ?? -1;
    const decision = this.decided.get(question);
    if (decision !== undefined) {
      then(decision);
      return;
    }
    const waiting = this.waiting.get(question) ?? [];
    this.waiting.set(question, waiting);
    waiting.push(then);
  }
}

function answerOf(question: PermissionQuestion, decision: RecordedDecision): QuestionAnswer {
  if (decision.kind === 'deny') {
    return {
      kind: 'deny',
      ...(decision.reason === undefined ? {} : { reason: decision.reason }),
    };
  }
  return question.questions === undefined
    ? { kind: 'allowOnce' }
    : { kind: 'answers', answers: answersTo(question.questions, decision.answers ?? {}) };
}

/** The recorded words where there are some, else the first choice: a plain yes was recorded. */
function answersTo(
  questions: readonly UserQuestion[],
  recorded: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const known = questions.filter(({ question }) => Object.hasOwn(recorded, question));
  return Object.fromEntries(
    known.length > 0
      ? known.map(({ question }) => [question, recorded[question] ?? ''])
      : questions.map(({ question, options }) => [question, options[0]?.label ?? 'yes']),
  );
}

function verdictOf(edit: FileEdit, decision: RecordedDecision): EditVerdict {
  const { baseText, hunks, proposedText } = edit;
  if (decision.kind === 'deny') {
    const { reason } = decision;
    return {
      kind: 'denied',
      text: baseText,
      baseText,
      approvedCount: 0,
      deniedHunks: hunks.map((hunk) => (reason === undefined ? { hunk } : { hunk, reason })),
    };
  }
  const whole: EditVerdict = {
    kind: 'approved',
    text: applyDecisions(baseText, hunks, new Set(hunks.map(({ id }) => id))),
    baseText,
    approvedCount: hunks.length,
    deniedHunks: [],
  };
  return decision.text === undefined || decision.text === proposedText
    ? whole
    : { ...whole, text: decision.text, userChange: 'The text was changed before it was approved.' };
}
