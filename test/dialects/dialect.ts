import type { FailureCode } from '../../src/events/failure';
import type { Bridge } from '../../src/runtime/contract';

/** An id as a child gives it to a question: JSON-RPC has both kinds, and 0, "0" and "" are ids like any other. */
export type QuestionId = string | number;

/** What we answered to a question of the child. */
export interface DialectAnswer {
  readonly id: QuestionId;
  readonly allows: boolean;
}

/**
 * One dialect, for the behaviour matrix that every bridge has to pass (test/adapters.test.ts). It knows no process and no
 * clock, so that the same dialect is played in memory and by a real child.
 */
export interface Dialect {
  /** For the titles of the tests: `codex-app-server`. */
  readonly name: string;
  readonly bridge: Bridge;
  /** Ids that this dialect's questions can have, falsy ones first; empty: this dialect cannot ask. */
  readonly questionIds: readonly QuestionId[];
  /** False: there is no word for a stop, the process is ended. */
  readonly canInterrupt: boolean;
  /** The token that the child's first `resume` event must carry; undefined: it never tells one. */
  readonly resumeToken: string | undefined;
  /** The code that `failure()` has to be given. */
  readonly failureCode: FailureCode;
  /** Whether a message of ours asks the child to stop. */
  isInterrupt(message: unknown): boolean;
  /** The question that a message of ours answers. An error in the place of an answer does not allow. */
  answer(message: unknown): DialectAnswer | undefined;
  /** A child that has just been started. */
  child(): DialectChild;
}

/** One child process of a dialect: remembers the ids it was asked with. Every method gives the messages that it says. */
export interface DialectChild {
  /** Called for every message of ours: what the child says to it at once. Says nothing of a turn but that it began. */
  hear(message: unknown): readonly unknown[];
  /** What it says when the turn has begun, unasked, before the first text. */
  hello(): readonly unknown[];
  /** A piece of the answer; all pieces belong to one block. */
  text(delta: string): readonly unknown[];
  /** A piece of the answer that lacks the ids which such a message has: it is no less text for it. */
  unnamedText(delta: string): readonly unknown[];
  /** Two calls, one after the other, whose ids are missing or no strings, each with its result where there are results. */
  unnamedCalls(): readonly unknown[];
  /** A call of the child's own tool: `ls`. Given again with the same id it is the same call. */
  call(id: string): readonly unknown[];
  /** The same call as it is told of first, before anybody says that it begins. Absent: there is no such word but `call`. */
  announced?(id: string): readonly unknown[];
  /** The result of that call. */
  result(id: string): readonly unknown[];
  /** A question about a command, with this id. Only where the dialect can ask. */
  question(id: QuestionId): readonly unknown[];
  /** The turn ended well. */
  finish(): readonly unknown[];
  /** The turn failed because of the model's rate limit (or what the dialect has next to it). */
  failure(): readonly unknown[];
  /** What the child says when it has heard the interrupt. */
  interrupted(): readonly unknown[];
  /** Kinds that nobody knows, also values that are no objects. */
  unknownKinds(): readonly unknown[];
  /** Known kinds whose ids (or every other needed field) are missing or of a wrong type. */
  withoutIds(): readonly unknown[];
}
