import { append } from '../../base/append';
import type { ParsedArguments } from './tools/toolTable';

/**
 * The texts in a command's words that could be paths: operands, values of options, and what stands behind `=`, `:`, `,`
 * and `@` in them or right behind a short option's letter (`-I/etc`).
 */
export function pathWords(parsed: ParsedArguments): readonly string[] {
  const found = new Set<string>();
  const add = (word: string): void => pathsIn(word).forEach((path) => found.add(path));
  for (const { word, isText } of parsed.operands) {
    if (!isText) {
      add(word);
    }
  }
  for (const option of parsed.options) {
    if (option.isTextValue) {
      continue;
    }
    if (option.value !== undefined) {
      add(option.value);
    }
    if (!option.word.startsWith('--')) {
      attachedPaths(option.word).forEach(add);
    }
  }
  return [...found];
}

/**
 * Where a program that copies, moves or links puts things, and what they are called there: its last operand and its
 * options' values may be the folder.
 */
export function placesPut(parsed: ParsedArguments): {
  readonly folders: readonly string[];
  readonly files: readonly string[];
} {
  const operands = parsed.operands.filter(({ isText }) => !isText).map(({ word }) => word);
  const values = parsed.options.flatMap(({ value, isTextValue }) =>
    value === undefined || isTextValue ? [] : [value],
  );
  const attached = parsed.options
    .filter(({ word }) => !word.startsWith('--'))
    .flatMap(({ word }) => attachedPaths(word));
  // The value of an option that no table names counts as the first operand.
  const folders = new Set(
    [...operands.slice(0, 1), ...operands.slice(-1), ...values, ...attached].flatMap(pathsIn),
  );
  const names = new Set(operands.map((word) => /[^/\\]+(?=[/\\]*$)/.exec(word)?.[0] ?? ''));
  const files = [...folders].flatMap((folder) =>
    [...names].filter((name) => name !== '').map((name) => `${folder}/${name}`),
  );
  return { folders: [...folders], files };
}

/** A web address is no path; a `file:` one is. */
function pathsIn(word: string): readonly string[] {
  if (/^(?:https?|ssh|git|ftp):\/\/[^\s]+$/i.test(word)) {
    return [];
  }
  const found = [word];
  for (const match of word.matchAll(/[=:,@]+/g)) {
    found.push(word.slice(match.index + match[0].length));
  }
  append(found, word.split(/[=:,@]+/));
  return found.filter((path) => path !== '' && path !== '-');
}

function attachedPaths(word: string): readonly string[] {
  const rest = word.slice(2);
  const from = (index: number): readonly string[] => (index >= 0 ? [word.slice(index)] : []);
  return [...(rest === '' ? [] : [rest]), ...from(word.indexOf('/')), ...from(word.indexOf('.'))];
}
