import type { Message } from '../events/message';
import type { ToolCall, ToolResult } from '../events/toolCall';
import type { SessionStorage } from './contract';
import { heavyCharsOf, lightMessage } from './lightMessage';
import { HeavyQueue, type HeavyLimits } from './heavyQueue';
import { DecodedLines } from './decodedLines';
import { decodeLine, type SessionLine } from './sessionEntry';
import { recordOf, type SessionRecord, type WantedBranch } from './sessionRecord';
import { lineAt, storedLines, type LinePlace } from './storedLines';

/** `lost`: it was written, and is not there any more; `why` is a sentence for the user. */
export type Stored<T> =
  | { readonly kind: 'found'; readonly value: T }
  | { readonly kind: 'lost'; readonly why: string }
  /** It was never written, or is not yet. */
  | { readonly kind: 'unknown' };

/** Long inputs and outputs of calls, which are in the session's file and need not be in memory. Never rejects. */
export interface CallTexts {
  hasCall(callId: string): boolean;
  hasResult(callId: string): boolean;
  call(callId: string): Promise<Stored<ToolCall>>;
  result(callId: string): Promise<Stored<ToolResult>>;
}

/** Where in a session's file the calls and their results stand. */
export class TextPlaces implements CallTexts {
  private readonly calls = new Map<string, TextPlace>();
  private readonly results = new Map<string, TextPlace>();

  constructor(private readonly storage: Pick<SessionStorage, 'readRange'>) {}

  /** A message is in a file from now on. What a session was copied from is another file than its own. */
  note(message: Message, sessionId: string, line: LinePlace): void {
    const place = { sessionId, line };
    switch (message.role) {
      case 'tool':
        this.results.set(message.callId, place);
        return;
      case 'user':
        if (message.command !== undefined) {
          this.results.set(message.command.callId, place);
        }
        return;
      case 'assistant':
        for (const block of message.content) {
          if (block.kind === 'tool_call') {
            this.calls.set(block.call.id, place);
          }
        }
    }
  }

  hasCall(callId: string): boolean {
    return this.calls.has(callId);
  }

  hasResult(callId: string): boolean {
    return this.results.has(callId);
  }

  async call(callId: string): Promise<Stored<ToolCall>> {
    return this.find(this.calls.get(callId), 'input', (message) =>
      message.role === 'assistant'
        ? message.content.flatMap((block) =>
            block.kind === 'tool_call' && block.call.id === callId ? [block.call] : [],
          )[0]
        : undefined,
    );
  }

  async result(callId: string): Promise<Stored<ToolResult>> {
    return this.find(this.results.get(callId), 'output', (message) => {
      if (message.role === 'tool') {
        return message.callId === callId ? message.result : undefined;
      }
      const command = message.role === 'user' ? message.command : undefined;
      return command?.callId === callId ? command.result : undefined;
    });
  }

  private async find<T>(
    place: TextPlace | undefined,
    what: 'input' | 'output',
    pick: (message: Message) => T | undefined,
  ): Promise<Stored<T>> {
    if (place === undefined) {
      return { kind: 'unknown' };
    }
    try {
      const text = await lineAt(this.storage, place.sessionId, place.line);
      const decoded = text === undefined ? undefined : decodeLine(text);
      const line = decoded?.kind === 'line' ? decoded.line : undefined;
      const message = line?.type === 'entry' && line.kind === 'message' ? line.message : undefined;
      const value = message === undefined ? undefined : pick(message);
      return value === undefined ? { kind: 'lost', why: lostText(what) } : { kind: 'found', value };
    } catch {
      // Whatever the disk says: the rest of the conversation does not depend on it.
      return { kind: 'lost', why: lostText(what) };
    }
  }
}

interface TextPlace {
  readonly sessionId: string;
  readonly line: LinePlace;
}

export interface StoredSessionRecord {
  readonly record: SessionRecord;
  readonly places: TextPlaces;
  /** A later version of this program wrote in the file: nothing is added to it here. */
  readonly isNewer: boolean;
  /** A message of the record with its long texts, read again where they are not in memory. */
  readonly whole: (message: Message) => Promise<Message>;
}

/** Nothing long stays in memory: for those who go through a session once. */
export const nothingHeavy: HeavyLimits = { maxChars: 0, afterChars: 0 };

/**
 * A session's file, read in pieces: of the long inputs and outputs of calls only the newest stay in memory, the others
 * are found again by their places. Undefined when there is no such session, or nothing of it can be read; `onNewer` is
 * told of the reason when a later version wrote it.
 */
export async function readStoredSession(
  storage: Pick<SessionStorage, 'readRange'>,
  sessionId: string,
  {
    limits,
    onNewer,
    wanted,
  }: {
    readonly limits?: HeavyLimits;
    readonly onNewer?: () => void;
    readonly wanted?: WantedBranch;
  } = {},
): Promise<StoredSessionRecord | undefined> {
  const decoded = new DecodedLines();
  const places = new TextPlaces(storage);
  const heavy = new HeavyQueue<number>(limits);
  const heavyPlaces = new Map<number, LinePlace>();
  const lightened = new WeakMap<Message, LinePlace>();
  const lighten = (at: number): void => {
    const place = heavyPlaces.get(at);
    heavyPlaces.delete(at);
    decoded.replace(at, lightLine);
    const message = messageOf(decoded.lines[at]);
    if (place !== undefined && message !== undefined) {
      lightened.set(message, place);
    }
  };
  for await (const lines of storedLines(storage, sessionId)) {
    for (const { text, start, bytes, isTorn } of lines) {
      const at = decoded.take(text, isTorn);
      const message = messageOf(decoded.lines[at ?? -1]);
      if (at === undefined || message === undefined) {
        continue;
      }
      places.note(message, sessionId, { start, bytes });
      const chars = heavyCharsOf(message);
      if (chars > 0) {
        heavyPlaces.set(at, { start, bytes });
      }
      heavy.add(at, chars).forEach(lighten);
    }
  }
  const record = recordOf(decoded, wanted);
  const { isNewer } = decoded;
  if (record === undefined && isNewer) {
    onNewer?.();
  }
  const whole = async (message: Message): Promise<Message> => {
    const place = lightened.get(message);
    const text = place && (await lineAt(storage, sessionId, place));
    const line = text === undefined ? undefined : decodeLine(text);
    return (line?.kind === 'line' ? messageOf(line.line) : undefined) ?? message;
  };
  return record && { record, places, isNewer, whole };
}

function messageOf(line: SessionLine | undefined): Message | undefined {
  return line?.type === 'entry' && line.kind === 'message' ? line.message : undefined;
}

function lightLine(line: SessionLine): SessionLine {
  return line.type === 'entry' && line.kind === 'message'
    ? { ...line, message: lightMessage(line.message) }
    : line;
}

function lostText(what: 'input' | 'output'): string {
  return `The ${what} of this call is missing: the session's file was cut or changed on disk. The rest of the conversation is complete.`;
}
