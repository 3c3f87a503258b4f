import * as vscode from 'vscode';
import { errorMessage } from '../base/patchbayError';
import type { Logger } from '../base/logger';
import type { PanelAction } from '../protocol/methods';
import type { CommandId } from './commandIds';
import type { PanelActions } from './panelController';
import { toWorkspaceUri } from './workspaceUri';

export interface PanelActionDeps {
  readonly log: Logger;
  readonly openReview: (editId: string | undefined, hunkId: string | undefined) => void;
  readonly openChange: PanelActions['openChange'];
  readonly undoChanges: PanelActions['undoChanges'];
  readonly restoreTurn: PanelActions['restoreTurn'];
  readonly signIn: (adapter: string | undefined) => Promise<void>;
  readonly install: (adapter: string | undefined) => Promise<void>;
  readonly setKey: (providerId: string | undefined) => Promise<void>;
  readonly openSettings: (target: string | undefined) => Promise<void>;
  readonly findFiles: PanelActions['findFiles'];
  readonly probeEndpoint: PanelActions['probeEndpoint'];
  readonly addEndpoint: PanelActions['addEndpoint'];
  readonly insertPrompt: (text: string) => void;
  readonly exportSession: (sessionId: string) => Promise<void>;
}

const openQuestion: CommandId = 'patchbay.openQuestion';
const linkSchemes = /^(https?|mailto):/i;

/** The panel's wishes, as fixed actions of the editor. What comes from the panel is untrusted: each is checked here. */
export function createPanelActions(deps: PanelActionDeps): PanelActions {
  const attempt = (what: string, work: Thenable<unknown>): void => {
    work.then(undefined, (error: unknown) => {
      deps.log.warn(`${what}: ${errorMessage(error)}`);
      void vscode.window.showWarningMessage(`Patchbay: ${errorMessage(error)}`);
    });
  };
  const command = (id: CommandId): Thenable<unknown> => vscode.commands.executeCommand(id);
  const run: {
    readonly [A in Exclude<PanelAction, 'retry' | 'compact'>]: (
      target: string | undefined,
    ) => Thenable<unknown>;
  } = {
    setKey: (target) => deps.setKey(target),
    signIn: (target) => deps.signIn(target),
    install: (target) => deps.install(target),
    openSettings: (target) => deps.openSettings(target),
    chooseModel: () => command('patchbay.chooseModel'),
    openFolder: () => vscode.commands.executeCommand('workbench.action.files.openFolder'),
    trustFolder: () => vscode.commands.executeCommand('workbench.trust.manage'),
    newSession: () => command('patchbay.newSession'),
    showLog: () => command('patchbay.showLog'),
    showAudit: () => command('patchbay.showAudit'),
    showCost: () => command('patchbay.showCost'),
    refreshDiscovery: () => command('patchbay.refresh'),
    startPlayground: () => command('patchbay.startPlayground'),
    reviewNext: () => command('patchbay.openReview'),
    showQuestion: (target) => vscode.commands.executeCommand(openQuestion, target),
    showHistory: () => command('patchbay.openHistory'),
  };
  return {
    insertPrompt: (text) => deps.insertPrompt(text),
    tell: (problem) => void vscode.window.showWarningMessage(`Patchbay: ${problem}`),
    exportSession: (sessionId) => attempt('exportSession', deps.exportSession(sessionId)),
    run: (action, target) => {
      if (action !== 'retry' && action !== 'compact') {
        attempt(action, run[action](target));
      }
    },
    openFile: (path, lineOneBased) => {
      const line = Math.max(0, (lineOneBased ?? 1) - 1);
      attempt(
        'The file could not be opened',
        vscode.window.showTextDocument(toWorkspaceUri(path), {
          preview: true,
          ...(lineOneBased === undefined ? {} : { selection: new vscode.Range(line, 0, line, 0) }),
        }),
      );
    },
    openLink: (url) => {
      if (linkSchemes.test(url)) {
        // The editor asks before it leaves for an address it does not know.
        attempt(
          'The link could not be opened',
          vscode.env.openExternal(vscode.Uri.parse(url, true)),
        );
      }
    },
    copyText: (text) =>
      attempt('The text could not be copied', vscode.env.clipboard.writeText(text)),
    insertText: (text) => attempt('The text could not be inserted', insertAtCursor(text)),
    openReview: (editId, hunkId) => deps.openReview(editId, hunkId),
    openChange: deps.openChange,
    undoChanges: deps.undoChanges,
    restoreTurn: deps.restoreTurn,
    findFiles: deps.findFiles,
    probeEndpoint: deps.probeEndpoint,
    addEndpoint: deps.addEndpoint,
  };
}

async function insertAtCursor(text: string): Promise<void> {
  const editor = vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors.at(0);
  if (editor === undefined) {
    throw new Error('Open the file to insert into first.');
  }
  await editor.edit((edit) => {
    for (const selection of editor.selections) {
      edit.replace(selection, text);
    }
  });
  await vscode.window.showTextDocument(editor.document, editor.viewColumn);
}
