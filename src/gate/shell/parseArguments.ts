import { splitNames } from './programNames';
import type { ParsedArguments, ParsedOption, ToolTable } from './tools/toolTable';

/** Why an option is a danger, in words behind "gives <program> an option that". */
export interface DangerousOption {
  readonly why: string;
  readonly option: string;
}

/** A table's option lists, ready for look-ups. */
interface OptionSets {
  readonly dangers: ReadonlyMap<string, string>;
  readonly values: ReadonlySet<string>;
  readonly texts: ReadonlySet<string>;
  readonly attachedTexts: ReadonlySet<string>;
  readonly only: ReadonlySet<string> | undefined;
  readonly textsElsewhere: ReadonlySet<string>;
}

const cache = new WeakMap<ToolTable, OptionSets>();

function setsOf(table: ToolTable): OptionSets {
  const known = cache.get(table);
  if (known !== undefined) {
    return known;
  }
  const list = (text = ''): readonly string[] => (text.trim() === '' ? [] : splitNames(text));
  const made: OptionSets = {
    dangers: new Map(
      (
        [
          ['runs programs', table.runs],
          ['chooses a shell, a pager, a configuration or a place to work in', table.chooses],
          ['writes a file', table.writes],
          ['deletes', table.deletes],
          ['reads what to do from elsewhere', table.reads],
        ] as const
      ).flatMap(([why, options]) => list(options).map((option) => [option, why] as const)),
    ),
    values: new Set(list(table.values)),
    texts: new Set(list(table.texts)),
    attachedTexts: new Set(list(table.attachedTexts)),
    only: table.only === undefined ? undefined : new Set(list(table.only)),
    textsElsewhere: new Set(list(table.textsElsewhere)),
  };
  cache.set(table, made);
  return made;
}

/**
 * Tells options from operands, from the word at `start` on. Options count wherever they stand before `--`, and so do
 * abbreviations of long ones; the value of an option that no list names is taken for an operand.
 */
export function parseArguments(
  words: readonly string[],
  start: number,
  table: ToolTable,
): ParsedArguments & { readonly danger?: DangerousOption } {
  const sets = setsOf(table);
  const options: ParsedOption[] = [];
  const operands: { word: string; index: number }[] = [];
  let danger: DangerousOption | undefined;
  let isOver = false;
  for (let index = start; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (isOver || word === '-' || !word.startsWith('-')) {
      operands.push({ word, index });
      continue;
    }
    if (word === '--') {
      isOver = table.isUnusual !== true;
      continue;
    }
    const { found, mayTakeNext } = word.startsWith('--')
      ? readLong(word, sets)
      : readShort(word, sets, table);
    // What looks like an option is judged as one, even where it may be a value.
    const takesNext = mayTakeNext && words[index + 1]?.startsWith('-') === false;
    for (const { name, value } of found) {
      danger ??= dangerOf(name, word, sets, table);
      const isTextValue =
        sets.texts.has(name) || (value !== undefined && sets.attachedTexts.has(name));
      const next = takesNext && name === found.at(-1)?.name ? words[index + 1] : undefined;
      const given = value ?? next;
      options.push({ name, word, isTextValue, ...(given === undefined ? {} : { value: given }) });
    }
    index += takesNext ? 1 : 0;
  }
  const isElsewhere = options.some(({ name }) => covers(sets.textsElsewhere, name));
  const textCount = isElsewhere ? 0 : (table.textOperands ?? 0);
  return {
    words,
    options,
    operands: operands.map((operand, position) => ({
      ...operand,
      isText: table.isTextOnly === true || position < textCount,
    })),
    ...(danger === undefined ? {} : { danger }),
  };
}

interface ReadWord {
  readonly found: readonly { readonly name: string; readonly value?: string }[];
  /** The next word may be the value of the last option. */
  readonly mayTakeNext: boolean;
}

function readLong(word: string, sets: OptionSets): ReadWord {
  const equals = word.indexOf('=');
  const name = equals === -1 ? word : word.slice(0, equals);
  return equals === -1
    ? { found: [{ name }], mayTakeNext: sets.values.has(name) || sets.texts.has(name) }
    : { found: [{ name, value: word.slice(equals + 1) }], mayTakeNext: false };
}

function readShort(word: string, sets: OptionSets, table: ToolTable): ReadWord {
  const equals = word.indexOf('=');
  const whole = equals === -1 ? word : word.slice(0, equals);
  const isKnownWhole =
    word.length > 2 && (sets.dangers.has(whole) || sets.values.has(whole) || sets.texts.has(whole));
  if (isKnownWhole || sets.only?.has(whole) === true) {
    return equals === -1
      ? { found: [{ name: whole }], mayTakeNext: sets.values.has(whole) || sets.texts.has(whole) }
      : { found: [{ name: whole, value: word.slice(equals + 1) }], mayTakeNext: false };
  }
  const found: { name: string; value?: string }[] = [];
  if (table.hasOneDash !== undefined && word.length > 2) {
    const value = equals === -1 ? {} : { value: word.slice(equals + 1) };
    found.push({ name: `-${whole}`, ...value });
    if (table.hasOneDash === 'always') {
      return { found, mayTakeNext: false };
    }
  }
  for (let at = 1; at < word.length; at += 1) {
    const name = `-${word[at] ?? ''}`;
    if (sets.values.has(name) || sets.texts.has(name)) {
      const value = word.slice(at + 1);
      found.push(value === '' ? { name } : { name, value });
      return { found, mayTakeNext: value === '' };
    }
    found.push({ name });
  }
  return { found, mayTakeNext: false };
}

function dangerOf(
  name: string,
  word: string,
  sets: OptionSets,
  table: ToolTable,
): DangerousOption | undefined {
  const listed = sets.dangers.get(name);
  if (listed !== undefined) {
    return { why: listed, option: name };
  }
  const isKnown = [sets.values, sets.texts, sets.attachedTexts, sets.only].some(
    (set) => set?.has(name) === true,
  );
  if (isKnown) {
    return undefined;
  }
  for (const [option, why] of sets.dangers) {
    const isAbbreviated = name.startsWith('--') && name.length > 2 && option.startsWith(name);
    const isOneDash =
      table.hasOneDash !== undefined &&
      option.replace(/^-+/, '') === name.replace(/^-+/, '') &&
      name.length > 2;
    if (isAbbreviated || isOneDash) {
      return { why, option: word };
    }
  }
  const isNumber = /^-[0-9.]$/.test(name);
  return sets.only !== undefined && !isNumber
    ? { why: 'is not known to be harmless', option: word }
    : undefined;
}

function covers(options: ReadonlySet<string>, name: string): boolean {
  return (
    options.has(name) ||
    (name.startsWith('--') &&
      name.length > 2 &&
      [...options].some((option) => option.startsWith(name)))
  );
}
