import * as vscode from 'vscode';
import type { PendingEdit, PendingEditsApi } from '../../session/contract';
import type { ReviewCommandId } from '../commandIds';
import type { CommandHandler } from '../commands';
import { edgeHunk, hunkRows, neighbourEdit, nextRow } from './hunkRows';
import type { ReviewController } from './reviewController';
import { editsInDocument } from './reviewLenses';
import { reviewTarget, type ReviewTarget } from './reviewTargets';

const messageMs = 5000;

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

  const decideAll = (decision: 'approve' | 'deny'): void => {
    const all = openEdits();
    const decided = all.filter((edit) => review.decide(edit.id, 'all', decision));
    if (all.length === 0) {
      say('Nothing waits for a decision.');
    } else if (decided.length < all.length) {
      say(
        `${all.length - decided.length} of ${all.length} edits have changed meanwhile. Look again.`,
      );
    }
  };

  const go = async (direction: 1 | -1): Promise<void> => {
    const editor = vscode.window.activeTextEditor;
    const here = editor === undefined ? [] : editsInDocument(edits, editor.document.uri);
    if (editor !== undefined) {
      const rows = here.flatMap(({ edit, side }) =>
        hunkRows(edit, side, editor.document.lineCount),
      );
      const row = nextRow(rows, editor.selection.active.line, direction);
      if (row !== undefined) {
        showLine(editor, row.line);
        // Asked for from the chat or the palette, the hunk's keys must work right away.
        await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
        return;
      }
    }
    const current = here[0]?.edit.id;
    const next =
      neighbourEdit(openEdits(), current, direction) ??
      openEdits().find((edit) => edit.id === current);
    const hunkId = next === undefined ? undefined : edgeHunk(next, direction);
    if (next === undefined || hunkId === undefined) {
      say('Nothing waits for a decision.');
    } else {
      review.openReview(next.id, hunkId);
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
      if (target === undefined) {
        say('Place the cursor in an edit first.');
        return;
      }
      const words = await vscode.window.showInputBox({
        title: `Deny an edit of ${target.edit.label}`,
        prompt: `Tell ${target.edit.asker} what to do instead (optional). Escape goes back without deciding.`,
        placeHolder: 'Why not, or what instead',
      });
      if (words !== undefined) {
        decideHunk(target, 'deny', words.trim() === '' ? undefined : words.trim());
      }
    },
    'patchbay.approveFile': (...args) => decideFile(args, 'approve'),
    'patchbay.denyFile': (...args) => decideFile(args, 'deny'),
    'patchbay.approveAll': () => decideAll('approve'),
    'patchbay.denyAll': () => decideAll('deny'),
    'patchbay.nextHunk': () => go(1),
    'patchbay.previousHunk': () => go(-1),
    'patchbay.undoDecision': (...args) => {
      const target = reviewTarget(edits, args);
      const decided = target?.edit.hunks.find(({ hunk }) => hunk.id === target.hunkId)?.decision;
      const hunkId =
        decided === undefined || decided.kind === 'pending' ? undefined : target?.hunkId;
      const editId = target?.edit.id ?? openEdits().findLast(hasDecision)?.id;
      if (editId === undefined || !edits.undoDecision(editId, hunkId)) {
        say('There is no decision to take back.');
      }
    },
  };
}

function say(text: string): void {
  void vscode.window.setStatusBarMessage(text, messageMs);
}

function onlyUndecided(edit: PendingEdit | undefined): string | undefined {
  const undecided = edit?.hunks.filter(({ decision }) => decision.kind === 'pending') ?? [];
  return undecided.length === 1 ? undecided[0]?.hunk.id : undefined;
}

function hasDecision(edit: PendingEdit): boolean {
  return edit.hunks.some(({ decision }) => decision.kind !== 'pending');
}

/** On to the next undecided hunk of the same document; the cursor stays when there is none. */
function toNextInDocument(edits: PendingEditsApi, editId: string): void {
  const editor = vscode.window.activeTextEditor;
  const here =
    editor === undefined
      ? undefined
      : editsInDocument(edits, editor.document.uri).find(({ edit }) => edit.id === editId);
  if (editor === undefined || here?.edit.state !== 'open') {
    return;
  }
  const rows = hunkRows(here.edit, here.side, editor.document.lineCount);
  const row = nextRow(rows, editor.selection.active.line, 1) ?? nextRow(rows, -1, 1);
  if (row !== undefined) {
    showLine(editor, row.line);
  }
}

function showLine(editor: vscode.TextEditor, line: number): void {
  const position = new vscode.Position(line, 0);
  editor.selection = new vscode.Selection(position, position);
  editor.revealRange(
    new vscode.Range(position, position),
    vscode.TextEditorRevealType.InCenterIfOutsideViewport,
  );
}
