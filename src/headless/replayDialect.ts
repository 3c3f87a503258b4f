import type { RecordedProcess } from './replayRecording';

export type ReplayDialectName = 'claude-cli' | 'codex-app-server' | 'codex-exec' | 'acp' | 'pi-rpc';

export type WireId = string | number;

/**
 * What a line to the agent is, whether the recorded client wrote it or our bridge. Two lines with the same `key` ask for
 * the same; `id` is there where the agent answers it by id.
 */
export type ClientWord =
  | { readonly kind: 'prompt'; readonly key: string; readonly id?: WireId; readonly text: string }
  | { readonly kind: 'interrupt'; readonly key: string; readonly id?: WireId }
  | { readonly kind: 'request'; readonly key: string; readonly id: WireId }
  /** The answer to a question of the agent. */
  | { readonly kind: 'answer'; readonly id: WireId }
  | { readonly kind: 'other' };

/** What the recorded client decided; in the replay that is the user. */
export type RecordedDecision =
  | {
      readonly kind: 'allow';
      /** The text that was approved in the place of the proposed one. */
      readonly text?: string;
      readonly answers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'deny'; readonly reason?: string };

/** What is known of a file from the recording: its text before the agent's change, undefined when there was none. */
export interface RecordedFile {
  readonly path: string;
  readonly text: string | undefined;
}

/** How the lines of one dialect hang together. Total: any value may come in. */
export interface ReplayDialect {
  readonly name: ReplayDialectName;
  /** A prompt while a turn runs is more words for that turn, not a turn of its own. */
  readonly steers: boolean;
  toWord(message: unknown): ClientWord;
  /** The id of the client's request that a line of the agent answers. */
  answeredId(message: unknown): WireId | undefined;
  withAnsweredId(message: unknown, id: WireId): unknown;
  /** The id of a line of the agent that wants an answer. */
  questionId(message: unknown): WireId | undefined;
  toDecision(question: unknown, answer: unknown): RecordedDecision | undefined;
  /**
   * What an agent would say to a request that the recording lacks, or whose answer it lacks; undefined: nothing. `ahead`
   * are the agent's lines to come: they use the ids that the answer would have given.
   */
  genericAnswer(word: ClientWord, message: unknown, ahead: Iterable<unknown>): unknown;
  /** A line that belongs to a running turn: without any prompt in a process it shows that one is missing. */
  isOfTurn(message: unknown): boolean;
  /** The prompt that a process was started with. */
  launchPrompt(command: readonly string[]): string | undefined;
  /** The token with which a process took up an earlier session. */
  resumeToken(process: RecordedProcess): string | undefined;
  /** Files as they were when this line was said; `later` are the lines of the agent behind it. */
  filesBefore(message: unknown, answer: unknown, later: Iterable<unknown>): readonly RecordedFile[];
}

/** The word behind a flag, in either of its two spellings. */
export function flagValue(command: readonly string[], flag: string): string | undefined {
  const at = command.indexOf(flag);
  return (
    command.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1) ??
    (at === -1 ? undefined : command[at + 1])
  );
}

/** The texts of content blocks, or a plain text. */
export function textOfContent(content: unknown): string {
  if (typeof content === 'string') {
    return content;
  }
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  return blocks
    .map((block) =>
      typeof block === 'object' && block !== null && 'text' in block ? block.text : undefined,
    )
    .filter((text) => typeof text === 'string')
    .join('\n');
}
