import { computeHunks } from './hunks';
import type { FileEdit, Hunk } from './fileEdit';

/**
 * A proposed change of one file with its hunks. `baseText` is '' for a new file, `proposedText` '' for a deletion.
 * Creating or deleting an empty file gets one empty hunk, so that there is something to decide.
 */
export function createFileEdit(
  path: string,
  baseText: string,
  proposedText: string,
  kind: FileEdit['kind'],
): FileEdit {
  return { path, kind, baseText, proposedText, hunks: hunksOfEdit(baseText, proposedText, kind) };
}

/** The hunks a reviewer decides on; see `createFileEdit`. */
export function hunksOfEdit(
  baseText: string,
  proposedText: string,
  kind: FileEdit['kind'],
): readonly Hunk[] {
  const hunks = computeHunks(baseText, proposedText);
  return hunks.length === 0 && kind !== 'edit' && baseText === '' ? [emptyHunk] : hunks;
}

const emptyHunk: Hunk = {
  id: 'h-empty',
  oldStart: 0,
  oldLines: 0,
  newStart: 0,
  newLines: 0,
  oldText: '',
  newText: '',
};
