import { joinBytes } from '../base/joinBytes';
import type { Message } from '../events/message';
import type { RequestHandlers } from '../protocol/methods';
import type { UntakenChoices } from '../runtime/choices';
import type { ModelRef } from '../runtime/contract';
import type { ResumeStore } from '../runtime/resumeLink';
import { resumeSource } from '../runtime/runtimeLinks';
import type { ChatSession } from '../session/chatSession';
import type { SessionStorage } from '../session/contract';
import type { ExportCleaning, ExportFormat } from '../session/exportSession';
import { handoverPrice, handoverText } from '../session/handoverPrice';
import { searchSessions } from '../session/searchSessions';
import { exportStored } from '../session/storedExport';
import { messagesInUse } from '../transcript/compactionView';

/** Why a model cannot be sent pictures; undefined when it can, or nobody knows that it cannot. */
export function imageProblem({ images }: UntakenChoices): string | undefined {
  return images === undefined
    ? undefined
    : `${images} Remove them, or choose another model. Your text is kept.`;
}

/** More are not shown: a better word finds them. */
const shownMatches = 200;

/** The messages of all sessions that hold a text, the newest session first. */
export async function sessionMatches(
  storage: Pick<SessionStorage, 'list' | 'readRange'>,
  query: string,
  signal: AbortSignal,
): ReturnType<RequestHandlers['session/search']> {
  const matches = [];
  for await (const { sessionId, role, atMs, excerpt } of searchSessions(storage, query, signal)) {
    if (matches.length === shownMatches) {
      return { matches, isTruncated: true };
    }
    matches.push({ sessionId, role, atMs, excerpt });
  }
  return { matches, isTruncated: false };
}

/** A stored session as one file; undefined when it cannot be read. */
export async function renderSession(
  storage: Pick<SessionStorage, 'readRange'>,
  sessionId: string,
  format: ExportFormat,
  cleaning: ExportCleaning,
): Promise<Uint8Array | undefined> {
  const pieces = await exportStored(storage, sessionId, format, cleaning);
  if (pieces === undefined) {
    return undefined;
  }
  // Bytes outside of the heap, half as large as the text that they are.
  const written: Uint8Array[] = [];
  const encoder = new TextEncoder();
  for await (const piece of pieces) {
    written.push(encoder.encode(piece));
  }
  return joinBytes(written);
}

export interface HandoverLineDeps {
  readonly resumes: (sessionId: string) => ResumeStore | undefined;
  readonly cwd: (model: ModelRef) => string | undefined;
  readonly window: (
    messages: readonly Message[],
    model: ModelRef,
  ) => { readonly tokens: number; readonly droppedCount: number };
  readonly runtimeName: (model: ModelRef) => string;
}

/** What the next prompt brings along for a model that was not in the conversation; worked out once per head and model. */
export function createHandoverLine(
  deps: HandoverLineDeps,
): (session: ChatSession, model: ModelRef) => string | undefined {
  let known: { readonly key: string; readonly line: string | undefined } | undefined;
  return (session, model) => {
    const key = JSON.stringify([session.id, session.head, model.id]);
    if (known?.key !== key) {
      known = { key, line: handoverText(priceOf(deps, session, model), deps.runtimeName(model)) };
    }
    return known.line;
  };
}

function priceOf(
  deps: HandoverLineDeps,
  session: ChatSession,
  model: ModelRef,
): ReturnType<typeof handoverPrice> {
  const cwd = deps.cwd(model);
  const found =
    model.runtime === undefined
      ? undefined
      : deps.resumes(session.id)?.find({
          source: resumeSource,
          model: model.id,
          bridge: model.runtime.adapter,
          ...(cwd === undefined ? {} : { cwd }),
        });
  return handoverPrice({
    messages: messagesInUse(session.conversation),
    model,
    // A store that answers later is one that is asked when the turn starts.
    isResumable: found !== undefined && !(found instanceof Promise),
    window: (messages) => deps.window(messages, model),
  });
}
