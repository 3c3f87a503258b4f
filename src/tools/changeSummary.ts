import { withDeadline } from '../base/clock';
import { errorMessage } from '../base/patchbayError';
import { computeHunks } from '../edits/hunks';
import {
  countChangedLines,
  shortDiffLimits,
  unifiedDiff,
  unifiedDiffOfHunks,
} from '../edits/lineDiff';
import { describeWrite } from '../edits/structuralDiff';
import type { OrchestratorServices } from './services';

/** One write, described twice: `full` for the card and the review, `short` for the model. */
export interface ChangeSummary {
  readonly full: string;
  readonly short: string;
  readonly added: number;
  readonly removed: number;
}

/**
 * Compares the two texts of this write, not the file with its repository. The short form is the semantic comparison
 * where there is one in time, else the line diff; both bounded. Never rejects.
 */
export async function summarizeChange(
  write: { readonly beforeText: string; readonly afterText: string; readonly shownPath: string },
  services: Pick<OrchestratorServices, 'structuralDiff' | 'clock' | 'logger'>,
  signal: AbortSignal,
): Promise<ChangeSummary> {
  const { beforeText, afterText, shownPath } = write;
  try {
    const hunks = computeHunks(beforeText, afterText);
    return {
      full: unifiedDiffOfHunks(beforeText, afterText, hunks, shownPath),
      short: await shortForm(write, services, signal),
      ...countChangedLines(hunks),
    };
  } catch (error) {
    services.logger.warn(`the diff of ${shownPath} could not be made: ${errorMessage(error)}`);
    return { full: '', short: '', added: 0, removed: 0 };
  }
}

/** The result of a call does not wait longer for its description. */
const maxDelayMs = 3000;

async function shortForm(
  { beforeText, afterText, shownPath }: Parameters<typeof summarizeChange>[0],
  { structuralDiff, clock, logger }: Parameters<typeof summarizeChange>[1],
  signal: AbortSignal,
): Promise<string> {
  const stop = new AbortController();
  const write = { path: shownPath, before: beforeText, after: afterText };
  const work = describeWrite(
    { tool: structuralDiff, clock, logger },
    write,
    AbortSignal.any([signal, stop.signal]),
  );
  const outcome = await withDeadline(clock, work, maxDelayMs, signal);
  stop.abort();
  return outcome.kind === 'value'
    ? outcome.value.text
    : unifiedDiff(beforeText, afterText, shownPath, 2, shortDiffLimits);
}
