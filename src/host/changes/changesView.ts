import * as vscode from 'vscode';
import { DisposableStore, toDisposable, type Disposable } from '../../base/disposable';
import type { Logger } from '../../base/logger';
import { errorMessage } from '../../base/patchbayError';
import type {
  ChangeSelection,
  UnreviewedChange,
  UnreviewedChangesApi,
} from '../../session/contract';
import type { CommandId } from '../commandIds';
import { toWorkspaceUri } from '../workspaceUri';
import { BaselineDocuments } from './baselineDocuments';
import { ChangeLenses, changesIn } from './changeLenses';
import { changeAtLine, changeRows, type ChangeRow } from './changeRows';

const openChanges: CommandId = 'patchbay.openChanges';

/** What changed without approval, in the editor: lenses, marks, diff, count, and the keys' contexts. */
export class ChangesView implements Disposable {
  private readonly store = new DisposableStore();
  private readonly baselines: BaselineDocuments;
  private readonly status = this.store.add(
    vscode.window.createStatusBarItem('patchbay.changes', vscode.StatusBarAlignment.Left, 8),
  );
  private readonly mark = this.store.add(
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      borderStyle: 'solid',
      borderWidth: '0 0 0 2px',
      borderColor: new vscode.ThemeColor('editorGutter.modifiedBackground'),
      overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.modifiedForeground'),
      overviewRulerLane: vscode.OverviewRulerLane.Left,
    }),
  );
  private readonly shown = new Map<string, boolean>();
  private drawing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly changes: UnreviewedChangesApi,
    private readonly log: Logger,
  ) {
    this.baselines = this.store.add(new BaselineDocuments(changes));
    this.store.add(new ChangeLenses(changes));
    this.status.name = 'Patchbay: changes not reviewed';
    this.status.command = openChanges;
    // A command may change hundreds of files at once: they are drawn once.
    const draw = (): void => {
      this.drawing ??= setTimeout(() => {
        this.drawing = undefined;
        this.draw();
      });
    };
    this.store.add(toDisposable(() => clearTimeout(this.drawing)));
    this.store.add(changes.onDidChange(draw));
    this.store.add(vscode.window.onDidChangeVisibleTextEditors(draw));
    this.store.add(vscode.window.onDidChangeActiveTextEditor(() => this.setContexts()));
    this.store.add(vscode.window.onDidChangeTextEditorSelection(() => this.setContexts()));
    this.draw();
  }

  /** The diff of a change: what was before beside the file. Without an id that of the active file, else the first. */
  async open(changeId?: string, hunkId?: string): Promise<boolean> {
    const all = this.changes.list();
    const editor = vscode.window.activeTextEditor;
    const here = editor === undefined ? [] : changesIn(this.changes, editor.document.uri);
    const change = all.find(({ id }) => id === changeId) ?? here[0] ?? all[0];
    if (change === undefined) {
      return false;
    }
    const uri = toWorkspaceUri(change.path);
    const entry = change.hunks.find(({ hunk }) => hunk.id === hunkId) ?? change.hunks[0];
    const line = Math.max(0, (entry?.hunk.newStart ?? 1) - 1);
    const selection = new vscode.Range(line, 0, line, 0);
    if (change.kind === 'delete') {
      const document = await vscode.workspace.openTextDocument(this.baselines.uriOf(change));
      await vscode.window.showTextDocument(document, { preview: true });
      return true;
    }
    if (change.hunks.every(({ mode }) => mode !== undefined)) {
      await vscode.commands.executeCommand('vscode.open', uri); // both sides of a diff would be the same
      return true;
    }
    await vscode.commands.executeCommand(
      'vscode.diff',
      this.baselines.uriOf(change),
      uri,
      `${change.label} (not reviewed)`,
      { preview: true, selection },
    );
    return true;
  }

  /** What the user sees of an undo: nothing when all went well, else why something stays. */
  async undo(selection: ChangeSelection): Promise<boolean> {
    try {
      const { undone, problems } = await this.changes.undo(selection);
      if (problems.length > 0) {
        void vscode.window.showWarningMessage(`Patchbay: ${problems.slice(0, 3).join(' ')}`);
      }
      return undone > 0 || problems.length > 0;
    } catch (error) {
      this.log.error(`undo of changes failed: ${errorMessage(error)}`);
      void vscode.window.showWarningMessage(`Patchbay: nothing was undone: ${errorMessage(error)}`);
      return true;
    }
  }

  /** The change that a command is about: the lens's or the panel's arguments, else the place of the cursor. */
  target(
    args: readonly unknown[],
  ): { readonly change: UnreviewedChange; readonly hunkId?: string } | undefined {
    const [changeId, hunkId] = args;
    if (typeof changeId === 'string') {
      const change = this.changes.get(changeId);
      return change === undefined
        ? undefined
        : { change, ...(typeof hunkId === 'string' ? { hunkId } : {}) };
    }
    const row = this.rowAtCursor();
    if (row !== undefined) {
      return { change: row.change, hunkId: row.entry.hunk.id };
    }
    const editor = vscode.window.activeTextEditor;
    const [change] = editor === undefined ? [] : changesIn(this.changes, editor.document.uri);
    return change === undefined ? undefined : { change };
  }

  /** The next or previous change, in this file first; false when there is none. */
  async go(direction: 1 | -1): Promise<boolean> {
    const editor = vscode.window.activeTextEditor;
    if (editor !== undefined) {
      const rows = this.rowsOf(editor);
      const { line } = editor.selection.active;
      const row =
        direction === 1
          ? rows.find((one) => one.line > line)
          : rows.findLast((one) => one.endLine < line);
      if (row !== undefined) {
        const at = new vscode.Position(row.line, 0);
        editor.selection = new vscode.Selection(at, at);
        editor.revealRange(
          new vscode.Range(at, at),
          vscode.TextEditorRevealType.InCenterIfOutsideViewport,
        );
        await vscode.commands.executeCommand('workbench.action.focusActiveEditorGroup');
        return true;
      }
    }
    const all = this.changes.list();
    const path =
      editor === undefined ? undefined : changesIn(this.changes, editor.document.uri)[0]?.path;
    const at = all.findIndex((change) => change.path === path);
    const next = at < 0 ? all[0] : all[(at + direction + all.length) % all.length];
    const hunk = direction === 1 ? next?.hunks[0] : next?.hunks.at(-1);
    return next !== undefined && (await this.open(next.id, hunk?.hunk.id));
  }

  dispose(): void {
    this.store.dispose();
  }

  private rowsOf(editor: vscode.TextEditor): readonly ChangeRow[] {
    return changeRows(changesIn(this.changes, editor.document.uri), editor.document.lineCount);
  }

  private rowAtCursor(): ChangeRow | undefined {
    const editor = vscode.window.activeTextEditor;
    return editor === undefined
      ? undefined
      : changeAtLine(this.rowsOf(editor), editor.selection.active.line);
  }

  private draw(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const rows = editor.viewColumn === undefined ? [] : this.rowsOf(editor);
      editor.setDecorations(
        this.mark,
        rows.map(({ line, endLine }) => new vscode.Range(line, 0, endLine, 0)),
      );
    }
    const all = this.changes.list();
    const count = all.reduce((sum, { hunks }) => sum + hunks.length, 0);
    if (count === 0) {
      this.status.hide();
    } else {
      const files = new Set(all.map(({ path }) => path)).size;
      const spoken = `${count} ${count === 1 ? 'change' : 'changes'} not reviewed in ${files} ${files === 1 ? 'file' : 'files'}`;
      this.status.text = `$(warning) ${count} not reviewed`;
      this.status.tooltip = `${spoken}\nClick to see them`;
      this.status.accessibilityInformation = { label: spoken, role: 'button' };
      this.status.show();
    }
    this.setContexts();
  }

  private setContexts(): void {
    const isWaiting = this.changes.list().length > 0;
    this.setContext('patchbay.changes', isWaiting);
    this.setContext('patchbay.inChange', isWaiting && this.rowAtCursor() !== undefined);
  }

  /** It costs a message to the window: only when it changes. */
  private setContext(key: string, value: boolean): void {
    if ((this.shown.get(key) ?? false) !== value) {
      this.shown.set(key, value);
      void vscode.commands.executeCommand('setContext', key, value);
    }
  }
}
