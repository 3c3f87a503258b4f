import { append } from '../../base/append';
import * as vscode from 'vscode';
import type { AuditLog } from '../../gate/audit';
import type { Clock } from '../../base/clock';
import { auditUserChange } from '../../session/changeAudit';
import type { Checkpoints, RestoreStep } from '../../session/checkpoints';
import type { SessionManager } from '../../session/sessionManager';
import { openDocument, toWorkspaceUri } from '../workspaceUri';

export interface TurnRestoreDeps {
  readonly checkpoints: Checkpoints;
  readonly sessions: SessionManager;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly labelFor: (path: string) => string;
  /** Looks at a file that was written behind the editor's back. */
  readonly accept: (path: string) => Promise<void>;
  readonly insertPrompt: (text: string) => void;
}

const shownFiles = 12;
type What = 'both' | 'files' | 'conversation';

/** Back to before a turn: what is asked, what is shown before, and what is said after. */
export class TurnRestore {
  /** The copy that shows a conversation as it was, and the conversation whose files were restored for it. */
  private readonly restoredIn = new Map<string, string>();

  constructor(private readonly deps: TurnRestoreDeps) {}

  /** Without a turn the user chooses one. */
  async choose(turnId?: string): Promise<void> {
    const session = this.deps.sessions.current;
    if (session.isBusy) {
      void vscode.window.showInformationMessage(
        'Patchbay: a turn runs. Stop it first, then restore.',
      );
      return;
    }
    const turns = session
      .snapshot()
      .items.flatMap((item) =>
        item.kind === 'user' && item.turnId !== undefined
          ? [{ turnId: item.turnId, text: item.text }]
          : [],
      );
    const chosen = turnId ?? (await chooseTurn(turns));
    const at = turns.findIndex((turn) => turn.turnId === chosen);
    const turn = turns[at];
    if (turn === undefined) {
      if (turns.length === 0) {
        void vscode.window.showInformationMessage('Patchbay: there is no turn to go back to.');
      }
      return;
    }
    const steps = await this.deps.checkpoints.plan(
      turns.slice(at).map((one) => one.turnId),
      isUnsaved,
    );
    const what = await chooseWhat(steps);
    if (what === undefined) {
      return;
    }
    if (what !== 'conversation' && !(await this.restoreFiles(session.id, turn.turnId, steps))) {
      return;
    }
    if (what !== 'files' && (await this.deps.sessions.openBefore(turn.turnId))) {
      if (what === 'both') {
        this.restoredIn.set(this.deps.sessions.current.id, session.id);
      }
      this.deps.insertPrompt(turn.text);
    }
  }

  /** `sessionId`: the conversation that the restore was made in. */
  async undoLast(sessionId = this.deps.sessions.current.id): Promise<void> {
    const madeIn = this.restoredIn.get(sessionId);
    const own = await this.deps.checkpoints.planUndo(sessionId, isUnsaved);
    const steps =
      own === undefined && madeIn !== undefined
        ? await this.deps.checkpoints.planUndo(madeIn, isUnsaved)
        : own;
    if (steps === undefined || steps.length === 0) {
      void vscode.window.showInformationMessage(
        'Patchbay: there is no restore of this conversation to undo.',
      );
      return;
    }
    await this.restoreFiles(own === undefined ? (madeIn ?? sessionId) : sessionId, 'undo', steps);
  }

  async showUse(): Promise<void> {
    const { checkpoints, files, bytes, maxBytes } = await this.deps.checkpoints.usage();
    void vscode.window.showInformationMessage(
      `Patchbay: checkpoints of ${counted(checkpoints, 'turn')} with ${counted(files, 'file')} take ${sizeText(bytes)} of at most ${sizeText(maxBytes)}. They go with their conversation.`,
    );
  }

  /** False when the user said no, or nothing could be done. */
  private async restoreFiles(
    sessionId: string,
    turnId: string,
    steps: readonly RestoreStep[],
  ): Promise<boolean> {
    const doable = steps.filter(({ kind }) => kind !== 'impossible');
    if (steps.length > 0) {
      const choice = await vscode.window.showWarningMessage(
        doable.length === 0
          ? 'None of these files can be restored.'
          : `Restore ${counted(doable.length, 'file')}?`,
        { modal: true, detail: this.detailOf(steps) },
        ...(doable.length === 0 ? [] : ['Restore']),
      );
      if (choice !== 'Restore') {
        return false;
      }
    }
    const unsaved = await this.saveFirst(doable);
    if (unsaved.length > 0) {
      void vscode.window.showWarningMessage(
        `Patchbay: nothing was restored: ${unsaved.join(', ')} could not be saved first.`,
      );
      return false;
    }
    const problems: string[] = [];
    // In one go, so that one undo takes all of it back; each file has its record.
    const outcome = await this.deps.checkpoints.restore(sessionId, doable, (path, run) =>
      auditUserChange(
        this.deps.audit,
        this.deps.clock,
        { kind: 'restore', sessionId, turnId, path, hunkCount: 0, origins: [] },
        run,
      ),
    );
    for (const path of outcome.restored) {
      await this.deps.accept(path);
    }
    append(problems, outcome.problems);
    if (problems.length > 0) {
      void vscode.window.showWarningMessage(`Patchbay: ${problems.slice(0, 3).join(' ')}`);
    } else if (outcome.restored.length > 0) {
      void this.offerUndo(sessionId, outcome.restored.length);
    }
    return true;
  }

  private async offerUndo(sessionId: string, count: number): Promise<void> {
    const choice = await vscode.window.showInformationMessage(
      `Patchbay: ${counted(count, 'file')} restored.`,
      'Undo Restore',
    );
    if (choice !== undefined) {
      await this.undoLast(sessionId);
    }
  }

  /** Unsaved text goes into the file, and so into the checkpoint of the restore: nothing of it is lost. */
  private async saveFirst(steps: readonly RestoreStep[]): Promise<readonly string[]> {
    const unsaved: string[] = [];
    for (const { path } of steps) {
      const document = openDocument(toWorkspaceUri(path));
      if (document?.isDirty === true && !(await document.save())) {
        unsaved.push(this.deps.labelFor(path));
      }
    }
    return unsaved;
  }

  private detailOf(steps: readonly RestoreStep[]): string {
    const lines = steps.slice(0, shownFiles).map((step) => {
      const label = this.deps.labelFor(step.path);
      if (step.kind === 'impossible') {
        return `${label}: cannot be restored, ${step.why}`;
      }
      const isDirty = isUnsaved(step.path);
      const notes = [
        step.isChangedSince ? 'changed since by you or another program' : '',
        isDirty ? 'has unsaved changes, which are saved first' : '',
      ].filter((note) => note !== '');
      return [`${stepWords[step.kind]} ${label}`, ...notes].join('; ');
    });
    const more = steps.length - lines.length;
    return [
      ...lines,
      ...(more > 0 ? [`… and ${counted(more, 'more file')}`] : []),
      '',
      'What is there now is kept: "Undo Last Restore" brings it back.',
    ].join('\n');
  }
}

function isUnsaved(path: string): boolean {
  return openDocument(toWorkspaceUri(path))?.isDirty === true;
}

const stepWords = { change: 'change back', create: 'bring back', delete: 'delete' } as const;

async function chooseTurn(
  turns: readonly { readonly turnId: string; readonly text: string }[],
): Promise<string | undefined> {
  const choice = await vscode.window.showQuickPick(
    turns.toReversed().map(({ turnId, text }) => ({
      label: text.replace(/\s+/g, ' ').slice(0, 100),
      turnId,
    })),
    { title: 'Restore to before which turn?' },
  );
  return choice?.turnId;
}

async function chooseWhat(steps: readonly RestoreStep[]): Promise<What | undefined> {
  const files = counted(steps.length, 'file');
  const options: readonly {
    readonly label: string;
    readonly detail: string;
    readonly what: What;
  }[] = [
    ...(steps.length === 0
      ? []
      : [
          {
            label: 'Files and Conversation',
            detail: `${files}, and the conversation as it was before this turn`,
            what: 'both',
          } as const,
          { label: 'Files', detail: `${files}; the conversation stays`, what: 'files' } as const,
        ]),
    {
      label: 'Conversation',
      detail: 'A copy of it up to this turn is shown; this one stays in the history',
      what: 'conversation',
    },
  ];
  const choice = await vscode.window.showQuickPick(options, {
    title: 'Restore what to before this turn?',
    ...(steps.length === 0 ? { placeHolder: 'No file is different from before this turn' } : {}),
  });
  return choice?.what;
}

function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`;
}

function sizeText(bytes: number): string {
  return bytes < 1024 * 1024
    ? `${Math.ceil(bytes / 1024)} KB`
    : `${(bytes / (1024 * 1024)).toFixed(1)} MB`;
}
