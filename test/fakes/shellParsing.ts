import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createCommandAnalyzer } from '../../src/gate/shell/analyzeCommand';
import type { CommandAnalyzer } from '../../src/gate/shell/analyzer';
import type { ShellKind, ShellParser } from '../../src/gate/shell/contract';
import { createShellParser } from '../../src/gate/shell/shellParser';
import { FakeClock } from './fakeClock';

/** The real parser in this process, without a time limit: no test depends on how busy the machine is. */
export function createTestParser(): ShellParser {
  const folder = dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'));
  const read = (name: string) => () => readFileSync(join(folder, `${name}.wasm`));
  return createShellParser({
    treeSitterWasm: read('tree-sitter'),
    bashWasm: read('tree-sitter-bash'),
    powershellWasm: read('tree-sitter-powershell'),
    nowMs: () => 0,
  });
}

export function createTestAnalyzer(shell: ShellKind = 'bash'): CommandAnalyzer {
  return createCommandAnalyzer({ parse: createTestParser(), clock: new FakeClock(), shell });
}
