import { arrayField, isOneOf, isRecord, isString, numberField, stringField } from '../base/guard';
import { permissionModes, type AuditRecord, type Effect } from './contract';

/** One record of the audit log as it was read back. */
export interface StoredAuditRecord {
  readonly record: AuditRecord;
  /** The file's name. */
  readonly file: string;
  /** Its number in the chain of its host. */
  readonly seq: number;
}

export interface AuditFileText {
  readonly file: string;
  /** Whole lines; the last one may be incomplete. */
  readonly text: string;
}

export interface ParsedAudit {
  /** Newest last, by their time; what one host wrote in one moment is in the order of its chain. */
  readonly records: readonly StoredAuditRecord[];
  /** Lines that are no records. The chain is not checked here. */
  readonly badLineCount: number;
}

/** Reads records back from the texts of files, of all hosts, merged by time. Lines that are none are counted. */
export function parseAuditFiles(files: readonly AuditFileText[]): ParsedAudit {
  const records: StoredAuditRecord[] = [];
  let badLineCount = 0;
  for (const { file, text } of files) {
    for (const line of text.split('\n')) {
      const parsed = line === '' ? 'none' : parseLine(line);
      if (parsed === undefined) {
        badLineCount += 1;
      } else if (parsed !== 'none') {
        records.push({ ...parsed, file });
      }
    }
  }
  records.sort(
    (a, b) =>
      compare(a.record.at, b.record.at) || compare(hostOf(a.file), hostOf(b.file)) || a.seq - b.seq,
  );
  return { records, badLineCount };
}

/** A record that was read from outside; undefined when it is none that this version knows. */
export function toAuditRecord(value: unknown): AuditRecord | undefined {
  const field = (name: string): string | undefined => stringField(value, name);
  const [at, sessionId, turnId] = [field('at'), field('sessionId'), field('turnId')];
  const [callId, tool, modelId] = [field('callId'), field('tool'), field('modelId')];
  const [executedBy, bridge] = [field('executedBy'), field('bridge')];
  if (
    at === undefined ||
    sessionId === undefined ||
    turnId === undefined ||
    callId === undefined ||
    tool === undefined ||
    modelId === undefined ||
    !isExecutor(executedBy)
  ) {
    return undefined;
  }
  const head = {
    at,
    sessionId,
    turnId,
    callId,
    tool,
    modelId,
    executedBy,
    ...(bridge === undefined ? {} : { bridge }),
  };
  if (field('kind') === 'decision') {
    const [decision, mode] = [field('decision'), field('mode')];
    return isVerdict(decision) && isMode(mode)
      ? {
          ...head,
          kind: 'decision',
          decision,
          by: field('by') ?? '',
          reason: field('reason') ?? '',
          effects: (arrayField(value, 'effects') ?? []).map(toEffectOrUnknown),
          arguments: field('arguments') ?? '',
          mode,
        }
      : undefined;
  }
  const outcome = field('outcome');
  if (field('kind') !== 'outcome' || !isOutcome(outcome)) {
    return undefined;
  }
  const [resultDigest, detail] = [field('resultDigest'), field('detail')];
  return {
    ...head,
    kind: 'outcome',
    outcome,
    durationMs: numberField(value, 'durationMs') ?? 0,
    resultChars: numberField(value, 'resultChars') ?? 0,
    ...(resultDigest === undefined ? {} : { resultDigest }),
    ...(detail === undefined ? {} : { detail }),
  };
}

/**
 * An effect as the log holds it, back as one that rules can judge: a command comes without its analysis. Undefined for
 * anything else, also for one whose text was cut when it was written: what is not whole cannot be judged. A home
 * directory stands as `~` in the log; where `home` is given, paths (never commands) get it back.
 */
export function toEffect(value: unknown, home?: string): Effect | undefined {
  if (!isRecord(value) || Object.values(value).some((item) => isString(item) && isCutText(item))) {
    return undefined;
  }
  const field = (name: string): string | undefined => stringField(value, name);
  const pathField = (name: string): string | undefined => {
    const path = field(name);
    return home !== undefined && path !== undefined && /^~(?=$|[\\/])/.test(path)
      ? home + path.slice(1)
      : path;
  };
  switch (value.kind) {
    case 'read':
    case 'write': {
      const [path, target] = [pathField('path'), pathField('target')];
      const [pathClass, relative, change] = [
        field('pathClass'),
        field('relative'),
        field('change'),
      ];
      if (path === undefined || target === undefined || !isPathClass(pathClass)) {
        return undefined;
      }
      const place = { path, target, pathClass, ...(relative === undefined ? {} : { relative }) };
      if (value.kind === 'read') {
        return { kind: 'read', ...place };
      }
      return isChange(change) ? { kind: 'write', ...place, change } : undefined;
    }
    case 'command': {
      const [command, cwd, cwdClass] = [field('command'), pathField('cwd'), field('cwdClass')];
      return command !== undefined && cwd !== undefined && isPathClass(cwdClass)
        ? { kind: 'command', command, cwd, cwdClass }
        : undefined;
    }
    case 'network': {
      const url = field('url');
      return url === undefined ? undefined : { kind: 'network', url };
    }
    case 'mcp': {
      const [server, tool] = [field('server'), field('tool')];
      return server === undefined || tool === undefined ? undefined : { kind: 'mcp', server, tool };
    }
    case 'question':
    case 'none':
      return { kind: value.kind };
    case 'unknown': {
      const description = field('description');
      return description === undefined ? undefined : { kind: 'unknown', description };
    }
    default:
      return undefined;
  }
}

/** The beginning of a text that is too long for the log, with a mark that says how much is missing. */
export function cutText(text: string, maxChars: number): string {
  return text.length <= maxChars
    ? text
    : `${text.slice(0, maxChars)}… [${text.length - maxChars} more characters]`;
}

/** True for a text that ends in the mark of a cut. A text that only looks so counts as cut too: it is judged by nobody. */
export function isCutText(text: string): boolean {
  return /… \[\d+ more characters\]$/.test(text);
}

/** All parts of one host have its name in front. */
export function hostOf(file: string): string {
  return file.replace(/(?:\.\d+)?\.ndjson$/, '');
}

const isExecutor = isOneOf('host', 'child');
const isVerdict = isOneOf('allow', 'deny');
const isMode = isOneOf(...permissionModes);
const isPathClass = isOneOf('inside', 'outside', 'protected', 'secret', 'invalid');
const isChange = isOneOf('content', 'edits', 'patch', 'delete');
const isOutcome = isOneOf('ok', 'error', 'timeout', 'cache_hit', 'denied', 'aborted');

function toEffectOrUnknown(value: unknown): Effect {
  return (
    toEffect(value) ?? {
      kind: 'unknown',
      description: `an effect that the log does not hold whole: ${JSON.stringify(value).slice(0, 200)}`,
    }
  );
}

/** Undefined: no record. `none`: a line of the file about itself. */
function parseLine(line: string): Omit<StoredAuditRecord, 'file'> | 'none' | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const inner = isRecord(value) ? value.record : undefined;
  if (isFileMark(stringField(inner, 'kind'))) {
    return 'none';
  }
  const record = toAuditRecord(inner);
  return record === undefined ? undefined : { record, seq: numberField(value, 'seq') ?? 0 };
}

const isFileMark = isOneOf('start', 'end');

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
