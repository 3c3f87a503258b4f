import { describe, expect, it } from 'vitest';
import { bashWords } from '../../../src/gate/shell/bashWords';
import { decodeUtf16Base64 } from '../../../src/gate/shell/encodedCommand';
import {
  awkProgramDanger,
  jqFilterDanger,
  sedScriptDanger,
} from '../../../src/gate/shell/tools/scripts';

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
  ])('of sed asks when it could do more: %s', (script) => {
    expect(sedScriptDanger(script)).toBeDefined();
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
