import { isString, isRecord } from '../base/guard';
import type { JsonObject } from '../base/json';
import { resumeLinkTag, type ResumeLink, type ResumeQuery } from '../runtime/resumeLink';
import type { EntryLine } from './sessionEntry';

/** The resume links of a session, by the entry that holds them; asked only along the active branch. */
export class ResumeLinks {
  /** On the active branch, oldest first. */
  private active: ActiveLink[] = [];
  private readonly all = new Map<string, ResumeLink>();
  private readonly answers = new Set<string>();
  private detours: readonly Detour[] = [];

  /** Takes the links of all branches; `branchTo` says which is active. */
  constructor(entries: Iterable<EntryLine>) {
    for (const entry of entries) {
      const link = linkOf(entry);
      if (link !== undefined) {
        this.all.set(entry.id, link);
      }
      this.note(entry);
    }
  }

  /** An entry that is no link: an answer tells that the agent went on. */
  note(entry: EntryLine): void {
    if (entry.kind === 'message' && entry.message.role === 'assistant') {
      this.answers.add(entry.id);
    }
  }

  /** A new entry at the end of the active branch. */
  add(entryId: string, link: ResumeLink): void {
    this.all.set(entryId, link);
    this.active.push({ depth: Number.POSITIVE_INFINITY, link });
  }

  /** The active branch is now the parent chain of this entry. */
  branchTo(leaf: string | null, parents: ReadonlyMap<string, string | null>): void {
    const path: string[] = [];
    for (let entryId = leaf; entryId !== null; entryId = parents.get(entryId) ?? null) {
      path.push(entryId);
    }
    path.reverse();
    this.active = path.flatMap((entryId, depth) => {
      const link = this.all.get(entryId);
      return link === undefined ? [] : [{ depth, link }];
    });
    this.detours = detoursOf(path, parents);
  }

  /**
   * The newest link of the same source, model and bridge; undefined when it was made in another folder, or when the
   * agent went on from it on a branch that was left: it would remember turns that this branch does not have.
   */
  find(query: ResumeQuery): ResumeLink | undefined {
    const newest = this.active.findLast(({ link }) => hasKey(link, query));
    const isElsewhere = newest?.link.cwd !== undefined && newest.link.cwd !== query.cwd;
    return newest === undefined || isElsewhere || this.hasGoneOn(newest, query)
      ? undefined
      : newest.link;
  }

  private hasGoneOn({ depth, link }: ActiveLink, query: ResumeQuery): boolean {
    return this.detours.some(({ atDepth, left }) => {
      const hasOwnLink = left.some((id) => {
        const other = this.all.get(id);
        return (
          other !== undefined && hasKey(other, query) && other.resumeToken !== link.resumeToken
        );
      });
      return atDepth >= depth && !hasOwnLink && left.some((id) => this.answers.has(id));
    });
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

interface ActiveLink {
  /** Place on the branch when it was taken; a link that came later is behind every detour. */
  readonly depth: number;
  readonly link: ResumeLink;
}

/** A place where the branch takes another way than the conversation took before, and what was left behind there. */
interface Detour {
  readonly atDepth: number;
  readonly left: readonly string[];
}

function detoursOf(
  path: readonly string[],
  parents: ReadonlyMap<string, string | null>,
): readonly Detour[] {
  const children = new Map<string, string[]>();
  for (const [id, parent] of parents) {
    if (parent !== null) {
      const siblings = children.get(parent);
      if (siblings === undefined) {
        children.set(parent, [id]);
      } else {
        siblings.push(id);
      }
    }
  }
  return path.flatMap((entryId, atDepth) => {
    // Children stand in the order of the file: those before the branch's own were there first.
    const all = children.get(entryId) ?? [];
    const own = path[atDepth + 1];
    const older = own === undefined ? all : all.slice(0, all.indexOf(own));
    return older.length === 0 ? [] : [{ atDepth, left: belowAll(older, children) }];
  });
}

function belowAll(
  ids: readonly string[],
  children: ReadonlyMap<string, readonly string[]>,
): string[] {
  const found: string[] = [];
  const open = [...ids];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    found.push(id);
    open.push(...(children.get(id) ?? []));
  }
  return found;
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
