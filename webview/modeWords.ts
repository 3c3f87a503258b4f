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
