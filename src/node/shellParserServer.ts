import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import type { ShellParser } from '../gate/shell/contract';
import type { ShellParserAnswer, ShellParserQuestion } from './shellParserProtocol';

/** A grammar's bytes, which lie beside the program. */
export type ReadGrammar = (
  name: 'tree-sitter' | 'tree-sitter-bash' | 'tree-sitter-powershell',
) => Uint8Array;

/** The thread's side: answers each question, after the grammar of the usual shell was loaded. */
export function serveShellParser(
  folder: string,
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
  void Promise.all([parse('true', 'bash'), parse('true', 'powershell')]).then(() =>
    say({ kind: 'ready' }),
  );
}
