import { withDeadline, type Clock } from '../base/clock';
import type { Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import type { ModelRef } from './contract';
import type { ResumeLink, ResumeQuery, ResumeStore } from './resumeLink';

/** Who made a link: part of the reuse key. */
export const resumeSource = 'patchbay';

/** After this the turn starts without its earlier session. Milliseconds. */
export const resumeFindMs = 500;

export interface ResumeLinksOptions {
  readonly store: ResumeStore | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly model: ModelRef;
  readonly adapter: string;
  readonly cwd: string | undefined;
  readonly signal: AbortSignal;
}

/**
 * The resume tokens of one exchange. A store that is slow or throws never breaks the turn: it starts fresh, and a
 * token that could not be saved is logged.
 */
export class ResumeLinks {
  private lastSaved: string | undefined;

  constructor(private readonly options: ResumeLinksOptions) {}

  /** The stored token for this model, agent and folder. A record of another folder is not used; one that names none is. */
  async find(): Promise<string | undefined> {
    const { store, clock, logger, cwd } = this.options;
    if (store === undefined) {
      return undefined;
    }
    try {
      const work = Promise.resolve(store.find(this.query()));
      const outcome = await withDeadline(clock, work, resumeFindMs, this.options.signal);
      if (outcome.kind !== 'value') {
        // The late answer is nobody's business any more.
        work.catch(() => undefined);
        if (outcome.kind === 'timeout') {
          logger.warn('the resume record was not found in time: the agent starts a new session');
        }
        return undefined;
      }
      const link = outcome.value;
      if (link === undefined || (link.cwd !== undefined && link.cwd !== cwd)) {
        return undefined;
      }
      this.lastSaved = link.resumeToken;
      return link.resumeToken;
    } catch (error) {
      logger.warn(`the resume record could not be read: ${errorMessage(error)}`);
      return undefined;
    }
  }

  /** Saves each new token once; the newest wins. */
  note(token: string, agentVersion: string | undefined): void {
    const { store, clock, logger, model, adapter, cwd } = this.options;
    if (store === undefined || token === this.lastSaved) {
      return;
    }
    this.lastSaved = token;
    const link: ResumeLink = {
      source: resumeSource,
      bridge: adapter,
      resumeToken: token,
      at: new Date(clock.nowMs()).toISOString(),
      model: model.id,
      ...(cwd === undefined ? {} : { cwd }),
      ...(agentVersion === undefined ? {} : { cliVersion: agentVersion }),
    };
    const save = async (): Promise<void> => {
      await store.save(link);
    };
    save().catch((error: unknown) =>
      logger.warn(`the resume record could not be saved: ${errorMessage(error)}`),
    );
  }

  private query(): ResumeQuery {
    const { model, adapter, cwd } = this.options;
    return {
      source: resumeSource,
      model: model.id,
      bridge: adapter,
      ...(cwd === undefined ? {} : { cwd }),
    };
  }
}
