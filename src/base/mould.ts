/** What differs from one cast to the next. */
export type Value = string | number;

/** How to make a value anew: a copy of what was parsed, other here and there. What is the same everywhere is shared. */
export interface Mould {
  readonly sample: object;
  readonly copy: Copy;
  readonly values: readonly { readonly name: string; readonly index: number }[];
  readonly inner: readonly { readonly name: string; readonly mould: Mould }[];
}

type Fields = Record<string, unknown>;
type Copy = (sample: object) => Fields;

/** The mould's value with these in the places of its variables. */
export function cast(mould: Mould, given: readonly Value[]): object {
  const { sample, copy, values, inner } = mould;
  if (Array.isArray(sample)) {
    const list: unknown[] = [...(sample as readonly unknown[])];
    values.forEach(({ name, index }) => (list[Number(name)] = given[index]));
    inner.forEach((part) => (list[Number(part.name)] = cast(part.mould, given)));
    return list;
  }
  const made = copy(sample);
  for (const { name, index } of values) {
    made[name] = given[index];
  }
  for (const part of inner) {
    made[part.name] = cast(part.mould, given);
  }
  return made;
}

/**
 * All the same; each mould has one for itself as far as they go. V8 remembers what it saw at each place of the code, and
 * copies quickly where that were objects of a few shapes only: with one place for all, half of the time went there.
 */
const copies: readonly Copy[] = [
  (sample) => ({ ...sample }),
  (sample) => ({ ...sample }),
  (sample) => ({ ...sample }),
  (sample) => ({ ...sample }),
  (sample) => ({ ...sample }),
  (sample) => ({ ...sample }),
  (sample) => ({ ...sample }),
  (sample) => ({ ...sample }),
  (sample) => ({ ...sample }),
  (sample) => ({ ...sample }),
  (sample) => ({ ...sample }),
  (sample) => ({ ...sample }),
];
let moulds = 0;

function nextCopy(): Copy {
  moulds += 1;
  return copies[moulds % copies.length] ?? ((sample) => ({ ...sample }));
}

/** Begins what stands for a variable in the sample line. One that a child writes itself makes the pattern unclear, no more. */
export const variableMark = 'variable-7f1c3e-';

/** Where the variables are; undefined when that is not clear. */
export function mouldOf(marked: unknown, sample: object, count: number): Mould | undefined {
  const found = new Set<number>();
  const strange: unknown[] = [];
  const visit = (value: object, own: object, depth: number): Mould => {
    const values: Mould['values'][number][] = [];
    const inner: Mould['inner'][number][] = [];
    for (const [name, item] of Object.entries<unknown>({ ...value })) {
      const ownItem: unknown = Reflect.get(own, name);
      if (name === '__proto__' || depth > maxDepth) {
        strange.push(name);
      } else if (typeof item === 'string' && item.startsWith(variableMark)) {
        const index = Number(item.slice(variableMark.length));
        if (found.has(index) || !(index < count)) {
          strange.push(item);
        }
        found.add(index);
        values.push({ name, index });
      } else if (isObject(item) && isObject(ownItem)) {
        const mould = visit(item, ownItem, depth + 1);
        if (mould.values.length > 0 || mould.inner.length > 0) {
          inner.push({ name, mould });
        }
      }
    }
    return { sample: own, copy: nextCopy(), values, inner };
  };
  const mould = isObject(marked) ? visit(marked, sample, 0) : undefined;
  // A repeated name hides one of them: then fewer are found.
  return strange.length === 0 && found.size === count ? mould : undefined;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

const maxDepth = 16;
