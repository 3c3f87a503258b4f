import * as vscode from 'vscode';
import { selectionText, type SelectionIntent } from './selectionText';

const maxProblems = 10;

/**
 * The selection of the active editor as text for the composer. Without a selection: the line of the cursor, or for a
 * fix the lines of the problem under it. Undefined when no text editor is active.
 */
export function selectionForComposer(intent: SelectionIntent): string | undefined {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) {
    return undefined;
  }
  const { document } = editor;
  const problems = vscode.languages.getDiagnostics(document.uri);
  const chosen = chosenLines(editor, intent === 'fix' ? problems : []);
  const inside = problems
    .filter(({ range }) => chosen.intersection(range) !== undefined)
    .slice(0, maxProblems);
  return selectionText(
    {
      label: vscode.workspace.asRelativePath(document.uri),
      languageId: document.languageId,
      firstLine: chosen.start.line + 1,
      lastLine: chosen.end.line + 1,
      text: document.getText(chosen),
      problems: inside.map(({ range, message }) => ({
        lineOneBased: range.start.line + 1,
        message,
      })),
    },
    intent,
  );
}

/** Whole lines: half a line tells a model less. A selection that ends before the first character of a line leaves it out. */
function chosenLines(
  editor: vscode.TextEditor,
  problems: readonly vscode.Diagnostic[],
): vscode.Range {
  const { document, selection } = editor;
  const underCursor = selection.isEmpty
    ? problems.find(({ range }) => range.contains(selection.active))
    : undefined;
  const range = underCursor?.range ?? selection;
  const isBeforeLine = range.end.character === 0 && range.end.line > range.start.line;
  const lastLine = isBeforeLine ? range.end.line - 1 : range.end.line;
  return new vscode.Range(
    range.start.line,
    0,
    lastLine,
    document.lineAt(lastLine).range.end.character,
  );
}
