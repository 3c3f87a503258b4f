/** The thread that takes command lines apart: a program of its own, so that the host never loads a grammar. */
import { createShellParser } from './gate/shell/shellParser';
import { serveShellParser } from './node/shellParserServer';

serveShellParser(__dirname, (readGrammar) =>
  createShellParser({
    treeSitterWasm: () => readGrammar('tree-sitter'),
    bashWasm: () => readGrammar('tree-sitter-bash'),
    powershellWasm: () => readGrammar('tree-sitter-powershell'),
    nowMs: () => Date.now(),
  }),
);
