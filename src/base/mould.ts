/** What differs from one cast to the next. */
export type Value = string | number;

/** How to make a value anew: a copy of what was parsed, other here and there. What is the same everywhere is shared. */
export interface Mould {
  readonly sample: object;
  readonly copy: Copy;
  /** What is other. */
  readonly parts: readonly Part[];
}

interface Part {
  readonly name: string;
  /** Which of the given values it is; unused where there is a mould. */
  readonly index: number;
  readonly mould: Mould | undefined;
  readonly set: SetMember;
}

type Fields = Record<string, unknown>;
type Copy = (sample: object) => Fields;
type SetMember = (made: Fields, name: string, value: unknown) => void;

/** The mould's value with these in the places of its variables. */
export function cast({ sample, copy, parts }: Mould, given: readonly Value[]): object {
  if (Array.isArray(sample)) {
    const list: unknown[] = [...(sample as readonly unknown[])];
    for (const part of parts) {
      list[Number(part.name)] = valueOf(part, given);
    }
    return list;
  }
  const made = copy(sample);
  for (const part of parts) {
    part.set(made, part.name, valueOf(part, given));
  }
  return made;
}

function valueOf({ mould, index }: Part, given: readonly Value[]): unknown {
  return mould === undefined ? given[index] : cast(mould, given);
}

/**
 * All the same; as far as they go each shape has one for itself. V8 remembers what it saw at each place of the code: it
 * copies quickly where that were objects of a few shapes, and the copies of one place and shape have one shape again,
 * which spares whoever reads them. With one place for all, half of the time went there.
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

/** The same for names: a member is set quickly where it always was one of that name. */
const sets: readonly SetMember[] = [
  (made, name, value) => void (made[name] = value),
  (made, name, value) => void (made[name] = value),
  (made, name, value) => void (made[name] = value),
  (made, name, value) => void (made[name] = value),
  (made, name, value) => void (made[name] = value),
  (made, name, value) => void (made[name] = value),
  (made, name, value) => void (made[name] = value),
  (made, name, value) => void (made[name] = value),
  (made, name, value) => void (made[name] = value),
  (made, name, value) => void (made[name] = value),
  (made, name, value) => void (made[name] = value),
  (made, name, value) => void (made[name] = value),
];

function ownOf<T>(all: readonly T[], key: string): T {
  let sum = 0;
  for (let at = 0; at < key.length; at += 1) {
    sum = (sum * 31 + key.charCodeAt(at)) % 65_521;
  }
  const found = all[sum % all.length];
  if (found === undefined) {
    throw new Error('there is nothing to choose from');
  }
  return found;
}

/** Begins what stands for a variable in the sample line. One that a child writes itself makes the pattern unclear, no more. */
export const variableMark = 'variable-7f1c3e-';

/** Where the variables are; undefined when that is not clear. */
export function mouldOf(marked: unknown, sample: object, count: number): Mould | undefined {
  const found = new Set<number>();
  const strange: unknown[] = [];
  const visit = (value: object, own: object, depth: number): Mould | undefined => {
    const parts: Part[] = [];
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
        parts.push({ name, index, mould: undefined, set: ownOf(sets, name) });
      } else if (isObject(item) && isObject(ownItem)) {
        const mould = visit(item, ownItem, depth + 1);
        if (mould !== undefined) {
          parts.push({ name, index: 0, mould, set: ownOf(sets, name) });
        }
      }
    }
    const copy = ownOf(copies, Object.keys(own).join());
    return parts.length === 0 ? undefined : { sample: own, copy, parts };
  };
  const mould = isObject(marked) ? visit(marked, sample, 0) : undefined;
  // A repeated name hides one of them: then fewer are found.
  return strange.length === 0 && found.size === count ? mould : undefined;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

const maxDepth = 16;
