import { isString, isRecord } from '../base/guard';
import type { JsonObject } from '../base/json';
import { resumeLinkTag, type ResumeLink, type ResumeQuery } from '../runtime/resumeLink';
import type { EntryLine } from './sessionEntry';

/** The resume links of a session, by the entry that holds them; asked only along the active branch. */
export class ResumeLinks {
  /** On the active branch, oldest first. */
  private active: { readonly entryId: string; readonly link: ResumeLink }[] = [];
  private readonly all = new Map<string, ResumeLink>();

  /** Takes the links of all branches; `branchTo` says which is active. */
  constructor(entries: Iterable<EntryLine>) {
    for (const entry of entries) {
      const link = linkOf(entry);
      if (link !== undefined) {
        this.all.set(entry.id, link);
      }
    }
  }

  /** A new entry at the end of the active branch. */
  add(entryId: string, link: ResumeLink): void {
    this.all.set(entryId, link);
    this.active.push({ entryId, link });
  }

  /** The active branch is now the parent chain of this entry. */
  branchTo(leaf: string | null, parents: ReadonlyMap<string, string | null>): void {
    this.active = [];
    for (let entryId = leaf; entryId !== null; entryId = parents.get(entryId) ?? null) {
      const link = this.all.get(entryId);
      if (link !== undefined) {
        this.active.push({ entryId, link });
      }
    }
    this.active.reverse();
  }

  /** The newest link of the same source, model and bridge; undefined when it was made in another folder. */
  find(query: ResumeQuery): ResumeLink | undefined {
    const newest = this.active.findLast(({ link }) => hasKey(link, query))?.link;
    const isElsewhere = newest?.cwd !== undefined && newest.cwd !== query.cwd;
    return isElsewhere ? undefined : newest;
  }

  /** Whether the newest link of the same key says the same already. */
  has(link: ResumeLink): boolean {
    const newest = this.active.findLast(
      (known) =>
        known.link.source === link.source &&
        known.link.bridge === link.bridge &&
        known.link.model === link.model,
    )?.link;
    return newest?.resumeToken === link.resumeToken && newest.cwd === link.cwd;
  }

  toEntry(link: ResumeLink): { readonly tag: string; readonly data: JsonObject } {
    return { tag: resumeLinkTag, data: { ...link } };
  }
}

/** A record from before the model was noted counts for every model. */
function hasKey(link: ResumeLink, query: ResumeQuery): boolean {
  return (
    link.source === query.source &&
    link.bridge === query.bridge &&
    (link.model === undefined || link.model === query.model)
  );
}

function linkOf(entry: EntryLine): ResumeLink | undefined {
  return entry.kind === 'custom' && entry.tag === resumeLinkTag && isResumeLink(entry.data)
    ? entry.data
    : undefined;
}

function isResumeLink(value: unknown): value is ResumeLink {
  return (
    isRecord(value) &&
    isString(value.source) &&
    isString(value.bridge) &&
    isString(value.resumeToken) &&
    value.resumeToken !== '' &&
    isString(value.at) &&
    [value.model, value.cwd, value.entryId, value.cliVersion].every(
      (field) => field === undefined || isString(field),
    )
  );
}
