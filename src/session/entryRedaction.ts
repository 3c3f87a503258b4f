import { isJsonObject, isRecord } from '../base/guard';
import type { JsonObject } from '../base/json';
import type { Message } from '../events/message';
import { isImage, isMessage } from './sessionEntry';

export type Redact = (text: string) => string;

/**
 * Fields of ours that are names, ids or proofs: they hold no secret, and a changed one would break what it points to.
 * In what a model or a tool wrote a field of such a name is nothing of ours.
 */
const keptFields: ReadonlySet<string> = new Set([
  'api',
  'blockId',
  'bridge',
  'callId',
  'code',
  'entryId',
  'executedBy',
  'id',
  'kind',
  'model',
  'name',
  'outcome',
  'outputId',
  'parentCallId',
  'provider',
  'reportedBy',
  'resumeToken',
  'role',
  'signature',
  'source',
  'stopReason',
  'toolName',
]);

/** What lies below these fields has names that models and tools chose; with the few among them that are ours. */
const foreignFields: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['arguments', new Set()],
  ['details', new Set(['outcome', 'outputId'])],
]);

/** The message with every text that people, models and tools wrote passed through `redact`. */
export function redactMessage(message: Message, redact: Redact): Message {
  const safe = mapStrings(message, redact, 0);
  if (!isMessage(safe)) {
    throw new Error('redaction changed the shape of a message');
  }
  return safe;
}

export function redactData(data: JsonObject, redact: Redact): JsonObject {
  const safe = mapStrings(data, redact, 0);
  if (!isJsonObject(safe)) {
    throw new Error('redaction changed the shape of an entry');
  }
  return safe;
}

/** Deeper than anything that is stored; what lies below is left as it is rather than followed for ever. */
const maxDepth = 64;

function mapStrings(value: unknown, redact: Redact, depth: number, kept = keptFields): unknown {
  if (typeof value === 'string') {
    return redact(value);
  }
  if (depth > maxDepth) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown) => mapStrings(item, redact, depth + 1, kept));
  }
  // The letters of a picture are no words; a changed one could not be shown any more.
  if (kept === keptFields && isImage(value)) {
    return value;
  }
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        name,
        typeof item === 'string' && kept.has(name)
          ? item
          : mapStrings(item, redact, depth + 1, foreignFields.get(name) ?? kept),
      ]),
    );
  }
  return value;
}
