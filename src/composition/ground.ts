import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { type Clock, systemClock } from '../base/clock';
import { DisposableStore } from '../base/disposable';
import { createSecretFilter, type SecretFilter } from '../base/secretFilter';
import type { Platform } from '../gate/pathSyntax';
import { OutputLog } from '../host/outputLog';
import { Settings } from '../host/settings';
import { StateStore } from '../host/stateStore';

/** What everything stands on: the clock, what is secret, the log, the settings. */
export interface Ground {
  readonly context: vscode.ExtensionContext;
  /** Ends with the extension. */
  readonly store: DisposableStore;
  readonly clock: Clock;
  readonly home: string;
  readonly platform: Platform;
  readonly isTrusted: () => boolean;
  /** For what a person or a log sees. */
  readonly redact: (text: string) => string;
  /** For what goes on to a model: paths stay as they are, they are used again. */
  readonly redactForModel: (text: string) => string;
  readonly shownSecrets: SecretFilter;
  /** From now on this text is a secret, wherever it comes from. */
  readonly learnSecret: (value: string) => void;
  readonly log: OutputLog;
  /** A message box; nothing waits for it. */
  readonly warn: (text: string) => void;
  readonly state: StateStore;
  readonly userState: StateStore;
  readonly settings: Settings;
  readonly supervisor: { readonly supervisorPath: string; readonly execPath: string };
  readonly inheritedEnv: NodeJS.ProcessEnv;
  /** Absolute; where this workspace's things are kept. */
  readonly storageFolder: string;
}

export function createGround(context: vscode.ExtensionContext): Ground {
  const store = new DisposableStore();
  const home = homedir();

  // What is known to be secret; keys join when they are found.
  const secretValues = new Set<string>();
  let secretFilter = createSecretFilter(secretValues);
  let shownFilter = createSecretFilter(secretValues, { homeDirectory: home });
  const redact = (text: string): string => shownFilter.redact(text);
  const shownSecrets: SecretFilter = {
    redact,
    secretAt: (text, from, what) => shownFilter.secretAt(text, from, what),
  };
  const learnSecret = (value: string): void => {
    if (!secretValues.has(value)) {
      secretValues.add(value);
      secretFilter = createSecretFilter(secretValues);
      shownFilter = createSecretFilter(secretValues, { homeDirectory: home });
    }
  };
  const log = store.add(new OutputLog(redact));
  return {
    context,
    store,
    clock: systemClock,
    home,
    platform:
      process.platform === 'win32' || process.platform === 'darwin' ? process.platform : 'posix',
    isTrusted: () => vscode.workspace.isTrusted,
    redact,
    redactForModel: (text) => secretFilter.redact(text),
    shownSecrets,
    learnSecret,
    log,
    warn: (text) => void vscode.window.showWarningMessage(`Patchbay: ${text}`),
    state: new StateStore(context.workspaceState),
    userState: new StateStore(context.globalState),
    settings: store.add(new Settings()),
    supervisor: {
      supervisorPath: context.asAbsolutePath('dist/supervisor.js'),
      execPath: process.execPath,
    },
    inheritedEnv: process.env,
    storageFolder: (context.storageUri ?? context.globalStorageUri).fsPath,
  };
}
