import {
  isArrayOf,
  isBoolean,
  isJsonObject,
  isNumber,
  isOneOf,
  isRecord,
  isString,
  type Guard,
} from '../base/guard';
import { assertNever } from '../base/assertNever';
import type { JsonObject } from '../base/json';
import type { ContentBlock, ImageContent, Message, OwnCommand } from '../events/message';
import type { ToolCall, ToolResult, ToolResultDetails } from '../events/toolCall';
import { permissionModes, type PermissionMode } from '../gate/contract';
import { sessionSchema, toCurrentLine, type Migration } from './sessionFormat';

/**
 * Names the session. The first line of a file; written again when the title changes (the last one counts) and when the
 * active branch is another one. `leaf` set: from here on the branch ends at this entry (null: before the first).
 */
export interface HeadLine {
  readonly type: 'head';
  readonly session: string;
  readonly title: string;
  readonly createdAtMs: number;
  readonly modelId?: string;
  readonly mode?: PermissionMode;
  /** The first question, shortened, for the list. */
  readonly preview?: string;
  readonly leaf?: string | null;
  /** The session that this one was copied from. */
  readonly forkedFrom?: string;
}

/** One entry of the tree. `parent` null: the first of a branch. Never rewritten. */
export type EntryLine = {
  readonly type: 'entry';
  readonly id: string;
  readonly parent: string | null;
  readonly atMs: number;
} & EntryBody;

export type EntryBody =
  | { readonly kind: 'message'; readonly turn?: string; readonly message: Message }
  /** For us alone; never sent to a model. */
  | { readonly kind: 'custom'; readonly tag: string; readonly data: JsonObject }
  | { readonly kind: 'title'; readonly title: string }
  | { readonly kind: 'model'; readonly modelId: string }
  | { readonly kind: 'mode'; readonly mode: PermissionMode }
  | { readonly kind: 'turnStart'; readonly turn: string }
  | { readonly kind: 'turnEnd'; readonly turn: string };

/** Text of a turn that is still streaming. It counts only while the turn has neither a later answer nor an end. */
export interface PartialLine {
  readonly type: 'partial';
  readonly turn: string;
  /** Counts up within the turn. */
  readonly part: number;
  readonly block: 'text' | 'thinking';
  readonly text: string;
}

export type SessionLine = HeadLine | EntryLine | PartialLine;

export function encodeLine(line: SessionLine): string {
  return `${JSON.stringify({ schema: sessionSchema, ...line })}\n`;
}

export type DecodedLine =
  | { readonly kind: 'line'; readonly line: SessionLine }
  /** `isNewer`: it was written by a later version of this program. */
  | { readonly kind: 'otherSchema'; readonly isNewer: boolean }
  | { readonly kind: 'malformed' };

/** Lines of older versions are brought up to the current one; see sessionFormat. */
export function decodeLine(text: string, migrations?: readonly Migration[]): DecodedLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A line that was cut by a crash or damaged on disk costs itself only.
    return { kind: 'malformed' };
  }
  const current = toCurrentLine(value, migrations);
  switch (current.kind) {
    case 'current':
      return isSessionLine(current.line)
        ? { kind: 'line', line: current.line }
        : { kind: 'malformed' };
    case 'foreign':
      return { kind: 'otherSchema', isNewer: current.isNewer };
    case 'malformed':
      return current;
    default:
      return assertNever(current);
  }
}

const isMode = isOneOf(...permissionModes);
const isPartialKind = isOneOf('text', 'thinking');
const isStopReason = isOneOf('stop', 'length', 'toolUse', 'error', 'aborted');
const isExecutor = isOneOf('host', 'child');

function isSessionLine(
  value: Readonly<Record<string, unknown>>,
): value is typeof value & SessionLine {
  switch (value.type) {
    case 'head':
      return (
        isString(value.session) &&
        isString(value.title) &&
        isTime(value.createdAtMs) &&
        isAbsentOr(isString, value.modelId) &&
        isAbsentOr(isMode, value.mode) &&
        isAbsentOr(isString, value.preview) &&
        isAbsentOr(isString, value.forkedFrom) &&
        (value.leaf === null || isAbsentOr(isString, value.leaf))
      );
    case 'entry':
      return (
        isString(value.id) &&
        value.id !== '' &&
        (value.parent === null || isString(value.parent)) &&
        isNumber(value.atMs) &&
        isEntryBody(value)
      );
    case 'partial':
      return (
        isString(value.turn) &&
        isNumber(value.part) &&
        isPartialKind(value.block) &&
        isString(value.text)
      );
    default:
      return false;
  }
}

function isEntryBody(value: Readonly<Record<string, unknown>>): boolean {
  switch (value.kind) {
    case 'message':
      return isAbsentOr(isString, value.turn) && isMessage(value.message);
    case 'custom':
      return isString(value.tag) && isJsonObject(value.data);
    case 'title':
      return isString(value.title);
    case 'model':
      return isString(value.modelId);
    case 'mode':
      return isMode(value.mode);
    case 'turnStart':
    case 'turnEnd':
      return isString(value.turn);
    default:
      return false;
  }
}

export function isMessage(value: unknown): value is Message {
  if (!isRecord(value) || !isTime(value.createdAtMs)) {
    return false;
  }
  switch (value.role) {
    case 'user':
      return (
        isString(value.text) &&
        isAbsentOr(isArrayOf(isString), value.notes) &&
        isAbsentOr(isArrayOf(isImage), value.images) &&
        isAbsentOr(isOwnCommand, value.command)
      );
    case 'tool':
      return isString(value.callId) && isString(value.toolName) && isToolResult(value.result);
    case 'assistant':
      return (
        isArrayOf(isContentBlock)(value.content) &&
        isString(value.api) &&
        isString(value.provider) &&
        isString(value.model) &&
        (value.toolSource === undefined || value.toolSource === 'patchbay') &&
        isStopReason(value.stopReason) &&
        isAbsentOr(isString, value.errorMessage) &&
        isAbsentOr(isRecord, value.failure) &&
        isAbsentOr(isRecord, value.usage)
      );
    default:
      return false;
  }
}

function isContentBlock(value: unknown): value is ContentBlock {
  if (!isRecord(value)) {
    return false;
  }
  return value.kind === 'tool_call'
    ? isToolCall(value.call)
    : (value.kind === 'text' || value.kind === 'thinking') && isString(value.text);
}

export function isToolCall(value: unknown): value is ToolCall {
  return (
    isRecord(value) &&
    isString(value.id) &&
    isString(value.name) &&
    isJsonObject(value.arguments) &&
    isExecutor(value.executedBy)
  );
}

const imageTypes = isOneOf('image/png', 'image/jpeg', 'image/gif', 'image/webp');

export function isImage(value: unknown): value is ImageContent {
  return isRecord(value) && imageTypes(value.mediaType) && isString(value.data);
}

export function isOwnCommand(value: unknown): value is OwnCommand {
  return (
    isRecord(value) && isString(value.callId) && isString(value.line) && isToolResult(value.result)
  );
}

export function isToolResult(value: unknown): value is ToolResult {
  return (
    isRecord(value) &&
    isBoolean(value.ok) &&
    isString(value.output) &&
    (value.ok || isString(value.error)) &&
    isAbsentOr(isDetails, value.details)
  );
}

/** What a date can be made of. */
function isTime(value: unknown): value is number {
  return isNumber(value) && Math.abs(value) <= 8.64e15;
}

function isDetails(value: unknown): value is ToolResultDetails {
  return (
    isRecord(value) &&
    isAbsentOr(isString, value.summary) &&
    isAbsentOr(isString, value.diff) &&
    isAbsentOr(isString, value.outputId) &&
    isAbsentOr(isNumber, value.exitCode) &&
    isAbsentOr(isNumber, value.wholeChars)
  );
}

function isAbsentOr<T>(guard: Guard<T>, value: unknown): boolean {
  return value === undefined || guard(value);
}
