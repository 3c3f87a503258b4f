import * as vscode from 'vscode';
import { keyProblem, type CredentialVault, type KeyProvider } from '../runtime/credentials';

export interface KeyCommands {
  /** Asks for a key and keeps it in the secret storage. Without a provider: asks which one. */
  setKey(providerId?: string): Promise<void>;
  removeKey(): Promise<void>;
}

/** Asks for keys with the editor's own inputs; a key is never shown, logged or kept anywhere but in the vault. */
export function createKeyCommands(options: {
  readonly vault: CredentialVault;
  readonly providers: () => readonly KeyProvider[];
  readonly onDidChange: () => void;
}): KeyCommands {
  const { vault, providers } = options;
  return {
    setKey: async (providerId) => {
      const provider =
        providers().find(({ id }) => id === providerId) ?? (await pickProvider(providers()));
      if (provider === undefined) {
        return;
      }
      const key = await vscode.window.showInputBox({
        title: `Key for ${provider.name}`,
        prompt: 'Kept in the editor’s secret storage; sent only to this provider.',
        password: true,
        ignoreFocusOut: true,
        validateInput: (value) => (value === '' ? undefined : keyProblem(provider, value)),
      });
      if (key === undefined) {
        return;
      }
      const { defaultName } = await vault.accounts(provider.id);
      await vault.add(provider.id, key, {
        replaces: true,
        ...(defaultName === undefined ? {} : { account: defaultName }),
      });
      options.onDidChange();
      vscode.window.setStatusBarMessage(`Key for ${provider.name} kept.`, 4000);
    },
    removeKey: async () => {
      const kept = await Promise.all(
        providers().map(async (provider) => ({
          provider,
          accounts: await vault.accounts(provider.id),
        })),
      );
      const rows = kept.flatMap(({ provider, accounts }) =>
        accounts.names.map((account) => ({
          label: provider.name,
          description: account,
          provider,
          account,
        })),
      );
      if (rows.length === 0) {
        void vscode.window.showInformationMessage('No key is kept.');
        return;
      }
      const row = await vscode.window.showQuickPick(rows, { title: 'Remove a key' });
      if (row !== undefined) {
        await vault.remove(row.provider.id, row.account);
        options.onDidChange();
        vscode.window.setStatusBarMessage(`Key for ${row.label} removed.`, 4000);
      }
    },
  };
}

async function pickProvider(providers: readonly KeyProvider[]): Promise<KeyProvider | undefined> {
  const row = await vscode.window.showQuickPick(
    providers.map((provider) => ({
      label: provider.name,
      description: provider.envVariable ?? '',
      provider,
    })),
    { title: 'Whose key?' },
  );
  return row?.provider;
}
