import { join, relative } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const sources = join(root, 'src');

/** Where the sources use a member of an interface of `tools/contract.ts`: by its type, whatever it is called there. */
let usesOf: (owner: string, member: string) => readonly string[];

beforeAll(() => {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
  const { fileNames, options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
  const program = ts.createProgram(
    fileNames.filter((name) => name.startsWith(sources.replaceAll('\\', '/'))),
    // Our own types are enough, and what packages declare takes most of the time.
    { ...options, noResolve: true, types: [], lib: ['lib.es2023.d.ts'] },
  );
  const checker = program.getTypeChecker();
  const own = program
    .getSourceFiles()
    .filter(({ fileName }) => !relative(sources, fileName).startsWith('..'));
  usesOf = (owner, member) => {
    const files = new Set<string>();
    const look = (file: ts.SourceFile, node: ts.Node): void => {
      if (declarationsOf(checker, node, member).some((found) => isMemberOf(found, owner))) {
        files.add(relative(sources, file.fileName).replaceAll('\\', '/'));
      }
      ts.forEachChild(node, (child) => look(file, child));
    };
    own.forEach((file) => look(file, file));
    return [...files].sort();
  };
}, 120_000);

/** What `a.run`, or the `run` of `{ run } = a`, stands for. */
function declarationsOf(
  checker: ts.TypeChecker,
  node: ts.Node,
  member: string,
): readonly ts.Declaration[] {
  if (ts.isPropertyAccessExpression(node) && node.name.text === member) {
    return checker.getSymbolAtLocation(node.name)?.declarations ?? [];
  }
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent)) {
    const taken = node.propertyName ?? node.name;
    return ts.isIdentifier(taken) && taken.text === member
      ? (checker.getTypeAtLocation(node.parent).getProperty(member)?.declarations ?? [])
      : [];
  }
  return [];
}

function isMemberOf(declaration: ts.Node, owner: string): boolean {
  return (
    ts.isInterfaceDeclaration(declaration.parent) &&
    declaration.parent.name.text === owner &&
    declaration.getSourceFile().fileName.endsWith('/src/tools/contract.ts')
  );
}

describe('the one way to run a tool', () => {
  it('[R119] is the orchestrator: nothing else calls what a tool does', () => {
    expect(usesOf('Tool', 'run')).toEqual(['tools/orchestrator.ts']);
  });

  it('[R119] is taken by the loop, by delegated calls and by nothing that is not bound to it', () => {
    expect(usesOf('ToolOrchestrator', 'execute')).toEqual(['session/turnLoop.ts']);
    expect(usesOf('ToolOrchestrator', 'executeAll')).toEqual(['session/turnLoop.ts']);
  });

  it('[R119] holds for commands too: only the tool for them has the runner', () => {
    expect(usesOf('CommandRunner', 'run')).toEqual(['tools/builtin/runCommand.ts']);
  });
});
