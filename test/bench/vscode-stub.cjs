'use strict';
// An editor that says yes to everything: enough of `vscode` for an extension to load and activate outside of it.
// Whatever is not spelled out here is a function that can be called, constructed and read from.

const { readFileSync } = require('node:fs');

function anything(spelledOut = {}) {
  const cache = new Map(Object.entries(spelledOut));
  const target = function () {};
  return new Proxy(target, {
    get(_, key) {
      if (cache.has(key)) return cache.get(key);
      if (key === 'then') return undefined; // not a promise
      if (key === 'prototype') return target.prototype;
      if (key === Symbol.iterator) return function* () {};
      if (key === Symbol.toPrimitive) return () => '';
      cache.set(key, anything());
      return cache.get(key);
    },
    set: (_, key, value) => Boolean(cache.set(key, value)),
    has: (_, key) => cache.has(key),
    apply: () => anything(),
    construct: (_, args, newTarget) =>
      newTarget === undefined ? anything() : Reflect.construct(target, args, newTarget),
  });
}

class Disposable {
  constructor(release) {
    this.dispose = release ?? (() => {});
  }
  static from(...all) {
    return new Disposable(() => all.forEach((d) => d.dispose()));
  }
}

class EventEmitter {
  constructor() {
    this.event = () => new Disposable();
  }
  fire() {}
  dispose() {}
}

const uri = (path, scheme = 'file') => ({
  scheme,
  path,
  fsPath: path,
  authority: '',
  query: '',
  fragment: '',
  with: (change) => uri(change.path ?? path, change.scheme ?? scheme),
  toString: () => `${scheme}://${path}`,
});

const event = () => new Disposable();
const configuration = {
  get: (_key, fallback) => fallback,
  has: () => false,
  inspect: () => undefined,
  update: async () => {},
};

/** For what gives a list of things that are not there, or promises one. */
const registering = new Proxy({}, { get: () => () => new Disposable() });

const known = {
  version: '1.100.0',
  Disposable,
  EventEmitter,
  Uri: {
    file: (path) => uri(path),
    parse: (text) => uri(text.replace(/^\w+:(\/\/)?/, ''), /^\w+/.exec(text)?.[0]),
    joinPath: (base, ...parts) => uri([base.path, ...parts].join('/'), base.scheme),
    from: (parts) => uri(parts.path, parts.scheme),
  },
  commands: anything({
    registerCommand: registering.any,
    registerTextEditorCommand: registering.any,
    executeCommand: async () => undefined,
    getCommands: async () => [],
  }),
  workspace: anything({
    isTrusted: true,
    workspaceFolders: [],
    textDocuments: [],
    name: 'bench',
    getConfiguration: () => configuration,
    onDidChangeConfiguration: event,
    onDidGrantWorkspaceTrust: event,
    onDidChangeWorkspaceFolders: event,
    onDidChangeTextDocument: event,
    onDidSaveTextDocument: event,
    onDidCloseTextDocument: event,
    onDidOpenTextDocument: event,
  }),
  window: anything({
    activeTextEditor: undefined,
    visibleTextEditors: [],
    terminals: [],
    activeColorTheme: { kind: 2 },
    state: { focused: true },
    registerWebviewViewProvider: registering.any,
    registerTreeDataProvider: registering.any,
    onDidChangeActiveTextEditor: event,
    onDidChangeVisibleTextEditors: event,
    onDidChangeTextEditorSelection: event,
  }),
  env: anything({
    appHost: 'desktop',
    appName: 'Visual Studio Code',
    appRoot: '/nowhere/app',
    uiKind: 1,
    language: 'en',
    machineId: 'bench',
    sessionId: 'bench',
    shell: '/bin/sh',
    remoteName: undefined,
  }),
  extensions: anything({ all: [], getExtension: () => undefined, onDidChange: event }),
  lm: anything({ selectChatModels: async () => [], onDidChangeChatModels: event, tools: [] }),
};

/** A plain object with every name of the API: bundled code copies the names that it finds. */
const declarations = readFileSync(require.resolve('@types/vscode/index.d.ts'), 'utf8');
const names = declarations.matchAll(/^\texport (?:class|enum|namespace|const|function) (\w+)/gm);
const stub = { ...Object.fromEntries([...names].map(([, name]) => [name, anything()])), ...known };

function memento() {
  const values = new Map();
  return {
    keys: () => [...values.keys()],
    get: (key, fallback) => values.get(key) ?? fallback,
    update: async (key, value) => void values.set(key, value),
    setKeysForSync() {},
  };
}

/** The context that `activate` is given. */
const context = (extensionPath) => ({
  subscriptions: [],
  extensionPath,
  extensionUri: uri(extensionPath),
  globalState: memento(),
  workspaceState: memento(),
  secrets: {
    get: async () => undefined,
    store: async () => {},
    delete: async () => {},
    keys: async () => [],
    onDidChange: event,
  },
  globalStorageUri: uri('/nowhere/global'),
  storageUri: uri('/nowhere/workspace'),
  logUri: uri('/nowhere/log'),
  extensionMode: 1,
  asAbsolutePath: (part) => `${extensionPath}/${part}`,
  environmentVariableCollection: anything(),
  extension: {
    id: 'patchbay.patchbay',
    packageJSON: { version: '0.0.0' },
    extensionPath,
    extensionUri: uri(extensionPath),
  },
});

module.exports = { stub, context };
