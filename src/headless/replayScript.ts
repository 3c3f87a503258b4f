import type { PermissionAnswer } from '../events/observation';
import type {
  ClientWord,
  RecordedDecision,
  RecordedFile,
  ReplayDialect,
  WireId,
} from './replayDialect';
import type { RecordedEntry, RecordedProcess } from './replayRecording';

/** A line that the recorded client wrote and our bridge is expected to write too. */
export interface ScriptedRequest {
  readonly entryIndex: number;
  readonly word: ClientWord & { readonly kind: 'prompt' | 'interrupt' | 'request' };
  /** Where the agent's answer is, and what it says; undefined: the recording has none. */
  answer: { readonly entryIndex: number; readonly message: unknown } | undefined;
  /** What the bridge wrote; `id` is the bridge's own. */
  sent: { readonly id: WireId | undefined; readonly message: unknown } | undefined;
  /** The answer went out before its turn, because the bridge waited for it. */
  wasAnsweredEarly: boolean;
}

/** A line of the agent that wants an answer. `number` is unique in the recording. */
export interface ScriptedQuestion {
  readonly number: number;
  readonly message: unknown;
  /** Where the recorded client answered. */
  answer: { readonly entryIndex: number; readonly message: unknown } | undefined;
  decision: RecordedDecision | undefined;
  /** The file as it was when this was decided, where the recorder noted it. */
  base: RecordedFile | undefined;
}

/** One turn to be: a prompt of the recorded client. */
export interface ScriptedPrompt {
  readonly processIndex: number;
  /** Its line; -1: the process was started with it. */
  readonly entryIndex: number;
  readonly text: string;
  readonly request: ScriptedRequest | undefined;
  /** A turn was made of it, or it became a part of one. */
  isUsed: boolean;
}

export interface ScriptedProcess {
  readonly entries: readonly RecordedEntry[];
  readonly resume: string | undefined;
  readonly requests: ReadonlyMap<number, ScriptedRequest>;
  readonly questions: ReadonlyMap<number, ScriptedQuestion>;
  /** Questions by the line that answers them. */
  readonly answers: ReadonlyMap<number, ScriptedQuestion>;
  readonly prompts: readonly ScriptedPrompt[];
  /** Lines of the agent that answer a request which the recording lacks. */
  readonly looseAnswers: readonly number[];
}

/** Finds out which lines of a recording hang together. */
export function scriptOf(
  processes: readonly RecordedProcess[],
  dialect: ReplayDialect,
): readonly ScriptedProcess[] {
  let questionCount = 0;
  return processes.map((process, processIndex) => {
    const requests = new Map<number, ScriptedRequest>();
    const questions = new Map<number, ScriptedQuestion>();
    const answers = new Map<number, ScriptedQuestion>();
    const openRequests = new Map<WireId, ScriptedRequest>();
    const openQuestions = new Map<WireId, ScriptedQuestion>();
    const looseAnswers: number[] = [];
    let hasTurn = false;
    process.entries.forEach((entry, entryIndex) => {
      switch (entry.kind) {
        case 'client': {
          const word = dialect.toWord(entry.message);
          if (word.kind === 'answer') {
            const question = openQuestions.get(word.id);
            if (question !== undefined && question.answer === undefined) {
              question.answer = { entryIndex, message: entry.message };
              question.decision ??= dialect.toDecision(question.message, entry.message);
              answers.set(entryIndex, question);
            }
          } else if (word.kind !== 'other') {
            const request: ScriptedRequest = {
              entryIndex,
              word,
              answer: undefined,
              sent: undefined,
              wasAnsweredEarly: false,
            };
            requests.set(entryIndex, request);
            if (word.id !== undefined) {
              openRequests.set(word.id, request);
            }
          }
          return;
        }
        case 'agent': {
          if (!('message' in entry.line)) {
            return;
          }
          const { message } = entry.line;
          hasTurn ||= dialect.isOfTurn(message);
          const answered = dialect.answeredId(message);
          const request = answered === undefined ? undefined : openRequests.get(answered);
          if (request !== undefined) {
            request.answer ??= { entryIndex, message };
          } else if (answered !== undefined) {
            looseAnswers.push(entryIndex);
          }
          const id = dialect.questionId(message);
          if (id !== undefined) {
            const question: ScriptedQuestion = {
              number: questionCount++,
              message,
              answer: undefined,
              decision: undefined,
              base: undefined,
            };
            questions.set(entryIndex, question);
            openQuestions.set(id, question);
          }
          return;
        }
        case 'decision':
          for (const [id, question] of openQuestions) {
            if (String(id) === entry.requestId) {
              question.decision = decisionOf(entry.answer);
              question.base = baseOf(entry.answer);
            }
          }
          return;
        default:
          return;
      }
    });
    return {
      entries: process.entries,
      resume: dialect.resumeToken(process),
      requests,
      questions,
      answers,
      prompts: promptsOf(dialect, process, processIndex, requests, hasTurn),
      looseAnswers,
    };
  });
}

function promptsOf(
  dialect: ReplayDialect,
  process: RecordedProcess,
  processIndex: number,
  requests: ReadonlyMap<number, ScriptedRequest>,
  hasTurn: boolean,
): readonly ScriptedPrompt[] {
  const written = [...requests.values()].flatMap((request): readonly ScriptedPrompt[] =>
    request.word.kind !== 'prompt'
      ? []
      : [
          {
            processIndex,
            entryIndex: request.entryIndex,
            text: request.word.text,
            request,
            isUsed: false,
          },
        ],
  );
  // A process that answers without having been asked was asked by a line that is lost.
  const unwritten =
    dialect.launchPrompt(process.command) ?? (hasTurn && written.length === 0 ? '' : undefined);
  return unwritten === undefined
    ? written
    : [
        { processIndex, entryIndex: -1, text: unwritten, request: undefined, isUsed: false },
        ...written,
      ];
}

function decisionOf(answer: PermissionAnswer): RecordedDecision {
  return answer.kind === 'deny'
    ? { kind: 'deny', reason: answer.message }
    : {
        kind: 'allow',
        ...(answer.approved === undefined ? {} : { text: answer.approved.text }),
        ...(answer.answers === undefined ? {} : { answers: answer.answers }),
      };
}

function baseOf(answer: PermissionAnswer): RecordedFile | undefined {
  const approved = answer.kind === 'allow' ? answer.approved : undefined;
  return approved === undefined ? undefined : { path: approved.path, text: approved.baseText };
}
