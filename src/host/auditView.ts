import * as vscode from 'vscode';
import { withDeadline, type Clock } from '../base/clock';
import { Deferred } from '../base/deferred';
import { DisposableStore, type Disposable } from '../base/disposable';
import { errorMessage } from '../base/patchbayError';
import type { ParsedAudit } from '../gate/auditRecords';
import type { FileVerdict } from '../gate/auditVerify';
import { makeVisibleName } from '../gate/visible';
import {
  filterText,
  matchesFilter,
  toEntries,
  type AuditEntry,
  type AuditFilter,
} from './auditEntries';
import { toCsv, toJsonLines } from './auditExport';
import { pickFilter } from './auditFilterPick';
import { auditPage, type AuditPage } from './auditText';
import { verdictPage, type NamedVerdict } from './auditVerdictText';

const scheme = 'patchbay-audit';
/** Large enough for some thousand calls, small enough to be read and drawn at once. */
const shownBytes = 2 * 1024 * 1024;
const exportedBytes = 16 * 1024 * 1024;

export interface AuditLogFiles {
  readonly folder: string;
  /** The newest records of all hosts, newest last, from at most so many bytes. */
  read(maxBytes: number): Promise<
    ParsedAudit & {
      readonly fileCount: number;
      readonly isCut: boolean;
      readonly problems: readonly string[];
    }
  >;
  list(): Promise<readonly string[]>;
  verify(name: string): Promise<FileVerdict>;
  /** Records that this window could not write. */
  failureCount(): number;
}

interface Loaded {
  readonly entries: readonly AuditEntry[];
  readonly reading: Awaited<ReturnType<AuditLogFiles['read']>>;
}

/**
 * The viewer of the audit log: a read-only document of all hosts' calls, one line each with its details folded below,
 * with filter, export and check. Each showing reads the files again.
 */
export class AuditView
  implements vscode.TextDocumentContentProvider, vscode.DocumentLinkProvider, Disposable
{
  private readonly store = new DisposableStore();
  private readonly uri = vscode.Uri.from({ scheme, path: '/Patchbay audit log' });
  private readonly verdictUri = vscode.Uri.from({ scheme, path: '/Patchbay audit check' });
  private readonly didChange = this.store.add(new vscode.EventEmitter<vscode.Uri>());
  readonly onDidChange = this.didChange.event;
  private filter: AuditFilter = {};
  private loaded: Loaded | undefined;
  private page: AuditPage = { text: '', links: [] };
  private verdictText = '';

  constructor(
    private readonly files: AuditLogFiles,
    private readonly clock: Clock,
    /** Stands as `~` in the log. */
    private readonly home: string,
  ) {
    this.store.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
    this.store.add(vscode.languages.registerDocumentLinkProvider({ scheme }, this));
  }

  /** The document may be asked for before any command: a restored window brings it back. */
  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    if (uri.path === this.verdictUri.path) {
      return this.verdictText;
    }
    if (this.loaded === undefined) {
      await this.load();
    }
    return this.page.text;
  }

  provideDocumentLinks(document: vscode.TextDocument): vscode.DocumentLink[] {
    if (document.uri.path !== this.uri.path || document.getText() !== this.page.text) {
      return [];
    }
    return this.page.links.map(
      ({ line, start, end, path }) =>
        new vscode.DocumentLink(new vscode.Range(line, start, line, end), vscode.Uri.file(path)),
    );
  }

  async show(): Promise<void> {
    await this.load();
    await this.showDocument();
  }

  /** Shows the log and lets the user narrow it; the document follows each choice. */
  async chooseFilter(): Promise<void> {
    const { entries } = await this.load();
    await this.showDocument();
    await pickFilter(entries, this.filter, this.clock.nowMs(), (filter) => {
      this.filter = filter;
      this.render();
    });
  }

  /** Writes what the filter lets through to a file of the user's choice. */
  async export(): Promise<void> {
    const reading = await this.files.read(exportedBytes);
    const entries = toEntries(reading.records).filter((entry) => matchesFilter(entry, this.filter));
    const filter = filterText(this.filter);
    const what = `${entries.length} ${entries.length === 1 ? 'call' : 'calls'}${filter === undefined ? '' : ` (${filter})`}`;
    const format = await vscode.window.showQuickPick(
      [
        { label: 'JSON Lines', description: 'one record per line, as in the log', name: 'jsonl' },
        { label: 'CSV', description: 'one call per row, for a spreadsheet', name: 'csv' },
      ],
      { title: 'Export Audit Log', placeHolder: makeVisibleName(`${what}; choose the format`) },
    );
    if (format === undefined) {
      return;
    }
    const target = await vscode.window.showSaveDialog({
      title: 'Export Audit Log',
      ...defaultTarget(`patchbay-audit.${format.name}`),
      filters: { [format.label]: [format.name] },
    });
    if (target === undefined) {
      return;
    }
    const text = format.name === 'csv' ? toCsv(entries) : toJsonLines(entries);
    await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(text));
    void vscode.window.showInformationMessage(
      makeVisibleName(
        `${what} exported to ${target.fsPath}.${reading.isCut ? ' Older calls are in the log’s files only.' : ''}`,
      ),
    );
  }

  /** Checks the chain of every file; what is broken is named in a document. */
  async verify(): Promise<void> {
    const verdicts = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: 'Patchbay checks the audit log' },
      () => this.verifyAll(),
    );
    const { summary, text, isWhole } = verdictPage(verdicts, this.files.folder);
    this.verdictText = text;
    this.didChange.fire(this.verdictUri);
    const show = 'Show';
    const choice = isWhole
      ? await vscode.window.showInformationMessage(summary, show)
      : await vscode.window.showWarningMessage(summary, show);
    if (choice === show) {
      const document = await vscode.workspace.openTextDocument(this.verdictUri);
      await vscode.window.showTextDocument(document, { preview: true });
    }
  }

  dispose(): void {
    this.store.dispose();
  }

  private async load(): Promise<Loaded> {
    const reading = await this.files.read(shownBytes);
    this.loaded = { reading, entries: toEntries(reading.records) };
    this.render();
    return this.loaded;
  }

  private render(): void {
    if (this.loaded === undefined) {
      return;
    }
    const { entries, reading } = this.loaded;
    const shown = entries.filter((entry) => matchesFilter(entry, this.filter));
    this.page = auditPage(shown, {
      ...reading,
      folder: this.files.folder,
      home: this.home,
      totalCount: entries.length,
      filter: filterText(this.filter),
      failureCount: this.files.failureCount(),
    });
    this.didChange.fire(this.uri);
  }

  private async showDocument(): Promise<void> {
    const document = await vscode.workspace.openTextDocument(this.uri);
    await this.whenShown(document);
    const last = lastCallLine(document);
    const place = new vscode.Range(last, 0, last, 0);
    const editor = await vscode.window.showTextDocument(document, {
      preview: true,
      selection: place,
    });
    await vscode.commands.executeCommand('editor.foldAll');
    editor.revealRange(place);
  }

  /** A document that was open already gets its new text a moment later. */
  private async whenShown(document: vscode.TextDocument): Promise<void> {
    const shown = new Deferred<undefined>();
    const listener = vscode.workspace.onDidChangeTextDocument((event) => {
      if (event.document === document && document.getText() === this.page.text) {
        shown.resolve(undefined);
      }
    });
    if (document.getText() !== this.page.text) {
      await withDeadline(this.clock, shown.promise, 1000);
    }
    listener.dispose();
  }

  private async verifyAll(): Promise<readonly NamedVerdict[]> {
    const verdicts: NamedVerdict[] = [];
    for (const name of await this.files.list()) {
      try {
        verdicts.push({ name, verdict: await this.files.verify(name) });
      } catch (error) {
        const why = `it could not be read: ${errorMessage(error)}`;
        verdicts.push({ name, verdict: { kind: 'broken', lineOneBased: 1, why } });
      }
    }
    return verdicts;
  }
}

/** Details are indented: the last line that is not is the newest call. */
function lastCallLine(document: vscode.TextDocument): number {
  for (let line = document.lineCount - 1; line > 0; line -= 1) {
    if (/^\S/.test(document.lineAt(line).text)) {
      return line;
    }
  }
  return 0;
}

function defaultTarget(name: string): { readonly defaultUri?: vscode.Uri } {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  return folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder.uri, name) };
}
