import * as vscode from 'vscode';
import type { Logger } from '../base/logger';
import type { WorkspaceFiles } from '../tools/contract';
import type { PostWriteHooks } from '../tools/postWriteHooks';
import { createFormatHook, type Formatter } from './formatHook';
import { createSourceControlHook, type OpenRepository } from './sourceControlHook';
import type { OffsetEdit } from './textEdits';
import { toWorkspaceUri } from './workspaceUri';

export interface WriteHookOptions {
  readonly files: WorkspaceFiles;
  readonly isFormatting: () => boolean;
  readonly isTrusted: () => boolean;
  readonly logger: Logger;
}

/** What the editor does after a write of ours: formatting, where the user wants it, and a look of the source control. */
export function addWriteHooks(hooks: PostWriteHooks, options: WriteHookOptions): void {
  const { files, isFormatting, isTrusted, logger } = options;
  hooks.add(createFormatHook({ isOn: isFormatting, isTrusted, files, formatter: editorFormatter }));
  hooks.add(createSourceControlHook(gitRepositoryOf, logger));
}

const editorFormatter: Formatter = {
  formatPart: (path, text, { start, end }) =>
    formatWith(path, text, (document, options) => {
      // Up to the end of the last line, not to the beginning of the next one.
      const last = text.slice(start, end).replace(/\r?\n$/, '').length;
      const range = new vscode.Range(document.positionAt(start), document.positionAt(start + last));
      return vscode.commands.executeCommand<vscode.TextEdit[] | undefined>(
        'vscode.executeFormatRangeProvider',
        document.uri,
        range,
        options,
      );
    }),
  formatAll: (path, text) =>
    formatWith(path, text, (document, options) =>
      vscode.commands.executeCommand<vscode.TextEdit[] | undefined>(
        'vscode.executeFormatDocumentProvider',
        document.uri,
        options,
      ),
    ),
};

async function formatWith(
  path: string,
  text: string,
  ask: (
    document: vscode.TextDocument,
    options: vscode.FormattingOptions,
  ) => Thenable<readonly vscode.TextEdit[] | undefined>,
): Promise<readonly OffsetEdit[] | undefined> {
  const document = await vscode.workspace.openTextDocument(toWorkspaceUri(path));
  if (document.getText() !== text) {
    return undefined;
  }
  const { version } = document;
  const edits = await ask(document, formattingOptions(document));
  if (document.version !== version) {
    return undefined;
  }
  return edits?.map(({ range, newText }) => ({
    start: document.offsetAt(range.start),
    end: document.offsetAt(range.end),
    text: withEndings(newText, document.eol),
  }));
}

/** The buffer has one kind of line ending; formatters do not always ask for it. */
function withEndings(text: string, eol: vscode.EndOfLine): string {
  return text.replace(/\r\n|\r|\n/g, eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n');
}

/** What a visible editor found out about the file's indentation, else the settings for it. */
function formattingOptions(document: vscode.TextDocument): vscode.FormattingOptions {
  const shown = vscode.window.visibleTextEditors.find((editor) => editor.document === document);
  const settings = vscode.workspace.getConfiguration('editor', document);
  const { tabSize = settings.get<number>('tabSize', 4), insertSpaces } = shown?.options ?? {};
  return {
    tabSize: typeof tabSize === 'number' ? tabSize : 4,
    insertSpaces:
      typeof insertSpaces === 'boolean' ? insertSpaces : settings.get('insertSpaces', true),
  };
}

/** The part of the interface of the built-in Git extension that is used. */
interface GitExtension {
  getAPI(version: 1): {
    getRepository(uri: vscode.Uri): {
      readonly rootUri: vscode.Uri;
      status(): Promise<void>;
    } | null;
  };
}

/**
 * The repository that holds the file, where the Git extension runs already and has it open. Asked over its interface:
 * the command `git.refresh` does the same, but would ask which repository is meant, and show its errors to the user.
 */
function gitRepositoryOf(path: string): OpenRepository | undefined {
  const git = vscode.extensions.getExtension<GitExtension>('vscode.git');
  if (git?.isActive !== true) {
    return undefined;
  }
  try {
    const repository = git.exports.getAPI(1).getRepository(toWorkspaceUri(path));
    return repository === null
      ? undefined
      : { root: repository.rootUri.toString(), refresh: () => repository.status() };
  } catch {
    return undefined; // switched off by the setting git.enabled
  }
}
