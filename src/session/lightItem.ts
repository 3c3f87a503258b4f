import { copyOf } from '../base/bigLine';
import type { SessionItem, ToolItem } from '../events/sessionItem';
import { isOpenCall } from './toolItems';

/** So many items at the end keep the texts of their cards: more than a panel is given at once. */
export const wholeItems = 600;

const shortChars = 300;

/** Made lighter: its texts are in the session's file. */
export type LightItem = ToolItem & { readonly isLight: true };

export function isLightItem(item: SessionItem | undefined): item is LightItem {
  return item?.kind === 'tool' && 'isLight' in item;
}

/** The card of a call that is over, without its long texts; undefined when it would not be lighter. */
export function lightItem(item: SessionItem | undefined): LightItem | undefined {
  if (item?.kind !== 'tool' || isLightItem(item) || isOpenCall(item)) {
    return undefined;
  }
  const { output = '', diff = '', input } = item;
  if (Math.max(output.length, diff.length, input.length) <= shortChars) {
    return undefined;
  }
  const { output: _output, diff: _diff, ...rest } = item;
  return { ...rest, input: copyOf(input.slice(0, shortChars)), isLight: true };
}
