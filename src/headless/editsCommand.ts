import { stringField } from '../base/guard';
import type { JsonObject, JsonValue } from '../base/json';
import { applyChange } from '../edits/changes';
import { applyDecisions } from '../edits/hunks';
import { computeLineHunks, type LineHunk } from '../edits/lineHunks';
import { findNearest } from '../edits/matcher';
import { idOf } from './jsonLineCommand';

/**
 * `hunks`: one line `{"id","base","proposed","approve"}` gives the hunks between the two texts and the base with exactly
 * the approved ones. `approve` is a set of hunk indexes from 0, `"all"` or `"none"`.
 */
export function answerHunks(input: JsonObject): JsonObject {
  const base = neededText(input, 'base');
  const proposed = neededText(input, 'proposed');
  const hunks = computeLineHunks(base, proposed);
  const approved = approvedIndexes(input.approve, hunks);
  const named = hunks.map((hunk, index) => ({ ...hunk, id: String(index) }));
  return {
    ...idOf(input),
    hunks: hunks.map(({ oldStart, oldLines, newStart, newLines }, index) => ({
      index,
      oldStart,
      oldLines,
      newStart,
      newLines,
    })),
    result: applyDecisions(base, named, approved.map(String)),
  };
}

/**
 * `match`: one line `{"id","text","search","replace"}` gives the text with the one place replaced, or where the nearest
 * place begins and how alike it is.
 */
export function answerMatch(input: JsonObject): JsonObject {
  const text = neededText(input, 'text');
  const search = neededText(input, 'search');
  const replace = neededText(input, 'replace');
  const outcome = applyChange(text, { kind: 'edits', edits: [{ search, replace }] });
  if (outcome.kind === 'changed') {
    return { ...idOf(input), result: outcome.text };
  }
  switch (outcome.code) {
    case 'no_change':
      return { ...idOf(input), result: text };
    case 'not_found': {
      const near = findNearest(text, search);
      return {
        ...idOf(input),
        nearest: {
          line: near?.lineOneBased ?? 1,
          // What differs in white space only is no match either.
          score: Math.min(near?.similarity ?? 0, maxScore),
        },
      };
    }
    case 'ambiguous':
    case 'empty_search':
    case 'file_exists':
    case 'file_missing':
    case 'no_edits':
    case 'too_large':
      throw new Error(outcome.message);
  }
}

const maxScore = 0.99;

function neededText(input: JsonObject, name: string): string {
  const value = stringField(input, name);
  if (value === undefined) {
    throw new Error(`"${name}" must be a text.`);
  }
  return value;
}

function approvedIndexes(
  approve: JsonValue | undefined,
  hunks: readonly LineHunk[],
): readonly number[] {
  if (approve === 'all') {
    return hunks.map((_, index) => index);
  }
  if (approve === 'none') {
    return [];
  }
  if (!Array.isArray(approve)) {
    throw new Error('"approve" must be a list of hunk indexes, "all" or "none".');
  }
  const indexes = new Set<number>();
  for (const index of approve) {
    if (typeof index !== 'number' || !Number.isInteger(index) || index < 0) {
      throw new Error(`"approve": ${JSON.stringify(index)} is no index of a hunk.`);
    }
    if (index >= hunks.length) {
      throw new Error(
        `"approve": there is no hunk ${String(index)}; there are ${String(hunks.length)}, counted from 0.`,
      );
    }
    indexes.add(index);
  }
  return [...indexes];
}
