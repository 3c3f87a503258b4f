import { copyOf } from '../base/bigLine';
import { delay } from '../base/clock';
import { createId } from '../base/ids';
import { silentLogger } from '../base/logger';
import { errorMessage, PatchbayError } from '../base/patchbayError';
import { oneLine } from '../events/failure';
import { noUsage } from '../events/usageTotal';
import type { SessionStorage, SessionSummary, StoredEnds, StoredFile } from './contract';
import { branchWithCuts } from './cutAnswer';
import { indexLines } from './lineIndex';
import { decodeLine, type HeadLine } from './sessionEntry';
import { SessionFile, type SessionFileDependencies } from './sessionFile';
import type { OpenedSession, SessionStore } from './sessionManager';
import type { SessionRecord } from './sessionRecord';
import { readStoredSession, type TextPlaces } from './storedTexts';

export interface SessionStoreDependencies extends SessionFileDependencies {
  readonly storage: SessionStorage;
  readonly createSessionId?: () => string;
  /** What a damaged file lost, for the user. */
  readonly onNotice?: (sessionId: string, text: string) => void;
  /**
   * How long opening waits for another window to give a session up: after a reload the window before is still closing.
   * Default 0.
   */
  readonly claimPatienceMs?: number;
}

/** A head line fits in here; the list reads no more of a file. */
const headBytes = 4096;

/** The sessions on a storage. `create` writes nothing before the first message. */
export function createSessionStore(dependencies: SessionStoreDependencies): SessionStore {
  const { storage, logger = silentLogger } = dependencies;
  const newId = (): string => dependencies.createSessionId?.() ?? createId('session');
  const newEntryId = (): string => dependencies.createEntryId?.() ?? createId('entry');
  const createFile = (
    id: string,
    record: SessionRecord | undefined,
    copied?: ConstructorParameters<typeof SessionFile>[3],
    places?: TextPlaces,
  ): SessionFile =>
    new SessionFile(id, { ...dependencies, storage: claimed(storage) }, record, copied, places);
  const opened = (file: SessionFile, stored: OpenedSession['stored']): OpenedSession => ({
    stored,
    log: file,
    resume: file,
    branches: file,
    texts: file.texts,
    readAt: async (leaf) => {
      // A copy that nothing was said in yet: there is nothing to read of what is not written.
      file.materialize();
      await file.flush();
      const read =
        file.problem === undefined
          ? await readStoredSession(storage, file.sessionId, { wanted: { leaf } })
          : undefined;
      return read === undefined ? undefined : storedOf(file.sessionId, read.record);
    },
    close: async () => {
      file.close();
      await storage.release?.(file.sessionId);
    },
  });
  return {
    create: () => {
      const id = newId();
      return opened(createFile(id, undefined), { id, title: '', messages: [], interrupted: false });
    },
    open: async (sessionId, { isOwn = false } = {}) => {
      // First the claim: what is read after it, nobody else adds to.
      const isOurs = await claimPatiently(
        isOwn ? { ...dependencies, claimPatienceMs: 0 } : dependencies,
        sessionId,
      );
      let newer: string | undefined;
      const read =
        isOwn && !isOurs
          ? undefined
          : await readStoredSession(storage, sessionId, { onNewer: () => (newer = newerText) });
      if (isOwn && read?.isNewer === true) {
        newer = newerOwnText; // what a newer version wrote in stays untouched: it is shown as a copy only
      }
      if (read === undefined || newer !== undefined) {
        await (isOurs ? storage.release?.(sessionId) : undefined);
        if (newer !== undefined) {
          throw new PatchbayError('newer_session', newer);
        }
        return undefined;
      }
      const { record, places } = read;
      if (isOwn) {
        return opened(
          createFile(sessionId, record, undefined, places),
          storedOf(sessionId, record),
        );
      }
      for (const repair of record.repairs) {
        logger.info(`session ${sessionId}: ${repair}`);
      }
      for (const notice of record.notices) {
        logger.warn(`session ${sessionId}: ${notice}`);
        dependencies.onNotice?.(sessionId, notice);
      }
      const mayWrite = isOurs && !read.isNewer;
      const id = mayWrite ? sessionId : newId();
      const stored = storedOf(id, record);
      if (mayWrite) {
        return opened(createFile(id, record, undefined, places), stored);
      }
      if (isOurs) {
        await storage.release?.(sessionId);
      }
      dependencies.onNotice?.(sessionId, read.isNewer ? partlyNewerText : elsewhereText);
      const copied = { ...record, ...branchWithCuts(record, newEntryId), from: sessionId };
      const copy = createFile(id, undefined, copied, places);
      return {
        ...opened(copy, { ...stored, queued: [], spentElsewhere: noUsage, isCopy: true }),
        copyOf: sessionId,
      };
    },
    fork: async (sessionId, entryId) => {
      const record = (await readStoredSession(storage, sessionId))?.record;
      const end = entryId ?? record?.branch.at(-1)?.id;
      const at = record?.branch.findIndex(({ id }) => id === end) ?? -1;
      if (record === undefined || at < 0) {
        return undefined;
      }
      const id = newId();
      const file = createFile(id, undefined, {
        ...record,
        ...branchWithCuts(record, newEntryId, at + 1),
        from: sessionId,
      });
      file.materialize();
      await file.flush();
      await storage.release?.(id);
      return id;
    },
    list: async ({ isDeep = false } = {}) => {
      const summaries: SessionSummary[] = [];
      for await (const files of storage.ends(headBytes)) {
        for (const file of files) {
          try {
            const summary =
              (isDeep ? undefined : (summaryOf(file) ?? newerAtItsEnds(file))) ??
              (await deepSummaryOf(storage, file));
            summaries.push(...(summary === undefined ? [] : [summary]));
          } catch (error) {
            // One unreadable file must not hide the others.
            logger.warn(`session ${file.sessionId} could not be listed: ${errorMessage(error)}`);
          }
        }
      }
      return summaries.sort((a, b) => b.updatedAtMs - a.updatedAtMs || (a.id < b.id ? -1 : 1));
    },
    rename: (sessionId, otherId) =>
      whileClaimed(storage, sessionId, () => storage.rename(sessionId, otherId)),
    remove: (sessionId) => whileClaimed(storage, sessionId, () => storage.remove(sessionId)),
  };
}

const elsewhereText =
  'This session is open in another window. You see it as it was when you opened it; what you send goes to a copy.';
const newerText =
  'This session was written by a newer version of Patchbay, and this one cannot read it. It was left as it is. Update Patchbay to open it.';
const newerOwnText =
  'A newer version of Patchbay wrote in this session. It was left as it is. Update Patchbay to change it.';
const newerTitle = 'Written by a newer version of Patchbay';
const partlyNewerText =
  'A newer version of Patchbay wrote in this session. You see what this version can read; what you send goes to a copy, and the session is left as it is. Update Patchbay to go on in it.';

function storedOf(id: string, record: SessionRecord): OpenedSession['stored'] {
  return {
    id,
    title: record.title,
    messages: record.messages,
    privateCommands: record.privateCommands,
    queued: record.queued,
    ...(record.modelId === undefined ? {} : { modelId: record.modelId }),
    ...(record.mode === undefined ? {} : { mode: record.mode }),
    interrupted: record.interruptedTurn !== undefined,
    turnIds: begunTurns(record),
    spentElsewhere: record.spentElsewhere,
  };
}

/** The turn that each message of the user began; one that joined a running turn began none. */
function begunTurns({ branch }: SessionRecord): readonly (string | undefined)[] {
  const begun = new Set<string | undefined>();
  return branch.flatMap((entry) => {
    if (entry.kind !== 'message' || entry.message.role !== 'user') {
      return [];
    }
    const isFirst = !begun.has(entry.turn);
    begun.add(entry.turn);
    return [isFirst ? entry.turn : undefined];
  });
}

async function claimPatiently(
  { storage, clock, claimPatienceMs = 0 }: SessionStoreDependencies,
  sessionId: string,
): Promise<boolean> {
  const endMs = clock.nowMs() + claimPatienceMs;
  for (;;) {
    const isOurs = (await storage.claim?.(sessionId)) ?? true;
    if (isOurs || clock.nowMs() >= endMs) {
      return isOurs;
    }
    await delay(clock, claimRetryMs);
  }
}

const claimRetryMs = 200;

/** Appends only to what this window has. */
function claimed(storage: SessionStorage): Pick<SessionStorage, 'append' | 'readRange'> {
  return {
    readRange: (sessionId, start, length) => storage.readRange(sessionId, start, length),
    append: async (sessionId, lines) => {
      await claim(storage, sessionId);
      return storage.append(sessionId, lines);
    },
  };
}

async function claim(storage: SessionStorage, sessionId: string): Promise<void> {
  const isOurs = (await storage.claim?.(sessionId)) ?? true;
  if (!isOurs) {
    throw new PatchbayError(
      'session_taken',
      'this session is open in another window, which writes it now; go on there, or in a copy',
    );
  }
}

async function whileClaimed(
  storage: SessionStorage,
  sessionId: string,
  work: () => Promise<void>,
): Promise<void> {
  await claim(storage, sessionId);
  try {
    await work();
  } finally {
    await storage.release?.(sessionId);
  }
}

/** Undefined when the first line is no head. */
function summaryOf(file: StoredEnds): SessionSummary | undefined {
  const lineEnd = file.first.indexOf(0x0a);
  const first = headLines(lineEnd < 0 ? file.first : file.first.subarray(0, lineEnd))[0];
  if (first === undefined) {
    return undefined;
  }
  const newest = headLines(file.last.length === 0 ? file.first : file.last).at(-1);
  const { title, modelId, preview } = { ...first, ...newest };
  return {
    id: file.sessionId,
    title: title === '' ? (preview ?? 'Untitled session') : title,
    updatedAtMs: file.updatedAtMs,
    sizeBytes: file.sizeBytes,
    ...(modelId === undefined ? {} : { modelId }),
    ...(preview === undefined ? {} : { preview }),
  };
}

/** It is there for the user, whom it must not look lost to. */
function newerSummaryOf({ sessionId: id, updatedAtMs, sizeBytes }: StoredFile): SessionSummary {
  return { id, title: newerTitle, updatedAtMs, sizeBytes, isNewer: true };
}

/** A file of a newer version need not be read whole to be listed: this version writes in none. */
function newerAtItsEnds(file: StoredEnds): SessionSummary | undefined {
  const [first, ...others] = [file.first, file.last]
    .flatMap((bytes) => {
      const lines = indexLines(bytes);
      return Array.from({ length: lines.count }, (_, line) => lines.textAt(line));
    })
    .map((line) => decodeLine(line));
  const isNewer = first?.kind === 'otherSchema' && first.isNewer;
  return isNewer && others.every(({ kind }) => kind !== 'line') ? newerSummaryOf(file) : undefined;
}

/** The title may stand anywhere in a long file, and without its head line a session is no less one. */
async function deepSummaryOf(
  storage: SessionStorage,
  file: StoredFile,
): Promise<SessionSummary | undefined> {
  const found = { isNewer: false };
  const read = await readStoredSession(storage, file.sessionId, {
    onNewer: () => (found.isNewer = true),
  });
  if (read === undefined) {
    return found.isNewer ? newerSummaryOf(file) : undefined;
  }
  const { record } = read;
  const question = record.messages.find(({ role }) => role === 'user');
  const asked = question?.role === 'user' ? oneLine(question.text).slice(0, 160) : undefined;
  const preview = record.head?.preview ?? asked;
  return {
    id: file.sessionId,
    title: copyOf(record.title === '' ? (preview ?? 'Untitled session') : record.title),
    updatedAtMs: file.updatedAtMs,
    sizeBytes: file.sizeBytes,
    entryCount: record.entries.size,
    messageCount: record.messages.length,
    ...(record.modelId === undefined ? {} : { modelId: copyOf(record.modelId) }),
    ...(preview === undefined ? {} : { preview: copyOf(preview) }),
  };
}

const decoder = new TextDecoder();

/** The head lines in a piece of a file; lines that were cut at its ends are left out. */
function headLines(bytes: Uint8Array): readonly HeadLine[] {
  // Messages need no parsing here.
  if (!decoder.decode(bytes).includes('"type":"head"')) {
    return [];
  }
  const lines = indexLines(bytes);
  return Array.from({ length: lines.count }, (_, line) => lines.textAt(line)).flatMap((line) => {
    if (!line.includes('"type":"head"')) {
      return [];
    }
    const decoded = decodeLine(line);
    return decoded.kind === 'line' && decoded.line.type === 'head' ? [decoded.line] : [];
  });
}
