import { AttributedText } from '../edits/attributedText';
import { originWords } from '../edits/changeOrigin';
import { runningBits } from '../tools/changeWatch';
import type { ChangedFile, ChangedMode, TurnOrigin } from './changedFile';
import type { UnreviewedHunk } from './contract';

export interface SeenMode {
  readonly path: string;
  /** Undefined: not text, or too large. */
  readonly text: string | undefined;
  readonly before: number;
  readonly after: number;
}

/** What waits in a file, once its mode was changed; set back to what it was, nothing of the mode waits. */
export function withMode(
  known: ChangedFile | undefined,
  seen: SeenMode,
  by: TurnOrigin,
  nowMs: number,
): ChangedFile {
  const { mode, ...file } = known ?? {
    path: seen.path,
    text: AttributedText.of<TurnOrigin>(seen.text ?? ''),
    wasThere: true,
    isThere: true,
    createdAtMs: nowMs,
  };
  const before = mode?.before ?? seen.before;
  return isSameMode(before, seen.after) ? file : { ...file, mode: { before, now: seen.after, by } };
}

/** The bits that waited as they were before; what else the mode is now stays. */
export function modeBefore({ before }: ChangedMode, now: number): number {
  return (now & ~runningBits) | (before & runningBits);
}

function isSameMode(one: number, other: number): boolean {
  return (one & runningBits) === (other & runningBits);
}

/** What changed and where it came from, as every surface says it: `made executable during "npm test"`. */
export function changeWords({
  origin,
  alsoBy,
  mode,
}: Pick<UnreviewedHunk, 'origin' | 'alsoBy' | 'mode'>): string {
  const origins = [origin, ...alsoBy].map(originWords).join(' and ');
  return mode === undefined ? origins : `${modeWords(mode)} ${origins}`;
}

function modeWords({ before, now }: Pick<ChangedMode, 'before' | 'now'>): string {
  const isRunnable = (mode: number): boolean => (mode & 0o111) !== 0;
  const isPlain = ((before ^ now) & runningBits & ~0o111) === 0;
  if (isPlain && isRunnable(before) !== isRunnable(now)) {
    return isRunnable(now) ? 'made executable' : 'made not executable';
  }
  return `permissions changed from ${before.toString(8)} to ${now.toString(8)}`;
}
