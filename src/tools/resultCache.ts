import type { Disposable } from '../base/disposable';
import type { JsonObject } from '../base/json';
import type { ToolResult } from '../events/toolCall';
import type { FileStat, WorkspaceFiles } from './contract';

export interface ResultCacheOptions {
  readonly files: Pick<WorkspaceFiles, 'stat' | 'onDidChange'>;
  readonly maxEntries?: number;
  readonly maxBytes?: number;
}

export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  /** 0 when nothing was looked up. */
  readonly hitRate: number;
  readonly size: number;
}

/** Proof that a look-up missed; brings the stat from before the read to `store`. */
export interface CacheTicket {
  readonly key: string;
  readonly uri: string;
  readonly path: string;
  readonly stat: FileStat;
  readonly generation: number;
}

export type CacheLookup =
  | { readonly kind: 'hit'; readonly result: ToolResult }
  | { readonly kind: 'miss'; readonly ticket: CacheTicket }
  /** Not cacheable: another tool, no path, no stat. Counts as neither hit nor miss. */
  | { readonly kind: 'off' };

/** The tools whose results may be kept: a result depends on one file and the arguments alone. */
export const cacheableTools: readonly string[] = ['read_file'];

/**
 * Results of reading tools, for all sessions. An entry is valid for one modification time and size; it goes when the
 * file or its buffer changes. It never decides about permission: ask it after the gate.
 */
export class ResultCache implements Disposable {
  private readonly entries = new Map<string, Entry>();
  private readonly keysByUri = new Map<string, Set<string>>();
  private readonly subscription: Disposable;
  private readonly maxEntries: number;
  private readonly maxBytes: number;
  private totalBytes = 0;
  private hits = 0;
  private misses = 0;
  /** Counts announced changes; the maps say which was the last of a file, for reads that are under way. */
  private generation = 0;
  private allChangedAt = 0;
  private readonly changedAt = new Map<string, number>();

  constructor(private readonly options: ResultCacheOptions) {
    this.maxEntries = options.maxEntries ?? 100;
    this.maxBytes = options.maxBytes ?? 16 * 1024 * 1024;
    this.subscription = options.files.onDidChange((path) =>
      path === undefined ? this.clear() : this.invalidate(path),
    );
  }

  /** `path` is the absolute path that the gate decided on; `args` may still contain it. */
  async lookup(tool: string, path: string | undefined, args: JsonObject): Promise<CacheLookup> {
    if (!cacheableTools.includes(tool) || path === undefined) {
      return { kind: 'off' };
    }
    const generation = this.generation;
    const stat = await this.statOf(path);
    if (stat === undefined) {
      return { kind: 'off' };
    }
    const key = toKey(tool, path, stat, args);
    const entry = this.entries.get(key);
    if (entry === undefined) {
      this.misses += 1;
      return { kind: 'miss', ticket: { key, uri: toUri(path), path, stat, generation } };
    }
    this.hits += 1;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return { kind: 'hit', result: structuredClone(entry.result) };
  }

  /** Keeps a successful result, if the file stayed as it was before the read and nothing announced a change meanwhile. */
  async store(ticket: CacheTicket, result: ToolResult): Promise<void> {
    if (!result.ok || result.details?.isLive === true) {
      return;
    }
    const stat = await this.statOf(ticket.path);
    if (stat === undefined || !isSameStat(stat, ticket.stat) || !this.isUnchangedSince(ticket)) {
      return;
    }
    const entry: Entry = {
      result: structuredClone(result),
      uri: ticket.uri,
      sizeBytes: sizeOf(ticket.key, result),
    };
    if (entry.sizeBytes > this.maxBytes) {
      return;
    }
    this.remove(ticket.key);
    this.entries.set(ticket.key, entry);
    this.totalBytes += entry.sizeBytes;
    const keys = this.keysByUri.get(entry.uri) ?? new Set();
    this.keysByUri.set(entry.uri, keys.add(ticket.key));
    this.evict();
  }

  /** Removes every entry of this file, and keeps reads that are under way from being stored. */
  invalidate(path: string): void {
    const uri = toUri(path);
    this.generation += 1;
    if (this.changedAt.size >= maxRememberedChanges) {
      this.changedAt.clear();
      this.allChangedAt = this.generation;
    }
    this.changedAt.set(uri, this.generation);
    for (const key of [...(this.keysByUri.get(uri) ?? [])]) {
      this.remove(key);
    }
  }

  stats(): CacheStats {
    const lookups = this.hits + this.misses;
    return {
      hits: this.hits,
      misses: this.misses,
      hitRate: lookups === 0 ? 0 : this.hits / lookups,
      size: this.entries.size,
    };
  }

  dispose(): void {
    this.subscription.dispose();
    this.clear();
  }

  private isUnchangedSince(ticket: CacheTicket): boolean {
    return Math.max(this.allChangedAt, this.changedAt.get(ticket.uri) ?? 0) <= ticket.generation;
  }

  private clear(): void {
    this.generation += 1;
    this.allChangedAt = this.generation;
    this.changedAt.clear();
    this.entries.clear();
    this.keysByUri.clear();
    this.totalBytes = 0;
  }

  private evict(): void {
    for (const key of [...this.entries.keys()]) {
      if (this.entries.size <= this.maxEntries && this.totalBytes <= this.maxBytes) {
        return;
      }
      this.remove(key);
    }
  }

  private remove(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) {
      return;
    }
    this.entries.delete(key);
    this.totalBytes -= entry.sizeBytes;
    const keys = this.keysByUri.get(entry.uri);
    keys?.delete(key);
    if (keys?.size === 0) {
      this.keysByUri.delete(entry.uri);
    }
  }

  private async statOf(path: string): Promise<FileStat | undefined> {
    try {
      return await this.options.files.stat(path);
    } catch {
      // A file that cannot be looked at is read without the cache; the read itself will say what is wrong.
      return undefined;
    }
  }
}

interface Entry {
  readonly result: ToolResult;
  readonly uri: string;
  readonly sizeBytes: number;
}

const maxRememberedChanges = 1000;

function toKey(tool: string, path: string, stat: FileStat, args: JsonObject): string {
  const others = Object.entries(args)
    .filter(([name, value]) => name !== 'path' && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([tool, toUri(path), stat.mtimeMs, stat.sizeBytes, others]);
}

/** A file URI, so that drive letters and separators have one spelling. */
function toUri(path: string): string {
  const drive = /^([A-Za-z]):[\\/]/.exec(path)?.[1];
  const slashed =
    drive === undefined ? path : `/${drive.toLowerCase()}:/${path.slice(3).replaceAll('\\', '/')}`;
  return `file://${slashed.split('/').map(encodeURIComponent).join('/')}`;
}

function isSameStat(a: FileStat, b: FileStat): boolean {
  return a.kind === b.kind && a.mtimeMs === b.mtimeMs && a.sizeBytes === b.sizeBytes;
}

function sizeOf(key: string, result: ToolResult): number {
  return (key.length + JSON.stringify(result).length) * 2;
}
