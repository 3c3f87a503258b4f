import { isArrayOf, isBoolean, isNumber, isRecord, isString } from '../base/guard';
import { AttributedText, type Piece } from '../edits/attributedText';
import type { ChangeOrigin } from '../edits/changeOrigin';
import type { ChangedFile, ChangedMode, TurnOrigin } from './changedFile';
import type { ChangeStore } from './unreviewedChanges';

/** Texts by a key, on disk. */
export interface StoredTexts {
  load(): Promise<readonly string[]>;
  save(key: string, text: string): Promise<void>;
  /** Not an error when there is none. */
  remove(key: string): Promise<void>;
}

/** What waits, as one text for each file. What cannot be read back is left out: the files themselves are as they are. */
export function createChangeStore(texts: StoredTexts): ChangeStore {
  return {
    load: async () =>
      (await texts.load())
        .flatMap((text) => decodeChangedFile(text) ?? [])
        .sort((a, b) => a.createdAtMs - b.createdAtMs),
    save: (file) => texts.save(file.path, encodeChangedFile(file)),
    remove: (path) => texts.remove(path),
  };
}

const schema = 'patchbay.change/1';

export function encodeChangedFile({ text, ...file }: ChangedFile): string {
  return JSON.stringify({ schema, ...file, pieces: text.pieces });
}

export function decodeChangedFile(text: string): ChangedFile | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // cut off by a crash
  }
  if (!isRecord(value) || value.schema !== schema) {
    return undefined;
  }
  const { path, wasThere, isThere, existenceBy, mode, createdAtMs, pieces } = value;
  return isString(path) &&
    isBoolean(wasThere) &&
    isBoolean(isThere) &&
    isNumber(createdAtMs) &&
    (existenceBy === undefined || isTurnOrigin(existenceBy)) &&
    (mode === undefined || isChangedMode(mode)) &&
    isArrayOf(isPiece)(pieces)
    ? {
        path,
        wasThere,
        isThere,
        createdAtMs,
        text: AttributedText.from(pieces),
        ...(existenceBy === undefined ? {} : { existenceBy }),
        ...(mode === undefined ? {} : { mode }),
      }
    : undefined;
}

function isPiece(value: unknown): value is Piece<TurnOrigin> {
  if (!isRecord(value) || !isString(value.text)) {
    return false;
  }
  return (
    value.kind === 'both' ||
    ((value.kind === 'added' || value.kind === 'removed') &&
      isNumber(value.id) &&
      isTurnOrigin(value.by))
  );
}

function isChangedMode(value: unknown): value is ChangedMode {
  return isRecord(value) && isNumber(value.before) && isNumber(value.now) && isTurnOrigin(value.by);
}

function isTurnOrigin(value: unknown): value is TurnOrigin {
  return (
    isRecord(value) && isString(value.sessionId) && isString(value.turnId) && isOrigin(value.origin)
  );
}

function isOrigin(value: unknown): value is ChangeOrigin {
  if (!isRecord(value)) {
    return false;
  }
  switch (value.kind) {
    case 'onSave':
    case 'elsewhere':
      return true;
    case 'ours':
      return isString(value.callId);
    case 'during':
      return isString(value.callId) && isString(value.what);
    default:
      return false;
  }
}
