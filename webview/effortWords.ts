import type { EffortLevel, StatusView } from '../src/protocol/methods';

export type EffortChoice = EffortLevel | 'default';

/** How much a model thinks before it answers, as people read it. */
export const effortWords: {
  readonly [E in EffortChoice]: { readonly name: string; readonly note?: string };
} = {
  default: { name: 'Default', note: 'What the model does by itself.' },
  minimal: { name: 'Minimal' },
  low: { name: 'Low' },
  medium: { name: 'Medium' },
  high: { name: 'High' },
  xhigh: { name: 'Extra high' },
};

/** `Thinking effort: High`, and why it has no effect where the model takes none. */
export function effortTitle({ effort, untaken }: StatusView): string {
  const title = `Thinking effort: ${effortWords[effort ?? 'default'].name}`;
  return untaken?.effort === undefined ? title : `${title}. ${untaken.effort}`;
}
