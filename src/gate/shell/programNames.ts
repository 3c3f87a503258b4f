import type { CommandWord } from './contract';

/** The name that says which program a word is: without its folder, letter case and Windows' endings. */
export function programName(word: CommandWord): string | undefined {
  return word
    ?.toLowerCase()
    .replace(/^.*[\\/](?=.)/, '')
    .replace(/\.(?:exe|cmd|bat|com|ps1)$/, '');
}

export function isShellName(name: string | undefined): boolean {
  return name !== undefined && shells.has(name);
}

const shells: ReadonlySet<string> = new Set(
  'sh bash dash ash zsh ksh mksh pdksh rksh rbash rzsh fish csh tcsh yash posh elvish nu xonsh'.split(
    ' ',
  ),
);

export function splitNames(names: string): readonly string[] {
  return names.trim().split(/\s+/);
}
