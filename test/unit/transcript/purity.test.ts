import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const room = join(import.meta.dirname, '../../../src/transcript');

it('[R180] the transcript imports nothing but base and events, and reaches for no clock, process or network', () => {
  const files = readdirSync(room).filter((name) => name.endsWith('.ts'));
  expect(files).toContain('transcriptStore.ts');
  for (const name of files) {
    const text = readFileSync(join(room, name), 'utf8');
    const imports = [...text.matchAll(/(?:from|import\(|require\()\s*'([^']+)'/g)].map(
      ([, path]) => path,
    );
    expect({
      name,
      foreign: imports.filter((path) => !/^(?:\.\/|\.\.\/(?:base|events)\/)/.test(path ?? '')),
      globals:
        text.match(/\b(?:fetch|process|setTimeout|setInterval|Date\.now|globalThis)\b/g) ?? [],
    }).toEqual({ name, foreign: [], globals: [] });
  }
});
