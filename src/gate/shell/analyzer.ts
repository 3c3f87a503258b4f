import type { PathClass } from '../contract';
import type { PathUse } from '../pathClass';
import type { CommandAnalysis } from './contract';

/** What a command line is judged with. */
export interface CommandPlace {
  readonly cwd: string;
  /** The class of an absolute path, or of one relative to `cwd`. Never rejects. */
  readonly resolve: (path: string, use: PathUse) => Promise<PathClass>;
}

/** Judges one command line as far as that goes without rules. Never rejects; what is late or fails is a danger. */
export type CommandAnalyzer = (command: string, place: CommandPlace) => Promise<CommandAnalysis>;
