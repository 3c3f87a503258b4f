import type { ChangeSelection, PendingEdit, UnreviewedChange } from '../../session/contract';
import {
  amount,
  changeAmount,
  changedFileRow,
  changedHunkRows,
  fileRow,
  hunkRowsOf,
  oneLine,
  parts,
  undecided,
  type TreeNode,
  type TreeRow,
} from './editTreeRows';

export interface TreeModel {
  readonly rows: ReadonlyMap<string, TreeRow>;
  readonly rootKeys: readonly string[];
}

export interface TreeInput {
  /** All edits; those that are over are left out. */
  readonly edits: readonly PendingEdit[];
  readonly changes: readonly UnreviewedChange[];
  readonly sessionTitle: (sessionId: string) => string | undefined;
}

/**
 * What waits (session, file, hunk) and what changed without review (turn, file, hunk). The two sections have rows of
 * their own only when both are there, or when there are changes: with edits alone the sessions are the roots.
 */
export function buildTree({ edits, changes, sessionTitle }: TreeInput): TreeModel {
  const rows = new Map<string, TreeRow>();
  const add = (row: TreeRow): string => {
    rows.set(row.key, row);
    return row.key;
  };
  const open = edits.filter((edit) => edit.state === 'open');
  const title = (sessionId: string): string => oneLine(sessionTitle(sessionId) ?? '') || 'Session';
  const hasSections = changes.length > 0;
  const rootKeys: string[] = [];

  if (open.length > 0) {
    const parentKey = hasSections ? 'waiting' : undefined;
    const sessionKeys = [...groupBy(open, (edit) => edit.sessionId)].map(([sessionId, own]) => {
      const key = `session:${sessionId}`;
      const childKeys = own.map((edit) => add(fileRow(edit, key)));
      own.forEach((edit) => hunkRowsOf(edit).forEach(add));
      return add({
        ...parts(key, { kind: 'session', sessionId }, parentKey, childKeys),
        label: title(sessionId),
        description: [amount(own), ...new Set(own.map((edit) => edit.asker))].join(' · '),
        spoken: `${title(sessionId)}, session, ${amount(own)} to review`,
        icon: 'comment-discussion',
        isOpen: true,
      });
    });
    rootKeys.push(
      ...(hasSections
        ? [
            add({
              ...parts('waiting', { kind: 'waiting' }, undefined, sessionKeys),
              label: 'Waiting for you',
              description: amount(open),
              spoken: `Waiting for you, ${amount(open)}`,
              icon: 'bell-dot',
              isOpen: true,
            }),
          ]
        : sessionKeys),
    );
  }

  if (hasSections) {
    const turns = groupBy(changes, ({ sessionId, turnId }) => `${sessionId}:${turnId}`);
    const turnKeys = [...turns].flatMap(([turn, own]) => {
      const [first] = own;
      if (first === undefined) {
        return [];
      }
      const { sessionId, turnId } = first;
      const key = `turn:${turn}`;
      const childKeys = own.map((change) => add(changedFileRow(change, key)));
      own.forEach((change) => changedHunkRows(change).forEach(add));
      return [
        add({
          ...parts(key, { kind: 'turn', sessionId, turnId }, 'changed', childKeys),
          label: title(sessionId),
          description: changeAmount(own),
          spoken: `${title(sessionId)}, turn, ${changeAmount(own)} without review`,
          icon: 'history',
          isOpen: true,
        }),
      ];
    });
    rootKeys.push(
      add({
        ...parts('changed', { kind: 'changed' }, undefined, turnKeys),
        label: 'Changed without review',
        description: changeAmount(changes),
        spoken: `Changed without review, ${changeAmount(changes)}`,
        icon: 'warning',
        isOpen: true,
      }),
    );
  }
  return { rows, rootKeys };
}

/** The topmost rows to draw again; `all` when the roots are others. None when nothing that is seen has changed. */
export function changedRows(before: TreeModel, after: TreeModel): 'all' | readonly string[] {
  if (before.rootKeys.join('\n') !== after.rootKeys.join('\n')) {
    return 'all';
  }
  const changed = [...after.rows.values()]
    .filter((row) => {
      const old = before.rows.get(row.key);
      return old !== undefined && drawn(old) !== drawn(row);
    })
    .map(({ key }) => key);
  const all = new Set(changed);
  const hasDrawnAncestor = (key: string): boolean => {
    const parentKey = after.rows.get(key)?.parentKey;
    return parentKey !== undefined && (all.has(parentKey) || hasDrawnAncestor(parentKey));
  };
  return changed.filter((key) => !hasDrawnAncestor(key));
}

/** Number of decisions that wait, for the badge. */
export function waitingCount({ edits, changes }: Omit<TreeInput, 'sessionTitle'>): {
  readonly edits: number;
  readonly changes: number;
} {
  return {
    edits: edits
      .filter((edit) => edit.state === 'open')
      .reduce((sum, edit) => sum + undecided(edit), 0),
    changes: changes.reduce((sum, change) => sum + change.hunks.length, 0),
  };
}

/** The undecided hunks below a row, by edit; decided ones are never decided again from above. */
export function hunksBelow(
  model: TreeModel,
  key: string,
  edits: readonly PendingEdit[],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const visit = (at: string): void => {
    const row = model.rows.get(at);
    if (row?.node.kind === 'hunk') {
      const { editId, hunkId } = row.node;
      const edit = edits.find(({ id, state }) => id === editId && state === 'open');
      const own = edit?.hunks.find(({ hunk }) => hunk.id === hunkId);
      if (own?.decision.kind === 'pending') {
        found.set(editId, [...(found.get(editId) ?? []), hunkId]);
      }
      return;
    }
    row?.childKeys.forEach(visit);
  };
  visit(key);
  return found;
}

/** The edits in the order in which the tree shows their files: next and previous follow it. */
export function inTreeOrder(edits: readonly PendingEdit[]): readonly PendingEdit[] {
  return [...groupBy(edits, (edit) => edit.sessionId).values()].flat();
}

/**
 * Where the focus goes when these rows of a model were decided: the next row that still waits, of the same kind so that
 * nothing has to be unfolded; around the end; undefined when nothing waits.
 */
export function nextWaiting(
  model: TreeModel,
  keys: readonly string[],
  edits: readonly PendingEdit[],
): string | undefined {
  const last = keys.at(-1);
  const kind = last === undefined ? undefined : model.rows.get(last)?.node.kind;
  const isWaiting = (key: string): boolean => hunksBelow(model, key, edits).size > 0;
  const order = flatten(model, model.rootKeys);
  const at = last === undefined ? -1 : order.indexOf(last);
  const around = [...order.slice(at + 1), ...order.slice(0, Math.max(0, at))].filter(isWaiting);
  const ofKind = (wanted: string | undefined): string | undefined =>
    around.find((key) => model.rows.get(key)?.node.kind === wanted);
  // The next hunk of another file may be folded away: its file is not.
  const sibling = around.find(
    (key) =>
      last !== undefined && model.rows.get(key)?.parentKey === model.rows.get(last)?.parentKey,
  );
  return sibling ?? (kind === 'hunk' ? ofKind('file') : ofKind(kind)) ?? around[0];
}

/** What keep and undo are about for a row; undefined for rows of what waits. */
export function changeSelection(node: TreeNode): ChangeSelection | undefined {
  switch (node.kind) {
    case 'changed':
      return { kind: 'all' };
    case 'turn':
      return { kind: 'turn', sessionId: node.sessionId, turnId: node.turnId };
    case 'changedFile':
      return { kind: 'file', changeId: node.changeId };
    case 'changedHunk':
      return { kind: 'hunks', changeId: node.changeId, hunkIds: [node.hunkId] };
    default:
      return undefined;
  }
}

/** Rows of a selection without those that lie below another row of it: nothing is decided twice. */
export function topmost(model: TreeModel, keys: readonly string[]): readonly string[] {
  const chosen = new Set(keys);
  const isBelow = (key: string): boolean => {
    const parentKey = model.rows.get(key)?.parentKey;
    return parentKey !== undefined && (chosen.has(parentKey) || isBelow(parentKey));
  };
  return [...chosen].filter((key) => !isBelow(key));
}

function flatten(model: TreeModel, keys: readonly string[]): readonly string[] {
  return keys.flatMap((key) => [key, ...flatten(model, model.rows.get(key)?.childKeys ?? [])]);
}

function drawn(row: TreeRow): string {
  const { label, description, spoken, icon, color, context, childKeys } = row;
  return JSON.stringify([label, description, spoken, icon, color, context, childKeys]);
}

function groupBy<T>(
  values: readonly T[],
  keyOf: (value: T) => string,
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}
