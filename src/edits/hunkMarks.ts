import type { RangeMapping } from 'vscode-diff/dist/vs/editor/common/diff/rangeMapping.js';
import { charMappings } from './blockRefiner';
import type { Hunk } from './fileEdit';
import { splitLines } from './lines';

/** Characters of one line of a hunk. The line counts from 0 within the hunk, columns from 0, the end is exclusive. */
export interface LineMark {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

export interface HunkMarks {
  /** What goes, in the lines of `oldText`. */
  readonly removed: readonly LineMark[];
  /** What comes, in the lines of `newText`. */
  readonly added: readonly LineMark[];
}

/** Above this many characters (old and new) marks within lines say nothing any more, and cost much. */
const maxChars = 20_000;
const maxSteps = 2_000_000;

/**
 * What changed within the lines of a small hunk, as the editor marks it. Undefined where the whole lines are the change:
 * lines only come or only go, the hunk is large, or only line endings differ.
 */
export function markHunk(hunk: Pick<Hunk, 'oldText' | 'newText'>): HunkMarks | undefined {
  const { oldText, newText } = hunk;
  if (oldText === '' || newText === '' || oldText.length + newText.length > maxChars) {
    return undefined;
  }
  const oldLines = linesOf(oldText);
  const newLines = linesOf(newText);
  const whole = { oldStart: 0, oldEnd: oldLines.length, newStart: 0, newEnd: newLines.length };
  const mappings = charMappings(oldLines, newLines, whole, { left: maxSteps });
  if (mappings === undefined) {
    return undefined;
  }
  const removed = marksOf(oldLines, mappings, ({ originalRange }) => originalRange);
  const added = marksOf(newLines, mappings, ({ modifiedRange }) => modifiedRange);
  return removed.length + added.length === 0 ? undefined : { removed, added };
}

function linesOf(text: string): string[] {
  const split = splitLines(text);
  return split.contents.slice(0, split.fileLineCount);
}

/** One mark for each line that a range touches; line breaks have none. */
function marksOf(
  lines: readonly string[],
  mappings: readonly RangeMapping[],
  rangeOf: (mapping: RangeMapping) => RangeMapping['originalRange'],
): readonly LineMark[] {
  return mappings.flatMap((mapping) => {
    const range = rangeOf(mapping);
    const marks: LineMark[] = [];
    for (let line = range.startLineNumber; line <= range.endLineNumber; line++) {
      const start = line === range.startLineNumber ? range.startColumn - 1 : 0;
      const length = lines[line - 1]?.length ?? 0;
      const end = line === range.endLineNumber ? range.endColumn - 1 : length;
      if (end > start) {
        marks.push({ line: line - 1, start, end });
      }
    }
    return marks;
  });
}
