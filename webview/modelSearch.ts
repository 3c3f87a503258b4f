import type { ModelView } from '../src/protocol/methods';

export interface ModelGroup {
  readonly group: string;
  readonly models: readonly ModelView[];
}

/** Every word of the query is somewhere in the name, the group or the id; the given order stays. */
export function foundModels(models: readonly ModelView[], query: string): readonly ModelView[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return models.filter((model) => {
    const text = `${model.group} ${model.name} ${model.id} ${model.detail}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Groups in the order in which they first appear. */
export function groupsOf(models: readonly ModelView[]): readonly ModelGroup[] {
  const groups = new Map<string, ModelView[]>();
  for (const model of models) {
    const group = groups.get(model.group) ?? [];
    groups.set(model.group, [...group, model]);
  }
  return [...groups].map(([group, entries]) => ({ group, models: entries }));
}
