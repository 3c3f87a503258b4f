import type { BrokenServer, ConfiguredServer } from './contract';
import type { ToolStanding } from './pins';

/** Where a server stands, for people. */
export type ServerState =
  | {
      readonly kind:
        'untrusted' | 'disabled' | 'needsApproval' | 'idle' | 'stopped' | 'starting' | 'running';
    }
  /** Values that only the user can give: `${input:token}`. */
  | { readonly kind: 'needsValues'; readonly missing: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };

export interface ServerView {
  readonly server: ConfiguredServer;
  readonly state: ServerState;
  readonly isEnabled: boolean;
  /** Empty while it does not run. */
  readonly tools: readonly ToolView[];
  readonly notes: readonly string[];
  /** Of what is offered to models, per request. */
  readonly offeredTokens: number;
}

export interface ToolView {
  readonly standing: ToolStanding;
  readonly isOn: boolean;
  readonly tokens: number;
}

export interface ServerViews {
  readonly servers: readonly ServerView[];
  readonly broken: readonly BrokenServer[];
}

/** Tools that wait for the user: new ones, and changed ones. */
export function waitingTools(view: ServerView): readonly ToolView[] {
  return view.tools.filter(({ standing: { kind } }) => kind === 'new' || kind === 'changed');
}
