import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { errorMessage } from '../base/patchbayError';
import type { Rule } from '../gate/contract';
import { repositoryRulesPath } from '../gate/repositoryRules';
import type { ListedRule, RuleBook } from '../gate/ruleBook';
import { describeMatch } from '../gate/rules';
import { toRuleEntry } from '../gate/ruleSchema';
import { simulateRule, type PastCall } from '../gate/simulate';
import { makeVisibleName } from '../gate/visible';
import { ReadOnlyDocument } from './readOnlyDocument';
import { askForRule } from './ruleWizard';
import { simulationText } from './simulationText';
import { toWorkspaceUri } from './workspaceUri';

export interface RuleCommandsOptions {
  readonly rules: RuleBook;
  /** Absolute paths of the workspace folders, the first is the default. */
  readonly folders: () => readonly string[];
  readonly currentSessionId: () => string;
  /** Decisions of the audit log, oldest first, with effects that can be judged again. */
  readonly pastCalls: () => Promise<readonly PastCall[]>;
  /** Appends a rule to the user's settings. */
  readonly saveUserRule: (entry: object) => Promise<void>;
}

interface RuleRow extends vscode.QuickPickItem {
  readonly listed?: ListedRule;
  readonly isNew?: boolean;
}

const tryButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('beaker'),
  tooltip: 'Try on the audit log',
};
const revokeButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('trash'),
  tooltip: 'Take back',
};
const openButton: vscode.QuickInputButton = {
  iconPath: new vscode.ThemeIcon('go-to-file'),
  tooltip: 'Open where it is written',
};

const scopeTitles: { readonly [Scope in Rule['scope']]: string } = {
  user: 'Your settings',
  workspace: 'Always in a workspace',
  session: 'Until a session ends',
  repository: 'Of the repository (can only ask or deny)',
};

/** The list of all rules, and the simulator that says what one more would have done. */
export class RuleCommands implements Disposable {
  private readonly store = new DisposableStore();
  private readonly report = this.store.add(
    new ReadOnlyDocument('patchbay-rule', 'Patchbay rule on the audit log'),
  );

  constructor(private readonly options: RuleCommandsOptions) {}

  /** Shows every rule with what it covers; each can be tried, and taken back or opened where it is written. */
  async manage(): Promise<void> {
    const pick = vscode.window.createQuickPick<RuleRow>();
    const session = new DisposableStore();
    pick.title = 'Patchbay rules: deny beats ask, ask beats allow';
    pick.placeholder = 'Choose a rule to try it on the audit log';
    pick.matchOnDescription = true;
    pick.items = this.rows();
    session.add(pick);
    session.add(this.options.rules.onDidChange(() => (pick.items = this.rows())));
    const chosen = await new Promise<(() => Promise<void>) | undefined>((resolve) => {
      session.add(
        pick.onDidTriggerItemButton(({ item: { listed }, button }) => {
          if (listed === undefined) {
            return;
          }
          if (button === revokeButton) {
            void this.revoke(listed);
          } else {
            resolve(() => (button === openButton ? this.open(listed) : this.tryRule(listed.rule)));
          }
        }),
      );
      session.add(
        pick.onDidAccept(() => {
          const [row] = pick.selectedItems;
          const rule = row?.listed?.rule;
          resolve(
            row?.isNew === true
              ? () => this.tryNew()
              : rule === undefined
                ? undefined
                : () => this.tryRule(rule),
          );
        }),
      );
      session.add(pick.onDidHide(() => resolve(undefined)));
      pick.show();
    });
    session.dispose();
    await chosen?.();
  }

  /** Asks for a rule, shows what it would have done, and stores it when the user then says so. */
  async tryNew(): Promise<void> {
    const rule = await askForRule();
    if (rule !== undefined) {
      await this.tryRule(rule);
      await this.offerToKeep(rule);
    }
  }

  dispose(): void {
    this.store.dispose();
  }

  private rows(): readonly RuleRow[] {
    const listed = this.options.rules.list(this.options.folders());
    const scopes: readonly Rule['scope'][] = ['session', 'workspace', 'user', 'repository'];
    return [
      { label: '$(add) New rule…', isNew: true, alwaysShow: true },
      ...scopes.flatMap((scope): readonly RuleRow[] => {
        const own = listed.filter(({ rule }) => rule.scope === scope);
        return own.length === 0
          ? []
          : [
              { label: scopeTitles[scope], kind: vscode.QuickPickItemKind.Separator },
              ...own.map((entry) => this.row(entry)),
            ];
      }),
    ];
  }

  private row(listed: ListedRule): RuleRow {
    const { rule, folder, sessionId, isRevocable } = listed;
    const place =
      folder ?? (sessionId === this.options.currentSessionId() ? 'this session' : undefined);
    return {
      label: `${icons[rule.verdict]} ${words[rule.verdict]} ${label(rule)}`,
      ...(place === undefined ? {} : { description: makeVisibleName(place) }),
      buttons: [tryButton, isRevocable ? revokeButton : openButton],
      listed,
    };
  }

  private async revoke({ rule }: ListedRule): Promise<void> {
    try {
      await this.options.rules.revoke(rule.id);
    } catch (error) {
      void vscode.window.showErrorMessage(
        `The rule could not be taken back, it still holds: ${errorMessage(error)}`,
      );
    }
  }

  private async open({ rule, folder }: ListedRule): Promise<void> {
    if (rule.scope === 'repository' && folder !== undefined) {
      const uri = vscode.Uri.joinPath(toWorkspaceUri(folder), repositoryRulesPath);
      await vscode.window.showTextDocument(uri);
      return;
    }
    await vscode.commands.executeCommand('workbench.action.openSettingsJson', {
      revealSetting: { key: 'patchbay.rules' },
    });
  }

  private async tryRule(rule: Rule): Promise<void> {
    const { rules, folders, currentSessionId, pastCalls } = this.options;
    const present = rules
      .rulesFor({ sessionId: currentSessionId(), folder: folders()[0] })
      .filter(({ id }) => id !== rule.id);
    const calls = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Window, title: 'Patchbay reads the audit log' },
      () => pastCalls(),
    );
    await this.report.show(simulationText(simulateRule(calls, rule, present)));
  }

  private async offerToKeep(rule: Rule): Promise<void> {
    const [folder] = this.options.folders();
    const inWorkspace = '$(root-folder) Keep it in this workspace';
    const inSettings = '$(settings-gear) Keep it in my settings';
    const row = await vscode.window.showQuickPick(
      [
        { label: '$(close) Do not keep it' },
        ...(folder === undefined
          ? []
          : [{ label: inWorkspace, description: makeVisibleName(folder) }]),
        { label: inSettings, description: 'Everywhere' },
      ],
      {
        title: `${words[rule.verdict]} ${label(rule)}`,
        placeHolder: 'The document shows what it would have done',
        ignoreFocusOut: true,
      },
    );
    const picked = row?.label;
    try {
      if (picked === inWorkspace && folder !== undefined) {
        await this.options.rules.addForWorkspace(
          folder,
          rule.verdict,
          [rule.match],
          rule.isReadOnly === true,
        );
      } else if (picked === inSettings) {
        const entry = toRuleEntry(rule.verdict, rule.match, rule.isReadOnly);
        if (entry !== undefined) {
          await this.options.saveUserRule(entry);
        }
      }
    } catch (error) {
      void vscode.window.showErrorMessage(
        `The rule could not be kept, nothing has changed: ${errorMessage(error)}`,
      );
    }
  }
}

const words = { allow: 'Allow', ask: 'Ask for', deny: 'Deny' } as const;
const icons = { allow: '$(check)', ask: '$(question)', deny: '$(circle-slash)' } as const;

/** A name from elsewhere cannot bring icons along. */
function label(rule: Rule): string {
  const text = makeVisibleName(describeMatch(rule.match)).replaceAll('$(', '$ (');
  return rule.isReadOnly === true ? `${text} (read-only)` : text;
}
