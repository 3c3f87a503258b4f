/** The tag of a resume record among the custom entries of a session. */
export const resumeLinkTag = 'external-runtime-link';

/**
 * Where an external agent can be resumed. `source` names who made the record (`patchbay`), `at` is ISO-8601. Reuse key:
 * `source|model|bridge`; the newest matching record of the active branch wins; another `cwd` means no reuse.
 */
export interface ResumeLink {
  readonly source: string;
  readonly bridge: string;
  readonly resumeToken: string;
  readonly at: string;
  readonly model?: string;
  readonly cwd?: string;
  readonly entryId?: string;
  readonly cliVersion?: string;
}

export interface ResumeQuery {
  readonly source: string;
  readonly model: string;
  readonly bridge: string;
  readonly cwd?: string;
}

/** Implemented by the session on its file. Sync or async; a slow or failing store never breaks a turn. */
export interface ResumeStore {
  find(query: ResumeQuery): ResumeLink | undefined | Promise<ResumeLink | undefined>;
  save(link: ResumeLink): void | Promise<void>;
}
