import type { Hunk, HunkDecision } from '../../edits/fileEdit';
import { makeVisibleName } from '../../gate/visible';
import { changeWords } from '../../session/changedMode';
import type { PendingEdit, UnreviewedChange, UnreviewedHunk } from '../../session/contract';
import { count } from '../mcpWords';

/** What a row of the tree stands for. */
export type TreeNode =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'session'; readonly sessionId: string }
  | { readonly kind: 'file'; readonly editId: string }
  | { readonly kind: 'hunk'; readonly editId: string; readonly hunkId: string }
  | { readonly kind: 'changed' }
  | { readonly kind: 'turn'; readonly sessionId: string; readonly turnId: string }
  | { readonly kind: 'changedFile'; readonly changeId: string }
  | { readonly kind: 'changedHunk'; readonly changeId: string; readonly hunkId: string };

/** A row as it is drawn and spoken. Its key stays while the row stands for the same thing. */
export interface TreeRow {
  readonly key: string;
  readonly node: TreeNode;
  readonly parentKey: string | undefined;
  readonly childKeys: readonly string[];
  readonly label: string;
  readonly description: string;
  /** For screen readers: everything that colours and icons say, in words. */
  readonly spoken: string;
  /** A codicon, and the theme colour it has. */
  readonly icon: string;
  readonly color: string | undefined;
  /** Rows of files: gives the icon of the file and its decoration. */
  readonly path: string | undefined;
  readonly isOpen: boolean;
  /** What menus ask for as `viewItem`. */
  readonly context: string;
}

const maxLabelChars = 120;
/** A file with more hunks than this begins folded. */
const maxOpenHunks = 8;

export function fileRow(edit: PendingEdit, parentKey: string): TreeRow {
  const key = fileKey(edit.id);
  const { name, folder } = splitLabel(edit.label);
  const waits = undecided(edit);
  const what = { edit: [], create: ['new'], delete: ['deleted'] }[edit.kind];
  return {
    ...parts(
      key,
      { kind: 'file', editId: edit.id },
      parentKey,
      edit.hunks.map(({ hunk }) => hunkKey(edit.id, hunk.id)),
    ),
    label: name,
    description: [
      ...(edit.hunks.length > 1 ? [`${waits} of ${edit.hunks.length}`] : []),
      plusMinus(edit.hunks.map(({ hunk }) => hunk)),
      ...what,
      ...folder,
    ].join(' · '),
    spoken: [
      oneLine(edit.label),
      ...(edit.kind === 'create' ? ['new file'] : edit.kind === 'delete' ? ['to be deleted'] : []),
      `${waits} of ${count(edit.hunks.length, 'edit')} waiting`,
      spokenLines(edit.hunks.map(({ hunk }) => hunk)),
      `proposed by ${oneLine(edit.asker)}`,
      ...(edit.note === undefined ? [] : [edit.note]),
    ].join(', '),
    icon: 'file',
    path: edit.path,
    isOpen: edit.hunks.length <= maxOpenHunks,
  };
}

export function hunkRowsOf(edit: PendingEdit): readonly TreeRow[] {
  return edit.hunks.map(({ hunk, decision }, index) => {
    const words = decisionWords(decision);
    return {
      ...parts(
        hunkKey(edit.id, hunk.id),
        { kind: 'hunk', editId: edit.id, hunkId: hunk.id },
        fileKey(edit.id),
        [],
      ),
      label: `${hunk.newStart}  ${firstLine(hunk)}`,
      description: [plusMinus([hunk]), ...(words === undefined ? [] : [words])].join(' · '),
      spoken: [
        `Edit ${index + 1} of ${edit.hunks.length}`,
        words ?? 'waiting',
        `line ${hunk.newStart}`,
        spokenLines([hunk]),
        firstLine(hunk),
      ].join(', '),
      ...hunkIcon(hunk, decision),
      context: decision.kind === 'pending' ? 'hunk' : 'hunkDecided',
    };
  });
}

/** A command line in it can hold anything: all of it on one line, and seen. */
function wordsOfChange(entry: Omit<UnreviewedHunk, 'hunk'>): string {
  return oneLine(changeWords(entry));
}

export function changedFileRow(change: UnreviewedChange, parentKey: string): TreeRow {
  const hunks = change.hunks.map(({ hunk }) => hunk);
  const { name, folder } = splitLabel(change.label);
  const what = { edit: [], create: ['new'], delete: ['deleted'] }[change.kind];
  const origins = [...new Set(change.hunks.map(wordsOfChange))];
  return {
    ...parts(
      changedFileKey(change.id),
      { kind: 'changedFile', changeId: change.id },
      parentKey,
      hunks.map((hunk) => changedHunkKey(change.id, hunk.id)),
    ),
    label: name,
    description: [plusMinus(hunks), ...what, ...folder].join(' · '),
    spoken: [
      oneLine(change.label),
      ...(change.kind === 'create' ? ['created'] : change.kind === 'delete' ? ['deleted'] : []),
      `${count(hunks.length, 'change')} without review`,
      spokenLines(hunks),
      ...origins,
    ].join(', '),
    icon: 'file',
    path: change.path,
    isOpen: hunks.length <= maxOpenHunks,
  };
}

export function changedHunkRows(change: UnreviewedChange): readonly TreeRow[] {
  return change.hunks.map(({ hunk, ...from }, index) => ({
    ...parts(
      changedHunkKey(change.id, hunk.id),
      { kind: 'changedHunk', changeId: change.id, hunkId: hunk.id },
      changedFileKey(change.id),
      [],
    ),
    ...(from.mode === undefined
      ? {
          label: `${hunk.newStart}  ${firstLine(hunk)}`,
          description: `${plusMinus([hunk])} · ${wordsOfChange(from)}`,
        }
      : { label: 'Permissions', description: wordsOfChange(from) }),
    spoken: [
      `Change ${index + 1} of ${change.hunks.length}`,
      ...(from.mode === undefined ? [`line ${hunk.newStart}`, spokenLines([hunk])] : []),
      wordsOfChange(from),
      ...(from.mode === undefined ? [firstLine(hunk)] : []),
    ].join(', '),
    ...hunkIcon(hunk, { kind: 'pending' }),
  }));
}

export function parts(
  key: string,
  node: TreeNode,
  parentKey: string | undefined,
  childKeys: readonly string[],
): Pick<
  TreeRow,
  'key' | 'node' | 'parentKey' | 'childKeys' | 'color' | 'path' | 'isOpen' | 'context'
> {
  return {
    key,
    node,
    parentKey,
    childKeys,
    color: undefined,
    path: undefined,
    isOpen: false,
    context: node.kind,
  };
}

function hunkIcon(hunk: Hunk, decision: HunkDecision): Pick<TreeRow, 'icon' | 'color'> {
  switch (decision.kind) {
    case 'approved':
      return { icon: 'check', color: 'gitDecoration.addedResourceForeground' };
    case 'denied':
      return { icon: 'close', color: 'gitDecoration.deletedResourceForeground' };
    case 'pending':
      if (hunk.oldLines === 0) {
        return { icon: 'diff-added', color: 'gitDecoration.addedResourceForeground' };
      }
      return hunk.newLines === 0
        ? { icon: 'diff-removed', color: 'gitDecoration.deletedResourceForeground' }
        : { icon: 'diff-modified', color: 'gitDecoration.modifiedResourceForeground' };
  }
}

function decisionWords(decision: HunkDecision): string | undefined {
  switch (decision.kind) {
    case 'pending':
      return undefined;
    case 'approved':
      return 'approved';
    case 'denied':
      return decision.reason === undefined ? 'denied' : `denied: ${oneLine(decision.reason)}`;
  }
}

/** `3 edits in 2 files`, of those that wait. */
export function amount(edits: readonly PendingEdit[]): string {
  const hunks = edits.reduce((sum, edit) => sum + undecided(edit), 0);
  return `${count(hunks, 'edit')} in ${count(edits.length, 'file')}`;
}

export function changeAmount(changes: readonly UnreviewedChange[]): string {
  const hunks = changes.reduce((sum, change) => sum + change.hunks.length, 0);
  return `${count(hunks, 'change')} in ${count(changes.length, 'file')}`;
}

export function undecided(edit: PendingEdit): number {
  return edit.hunks.filter(({ decision }) => decision.kind === 'pending').length;
}

function plusMinus(hunks: readonly Hunk[]): string {
  return `+${sum(hunks, 'newLines')} −${sum(hunks, 'oldLines')}`;
}

function spokenLines(hunks: readonly Hunk[]): string {
  return `${count(sum(hunks, 'newLines'), 'line')} added, ${sum(hunks, 'oldLines')} removed`;
}

function sum(hunks: readonly Hunk[], field: 'newLines' | 'oldLines'): number {
  return hunks.reduce((total, hunk) => total + hunk[field], 0);
}

/** What the hunk begins with: its first new line that says something, else its first old one. */
function firstLine(hunk: Hunk): string {
  const text = hunk.newText.trim() === '' ? hunk.oldText : hunk.newText;
  const line = /\S[^\r\n]*/.exec(text.slice(0, 5_000))?.[0] ?? 'blank lines';
  return oneLine(line);
}

/** Words from elsewhere as one short line in which every character is seen. */
export function oneLine(words: string): string {
  const line = makeVisibleName(
    words
      .slice(0, 2 * maxLabelChars)
      .replace(/[\ud800-\udbff]$/, '')
      .replace(/\s+/g, ' ')
      .trim(),
  );
  return line.length > maxLabelChars ? `${line.slice(0, maxLabelChars - 1)}…` : line;
}

function splitLabel(label: string): { readonly name: string; readonly folder: readonly string[] } {
  const at = label.lastIndexOf('/');
  return {
    name: oneLine(label.slice(at + 1)),
    folder: at > 0 ? [oneLine(label.slice(0, at))] : [],
  };
}

const fileKey = (editId: string): string => `file:${editId}`;
const hunkKey = (editId: string, hunkId: string): string => `hunk:${editId}:${hunkId}`;
const changedFileKey = (changeId: string): string => `changedFile:${changeId}`;
const changedHunkKey = (changeId: string, hunkId: string): string =>
  `changedHunk:${changeId}:${hunkId}`;
