import * as vscode from 'vscode';
import { isSameOrigin, originWords } from '../../edits/changeOrigin';
import type { ChangeSelection, UnreviewedChangesApi } from '../../session/contract';
import type { ChangeCommandId } from '../commandIds';
import type { CommandHandler } from '../commands';
import type { ChangesView } from './changesView';
import type { TurnRestore } from './turnRestore';

const messageMs = 5000;
type Decision = 'keep' | 'undo';
type Scope = 'hunk' | 'file' | 'turn' | 'origin' | 'all';

/** Keep and undo at every level, and the way back to before a turn; for lenses, keys, menus and the palette alike. */
export function changeCommands(
  changes: UnreviewedChangesApi,
  view: ChangesView,
  restore: TurnRestore,
): { readonly [Id in ChangeCommandId]: CommandHandler } {
  const decide = async (
    args: readonly unknown[],
    scope: Scope,
    decision: Decision,
  ): Promise<void> => {
    const selection = await select(changes, view, args, scope);
    if (selection === 'cancelled') {
      return;
    }
    const isDone =
      selection !== undefined &&
      (decision === 'keep' ? changes.keep(selection) : await view.undo(selection));
    if (!isDone) {
      say(
        selection === undefined
          ? 'Nothing waits here that nobody reviewed.'
          : 'This change is no longer as it was shown. Look again.',
      );
    }
  };
  const both = (scope: Scope, decision: Decision): CommandHandler => {
    return (...args) => decide(args, scope, decision);
  };
  const go = async (direction: 1 | -1): Promise<void> => {
    if (!(await view.go(direction))) {
      say('Nothing waits that nobody reviewed.');
    }
  };
  return {
    'patchbay.keepChange': both('hunk', 'keep'),
    'patchbay.undoChange': both('hunk', 'undo'),
    'patchbay.keepFileChanges': both('file', 'keep'),
    'patchbay.undoFileChanges': both('file', 'undo'),
    'patchbay.keepTurnChanges': both('turn', 'keep'),
    'patchbay.undoTurnChanges': both('turn', 'undo'),
    'patchbay.keepOriginChanges': both('origin', 'keep'),
    'patchbay.undoOriginChanges': both('origin', 'undo'),
    'patchbay.keepAllChanges': both('all', 'keep'),
    'patchbay.undoAllChanges': both('all', 'undo'),
    'patchbay.openChanges': async (changeId, hunkId) => {
      const isOpened = await view.open(
        typeof changeId === 'string' ? changeId : undefined,
        typeof hunkId === 'string' ? hunkId : undefined,
      );
      if (!isOpened) {
        say('Nothing waits that nobody reviewed.');
      }
    },
    'patchbay.nextChange': () => go(1),
    'patchbay.previousChange': () => go(-1),
    'patchbay.restoreTurn': (turnId) =>
      restore.choose(typeof turnId === 'string' ? turnId : undefined),
    'patchbay.undoRestore': () => restore.undoLast(),
    'patchbay.showCheckpointUse': () => restore.showUse(),
  };
}

async function select(
  changes: UnreviewedChangesApi,
  view: ChangesView,
  args: readonly unknown[],
  scope: Scope,
): Promise<ChangeSelection | 'cancelled' | undefined> {
  if (scope === 'all') {
    return changes.list().length === 0 ? undefined : { kind: 'all' };
  }
  const target = view.target(args);
  switch (scope) {
    case 'hunk': {
      const only = target?.change.hunks.length === 1 ? target.change.hunks[0]?.hunk.id : undefined;
      const hunkId = target?.hunkId ?? only;
      return target === undefined || hunkId === undefined
        ? undefined
        : { kind: 'hunks', changeId: target.change.id, hunkIds: [hunkId] };
    }
    case 'file':
      return target === undefined ? undefined : { kind: 'file', changeId: target.change.id };
    case 'turn': {
      const { sessionId, turnId } = target?.change ?? changes.list().at(-1) ?? {};
      return sessionId === undefined || turnId === undefined
        ? undefined
        : { kind: 'turn', sessionId, turnId };
    }
    case 'origin':
      return await selectOrigin(changes, target);
  }
}

/** The origin of the hunk at the cursor; else one of those there are. */
async function selectOrigin(
  changes: UnreviewedChangesApi,
  target: ReturnType<ChangesView['target']>,
): Promise<ChangeSelection | 'cancelled' | undefined> {
  const at = target?.change.hunks.find(({ hunk }) => hunk.id === target.hunkId);
  if (target !== undefined && at !== undefined) {
    return { kind: 'origin', sessionId: target.change.sessionId, origin: at.origin };
  }
  const all = changes
    .list()
    .flatMap(({ sessionId, hunks }) => hunks.map(({ origin }) => ({ sessionId, origin })));
  const distinct = all.filter(
    (one, index) =>
      all.findIndex(
        (other) => other.sessionId === one.sessionId && isSameOrigin(other.origin, one.origin),
      ) === index,
  );
  if (distinct.length === 0) {
    return undefined;
  }
  const choice = await vscode.window.showQuickPick(
    distinct.map((one) => ({ label: originWords(one.origin), one })),
    { title: 'Changes of which origin?', placeHolder: 'A claim by time and path' },
  );
  return choice === undefined ? 'cancelled' : { kind: 'origin', ...choice.one };
}

function say(text: string): void {
  void vscode.window.setStatusBarMessage(text, messageMs);
}
