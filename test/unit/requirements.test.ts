import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { milestones, requirements } from '../requirements';

const testRoot = join(import.meta.dirname, '..');

function citedIds(): ReadonlySet<string> {
  const cited = new Set<string>();
  for (const entry of readdirSync(testRoot, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(test|e2e|agent|suite)\.(ts|mjs|cjs)$/.test(entry.name)) {
      continue;
    }
    const text = readFileSync(join(entry.parentPath, entry.name), 'utf8');
    for (const title of text.matchAll(
      /(?:it|test|describe|step)(?:\.\w+)*\(\s*(['"`])((?:\[R\d+\])+)/g,
    )) {
      for (const id of (title[2] ?? '').matchAll(/R\d+/g)) {
        cited.add(id[0]);
      }
    }
  }
  return cited;
}

describe('the manifest of requirements', () => {
  it('names every requirement from R1 to R236 once', () => {
    expect(Object.keys(requirements)).toEqual(
      Array.from({ length: 236 }, (_, index) => `R${index + 1}`),
    );
  });

  it('lists as open exactly what no test proves', () => {
    const cited = citedIds();
    const wrong = Object.entries(requirements).flatMap(([id, { open }]) => {
      if (open === undefined && !cited.has(id)) {
        return [`${id} is claimed as proven, but no test title cites it`];
      }
      if (open !== undefined && cited.has(id)) {
        return [`${id} is cited by a test and listed as open for ${open}`];
      }
      return [];
    });
    expect(wrong).toEqual([]);
  });

  it('gives every open requirement the milestone that will close it', () => {
    for (const { open } of Object.values(requirements)) {
      expect(open === undefined || milestones.includes(open)).toBe(true);
    }
  });

  it('cites only requirements that exist', () => {
    expect([...citedIds()].filter((id) => !(id in requirements))).toEqual([]);
  });
});
