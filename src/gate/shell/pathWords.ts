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
