import { DisposableStore, type Disposable } from '../base/disposable';
import { Emitter, type Event } from '../base/emitter';
import { errorMessage } from '../base/patchbayError';
import type { Logger } from '../base/logger';
import type { ImageContent } from '../events/message';
import type { SessionItem } from '../events/sessionItem';
import type { PermissionQuestion, QuestionAnswer } from '../gate/contract';
import type {
  ChangeView,
  EditView,
  PanelAction,
  PromptImage,
  PromptView,
  RequestHandlers,
  SetupView,
  StatusView,
} from '../protocol/methods';
import type { UntakenChoices } from '../runtime/choices';
import { coverageOf, type Bridge, type ModelRef, type ReasoningEffort } from '../runtime/contract';
import { capped, withoutEscapes } from '../session/toolItems';
import type { ChatSession } from '../session/chatSession';
import { compactCommand } from '../session/compactionTurn';
import { changeWords } from '../session/changedMode';
import type {
  ChangeSelection,
  PendingEdit,
  PendingEditsApi,
  UnreviewedChange,
  UnreviewedChangesApi,
} from '../session/contract';
import type { SessionManager } from '../session/sessionManager';
import { HunkMarkCache, maxMarkedHunks } from './hunkMarkCache';
import type { PanelChange, PanelCommandHandlers, PanelContent, PanelSource } from './panelSource';
import { realAnswers, shownQuestions } from './shownQuestions';

/** Open questions, as the controller needs them; implemented by the gate. */
export interface QuestionsApi {
  list(): readonly PermissionQuestion[];
  readonly onDidChange: Event<unknown>;
  answer(questionId: string, digest: string, answer: QuestionAnswer): boolean;
}

/** What the panel asks of the editor: each a fixed action, never a free command. */
export interface PanelActions {
  run(action: PanelAction, target: string | undefined): void;
  openFile(path: string, lineOneBased: number | undefined): void;
  openLink(url: string): void;
  copyText(text: string): void;
  insertText(text: string): void;
  /** Puts words into the composer. */
  insertPrompt(text: string): void;
  exportSession(sessionId: string): void;
  /** Says why a wish was not carried out. */
  tell(problem: string): void;
  openReview(editId: string, hunkId: string | undefined): void;
  openChange(changeId: string, hunkId: string | undefined): void;
  undoChanges(selection: ChangeSelection): void;
  restoreTurn(turnId: string): void;
  findFiles(query: string): Promise<readonly string[]>;
  probeEndpoint: RequestHandlers['endpoint/probe'];
  addEndpoint: RequestHandlers['endpoint/add'];
}

/** What the user chose for every model, and what of the panel's choices a model takes. */
export interface PanelChoices {
  effort(): ReasoningEffort | undefined;
  chooseEffort(effort: ReasoningEffort | undefined): Promise<void>;
  untaken(model: ModelRef): UntakenChoices;
}

export interface PanelControllerDeps {
  readonly sessions: SessionManager;
  readonly questions: QuestionsApi;
  readonly edits: PendingEditsApi;
  /** What the user typed in an open proposal a moment ago is taken over. */
  readonly beforeDecision?: () => void;
  readonly changes: UnreviewedChangesApi;
  readonly actions: PanelActions;
  readonly setup: { current(): SetupView; readonly onDidChange: Event<SetupView> };
  readonly findModel: (modelId: string) => ModelRef | undefined;
  readonly runtimeName: (model: ModelRef) => string;
  readonly bridgeOf: (model: ModelRef) => Bridge | undefined;
  readonly choices?: PanelChoices;
  /** Whether an agent makes its own conversation smaller when it is sent `/compact`. */
  readonly takesCompact?: (model: ModelRef) => boolean;
  readonly search: RequestHandlers['session/search'];
  /** What the model has to be told before the next prompt; undefined: nothing worth a word. */
  readonly handover?: (session: ChatSession, model: ModelRef) => string | undefined;
  /** Takes secrets out of what is shown whole. */
  readonly redactShown?: (text: string) => string;
  readonly log: Logger;
}

const detailLimit = 1_048_576;
/** The view is given so many items at the end of a conversation, and asks for those before. */
const shownItems = 500;
/** From where the user was reading on, when that is no further above the end than this. */
const maxAnchoredItems = 3000;
const aboveAnchor = 50;

/** Joins conversation, questions, edits and setup into what the panel shows, and the panel's messages into what they mean. */
export class PanelController implements PanelSource, Disposable {
  private readonly store = new DisposableStore();
  private searching = new AbortController();
  private readonly didChangeSession = this.store.add(new Emitter<PanelChange>());
  private readonly didReplaceSession = this.store.add(new Emitter<void>());
  private readonly didChangePrompts = this.store.add(new Emitter<readonly PromptView[]>());
  private readonly didChangeEdits = this.store.add(new Emitter<readonly EditView[]>());
  private readonly marks = new HunkMarkCache();
  readonly onDidChangeSession = this.didChangeSession.event;
  readonly onDidReplaceSession = this.didReplaceSession.event;
  readonly onDidChangePrompts = this.didChangePrompts.event;
  readonly onDidChangeEdits = this.didChangeEdits.event;
  private readonly didChangeChanges = this.store.add(new Emitter<readonly ChangeView[]>());
  readonly onDidChangeChanges = this.didChangeChanges.event;
  readonly onDidChangeSetup: Event<SetupView>;

  constructor(private readonly deps: PanelControllerDeps) {
    this.onDidChangeSetup = deps.setup.onDidChange;
    this.store.add(
      deps.sessions.onDidChange(({ deltas }) =>
        this.didChangeSession.fire({ deltas, status: this.status(deps.sessions.current) }),
      ),
    );
    this.store.add(deps.sessions.onDidSwitch(() => this.didReplaceSession.fire()));
    this.store.add(deps.questions.onDidChange(() => this.didChangePrompts.fire(this.prompts())));
    this.store.add(deps.edits.onDidChange(() => this.didChangeEdits.fire(this.edits())));
    this.store.add(deps.changes.onDidChange(() => this.didChangeChanges.fire(this.changes())));
    this.store.add(
      deps.setup.onDidChange(() =>
        this.didChangeSession.fire({ deltas: [], status: this.status(deps.sessions.current) }),
      ),
    );
  }

  content(anchorId?: string): PanelContent {
    const session = this.deps.sessions.current;
    const { title, items } = session.live();
    const start = firstShown(items, anchorId);
    return {
      sessionId: session.id,
      title,
      items: items.slice(start),
      ...(start === 0 ? {} : { itemsBefore: start }),
      prompts: this.prompts(),
      edits: this.edits(),
      changes: this.changes(),
      status: this.status(session),
      setup: this.deps.setup.current(),
    };
  }

  readonly requests: RequestHandlers = {
    'prompt/submit': ({ text, kind, images }) =>
      Promise.resolve(
        this.deps.sessions.submit(text, {
          ...(kind === undefined ? {} : { kind }),
          ...(images === undefined ? {} : { images }),
        }),
      ),
    'prompt/resend': ({ itemId, text }) => this.deps.sessions.resend(itemId, text),
    'queue/edit': ({ itemId, text }) =>
      Promise.resolve({ ok: this.deps.sessions.current.editQueued(itemId, text) }),
    'queue/takeBack': () => {
      const prompt = this.deps.sessions.current.takeBackQueued();
      return Promise.resolve(
        prompt === undefined ? {} : { text: prompt.text, ...withImages(prompt.images) },
      );
    },
    'branch/choose': ({ itemId, index }) => this.deps.sessions.chooseBranch(itemId, index),
    'session/fork': async ({ itemId }) => {
      const forked = await this.deps.sessions.forkBefore(itemId);
      if (forked === undefined) {
        return { ok: false, problem: 'The session could not be copied. Nothing was changed.' };
      }
      if (forked.text !== '') {
        this.deps.actions.insertPrompt(forked.text);
      }
      return { ok: true, ...withImages(forked.images) };
    },
    'session/search': (params, signal) => {
      // Only the newest word counts: the sessions are not read for two.
      this.searching.abort();
      this.searching = new AbortController();
      return this.deps.search(params, AbortSignal.any([signal, this.searching.signal]));
    },
    'tool/detail': async ({ callId, part }) => {
      const whole = (await this.deps.sessions.current.detail(callId, part)) ?? '';
      const { text, isTruncated } = capped(
        part === 'output' ? withoutEscapes(whole) : whole,
        detailLimit,
      );
      // What is to be approved is shown as it is, until it is decided.
      const isAsked =
        part === 'input' && this.deps.questions.list().some((asked) => asked.callId === callId);
      return { text: isAsked ? text : this.redact(text), isTruncated };
    },
    'item/before': async ({ itemId, count }) =>
      (await this.deps.sessions.current.itemsBefore(itemId, count)) ?? { items: [], before: 0 },
    'file/find': async ({ query }) => ({ paths: await this.deps.actions.findFiles(query) }),
    'endpoint/probe': (params, signal) => this.deps.actions.probeEndpoint(params, signal),
    'endpoint/add': (params, signal) => this.deps.actions.addEndpoint(params, signal),
    'session/list': async () => ({
      sessions: (await this.deps.sessions.list()).map((summary) => ({
        ...summary,
        isCurrent: summary.id === this.deps.sessions.current.id,
        ...this.stateOf(summary.id),
      })),
    }),
  };

  readonly commands: PanelCommandHandlers = {
    'turn/stop': () => this.deps.sessions.current.stop(),
    'queue/remove': ({ itemId }) => void this.deps.sessions.current.removeQueued(itemId),
    'queue/steer': ({ itemId }) => this.deps.sessions.current.steerQueued(itemId),
    'queue/send': () => this.deps.sessions.current.sendQueued(),
    'permission/answer': ({ questionId, digest, answer }) => {
      const asked = this.deps.questions.list().find(({ id }) => id === questionId)?.questions;
      const real =
        answer.kind === 'answers' && asked !== undefined
          ? { ...answer, answers: realAnswers(asked, this.redact, answer.answers) }
          : answer;
      if (!this.deps.questions.answer(questionId, digest, real)) {
        this.deps.log.warn('A late or unknown answer to a permission question was ignored.');
        this.didChangePrompts.fire(this.prompts());
      }
    },
    'hunk/decide': ({ editId, hunkIds, decision, reason }) => {
      this.deps.beforeDecision?.();
      if (
        !this.deps.edits.decide(editId, hunkIds.length === 0 ? 'all' : hunkIds, decision, reason)
      ) {
        this.didChangeEdits.fire(this.edits());
      }
    },
    'edit/decideAll': ({ decision }) => {
      this.deps.beforeDecision?.();
      for (const edit of this.shownEdits()) {
        if (edit.state === 'open') {
          this.deps.edits.decide(edit.id, 'all', decision);
        }
      }
    },
    'edit/open': ({ editId, hunkId }) => this.deps.actions.openReview(editId, hunkId),
    'change/decide': ({ changeId, hunkIds, decision }) =>
      this.decideChange(
        hunkIds.length === 0 ? { kind: 'file', changeId } : { kind: 'hunks', changeId, hunkIds },
        decision,
      ),
    'change/decideAll': ({ decision }) =>
      this.decideChange({ kind: 'session', sessionId: this.deps.sessions.current.id }, decision),
    'change/open': ({ changeId, hunkId }) => this.deps.actions.openChange(changeId, hunkId),
    'turn/restore': ({ turnId }) => this.deps.actions.restoreTurn(turnId),
    'model/choose': ({ modelId }) => {
      const model = this.deps.findModel(modelId);
      if (model !== undefined && this.deps.choices?.untaken(model).model === undefined) {
        this.deps.sessions.current.setModel(modelId);
      }
    },
    'mode/choose': ({ mode }) => this.deps.sessions.current.setMode(mode),
    'effort/choose': ({ effort }) =>
      this.later(
        this.deps.choices?.chooseEffort(effort) ?? Promise.resolve(),
        'The thinking effort stays as it was',
      ),
    'session/new': () => void this.deps.sessions.create(),
    'session/open': ({ sessionId }) =>
      this.later(
        this.deps.sessions.open(sessionId),
        'The session was not opened',
        'its file is not there any more, or nothing of it can be read.',
      ),
    'session/rename': ({ title, sessionId }) =>
      this.later(
        this.deps.sessions.rename(sessionId ?? this.deps.sessions.current.id, title),
        'The session keeps its title',
        'another window has it open, or its file is not there any more.',
      ),
    'session/export': ({ sessionId }) =>
      this.deps.actions.exportSession(sessionId ?? this.deps.sessions.current.id),
    'session/remove': ({ sessionId }) =>
      this.later(this.deps.sessions.remove(sessionId), 'The session was not deleted'),
    'file/open': ({ path, lineOneBased }) => this.deps.actions.openFile(path, lineOneBased),
    'link/open': ({ url }) => this.deps.actions.openLink(url),
    'text/copy': ({ text }) => this.deps.actions.copyText(text),
    'text/insert': ({ text }) => this.deps.actions.insertText(text),
    'action/run': ({ action, target }) => {
      if (action === 'retry') {
        this.deps.sessions.current.retry();
      } else if (action === 'compact') {
        this.deps.sessions.submit(compactCommand);
      } else {
        this.deps.actions.run(action, target);
      }
    },
  };

  dispose(): void {
    this.store.dispose();
  }

  private readonly redact = (text: string): string => this.deps.redactShown?.(text) ?? text;

  private decideChange(selection: ChangeSelection, decision: 'keep' | 'undo'): void {
    if (decision === 'undo') {
      this.deps.actions.undoChanges(selection);
    } else if (!this.deps.changes.keep(selection)) {
      this.didChangeChanges.fire(this.changes());
    }
  }

  private changes(): readonly ChangeView[] {
    const { id } = this.deps.sessions.current;
    return this.deps.changes
      .list()
      .filter((change) => change.sessionId === id)
      .map((change) => toChangeView(change, this.redact));
  }

  /** Says what did not happen; `refusal`: why, when the work ends with false. */
  private later(work: Promise<unknown>, outcome: string, refusal = ''): void {
    const tell = (why: string): void => {
      this.deps.log.error(`${outcome}: ${why}`);
      this.deps.actions.tell(`${outcome}: ${why}`);
    };
    work.then(
      (value) => {
        if (value === false) {
          tell(refusal);
        }
      },
      (error: unknown) => tell(errorMessage(error)),
    );
  }

  private stateOf(sessionId: string): { readonly state?: 'running' | 'waiting' } {
    const isWaiting =
      this.deps.questions.list().some((question) => question.sessionId === sessionId) ||
      this.deps.edits.list().some((edit) => edit.sessionId === sessionId && edit.state === 'open');
    if (isWaiting) {
      return { state: 'waiting' };
    }
    return this.deps.sessions.find(sessionId)?.isBusy === true ? { state: 'running' } : {};
  }

  private prompts(): readonly PromptView[] {
    const { id } = this.deps.sessions.current;
    return this.deps.questions
      .list()
      .filter((question) => question.sessionId === id)
      .map(
        ({
          sessionId: _sessionId,
          createdAtMs: _createdAtMs,
          description,
          questions,
          ...view
        }) => ({
          ...view,
          ...(questions === undefined ? {} : { questions: shownQuestions(questions, this.redact) }),
          // The agent's own words about it; what it would do is in the effects and the input, and stays whole.
          ...(description === undefined ? {} : { description: this.redact(description) }),
        }),
      );
  }

  private shownEdits(): readonly PendingEdit[] {
    const { id } = this.deps.sessions.current;
    return this.deps.edits.list().filter((edit) => edit.sessionId === id);
  }

  private edits(): readonly EditView[] {
    return this.shownEdits().map((edit) => toEditView(edit, this.marks));
  }

  private status(session: ChatSession): StatusView {
    const snapshot = session.live();
    const model = this.deps.findModel(session.modelId);
    const bridge = model === undefined ? undefined : this.deps.bridgeOf(model);
    const handover =
      model === undefined || session.isBusy ? undefined : this.deps.handover?.(session, model);
    return {
      phase: snapshot.phase,
      title: snapshot.title,
      modelId: session.modelId,
      modelName: model?.name ?? 'Choose a model',
      runtimeName: model === undefined ? '' : this.deps.runtimeName(model),
      ...(bridge === undefined || model === undefined
        ? {}
        : { coverage: coverageView(bridge, model) }),
      mode: session.mode,
      ...this.choices(model),
      ...(snapshot.activity === undefined ? {} : { activity: snapshot.activity }),
      queuedCount: snapshot.queuedCount,
      isQueueHeld: snapshot.isQueueHeld,
      ...(handover === undefined ? {} : { handover }),
      ...(snapshot.usage === undefined ? {} : { usage: snapshot.usage }),
      ...(snapshot.context === undefined ? {} : { context: snapshot.context }),
      ...(snapshot.spent === undefined ? {} : { spent: snapshot.spent }),
      ...this.compaction(model),
      instructionFiles: session.instructionFiles,
    };
  }

  private choices(model: ModelRef | undefined): Pick<StatusView, 'effort' | 'untaken'> {
    const { choices } = this.deps;
    const effort = choices?.effort();
    const untaken = model === undefined ? {} : (choices?.untaken(model) ?? {});
    return {
      ...(effort === undefined ? {} : { effort }),
      ...(Object.keys(untaken).length === 0 ? {} : { untaken }),
    };
  }

  private compaction(model: ModelRef | undefined): Pick<StatusView, 'compaction'> {
    if (
      model === undefined ||
      (model.runtime !== undefined && this.deps.takesCompact?.(model) !== true)
    ) {
      return {};
    }
    return { compaction: model.runtime === undefined ? 'ours' : 'agent' };
  }
}

function withImages(images: readonly ImageContent[]): {
  readonly images?: readonly PromptImage[];
} {
  return images.length === 0
    ? {}
    : { images: images.map(({ mediaType, data }) => ({ mediaType, data })) };
}

function coverageView(bridge: Bridge, model: ModelRef): NonNullable<StatusView['coverage']> {
  const { coverage, note } = coverageOf(bridge, model);
  return { level: coverage, note };
}

/** The card's view of a change: without the whole texts, the origins in words. */
export function toChangeView(
  change: UnreviewedChange,
  redact: (text: string) => string,
): ChangeView {
  const { id, turnId, path, label, kind, hunks } = change;
  const callId = hunks
    .map(({ origin }) => origin)
    .find((origin) => origin.kind === 'during')?.callId;
  return {
    id,
    turnId,
    ...(callId === undefined ? {} : { callId }),
    path,
    label,
    kind,
    added: hunks.reduce((sum, { hunk }) => sum + hunk.newLines, 0),
    removed: hunks.reduce((sum, { hunk }) => sum + hunk.oldLines, 0),
    hunks: hunks.map((entry) => ({ hunk: entry.hunk, origin: redact(changeWords(entry)) })),
  };
}

/** The card's view of an edit: without the whole texts, with what changed within the lines. */
export function toEditView(edit: PendingEdit, marks: HunkMarkCache): EditView {
  const {
    sessionId: _sessionId,
    baseText: _baseText,
    proposedText: _proposedText,
    createdAtMs: _createdAtMs,
    detached: _detached,
    ...view
  } = edit;
  return {
    ...view,
    hunks: edit.hunks.map((entry, index) => {
      const own = index < maxMarkedHunks ? marks.marksOf(entry.hunk) : undefined;
      return own === undefined ? entry : { ...entry, marks: own };
    }),
    added: edit.hunks.reduce((sum, { hunk }) => sum + hunk.newLines, 0),
    removed: edit.hunks.reduce((sum, { hunk }) => sum + hunk.oldLines, 0),
  };
}

/** The first item that a view is given, which was reading at `anchorId`. */
function firstShown(items: readonly SessionItem[], anchorId: string | undefined): number {
  const end = Math.max(0, items.length - shownItems);
  const anchor =
    anchorId === undefined || end === 0 ? -1 : items.findLastIndex(({ id }) => id === anchorId);
  return anchor < 0 || anchor < items.length - maxAnchoredItems
    ? end
    : Math.max(0, Math.min(end, anchor - aboveAnchor));
}
