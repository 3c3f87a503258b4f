import * as vscode from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter } from '../base/emitter';
import { stringField } from '../base/guard';
import type { ReasoningEffort } from '../runtime/contract';
import type { UserEndpoint } from '../runtime/endpointSettings';
import {
  parseSettings,
  userOnlyIn,
  userOnlySettings,
  type ParsedSettings,
  type SettingName,
} from './settingsValues';

const section = 'patchbay';
const userOnly: ReadonlySet<SettingName> = new Set(userOnlySettings);

/** The user's settings. What a repository must not set is read at user scope only, whatever the editor would merge. */
export class Settings implements Disposable {
  private readonly store = new DisposableStore();
  private readonly didChange = this.store.add(new Emitter<ParsedSettings>());
  readonly onDidChange = this.didChange.event;
  private parsed = parseSettings(readSetting);

  constructor() {
    this.store.add(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(section)) {
          this.parsed = parseSettings(readSetting);
          this.didChange.fire(this.parsed);
        }
      }),
    );
  }

  get values(): ParsedSettings['values'] {
    return this.parsed.values;
  }

  get problems(): ParsedSettings['problems'] {
    return this.parsed.problems;
  }

  /** Adds an endpoint to the user's settings, or replaces the one of that name. Entries that are broken stay as they are. */
  async saveEndpoint(endpoint: UserEndpoint): Promise<void> {
    const present: unknown = readSetting('endpoints');
    const others: readonly unknown[] = Array.isArray(present) ? present : [];
    const entry = {
      ...endpoint,
      models: endpoint.models.map((model) => (hasOnlyName(model) ? model.model : model)),
    };
    await vscode.workspace
      .getConfiguration(section)
      .update(
        'endpoints',
        [...others.filter((other) => stringField(other, 'name') !== endpoint.name), entry],
        vscode.ConfigurationTarget.Global,
      );
  }

  /** How much models think; undefined: what each does by itself. */
  async saveEffort(effort: ReasoningEffort | undefined): Promise<void> {
    await vscode.workspace
      .getConfiguration(section)
      .update('reasoningEffort', effort, vscode.ConfigurationTarget.Global);
  }

  /** Adds a rule to the user's settings, behind those that are there. */
  async addRule(entry: object): Promise<void> {
    const present: unknown = readSetting('rules');
    const others: readonly unknown[] = Array.isArray(present) ? present : [];
    await vscode.workspace
      .getConfiguration(section)
      .update('rules', [...others, entry], vscode.ConfigurationTarget.Global);
  }

  /**
   * Settings that the workspace tries to set and that have no effect there: `patchbay.endpoints`. The editor leaves them
   * out before we could see them, so its settings files are looked at, as text. Never rejects.
   */
  async findIgnored(): Promise<readonly string[]> {
    const folders = vscode.workspace.workspaceFolders ?? [];
    const files = folders.map(({ uri }) => vscode.Uri.joinPath(uri, '.vscode', 'settings.json'));
    const { workspaceFile } = vscode.workspace;
    const texts = await Promise.all(
      [...files, ...(workspaceFile?.scheme === 'file' ? [workspaceFile] : [])].map(readSmallText),
    );
    return userOnlyIn(texts.join('\n'));
  }

  dispose(): void {
    this.store.dispose();
  }
}

const maxBytes = 256 * 1024;

/** '' for a file that is not there, too large, or not readable: then nothing is said about it. */
async function readSmallText(uri: vscode.Uri): Promise<string> {
  try {
    const { size } = await vscode.workspace.fs.stat(uri);
    return size > maxBytes ? '' : new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
  } catch {
    return '';
  }
}

function hasOnlyName(model: UserEndpoint['models'][number]): boolean {
  return Object.keys(model).length === 1;
}

function readSetting(name: SettingName): unknown {
  const configuration = vscode.workspace.getConfiguration(section);
  return userOnly.has(name) ? configuration.inspect(name)?.globalValue : configuration.get(name);
}
