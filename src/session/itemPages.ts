import type { SessionItem, ToolItem } from '../events/sessionItem';
import type { ItemReducer } from './itemReducer';
import { isLightItem, type LightItem } from './lightItem';
import type { CallTexts } from './storedTexts';

/** A stretch of a conversation as it is shown; `before`: how many items there are before it. */
export interface ItemPage {
  readonly items: readonly SessionItem[];
  readonly before: number;
}

/** The `count` items before one, with the texts of their cards; undefined when that one is not there. Never rejects. */
export async function itemsBefore(
  reducer: ItemReducer,
  texts: CallTexts | undefined,
  itemId: string,
  count: number,
): Promise<ItemPage | undefined> {
  const end = reducer.positionOf(itemId);
  if (end === undefined) {
    return undefined;
  }
  const before = Math.max(0, end - count);
  const items = reducer.items.slice(before, end);
  const shown: SessionItem[] = [];
  for (const item of items) {
    shown.push(
      texts !== undefined && isLightItem(item) ? await filled(reducer, texts, item) : item,
    );
  }
  return { items: shown, before };
}

async function filled(reducer: ItemReducer, texts: CallTexts, item: LightItem): Promise<ToolItem> {
  const [call, result] = [await texts.call(item.id), await texts.result(item.id)];
  return reducer.filledItem(item, {
    ...(call.kind === 'found' ? { call: call.value } : {}),
    ...(result.kind === 'found' ? { result: result.value } : {}),
    ...(result.kind === 'lost' ? { missing: result.why } : {}),
  });
}
