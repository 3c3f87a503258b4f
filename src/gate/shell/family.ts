import { isPlainName } from './judgeWords';

/**
 * The words of a family of commands as a person writes it, `git status`. Undefined when it is empty or has characters
 * that mean something to a shell: such an entry can name no plain command, so it matches nothing.
 */
export function toFamilyWords(text: string): readonly string[] | undefined {
  const words = text.trim().split(/ +/);
  return isUsableFamily(words) ? words : undefined;
}

/** True when a plain command can begin with these words: a plain name, then words without a shell's characters. */
export function isUsableFamily(words: readonly string[]): boolean {
  const [name, ...others] = words;
  return (
    name !== undefined &&
    isPlainName(name) &&
    others.every((word) => /^[\p{L}\p{N}_./:,@%+=^-]+$/u.test(word))
  );
}
