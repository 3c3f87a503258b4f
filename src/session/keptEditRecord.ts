import {
  isArrayOf,
  isNumber,
  isOneOf,
  isOptional,
  isRecord,
  isShape,
  isString,
  type Guard,
} from '../base/guard';
import type { Hunk, HunkDecision } from '../edits/fileEdit';
import { sha256Hex } from '../gate/digest';
import type { EditOrigin } from '../tools/contract';
import type { KeptEdit } from './openEdit';

const schema = 'patchbay.pending/1';

/** One edit as it is stored. The texts are exact: they are to be written, so nothing is redacted here. */
export function keptEditText(kept: KeptEdit): string {
  return JSON.stringify({ schema, ...kept, baseDigest: sha256Hex(kept.baseText) });
}

/** Undefined for anything but a whole record of ours whose base is what its digest says. Never throws. */
export function parseKeptEdit(text: string): KeptEdit | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // cut off or not ours: the same as no record
  }
  if (!isRecord(value) || value.schema !== schema || !isKeptEdit(value)) {
    return undefined;
  }
  return value.baseDigest === sha256Hex(value.baseText) ? value : undefined;
}

function isHunk(value: unknown): value is Hunk {
  return isHunkShape(value);
}

const isHunkShape = isShape<{ [K in keyof Hunk]: Hunk[K] }>({
  id: isString,
  oldStart: isNumber,
  oldLines: isNumber,
  newStart: isNumber,
  newLines: isNumber,
  oldText: isString,
  newText: isString,
});

function isDeniedHunk(value: unknown): value is { readonly hunk: Hunk; readonly reason?: string } {
  return isRecord(value) && isHunk(value.hunk) && isOptional(isString)(value.reason);
}

function isDecision(value: unknown): value is HunkDecision {
  return (
    isRecord(value) &&
    isOneOf('pending', 'approved', 'denied')(value.kind) &&
    isOptional(isString)(value.reason)
  );
}

function isDecided(value: unknown): value is KeptEdit['decisions'][number] {
  return Array.isArray(value) && value.length === 2 && isString(value[0]) && isDecision(value[1]);
}

function isOrigin(value: unknown): value is EditOrigin {
  return (
    isRecord(value) &&
    isString(value.turnId) &&
    isString(value.modelId) &&
    isString(value.target) &&
    isOptional(isString)(value.bridge)
  );
}

const isKeptEdit: Guard<KeptEdit> = (value): value is KeptEdit =>
  isRecord(value) &&
  [
    value.id,
    value.sessionId,
    value.callId,
    value.asker,
    value.reason,
    value.path,
    value.baseText,
    value.agentText,
    value.proposedText,
  ].every(isString) &&
  isOneOf('edit', 'create', 'delete')(value.kind) &&
  isOrigin(value.origin) &&
  isArrayOf(isDecided)(value.decisions) &&
  isArrayOf(isDeniedHunk)(value.deniedBefore) &&
  isOptional(isOneOf('agentGone', 'goesOn'))(value.detached) &&
  isNumber(value.createdAtMs);
