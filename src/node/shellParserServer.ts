import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import type { ShellKind, ShellParser } from '../gate/shell/contract';
import type { ShellParserAnswer, ShellParserQuestion } from './shellParserProtocol';

/** A grammar's bytes, which lie beside the program. */
export type ReadGrammar = (
  name: 'tree-sitter' | 'tree-sitter-bash' | 'tree-sitter-powershell',
) => Uint8Array;

/**
 * The thread's side: answers each question, after the grammars of `shells` were loaded. A grammar that nobody asks for
 * is not loaded: to compile it takes seconds, which a process that ends has to wait for.
 */
export function serveShellParser(
  folder: string,
  shells: readonly ShellKind[],
  create: (readGrammar: ReadGrammar) => ShellParser,
): void {
  const port = parentPort;
  if (port === null) {
    throw new Error('this program runs as a thread of the extension');
  }
  const parse = create((name) => readFileSync(join(folder, `${name}.wasm`)));
  const say = (answer: ShellParserAnswer): void => port.postMessage(answer);
  port.on('message', (question: ShellParserQuestion) => {
    void parse(question.command, question.shell).then((parsed) =>
      say({ kind: 'parsed', id: question.id, parsed }),
    );
  });
  void Promise.all(shells.map((shell) => parse('true', shell))).then(() =>
    say({ kind: 'ready', shells }),
  );
}
