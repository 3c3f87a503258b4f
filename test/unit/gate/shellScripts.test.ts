import { describe, expect, it } from 'vitest';
import { bashWords } from '../../../src/gate/shell/bashWords';
import { decodeUtf16Base64 } from '../../../src/gate/shell/encodedCommand';
import { judgeWords } from '../../../src/gate/shell/judgeWords';
import { awkProgramDanger, jqFilterDanger } from '../../../src/gate/shell/tools/scripts';
import { hasOpenBracket, sedScriptDanger } from '../../../src/gate/shell/tools/sedScript';

describe('a script inside a command', () => {
  it.each([
    'p',
    '1,10p',
    '$d',
    '/a/,/b/p',
    '/a\\/b/d',
    's/a/b/g',
    's|/a|/b|2',
    'y/a/b/',
    '1!d',
    '5q',
    's/a/b/;s/c/d/;p',
    '0~3p',
    ' p ; 2 , /b/ ! s/a/b/g ; ',
    's/[a-z]*$//',
    's/[^\\/]*\\//x/',
    's/[]a]x/b/',
    's,[^]],b,g',
    's/[[:alpha:]_]*/<&>/;/[0-9]/d',
    's/\\[/x/',
    's/ü/ue/g',
  ])('of sed is harmless when it prints, deletes lines or substitutes: %s', (script) => {
    expect(sedScriptDanger(script)).toBeUndefined();
  });

  it.each([
    'w x',
    '1w x',
    's/a/b/w x',
    's/a/b/e',
    '1e id',
    'e',
    'r x',
    '$r x',
    'R x',
    'W x',
    's/a/b/;w x',
    '/a/{p}',
    'a text',
    's/a/b/gw x',
    's/[/]/x/e',
    'F',
    '/a/e id',
    's,a,b,e',
    // A delimiter between brackets does not end the pattern everywhere.
    's/[/]/g;s/e;#/x/',
    's,[,],g;s,w ../x,y,p',
    's/[^/]/g;s/e;#/x/',
    's/[]/]/g;s/e;#/x/',
    's/[^]/]/g;s/e;#/x/',
    's/[[:alpha:]/]/g;s/e;#/x/',
    's/[[.].]/]/g;s/e;#/x/',
    's/[[=]=]/]/g;s/e;#/x/',
    's/[\\]/]/g;s/e;#/x/',
    '/[/p;s]/e id;#]x]',
    '1,/[/p;s]/e id;#]x]',
    'y/[/]/x;/y/',
    // A later delimiter is not the end, whatever follows the first one.
    's/a/b/e;s/x/y/g',
    's/a/b/w x;s/x/y/',
    's/a/b/e;x/g',
    '/a/e id;/p',
    // Delimiters that are several bytes, or more than a delimiter.
    'sÃaÃbÃ',
    's[a[b[',
    's]a]b]',
    's a b ',
    's\na\nb\n',
    's/a\nb/c/',
    '',
    ' ',
    ';',
    '1',
    '1,p',
    '1,2,3p',
    'p;'.repeat(65),
  ])('of sed asks when it could do more: %s', (script) => {
    expect(sedScriptDanger(script)).toBeDefined();
  });

  it('of sed is looked for where sed looks for it', () => {
    for (const command of [
      'sed -l p e\\ id',
      'sed -n -l1 p',
      'sed -e p -ee\\ id',
      'sed -ne e\\ id',
    ]) {
      const words = command.split(/(?<!\\) /).map((word) => word.replace('\\', ''));
      expect(judgeWords(words, 'bash').danger).toBeDefined();
    }
    expect(judgeWords(['sed', '-n', '1,5p', 'in.txt'], 'bash').danger).toBeUndefined();
  });

  it('of sed is read in a time that grows with its length', () => {
    const long = `s/${'a/'.repeat(100_000)}`;
    const start = performance.now();
    expect(sedScriptDanger(long)).toBeDefined();
    expect(hasOpenBracket('[[.'.repeat(20_000))).toBe(true);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('of awk or jq asks when it reaches beyond its input', () => {
    expect(awkProgramDanger('NR==1{print $2}')).toBeUndefined();
    for (const program of [
      '{system("id")}',
      '"id"|getline',
      '{print>"x"}',
      'BEGIN{ARGV[1]="x"}',
      '@load "x"',
    ]) {
      expect(awkProgramDanger(program)).toBeDefined();
    }
    expect(jqFilterDanger('.a | keys[]')).toBeUndefined();
    expect(jqFilterDanger('env.HOME')).toBeDefined();
    expect(jqFilterDanger('import "x" as y; .')).toBeDefined();
  });
});

describe('a program that an allow rule names', () => {
  it.each([
    'split -l 1 -a 1 --additional-suffix=pmrc in.txt .',
    'csplit -f .npmr -b c in.txt 1',
    'tar tf data.evil.example:x',
    'tar -tvf user@host:x',
    'tar --list --file=host:x',
    'unzip -q a.zip',
    'unzip -qq1 a.zip',
    'cp -b -S rc in.txt .npm',
    'mv --suffix=rc --backup in.txt .npm',
    'ln -bS rc in.txt .npm',
    'install -S rc in.txt .npm',
    'gunzip .npmrc.gz',
    'gunzip -N a.gz',
    'gzip -d .npmrc.gz',
    'gzip -kd .npmrc.gz',
    'xz --decomp .npmrc.xz',
    'lz4 .npmrc.lz4',
    'rename s/a/b/;system("id") in.txt',
    'git format-patch --suffix=.code-workspace -1',
    'awk BEGIN{SYMTAB["AR""GV"][1]="x"} in.txt',
    'jq -n "x"|modulemeta',
  ])('asks all the same: %s', (command) => {
    expect(judgeWords(command.split(' '), 'bash').danger).toBeDefined();
  });

  it.each([
    'tar tf x.tar',
    'tar -tzvf x.tgz',
    'tar --list --file=x.tar',
    'unzip -qql a.zip',
    'unzip -p a.zip x',
    'gzip -k a',
    'gunzip -c a.gz',
    'xz -dc a.xz',
    'cp a b',
  ])('runs: %s', (command) => {
    expect(judgeWords(command.split(' '), 'bash').danger).toBeUndefined();
  });
});

describe('a raw word of bash', () => {
  it.each<readonly [string, readonly (string | undefined)[]]>([
    [`'a'"b"c`, ['abc']],
    ['r\\m', ['rm']],
    [`$'\\x72\\155'`, ['rm']],
    ['{rm,-rf}', ['rm', '-rf']],
    ['a{b,c}d', ['abd', 'acd']],
    ['r$@m', ['rm']],
    ['r${1}m', ['rm']],
    ['$@', []],
    ["''", ['']],
    ['$x', [undefined]],
    ['a*', [undefined]],
    ['"$(id)"', [undefined]],
    ['"a$ b"', ['a$ b']],
    ['"a\\$x"', ['a$x']],
    ['$HOME/bin/rm', ['/rm']],
    ['<(id)', [undefined]],
  ])('%s is %j', (raw, words) => {
    expect(bashWords(raw)).toEqual(words);
  });
});

describe('an encoded command of PowerShell', () => {
  it('is decoded', () => {
    const encoded = Buffer.from('rm -r ü', 'utf16le').toString('base64');
    expect(decodeUtf16Base64(encoded)).toBe('rm -r ü');
    expect(decodeUtf16Base64('not base64!')).toBeUndefined();
  });
});
