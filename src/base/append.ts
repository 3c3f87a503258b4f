/**
 * Adds all items at the end. Unlike `list.push(...items)` for any number of them: a call with some hundred thousand
 * arguments throws.
 */
export function append<Item>(list: Item[], items: Iterable<Item>): void {
  for (const item of items) {
    list.push(item);
  }
}
