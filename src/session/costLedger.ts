import { isNumber, isOneOf, isRecord, isString } from '../base/guard';
import { errorMessage } from '../base/patchbayError';
import type { Usage } from '../events/usage';
import { noUsage, plusUsage, totalOfOne, type UsageTotal } from '../events/usageTotal';

/** What one exchange used, as it is written down. Never changed afterwards; the same id twice is one entry. */
export interface LedgerEntry {
  readonly id: string;
  readonly atMs: number;
  readonly sessionId: string;
  readonly turnId: string;
  readonly modelId: string;
  /** Where it was produced: an agent's adapter, or the provider. */
  readonly runtime: string;
  readonly purpose: 'turn' | 'compaction';
  /** Absent: nothing was told. */
  readonly usage?: Usage;
}

/** Where the entries lie, as a port: append-only, shared by all windows. */
export interface LedgerStore {
  append(entry: LedgerEntry): Promise<void>;
  /** The entries of all windows, oldest first; `problems` are sentences about what could not be read. */
  read(): Promise<LedgerReading>;
}

export interface LedgerReading {
  readonly entries: readonly LedgerEntry[];
  readonly problems: readonly string[];
}

/** How entries become lines; the files know nothing of what is in them. */
export interface LedgerCodec {
  readonly encode: (entry: LedgerEntry) => string;
  /** Undefined for a line that is torn, damaged or of another version. */
  readonly decode: (line: string) => LedgerEntry | undefined;
  /** Each id once, by time. */
  readonly unique: (entries: readonly LedgerEntry[]) => readonly LedgerEntry[];
}

export const ledgerCodec: LedgerCodec = {
  encode: encodeEntry,
  decode: decodeEntry,
  unique: uniqueEntries,
};

export interface CostLedgerDeps {
  readonly store: LedgerStore;
  /** An entry could not be written: told once. */
  readonly onFirstFailure: (message: string) => void;
}

/** Keeps what the exchanges used. `record` returns at once and never throws; `flush` waits. */
export class CostLedger {
  private writing: Promise<void> = Promise.resolve();
  private failures = 0;
  /** Entries that are not on disk; the view has them all the same. */
  private readonly unwritten: LedgerEntry[] = [];

  constructor(private readonly deps: CostLedgerDeps) {}

  record(entry: LedgerEntry): void {
    this.unwritten.push(entry);
    this.writing = this.writing.then(async () => {
      try {
        await this.deps.store.append(entry);
        this.unwritten.splice(this.unwritten.indexOf(entry), 1);
      } catch (error) {
        this.failures += 1;
        if (this.failures === 1) {
          this.deps.onFirstFailure(
            `What this turn used could not be written to the cost ledger (${errorMessage(error)}). The conversation is not affected; free some disk space or check the folder's permissions.`,
          );
        }
      }
    });
  }

  async flush(): Promise<void> {
    await this.writing;
  }

  /** Everything, of all windows; what could not be written is in it while this window lives. */
  async read(): Promise<LedgerReading> {
    await this.flush();
    const { entries, problems } = await this.deps.store.read();
    return {
      entries: uniqueEntries([...entries, ...this.unwritten]),
      problems:
        this.failures === 0
          ? problems
          : [...problems, `${String(this.failures)} entries of this window could not be written.`],
    };
  }
}

function uniqueEntries(entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  return [...byId.values()].sort((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
}

export function totalOfEntries(entries: readonly LedgerEntry[]): UsageTotal {
  return entries.reduce((sum, entry) => plusUsage(sum, totalOfOne(entry.usage)), noUsage);
}

export interface LedgerGroup {
  readonly key: string;
  readonly total: UsageTotal;
  readonly lastAtMs: number;
}

/** The entries by a key; the totals of the groups together are the total of all. */
export function groupEntries(
  entries: readonly LedgerEntry[],
  keyOf: (entry: LedgerEntry) => string,
): readonly LedgerGroup[] {
  const groups = new Map<string, LedgerGroup>();
  for (const entry of entries) {
    const key = keyOf(entry);
    const known = groups.get(key);
    groups.set(key, {
      key,
      total: plusUsage(known?.total ?? noUsage, totalOfOne(entry.usage)),
      lastAtMs: Math.max(known?.lastAtMs ?? 0, entry.atMs),
    });
  }
  return [...groups.values()];
}

/** The calendar day where the user is: `2026-11-21`. */
export function localDay(atMs: number): string {
  const at = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(at.getFullYear())}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

const ledgerSchema = 'patchbay.ledger/1';

function encodeEntry(entry: LedgerEntry): string {
  return `${JSON.stringify({ schema: ledgerSchema, ...entry })}\n`;
}

function decodeEntry(line: string): LedgerEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // A line that was cut by a crash costs itself only.
    return undefined;
  }
  return isRecord(value) && value.schema === ledgerSchema && isEntry(value)
    ? toEntry(value)
    : undefined;
}

const isPurpose = isOneOf('turn', 'compaction');
const isReporter = isOneOf('provider', 'child');
const counts = [
  'inputTokens',
  'outputTokens',
  'cacheReadTokens',
  'cacheWriteTokens',
  'costUsd',
  'contextWindowTokens',
  'contextTokens',
] as const;

function isEntry(value: unknown): value is LedgerEntry {
  return (
    isRecord(value) &&
    isNumber(value.atMs) &&
    [value.id, value.sessionId, value.turnId, value.modelId, value.runtime].every(isString) &&
    isPurpose(value.purpose) &&
    (value.usage === undefined || isUsage(value.usage))
  );
}

export function isUsage(value: unknown): value is Usage {
  return (
    isRecord(value) &&
    isReporter(value.reportedBy) &&
    counts.every((name) => value[name] === undefined || isNumber(value[name]))
  );
}

function toEntry(entry: LedgerEntry): LedgerEntry {
  const { id, atMs, sessionId, turnId, modelId, runtime, purpose, usage } = entry;
  return {
    id,
    atMs,
    sessionId,
    turnId,
    modelId,
    runtime,
    purpose,
    ...(usage === undefined ? {} : { usage }),
  };
}
