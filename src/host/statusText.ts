import type { PermissionMode } from '../gate/contract';

export interface StatusBarState {
  readonly runtimeName: string;
  readonly modelName: string;
  readonly mode: PermissionMode;
  readonly isBusy: boolean;
  readonly promptCount: number;
  readonly pendingHunks: number;
  readonly pendingFiles: number;
}

const modeNames: { readonly [Mode in PermissionMode]: string } = {
  ask: 'Ask',
  'accept-edits': 'Accept edits',
  plan: 'Plan',
  auto: 'Auto',
};

/** What waits for the user, for the second item of the status bar; undefined when nothing does. */
export function waitingText(
  state: StatusBarState,
): { readonly text: string; readonly spoken: string } | undefined {
  const parts = [
    ...(state.promptCount > 0 ? [count(state.promptCount, 'question')] : []),
    ...(state.pendingHunks > 0 ? [`${count(state.pendingHunks, 'edit')} to review`] : []),
  ];
  if (parts.length === 0) {
    return undefined;
  }
  const files = state.pendingHunks > 0 ? ` in ${count(state.pendingFiles, 'file')}` : '';
  return {
    text: `$(bell-dot) ${parts.join(', ')}`,
    spoken: `Patchbay waits for you: ${parts.join(' and ')}${files}`,
  };
}

export function runtimeText(state: StatusBarState): {
  readonly text: string;
  readonly spoken: string;
} {
  const icon = state.isBusy ? '$(circle-filled)' : '$(comment-discussion)'; // no spinner: nothing moves without need
  // A name from elsewhere cannot bring icons along.
  const name = state.runtimeName.replaceAll('$(', '$ (');
  return {
    text: `${icon} ${name} · ${modeNames[state.mode]}`,
    spoken: `Patchbay: ${state.runtimeName}, ${state.modelName}, mode ${modeNames[state.mode]}${state.isBusy ? ', working' : ''}`,
  };
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
