import { createId } from '../base/ids';
import { silentLogger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import type { SessionStorage, SessionSummary } from './contract';
import { decodeLine, type HeadLine } from './sessionEntry';
import { SessionFile, type SessionFileDependencies } from './sessionFile';
import type { OpenedSession, SessionStore } from './sessionManager';
import { readSession } from './sessionRecord';

export interface SessionStoreDependencies extends SessionFileDependencies {
  readonly storage: SessionStorage;
  readonly createSessionId?: () => string;
  /** What a damaged file lost, for the user. */
  readonly onNotice?: (sessionId: string, text: string) => void;
}

/** A head line fits in here; the list reads no more of a file. */
const headBytes = 4096;
/** Up to this size a file is read whole for its newest title where the storage cannot read a tail. */
const smallFileBytes = 256 * 1024;
const listConcurrency = 16;

/** The sessions on a storage. `create` writes nothing before the first message. */
export function createSessionStore(dependencies: SessionStoreDependencies): SessionStore {
  const { storage, logger = silentLogger } = dependencies;
  return {
    create: () => {
      const id = dependencies.createSessionId?.() ?? createId('session');
      const file = new SessionFile(id, dependencies, undefined);
      return opened(file, { id, title: '', messages: [], interrupted: false });
    },
    open: async (sessionId) => {
      const text = await storage.read(sessionId);
      const record = text === undefined ? undefined : readSession(text);
      if (record === undefined) {
        return undefined;
      }
      for (const repair of record.repairs) {
        logger.info(`session ${sessionId}: ${repair}`);
      }
      for (const notice of record.notices) {
        logger.warn(`session ${sessionId}: ${notice}`);
        dependencies.onNotice?.(sessionId, notice);
      }
      return opened(new SessionFile(sessionId, dependencies, record), {
        id: sessionId,
        title: record.title,
        messages: record.messages,
        ...(record.modelId === undefined ? {} : { modelId: record.modelId }),
        ...(record.mode === undefined ? {} : { mode: record.mode }),
        interrupted: record.interruptedTurn !== undefined,
      });
    },
    list: async () => {
      const files = [...(await storage.list())].sort((a, b) => b.updatedAtMs - a.updatedAtMs);
      const summaries: SessionSummary[] = [];
      for (let from = 0; from < files.length; from += listConcurrency) {
        const some = files.slice(from, from + listConcurrency).map(async (file) => {
          try {
            return await summaryOf(storage, file);
          } catch (error) {
            // One unreadable file must not hide the others.
            logger.warn(`session ${file.sessionId} could not be listed: ${errorMessage(error)}`);
            return undefined;
          }
        });
        summaries.push(...(await Promise.all(some)).filter((summary) => summary !== undefined));
      }
      return summaries;
    },
    remove: (sessionId) => storage.remove(sessionId),
  };
}

function opened(file: SessionFile, stored: OpenedSession['stored']): OpenedSession {
  return { stored, log: file, resume: file };
}

type ListedFile = Awaited<ReturnType<SessionStorage['list']>>[number];

async function summaryOf(
  storage: SessionStorage,
  file: ListedFile,
): Promise<SessionSummary | undefined> {
  const heads = headLines((await storage.readHead(file.sessionId, headBytes)) ?? '');
  const first = heads[0];
  if (first === undefined) {
    return undefined;
  }
  const newest = file.sizeBytes <= headBytes ? heads.at(-1) : await newestHead(storage, file);
  const { title, modelId, preview } = { ...first, ...newest };
  return {
    id: file.sessionId,
    title: title === '' ? (preview ?? 'Untitled session') : title,
    updatedAtMs: file.updatedAtMs,
    ...(modelId === undefined ? {} : { modelId }),
    ...(preview === undefined ? {} : { preview }),
  };
}

async function newestHead(
  storage: SessionStorage,
  file: ListedFile,
): Promise<HeadLine | undefined> {
  if (storage.readTail !== undefined) {
    return headLines((await storage.readTail(file.sessionId, headBytes)) ?? '').at(-1);
  }
  return file.sizeBytes <= smallFileBytes
    ? headLines((await storage.read(file.sessionId)) ?? '').at(-1)
    : undefined;
}

/** The head lines in a piece of a file; lines that were cut at its ends are left out. */
function headLines(text: string): readonly HeadLine[] {
  return text.split('\n').flatMap((line) => {
    // Messages need no parsing here.
    if (!line.includes('"type":"head"')) {
      return [];
    }
    const decoded = decodeLine(line);
    return decoded.kind === 'line' && decoded.line.type === 'head' ? [decoded.line] : [];
  });
}
