import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { arrayField, isRecord, recordField, stringField } from '../../../src/base/guard';
import { commandIds } from '../../../src/host/commandIds';
import { plainSettings, userOnlySettings } from '../../../src/host/settingsValues';

const manifest: unknown = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'),
);
const contributes = recordField(manifest, 'contributes') ?? {};
const settings = recordField(recordField(contributes, 'configuration'), 'properties') ?? {};
const menus = recordField(contributes, 'menus') ?? {};
const submenuIds = (arrayField(contributes, 'submenus') ?? []).map((submenu) =>
  stringField(submenu, 'id'),
);

/** The menus that an extension may fill without a proposed API; the test host would let any through. */
const stableMenus = [
  'commandPalette',
  'editor/title',
  'editor/context',
  'editor/lineNumber/context',
  'comments/commentThread/title',
  'comments/commentThread/context',
  'view/title',
  'view/item/context',
];

const commandsIn = (items: readonly unknown[]): readonly string[] =>
  items.flatMap((item) => stringField(item, 'command') ?? []);

describe('the manifest', () => {
  it('gives every setting that a repository must not set a scope that it cannot set', () => {
    const scopes = userOnlySettings.map((name) => [
      name,
      stringField(settings[`patchbay.${name}`], 'scope'),
    ]);
    expect(scopes).toEqual(userOnlySettings.map((name) => [name, 'machine']));
  });

  it('[R18] lets a program, its arguments and its variables stand in machine settings alone, trusted or not', () => {
    const launching = Object.keys(settings).filter((name) =>
      /"(?:binaryPath|args|env|command)":\{/.test(JSON.stringify(settings[name])),
    );
    expect(launching).toEqual(expect.arrayContaining(['patchbay.agents', 'patchbay.customAgents']));
    const untrusted = recordField(recordField(manifest, 'capabilities'), 'untrustedWorkspaces');
    const restricted = arrayField(untrusted, 'restrictedConfigurations');
    for (const name of launching) {
      // No folder, workspace or .code-workspace file can set what is of the machine, whatever the trust.
      expect([name, stringField(settings[name], 'scope')]).toEqual([name, 'machine']);
      expect(restricted).toContain(name);
    }
  });

  it('[R18] no scope but that of the machine and that of the window, and the window’s for taste alone', () => {
    const scopes = Object.entries(settings).map(([name, setting]) => [
      name.slice('patchbay.'.length),
      stringField(setting, 'scope'),
    ]);
    const others = scopes.flatMap(([name, scope]) => (scope === 'machine' ? [] : [name]));
    expect(new Set(others)).toEqual(new Set(plainSettings));
    expect(new Set(scopes.map(([, scope]) => scope))).toEqual(new Set(['machine', 'window']));
  });

  it('declares exactly the settings that are read', () => {
    expect(Object.keys(settings).sort()).toEqual(
      [...userOnlySettings, ...plainSettings].map((name) => `patchbay.${name}`).sort(),
    );
  });

  it('restricts in an untrusted folder what a repository must not set', () => {
    const untrusted = recordField(recordField(manifest, 'capabilities'), 'untrustedWorkspaces');
    expect(stringField(untrusted, 'supported')).toBe('limited');
    expect(arrayField(untrusted, 'restrictedConfigurations')).toEqual(
      userOnlySettings.map((name) => `patchbay.${name}`),
    );
  });

  it('has no setting that could hold a key', () => {
    expect(JSON.stringify(settings)).not.toMatch(
      /"(?:\w*apiKey|key|\w*token|\w*secret|password|authorization)":/i,
    );
  });

  it('declares exactly the commands that have a handler, all under one category', () => {
    const declared = arrayField(contributes, 'commands') ?? [];
    expect(commandsIn(declared)).toEqual(expect.arrayContaining([...commandIds]));
    expect(declared).toHaveLength(commandIds.length);
    expect(declared.map((command) => stringField(command, 'category'))).toEqual(
      declared.map(() => 'Patchbay'),
    );
  });

  it('fills stable menus only', () => {
    expect(
      Object.keys(menus).filter(
        (menu) => !stableMenus.includes(menu) && !submenuIds.includes(menu),
      ),
    ).toEqual([]);
  });

  it('names only its own commands in menus and keybindings', () => {
    const used = [
      ...Object.values(menus).flatMap((items) => (Array.isArray(items) ? commandsIn(items) : [])),
    ];
    const keyed = commandsIn(arrayField(contributes, 'keybindings') ?? []);
    expect([...used, ...keyed].filter((id) => !commandIds.some((known) => known === id))).toEqual(
      [],
    );
  });

  it('shows decisions on edits in the palette only while something waits', () => {
    const palette = arrayField(menus, 'commandPalette') ?? [];
    const when = (id: string): string | undefined =>
      stringField(
        palette.find((item) => stringField(item, 'command') === id),
        'when',
      );
    for (const id of [
      'approveHunk',
      'denyHunk',
      'approveAll',
      'denyAll',
      'nextHunk',
      'previousHunk',
      'undoDecision',
    ]) {
      expect(when(`patchbay.${id}`), id).toBe('patchbay.pending');
    }
  });

  it('[R232] binds decisions to keys only where they can be seen: in a hunk, its file or the tree, each with a Mac variant', () => {
    const keybindings = arrayField(contributes, 'keybindings') ?? [];
    expect(keybindings.filter((binding) => stringField(binding, 'mac') === undefined)).toEqual([]);
    for (const binding of keybindings) {
      if (/approve|deny/.test(stringField(binding, 'command') ?? '')) {
        expect(stringField(binding, 'when')).toMatch(
          /^(patchbay\.inHunk|patchbay\.inFile|focusedView == patchbay\.edits) && (editorTextFocus|listFocus)/,
        );
      }
    }
  });

  it('[R232] has every action of the review in the palette, or in the menus of what it is about', () => {
    const palette = arrayField(menus, 'commandPalette') ?? [];
    const isHidden = (id: string): boolean =>
      palette.some(
        (item) => stringField(item, 'command') === id && stringField(item, 'when') === 'false',
      );
    const elsewhere = Object.entries(menus).flatMap(([menu, items]) =>
      menu === 'commandPalette' || !Array.isArray(items) ? [] : commandsIn(items),
    );
    const hidden = commandIds.filter(isHidden);
    expect(hidden.every((id) => /^patchbay\.(tree|thread)/.test(id))).toBe(true);
    expect(hidden.filter((id) => !elsewhere.includes(id))).toEqual([]);
  });

  it('offers the actions of the tree on its own rows, and those of a thread in its own threads only', () => {
    const whenOf = (menu: string): readonly (string | undefined)[] =>
      (arrayField(menus, menu) ?? []).map((item) => stringField(item, 'when'));
    expect(
      whenOf('view/item/context').filter(
        (when) => when?.startsWith('view == patchbay.edits && ') !== true,
      ),
    ).toEqual([]);
    for (const menu of ['comments/commentThread/title', 'comments/commentThread/context']) {
      expect(
        whenOf(menu).filter(
          (when) => when?.startsWith('commentController == patchbay.review') !== true,
        ),
      ).toEqual([]);
    }
  });

  it('turns on the lenses of the diff and keeps the comments panel closed', () => {
    expect(recordField(contributes, 'configurationDefaults')).toEqual({
      'diffEditor.codeLens': true,
      'comments.openView': 'never',
    });
  });

  it('activates by view, command and proposal only', () => {
    expect(isRecord(manifest) ? manifest.activationEvents : undefined).toEqual([
      'onFileSystem:patchbay',
    ]);
  });
});
