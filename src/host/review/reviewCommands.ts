import * as vscode from 'vscode';
import type { PendingEdit, PendingEditsApi } from '../../session/contract';
import { isNumber, isRecord, isString } from '../../base/guard';
import type { ReviewCommandId } from '../commandIds';
import type { CommandHandler } from '../commands';
import { count } from '../mcpWords';
import { maxFilesAtOnce } from './multiReview';
import type { ReviewController } from './reviewController';
import { goToHunk, toNextInDocument } from './reviewNavigation';
import { reviewTarget, type ReviewTarget } from './reviewTargets';
import { askReason, say } from './reviewWords';

/** The commands that decide, for lenses, keys, menus and the palette alike. */
export function reviewCommands(
  edits: PendingEditsApi,
  review: ReviewController,
): { readonly [Id in ReviewCommandId]: CommandHandler } {
  const openEdits = (): readonly PendingEdit[] =>
    edits.list().filter((edit) => edit.state === 'open');

  const decideHunk = (
    target: ReviewTarget | undefined,
    decision: 'approve' | 'deny',
    reason?: string,
  ): void => {
    const hunkId = target?.hunkId ?? onlyUndecided(target?.edit);
    if (target === undefined || hunkId === undefined) {
      say('Place the cursor in an edit first.');
      return;
    }
    if (!review.decide(target.edit.id, [hunkId], decision, reason)) {
      say('This edit has changed or was decided already. Look again.');
    } else if (target.isByCursor) {
      toNextInDocument(edits, target.edit.id);
    }
  };

  const decideFile = (args: readonly unknown[], decision: 'approve' | 'deny'): void => {
    const edit = reviewTarget(edits, args)?.edit;
    if (edit === undefined || !review.decide(edit.id, 'all', decision)) {
      say('Nothing waits in this file.');
    }
  };

  const decideAll = ([uri]: readonly unknown[], decision: 'approve' | 'deny'): void => {
    // From the title of the editor of several files it is about those in it, not about what came later.
    const inSight = uri instanceof vscode.Uri ? review.editsInSight : [];
    const all = openEdits().filter(({ id }) => inSight.length === 0 || inSight.includes(id));
    const decided = all.filter((edit) => review.decide(edit.id, 'all', decision));
    if (all.length === 0) {
      say('Nothing waits for a decision.');
    } else if (decided.length < all.length) {
      say(
        `${all.length - decided.length} of ${all.length} edits have changed meanwhile. Look again.`,
      );
    } else if (openEdits().length > 0) {
      say(`${count(openEdits().length, 'file')} that came later still wait.`);
    }
  };

  const go = async (direction: 1 | -1): Promise<void> => {
    if (!(await goToHunk(edits, review, direction))) {
      say('Nothing waits for a decision.');
    }
  };

  /** The box of a thread is done with: the focus must not stay where it was. */
  const decideThread = async (
    args: readonly unknown[],
    decision: 'approve' | 'deny',
  ): Promise<void> => {
    const [first] = args;
    const isReply = isRecord(first) && 'thread' in first;
    const target = review.threads.targetOf(isReply ? first.thread : first);
    const words = isReply && isString(first.text) ? first.text.trim() : '';
    review.threads.close();
    await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
    if (
      target === undefined ||
      !review.decide(target.editId, [target.hunkId], decision, words === '' ? undefined : words)
    ) {
      say('This edit has changed or was decided already. Look again.');
    }
  };

  return {
    'patchbay.openReview': (...args) => {
      const target = reviewTarget(edits, args);
      if (!review.openReview(target?.edit.id, target?.hunkId) && !review.openReview()) {
        say('Nothing waits for a decision.');
      }
    },
    'patchbay.approveHunk': (...args) => decideHunk(reviewTarget(edits, args), 'approve'),
    'patchbay.denyHunk': (...args) => decideHunk(reviewTarget(edits, args), 'deny'),
    'patchbay.denyHunkWithReason': async (...args) => {
      const target = reviewTarget(edits, args);
      const hunkId = target?.hunkId ?? onlyUndecided(target?.edit);
      if (target === undefined || hunkId === undefined) {
        say('Place the cursor in an edit first.');
        return;
      }
      if (isByMouse(args) && review.threads.open(target.edit, hunkId, 'deny')) {
        return;
      }
      const words = await askReason(`Deny an edit of ${target.edit.label}`, target.edit.asker);
      if (words !== undefined) {
        decideHunk({ ...target, hunkId }, 'deny', words === '' ? undefined : words);
      }
    },
    'patchbay.showHunk': (...args) => {
      const target = reviewTarget(edits, args);
      const hunkId = target?.hunkId ?? onlyUndecided(target?.edit);
      if (target === undefined || hunkId === undefined) {
        say('Place the cursor in an edit first.');
      } else if (!review.threads.open(target.edit, hunkId, 'show')) {
        review.openReview(target.edit.id, hunkId);
      }
    },
    'patchbay.threadApprove': (...args) => decideThread(args, 'approve'),
    'patchbay.threadDeny': (...args) => decideThread(args, 'deny'),
    'patchbay.threadCancel': async () => {
      review.threads.close();
      await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
    },
    'patchbay.reviewAll': () => {
      const { fileCount, isInOne } = review.openAll();
      if (fileCount === 0) {
        say('Nothing waits for a decision.');
      } else if (!isInOne) {
        void vscode.window.showInformationMessage(
          `${fileCount} files wait, more than one editor shows well (${maxFilesAtOnce}). They are listed under Pending Edits; the first one is open.`,
        );
      }
    },
    'patchbay.showEdits': () => review.tree.show(),
    'patchbay.approveFile': (...args) => decideFile(args, 'approve'),
    'patchbay.denyFile': (...args) => decideFile(args, 'deny'),
    'patchbay.approveAll': (...args) => decideAll(args, 'approve'),
    'patchbay.denyAll': (...args) => decideAll(args, 'deny'),
    'patchbay.nextHunk': () => go(1),
    'patchbay.previousHunk': () => go(-1),
    'patchbay.undoDecision': (...args) => {
      // A lens names its hunk; from everywhere else it is the newest decision, wherever the cursor is.
      const named = isString(args[0]) ? reviewTarget(edits, args) : undefined;
      const editId = named?.edit.id ?? review.lastDecidedId;
      if (editId === undefined || !edits.undoDecision(editId, named?.hunkId)) {
        say(
          'There is no decision to take back. A file that is written already is undone in the file.',
        );
      } else if (named === undefined) {
        say(`Took back the last decision, in ${edits.get(editId)?.label ?? 'a file'}.`);
      }
    },
  };
}

function onlyUndecided(edit: PendingEdit | undefined): string | undefined {
  const undecided = edit?.hunks.filter(({ decision }) => decision.kind === 'pending') ?? [];
  return undecided.length === 1 ? undecided[0]?.hunk.id : undefined;
}

/** Lenses, hover links and line numbers are clicked; keys, the palette and menus of the editor may be the keyboard's. */
function isByMouse([first]: readonly unknown[]): boolean {
  return isString(first) || (isRecord(first) && isNumber(first.lineNumber));
}
