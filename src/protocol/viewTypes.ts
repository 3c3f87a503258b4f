import type { EditView, EffortLevel, PromptView, StatusView } from './methods';

/**
 * The parts of the messages that views name: the panel knows the protocol and not the rooms behind it.
 */
export type EffectView = PromptView['effects'][number];
export type PathClassView = Extract<EffectView, { readonly kind: 'read' }>['pathClass'];
export type ModeView = StatusView['mode'];
export type HunkView = EditView['hunks'][number]['hunk'];
export type HunkMarksView = NonNullable<EditView['hunks'][number]['marks']>;
export type HunkDecisionView = EditView['hunks'][number]['decision'];

/** A record and not a list, so that a new mode is a compile error here; in the order in which they are offered. */
const modes: { readonly [M in ModeView]: true } = {
  ask: true,
  'accept-edits': true,
  plan: true,
  auto: true,
};

export function isMode(value: unknown): value is ModeView {
  return typeof value === 'string' && Object.hasOwn(modes, value);
}

export const modeList: readonly ModeView[] = Object.keys(modes).filter(isMode);

const efforts: { readonly [E in EffortLevel]: true } = {
  minimal: true,
  low: true,
  medium: true,
  high: true,
  xhigh: true,
};

export function isEffort(value: unknown): value is EffortLevel {
  return typeof value === 'string' && Object.hasOwn(efforts, value);
}

export const effortList: readonly EffortLevel[] = Object.keys(efforts).filter(isEffort);
