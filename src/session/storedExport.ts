import type { SessionStorage } from './contract';
import { SessionExport, type ExportCleaning, type ExportFormat } from './exportSession';
import { nothingHeavy, readStoredSession } from './storedTexts';

/**
 * A stored session as one file, in pieces: its long texts are read one after the other as they are written. Undefined
 * when there is no such session, or nothing of it can be read.
 */
export async function exportStored(
  storage: Pick<SessionStorage, 'readRange'>,
  sessionId: string,
  format: ExportFormat,
  cleaning: ExportCleaning,
): Promise<AsyncIterable<string> | undefined> {
  const stored = await readStoredSession(storage, sessionId, { limits: nothingHeavy });
  if (stored === undefined) {
    return undefined;
  }
  const { record, whole } = stored;
  const { title, modelId, messages } = record;
  const file = new SessionExport(
    {
      id: sessionId,
      title: title === '' ? (record.head?.preview ?? 'Untitled session') : title,
      ...(modelId === undefined ? {} : { modelId }),
    },
    format,
    cleaning,
  );
  return (async function* () {
    yield file.begin();
    for (const message of messages) {
      yield file.message(await whole(message));
    }
    yield file.end();
  })();
}
