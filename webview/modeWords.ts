import type { UntakenView } from '../src/protocol/methods';
import type { ModeView } from '../src/protocol/viewTypes';

/** The modes as people read them. What each one does is decided by the gate, not here. */
export const modeWords: {
  readonly [M in ModeView]: { readonly name: string; readonly note: string };
} = {
  ask: {
    name: 'Ask',
    note: 'Edits wait for your review, commands ask. Reading in the folder runs.',
  },
  'accept-edits': {
    name: 'Accept edits',
    note: 'Edits in the folder are written and stay reviewable. Commands ask.',
  },
  plan: { name: 'Plan', note: 'Nothing is written. Only commands marked read-only may run.' },
  auto: {
    name: 'Auto',
    note: 'Like accept edits, and goes on by itself until a limit of the run. Commands ask.',
  },
};

/** Why a mode cannot be worked in with the chosen model; undefined: it can. */
export function modeProblem(mode: ModeView, untaken: UntakenView = {}): string | undefined {
  return mode === 'plan' ? untaken.plan : undefined;
}

export function modeTitle(mode: ModeView, untaken: UntakenView | undefined): string {
  const { name, note } = modeWords[mode];
  return `Mode: ${name}. ${modeProblem(mode, untaken) ?? note}`;
}
