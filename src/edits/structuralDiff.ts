import { withDeadline, type Clock } from '../base/clock';
import { silentLogger, type Logger } from '../base/logger';
import { errorMessage } from '../base/patchbayError';
import { shortDiffLimits, unifiedDiff } from './lineDiff';

/**
 * The `difft` program, as a port. It is given both texts (the tool writes them to private temporary files whose name
 * ends like `fileName`, so that the language is recognised) and gives its printed comparison without colours;
 * undefined when it is not installed. Stops its process when the signal aborts.
 */
export interface StructuralDiffTool {
  compare(options: {
    readonly before: string;
    readonly after: string;
    readonly fileName: string;
    readonly signal: AbortSignal;
  }): Promise<string | undefined>;
}

export interface StructuralDiffDependencies {
  readonly tool: StructuralDiffTool | undefined;
  readonly clock: Clock;
  readonly logger?: Logger;
}

/** The comparison alone, as the orchestrator takes it; undefined when there is no tool, no answer in time, no change. */
export function createStructuralDiff(
  dependencies: StructuralDiffDependencies,
): (
  before: string,
  after: string,
  path: string,
  signal: AbortSignal,
) => Promise<string | undefined> {
  return (before, after, path, signal) => compare(dependencies, { path, before, after }, signal);
}

/** What a write changed, short, for the model. */
export interface WriteDiff {
  readonly kind: 'structural' | 'lines';
  /** '' when nothing changed. */
  readonly text: string;
}

export const structuralDiffTimeoutMs = 10_000;
export const structuralDiffMaxLines = 30;
/** A line of the tool's print is cut here, so that 30 lines stay 30 lines. */
const maxLineChars = 400;

/**
 * Describes one write: the semantic comparison where the tool is installed and answers in time (at most 30 lines, then
 * a count of the rest), else the line diff of at most 500 characters. Never throws.
 */
export async function describeWrite(
  dependencies: StructuralDiffDependencies,
  write: { readonly path: string; readonly before: string; readonly after: string },
  signal?: AbortSignal,
): Promise<WriteDiff> {
  const structural = await compare(dependencies, write, signal);
  if (structural !== undefined) {
    return { kind: 'structural', text: structural };
  }
  return {
    kind: 'lines',
    text: unifiedDiff(write.before, write.after, write.path, 2, shortDiffLimits),
  };
}

async function compare(
  { tool, clock, logger = silentLogger }: StructuralDiffDependencies,
  write: { readonly path: string; readonly before: string; readonly after: string },
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (tool === undefined || write.before === write.after) {
    return undefined;
  }
  const stop = new AbortController();
  try {
    const outcome = await withDeadline(
      clock,
      tool.compare({
        before: write.before,
        after: write.after,
        fileName: write.path.split(/[\\/]/).at(-1) ?? 'file',
        signal: stop.signal,
      }),
      structuralDiffTimeoutMs,
      signal,
    );
    if (outcome.kind === 'value') {
      const text = outcome.value?.trimEnd();
      return text === undefined || text === '' ? undefined : firstLines(text);
    }
    logger.debug(`structural diff of ${write.path}: ${outcome.kind}; line diff used`);
  } catch (error) {
    logger.debug(`structural diff of ${write.path} failed: ${errorMessage(error)}; line diff used`);
  } finally {
    stop.abort();
  }
  return undefined;
}

function firstLines(text: string): string {
  const lines = text.split(/\r?\n/);
  const shown = lines
    .slice(0, structuralDiffMaxLines)
    .map((line) => (line.length > maxLineChars ? `${line.slice(0, maxLineChars)}…` : line));
  const rest = lines.length - shown.length;
  return rest > 0 ? `${shown.join('\n')}\n… ${String(rest)} more lines` : shown.join('\n');
}
