import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const src = join(import.meta.dirname, '../../../src');

/** Names that reach outside of the program, or are not the same twice. */
const forbidden =
  /\b(?:fetch|process|require|setTimeout|setInterval|setImmediate|performance|navigator|WebSocket|XMLHttpRequest|Worker|globalThis|crypto|eval|Function|Date|Buffer|console)\b|\bMath\.random\b/g;

interface Module {
  /** As the code says them; types count too, as they are what the room knows of. */
  readonly imports: readonly string[];
  readonly names: readonly string[];
}

/** Comments and texts say nothing about what code does: they are left out. */
function read(text: string): Module {
  const file = ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest, true);
  const imports: string[] = [];
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    const isImport =
      ts.isImportDeclaration(node) ||
      ts.isExportDeclaration(node) ||
      ts.isExternalModuleReference(node) ||
      ts.isImportTypeNode(node) ||
      (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword);
    if (isImport) {
      imports.push(...pathsIn(node));
    }
    if (ts.isIdentifier(node)) {
      names.push(node.text);
    }
    if (ts.isPropertyAccessExpression(node)) {
      names.push(`${node.expression.getText(file)}.${node.name.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return {
    imports,
    names: [...new Set(names.flatMap((name) => name.match(forbidden) ?? []))].sort(),
  };
}

function pathsIn(node: ts.Node): readonly string[] {
  const paths: string[] = [];
  const visit = (child: ts.Node): void => {
    if (ts.isStringLiteralLike(child)) {
      paths.push(child.text);
    }
    ts.forEachChild(child, visit);
  };
  visit(node);
  return paths;
}

/** Everything that the transcript reaches, by its path below src. */
function reached(): ReadonlyMap<string, Module> {
  const found = new Map<string, Module>();
  const open = readdirSync(join(src, 'transcript'))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(src, 'transcript', name));
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const name = relative(src, path);
    if (!found.has(name)) {
      const text = readFileSync(path, 'utf8');
      const module = read(text);
      found.set(name, module);
      const folder = dirname(path);
      open.push(
        ...module.imports
          .filter((one) => one.startsWith('.'))
          .map((one) => `${join(folder, one)}.ts`),
      );
    }
  }
  return found;
}

describe('the transcript', () => {
  it('[R180] imports base and events alone, and nothing that it reaches through them knows a package, a clock, a process or the network', () => {
    const modules = reached();
    expect([...modules.keys()]).toEqual(
      expect.arrayContaining(['transcript/transcriptStore.ts', 'base/ids.ts', 'events/message.ts']),
    );
    for (const [name, { imports, names }] of modules) {
      const rooms = name.startsWith('transcript/')
        ? /^(?:\.\/|\.\.\/(?:base|events)\/)/
        : /^(?:\.\/|\.\.\/base\/)/;
      expect({
        name,
        foreign: imports.filter((path) => !rooms.test(path)),
        // A turn has an id of its own, which is no I/O: the one thing here that is not the same twice.
        names: name === 'base/ids.ts' ? names.filter((one) => !isOfIds(one)) : names,
      }).toEqual({ name, foreign: [], names: [] });
    }
  });

  it('[R180] is read as it is written: imports of every form are found, and comments and texts are not code', () => {
    expect(
      read(`
        import a from "node:fs";
        import type { B } from './b';
        export { c } from './c';
        const d = await import('node:net');
        const e: import('node:tls').Server = {};
        import f = require('node:dns');
        // process, fetch
        const g = 'Date.now()';
        const h = [new Date(), performance.now(), Math.random(), globalThis['x']];
      `),
    ).toEqual({
      imports: ['node:fs', './b', './c', 'node:net', 'node:tls', 'node:dns'],
      names: ['Date', 'Math.random', 'globalThis', 'performance'],
    });
  });
});

function isOfIds(name: string): boolean {
  return name === 'globalThis' || name === 'crypto';
}
