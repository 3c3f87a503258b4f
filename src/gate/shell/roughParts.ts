import { bashWords } from './bashWords';
import type { CommandWord, ShellKind } from './contract';

/**
 * Every place of a text where a command could begin, whatever the quotes say. For deny rules where no parser could say
 * better: it may see a command where none is, never the other way round for names that are written out.
 */
export function roughParts(text: string, shell: ShellKind): readonly (readonly CommandWord[])[] {
  const plain =
    shell === 'cmd'
      ? text.replace(/\^\r?\n/g, '').replace(/\^(.)/g, '$1')
      : shell === 'powershell'
        ? text.replace(/`\r?\n/g, ' ').replace(/`(.)/g, '$1')
        : text.replace(/\\\n/g, '');
  // Braces are a group or an expansion: both readings are tried.
  const readings = [/[;&|\r\n(){}`<>]+|\$\(/, /[;&|\r\n()`<>]+|\$\(/];
  return readings.flatMap((separators) =>
    plain.split(separators).flatMap((fragment) => suffixes(toWords(fragment, shell), shell)),
  );
}

/** What stands in substitutions, also in those that the grammar does not see: nested or in here-documents. */
export function substitutedParts(text: string): readonly (readonly CommandWord[])[] {
  return /<<|\\`/.test(text)
    ? [...text.matchAll(/(?:\$\(|`)([^`)]*)/g)].flatMap((match) =>
        roughParts(match[1] ?? '', 'bash'),
      )
    : [];
}

function toWords(fragment: string, shell: ShellKind): readonly CommandWord[] {
  const raw = fragment
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  return raw.flatMap((word) => {
    const known = shell === 'bash' ? bashWords(word) : [word];
    return known.map((value) => value?.replace(shell === 'bash' ? /["'\\]/g : /["'`@]/g, ''));
  });
}

/** The words as they are, and without what can stand before a command. */
function suffixes(
  words: readonly CommandWord[],
  shell: ShellKind,
): readonly (readonly CommandWord[])[] {
  // `if exist x del x`: where the condition ends depends on what it asks.
  if (shell === 'cmd' && /^(?:if|for|start|else|do)$/i.test(words[0] ?? '')) {
    return words.map((_, index) => words.slice(index));
  }
  const found = [words];
  let rest = words;
  while (
    rest[0] !== undefined &&
    (leading.has(rest[0].toLowerCase()) || /^\w+\+?=/.test(rest[0]))
  ) {
    rest = rest.slice(1);
    found.push(rest);
  }
  return found.filter((part) => part.length > 0);
}

const leading: ReadonlySet<string> = new Set(
  'if then elif else fi for while until do done case esac select function in coproc time ! { } . & call start try catch finally foreach'.split(
    ' ',
  ),
);
