import * as vscode from 'vscode';
import type { ExportFormat } from '../session/exportSession';

export interface SessionExportDeps {
  /** The whole file; undefined when the session cannot be read. */
  readonly render: (sessionId: string, format: ExportFormat) => Promise<Uint8Array | undefined>;
  readonly titleOf: (sessionId: string) => Promise<string>;
}

interface FormatPick extends vscode.QuickPickItem {
  readonly format: ExportFormat;
  readonly extension: string;
}

const formats: readonly FormatPick[] = [
  {
    label: 'Markdown',
    description: 'to read and to share as text',
    format: 'markdown',
    extension: 'md',
  },
  {
    label: 'HTML',
    description: 'one file for the browser, without script, works offline',
    format: 'html',
    extension: 'html',
  },
  { label: 'JSON', description: 'for programs', format: 'json', extension: 'json' },
];

/** Asks for a format and a place, and writes the session there. Nothing happens when either is not chosen. */
export async function exportToFile(deps: SessionExportDeps, sessionId: string): Promise<void> {
  const pick = await vscode.window.showQuickPick(formats, {
    title: 'Export Session',
    placeHolder: 'Secrets are taken out in every format',
  });
  if (pick === undefined) {
    return;
  }
  const bytes = await deps.render(sessionId, pick.format);
  if (bytes === undefined) {
    throw new Error('This session holds nothing that could be exported.');
  }
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const name = `${fileName(await deps.titleOf(sessionId))}.${pick.extension}`;
  const target = await vscode.window.showSaveDialog({
    title: 'Export Session',
    filters: { [pick.label]: [pick.extension] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder, name) }),
  });
  if (target === undefined) {
    return;
  }
  await vscode.workspace.fs.writeFile(target, bytes);
  const choice = await vscode.window.showInformationMessage('The session was exported.', 'Open');
  if (choice === 'Open') {
    await vscode.commands.executeCommand('vscode.open', target);
  }
}

/** A title as a name that every file system takes. */
function fileName(title: string): string {
  const name = title
    .replace(/[^\p{L}\p{N}._-]+/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60);
  return name === '' ? 'session' : name;
}
