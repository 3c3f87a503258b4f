import { describe, expect, it } from 'vitest';
import { parseCommandShim } from '../../../src/node/commandShim';

const npm = (line: string): string =>
  `@ECHO off\r\nGOTO start\r\n:find_dp0\r\nSET dp0=%~dp0\r\nEXIT /b\r\n:start\r\nSETLOCAL\r\nCALL :find_dp0\r\n\r\nIF EXIST "%dp0%\\node.exe" (\r\n  SET "_prog=%dp0%\\node.exe"\r\n) ELSE (\r\n  SET "_prog=node"\r\n  SET PATHEXT=%PATHEXT:;.JS;=;%\r\n)\r\n\r\nendLocal & goto #_undefined_# 2>NUL || title %COMSPEC% & ${line} %*\r\n`;

describe('what a Windows command file starts', () => {
  it.each([
    [
      'npm, a script',
      npm('"%_prog%"  "%dp0%\\node_modules\\x\\cli.mjs"'),
      { kind: 'script', path: 'node_modules\\x\\cli.mjs', nodeArgs: [] },
    ],
    [
      'npm, a script whose first line has options for Node',
      npm(
        '"%_prog%" --no-warnings=DEP0040 "%dp0%\\node_modules\\@google\\gemini-cli\\bundle\\gemini.js"',
      ),
      {
        kind: 'script',
        path: 'node_modules\\@google\\gemini-cli\\bundle\\gemini.js',
        nodeArgs: ['--no-warnings=DEP0040'],
      },
    ],
    [
      'npm before version 7',
      '@IF EXIST "%~dp0\\node.exe" (\r\n  "%~dp0\\node.exe"  "%~dp0\\node_modules\\x\\cli.js" %*\r\n) ELSE (\r\n  @SETLOCAL\r\n  @SET PATHEXT=%PATHEXT:;.JS;=;%\r\n  node  "%~dp0\\node_modules\\x\\cli.js" %*\r\n)',
      { kind: 'script', path: 'node_modules\\x\\cli.js', nodeArgs: [] },
    ],
    [
      'pnpm',
      '@SETLOCAL\r\n@IF NOT DEFINED NODE_PATH (\r\n  @SET "NODE_PATH=C:\\Users\\ann\\AppData\\Local\\pnpm\\global\\5\\node_modules"\r\n)\r\n@IF EXIST "%~dp0\\node.exe" (\r\n  "%~dp0\\node.exe"  "%~dp0\\global\\5\\node_modules\\x\\cli.js" %*\r\n) ELSE (\r\n  @SET PATHEXT=%PATHEXT:;.JS;=;%\r\n  node  "%~dp0\\global\\5\\node_modules\\x\\cli.js" %*\r\n)',
      { kind: 'script', path: 'global\\5\\node_modules\\x\\cli.js', nodeArgs: [] },
    ],
    [
      'npm, a program',
      npm('"%dp0%\\node_modules\\x\\bin\\x.exe"  '),
      { kind: 'program', path: 'node_modules\\x\\bin\\x.exe' },
    ],
    [
      'yarn, which leads to another command file',
      '@"%~dp0\\..\\Data\\global\\node_modules\\.bin\\gemini.cmd"   %*',
      { kind: 'shim', path: '..\\Data\\global\\node_modules\\.bin\\gemini.cmd' },
    ],
    [
      'scoop, a program',
      '@rem C:\\Users\\ann\\scoop\\apps\\x\\current\\x.exe\r\n@"C:\\Users\\ann\\scoop\\apps\\x\\current\\x.exe" %*',
      { kind: 'program', path: 'C:\\Users\\ann\\scoop\\apps\\x\\current\\x.exe' },
    ],
    [
      'scoop, a command file',
      '@rem x\r\n@"C:\\Users\\ann\\scoop\\apps\\nodejs\\current\\bin\\gemini.cmd" %*',
      { kind: 'shim', path: 'C:\\Users\\ann\\scoop\\apps\\nodejs\\current\\bin\\gemini.cmd' },
    ],
    [
      'volta, which knows the tool by the name of the file',
      '@echo off\r\nvolta run %~n0 %*\r\n',
      { kind: 'manager', program: 'volta', args: ['run', 'gemini'] },
    ],
    [
      'mise',
      '@echo off\r\nsetlocal\r\nmise x -- gemini %*\r\n',
      { kind: 'manager', program: 'mise', args: ['x', '--', 'gemini'] },
    ],
    [
      'a program that it starts by its own rules',
      '@echo off\r\nstart "" "C:\\x.exe"\r\n',
      undefined,
    ],
    ['options that hold quotes', npm('"%_prog%" -e "evil()" "%dp0%\\x.txt"'), undefined],
    ['nothing', '', undefined],
  ])('[R73] %s', (_name, text, target) => {
    expect(parseCommandShim(text, 'gemini.cmd')).toEqual(target);
  });
});
