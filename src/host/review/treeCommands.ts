import * as vscode from 'vscode';
import { isString } from '../../base/guard';
import type { PendingEditsApi, UnreviewedChangesApi } from '../../session/contract';
import type { TreeCommandId } from '../commandIds';
import type { CommandHandler } from '../commands';
import { count } from '../mcpWords';
import { changeSelection, hunksBelow, nextWaiting, topmost } from './editTree';
import type { ReviewController } from './reviewController';
import type { ReviewTree } from './reviewTree';
import { askReason, say } from './reviewWords';

export interface TreeCommandsOptions {
  readonly edits: PendingEditsApi;
  readonly review: ReviewController;
  /** Without it nothing is in the tree that it could be asked about. */
  readonly changes: UnreviewedChangesApi | undefined;
  /** Shows a change that happened already, at one of its hunks. */
  readonly openChange: (changeId: string, hunkId: string | undefined) => void;
}

/**
 * The actions on rows of the tree. Menus and inline buttons give `(key, selected keys)`; keys give nothing, then the
 * row with the focus counts. A row that is part of the selection stands for all of it.
 */
export function treeCommands({ edits, review, changes, openChange }: TreeCommandsOptions): {
  readonly [Id in TreeCommandId]: CommandHandler;
} {
  const tree: ReviewTree = review.tree;

  const decide = async (
    keys: readonly string[],
    isByKey: boolean,
    decision: 'approve' | 'deny',
    reason?: string,
  ): Promise<void> => {
    const { model } = tree;
    const targets = keys.flatMap((key) => [...hunksBelow(model, key, edits.list())]);
    const isGone = targets.length === 0;
    const failed = targets.filter(
      ([editId, hunkIds]) => !review.decide(editId, hunkIds, decision, reason, 'tree'),
    );
    if (isGone || failed.length > 0) {
      say(
        isGone
          ? 'Nothing waits there any more.'
          : `${count(failed.length, 'file')} changed meanwhile and stayed undecided. Look again.`,
      );
    }
    if (isByKey) {
      const next = nextWaiting(model, keys, edits.list());
      if (next !== undefined) {
        await tree.focus(next);
      }
    }
  };

  const onWaiting =
    (work: (keys: readonly string[], isByKey: boolean) => void | Promise<void>): CommandHandler =>
    async (...args) => {
      const { keys, isByKey } = await chosen(tree, args);
      if (keys.length === 0) {
        say('Choose a row under Pending Edits first.');
      } else {
        await work(keys, isByKey);
      }
    };

  const onChanges = (
    work: (
      changes: UnreviewedChangesApi,
      selection: NonNullable<ReturnType<typeof changeSelection>>,
    ) => void | Promise<void>,
  ): CommandHandler =>
    onWaiting(async (keys) => {
      for (const key of keys) {
        const node = tree.model.rows.get(key)?.node;
        const selection = node === undefined ? undefined : changeSelection(node);
        if (changes !== undefined && selection !== undefined) {
          await work(changes, selection);
        }
      }
    });

  return {
    'patchbay.treeOpen': (...args) => {
      const [key] = args;
      const node = isString(key) ? tree.model.rows.get(key)?.node : undefined;
      if (node?.kind === 'file' || node?.kind === 'hunk') {
        review.openReview(node.editId, node.kind === 'hunk' ? node.hunkId : undefined);
      } else if (node?.kind === 'changedFile' || node?.kind === 'changedHunk') {
        openChange(node.changeId, node.kind === 'changedHunk' ? node.hunkId : undefined);
      }
    },
    'patchbay.treeApprove': onWaiting((keys, isByKey) => decide(keys, isByKey, 'approve')),
    'patchbay.treeDeny': onWaiting((keys, isByKey) => decide(keys, isByKey, 'deny')),
    'patchbay.treeDenyWithReason': onWaiting(async (keys, isByKey) => {
      const targets = keys.flatMap((key) => [...hunksBelow(tree.model, key, edits.list())]);
      const hunks = targets.reduce((sum, [, hunkIds]) => sum + hunkIds.length, 0);
      const askers = new Set(targets.flatMap(([editId]) => edits.get(editId)?.asker ?? []));
      const words = await askReason(`Deny ${count(hunks, 'edit')}`, [...askers].join(' and '));
      if (words !== undefined) {
        await decide(keys, isByKey, 'deny', words);
      }
    }),
    'patchbay.treeUndoDecision': onWaiting((keys) => {
      const undone = keys.filter((key) => {
        const node = tree.model.rows.get(key)?.node;
        return node?.kind === 'hunk' && edits.undoDecision(node.editId, node.hunkId);
      });
      if (undone.length === 0) {
        say('There is no decision to take back.');
      }
    }),
    'patchbay.treeKeep': onChanges((api, selection) => {
      if (!api.keep(selection)) {
        say('Nothing waits there any more.');
      }
    }),
    'patchbay.treeUndoChange': onChanges(async (api, selection) => {
      const { undone, problems } = await api.undo(selection);
      if (problems.length > 0) {
        void vscode.window.showWarningMessage(`Patchbay: ${problems.join(' ')}`);
      } else {
        say(`${count(undone, 'change')} undone.`);
      }
    }),
  };
}

async function chosen(
  tree: ReviewTree,
  [key, selected]: readonly unknown[],
): Promise<{ readonly keys: readonly string[]; readonly isByKey: boolean }> {
  if (!isString(key)) {
    return { keys: topmost(tree.model, await tree.focusedKeys()), isByKey: true };
  }
  const all = Array.isArray(selected) ? selected.filter(isString) : [];
  return { keys: topmost(tree.model, all.includes(key) ? all : [key]), isByKey: false };
}
