import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable';
import type { PendingEdit, PendingEditsApi } from '../../session/contract';
import { HunkMarkCache, maxMarkedHunks } from '../hunkMarkCache';
import { hunkMarkdown } from './hunkMarkdown';
import { hunkRows, type HunkRow } from './hunkRows';
import { editsInDocument, isPlainEditor } from './reviewLenses';

/** What waits, marked in the plain file: lines that would go are tinted, a dashed line where text would come in. */
export class ReviewMarks implements Disposable {
  private readonly store = new DisposableStore();
  private readonly removed = this.store.add(
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      backgroundColor: new vscode.ThemeColor('diffEditor.removedLineBackground'),
      // High contrast themes have no background for lines that go; other themes have no colour for this bar.
      borderStyle: 'solid',
      borderWidth: '0 0 0 3px',
      borderColor: new vscode.ThemeColor('diffEditor.removedTextBorder'),
      overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.deletedForeground'),
      overviewRulerLane: vscode.OverviewRulerLane.Left,
    }),
  );
  private readonly removedText = this.store.add(
    vscode.window.createTextEditorDecorationType({
      backgroundColor: new vscode.ThemeColor('diffEditor.removedTextBackground'),
      borderStyle: 'dashed',
      borderWidth: '1px',
      borderColor: new vscode.ThemeColor('diffEditor.removedTextBorder'),
    }),
  );
  private readonly marks = new HunkMarkCache();
  private readonly insertedAbove = this.store.add(insertionType('1px 0 0 0'));
  private readonly insertedBelow = this.store.add(insertionType('0 0 1px 0'));

  constructor(private readonly edits: PendingEditsApi) {
    this.store.add(edits.onDidChange(() => this.drawAll()));
    this.store.add(vscode.window.onDidChangeVisibleTextEditors(() => this.drawAll()));
    this.drawAll();
  }

  dispose(): void {
    this.store.dispose();
  }

  private drawAll(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      if (isPlainEditor(editor)) {
        this.draw(editor);
      }
    }
  }

  private draw(editor: vscode.TextEditor): void {
    const { document } = editor;
    const marks = editsInDocument(this.edits, document.uri)
      .filter(({ side, edit }) => side === 'file' && edit.kind !== 'create')
      .flatMap(({ edit }) =>
        hunkRows(edit, 'file', document.lineCount)
          .filter((row) => row.decision.kind === 'pending')
          .map((row) => ({ edit, row, isAtEnd: isAfterLastLine(edit, row, document) })),
      );
    const options = (chosen: typeof marks): vscode.DecorationOptions[] =>
      chosen.map(({ edit, row }) => ({
        range: new vscode.Range(row.line, 0, row.endLine, 0),
        hoverMessage: hover(edit, row),
      }));
    editor.setDecorations(this.removed, options(marks.filter(({ row }) => !row.isGap)));
    editor.setDecorations(
      this.removedText,
      marks.slice(0, maxMarkedHunks).flatMap(({ edit, row }) => this.removedRanges(edit, row)),
    );
    editor.setDecorations(
      this.insertedAbove,
      options(marks.filter(({ row, isAtEnd }) => row.isGap && !isAtEnd)),
    );
    editor.setDecorations(
      this.insertedBelow,
      options(marks.filter(({ row, isAtEnd }) => row.isGap && isAtEnd)),
    );
  }

  /** Which characters of the lines go, where it is not all of them. */
  private removedRanges(edit: PendingEdit, row: HunkRow): readonly vscode.Range[] {
    const hunk = edit.hunks[row.position - 1]?.hunk;
    const marks = hunk === undefined ? undefined : this.marks.marksOf(hunk);
    return (marks?.removed ?? []).map(
      ({ line, start, end }) => new vscode.Range(row.line + line, start, row.line + line, end),
    );
  }
}

function insertionType(borderWidth: string): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    borderStyle: 'dashed',
    borderWidth,
    borderColor: new vscode.ThemeColor('editorGutter.addedBackground'),
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.addedForeground'),
    overviewRulerLane: vscode.OverviewRulerLane.Left,
  });
}

function isAfterLastLine(edit: PendingEdit, row: HunkRow, document: vscode.TextDocument): boolean {
  const hunk = edit.hunks[row.position - 1]?.hunk;
  return hunk?.oldLines === 0 && hunk.oldStart >= document.lineCount;
}

function hover(edit: PendingEdit, row: HunkRow): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString(hunkMarkdown(edit, row), true);
  // Nothing broader: the hunk's text comes from a model.
  markdown.isTrusted = {
    enabledCommands: [
      'patchbay.approveHunk',
      'patchbay.denyHunk',
      'patchbay.denyHunkWithReason',
      'patchbay.openReview',
    ],
  };
  return markdown;
}
