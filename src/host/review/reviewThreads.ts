import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { PendingEdit, PendingEditsApi } from '../../session/contract';
import { toWorkspaceUri } from '../workspaceUri';
import { hunkFence } from './hunkMarkdown';
import { hunkRows, rowAtLine, type HunkRow, type ReviewSide } from './hunkRows';
import { summary } from './lensTitles';
import { toProposalUri } from './proposalUri';
import { isPlainEditor } from './reviewLenses';

export const threadControllerId = 'patchbay.review';

/** `deny`: a box for words. `show`: the hunk as a difference, for the plain file, with the same box below. */
export type ThreadPurpose = 'deny' | 'show';

interface Shown {
  readonly thread: vscode.CommentThread;
  readonly editId: string;
  readonly hunkId: string;
  readonly side: ReviewSide;
  readonly purpose: ThreadPurpose;
}

/** The place under a hunk in which words for a denial are written with the mouse at hand. One at a time. */
export class ReviewThreads implements Disposable {
  private readonly store = new DisposableStore();
  /** Made with the first thread: the editor has a comments panel as soon as there is one. */
  private controller: vscode.CommentController | undefined;
  private shown: Shown | undefined;

  constructor(private readonly edits: PendingEditsApi) {
    this.store.add(
      edits.onDidChange(({ editId }) => {
        if (this.shown?.editId === editId && !this.isWaiting(this.shown)) {
          this.close();
        }
        if (this.shown === undefined && !edits.list().some(({ state }) => state === 'open')) {
          this.controller?.dispose();
          this.controller = undefined;
        }
      }),
    );
  }

  /** False when no editor shows the hunk, or comments are turned off: words are asked for in another way then. */
  open(edit: PendingEdit, hunkId: string, purpose: ThreadPurpose): boolean {
    if (vscode.workspace.getConfiguration('comments').get<boolean>('visible') === false) {
      return false;
    }
    const place = placeOf(edit, purpose);
    const row =
      place === undefined
        ? undefined
        : hunkRows(edit, place.side, place.document.lineCount).find((one) => one.hunkId === hunkId);
    const hunk = edit.hunks.find((one) => one.hunk.id === hunkId)?.hunk;
    if (place === undefined || row === undefined || hunk === undefined) {
      return false;
    }
    this.close();
    const thread = this.comments().createCommentThread(
      place.document.uri,
      rangeOf(row),
      purpose === 'deny'
        ? []
        : [
            {
              author: { name: edit.asker },
              body: new vscode.MarkdownString(hunkFence(hunk)),
              mode: vscode.CommentMode.Preview,
            },
          ],
    );
    thread.contextValue = purpose;
    thread.canReply = true;
    thread.label =
      purpose === 'deny'
        ? `Deny edit ${row.position} of ${row.count}: why, or what instead?`
        : capitalized(summary(edit, row));
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded;
    this.shown = { thread, editId: edit.id, hunkId, side: place.side, purpose };
    return true;
  }

  /** Which hunk a thread is about; undefined for one that is not ours or over. One typed over is found by its place. */
  targetOf(thread: unknown): { readonly editId: string; readonly hunkId: string } | undefined {
    const { shown } = this;
    if (shown === undefined || shown.thread !== thread) {
      return undefined;
    }
    const edit = this.edits.get(shown.editId);
    const line = shown.thread.range?.start.line;
    if (edit === undefined || line === undefined || hasHunk(edit, shown.hunkId)) {
      return shown;
    }
    const row = rowAtLine(hunkRows(edit, shown.side, Number.MAX_SAFE_INTEGER), line);
    return row === undefined ? shown : { editId: edit.id, hunkId: row.hunkId };
  }

  close(): void {
    this.shown?.thread.dispose();
    this.shown = undefined;
  }

  dispose(): void {
    this.close();
    this.store.dispose();
    this.controller?.dispose();
  }

  /** Words that are being typed stay where they are while the hunk still waits, or was typed over. */
  private isWaiting({ editId, hunkId, purpose }: Shown): boolean {
    const edit = this.edits.get(editId);
    const own = edit?.hunks.find(({ hunk }) => hunk.id === hunkId);
    return (
      edit?.state === 'open' &&
      (own === undefined ? purpose === 'deny' : own.decision.kind === 'pending')
    );
  }

  private comments(): vscode.CommentController {
    if (this.controller === undefined) {
      this.controller = vscode.comments.createCommentController(threadControllerId, 'Patchbay');
      this.controller.options = {
        prompt: 'Deny, say why',
        placeHolder: 'Why not, or what instead. Goes to the agent.',
      };
    }
    return this.controller;
  }
}

function capitalized(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function hasHunk(edit: PendingEdit, hunkId: string): boolean {
  return edit.hunks.some(({ hunk }) => hunk.id === hunkId);
}

/** The document of the hunk that the user looks at: the active editor's before any other that is visible. */
function placeOf(
  edit: PendingEdit,
  purpose: ThreadPurpose,
): { readonly document: vscode.TextDocument; readonly side: ReviewSide } | undefined {
  const proposal = toProposalUri(edit).toString();
  const file = toWorkspaceUri(edit.path).toString();
  const active = vscode.window.activeTextEditor;
  const candidates = [
    ...(active === undefined ? [] : [active]),
    ...vscode.window.visibleTextEditors,
  ];
  for (const editor of candidates) {
    const uri = editor.document.uri.toString();
    if (uri === proposal && purpose === 'deny') {
      return { document: editor.document, side: 'proposal' };
    }
    if (uri === file && isPlainEditor(editor)) {
      return { document: editor.document, side: 'file' };
    }
  }
  return undefined;
}

/** The thread stands below the last line: for a gap, which has no line of its own, below the one above. */
function rangeOf(row: HunkRow): vscode.Range {
  const line = row.isGap ? Math.max(0, row.line - 1) : row.endLine;
  return new vscode.Range(row.isGap ? line : row.line, 0, line, 0);
}
