/** The thread that takes command lines apart: a program of its own, so that the host never loads a grammar. */
import { createShellParser } from './gate/shell/shellParser';
import { serveShellParser } from './node/shellParserServer';

const usualShells =
  process.platform === 'win32' ? (['bash', 'powershell'] as const) : (['bash'] as const);

serveShellParser(__dirname, usualShells, (readGrammar) =>
  createShellParser({
    treeSitterWasm: () => readGrammar('tree-sitter'),
    bashWasm: () => readGrammar('tree-sitter-bash'),
    powershellWasm: () => readGrammar('tree-sitter-powershell'),
    nowMs: () => Date.now(),
  }),
);
