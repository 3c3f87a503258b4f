import type { Hunk, HunkDecision } from '../edits/fileEdit';
import type { HunkMarks } from '../edits/hunkMarks';
import type { SessionDelta, SessionItem } from '../events/sessionItem';
import type { UserQuestion } from '../events/toolIntent';
import type { ContextUse } from '../events/contextUse';
import type { UsageTotal } from '../events/usageTotal';
import type { Usage } from '../events/usage';
import type { Effect, PermissionMode, PermissionOffer, RememberScope } from '../gate/contract';

/** Raised when host and view no longer understand each other; a view of another version asks for a reload. */
export const protocolVersion = 1;

/** View -> host, with an answer. */
export interface Requests {
  /** Sends a prompt; queued while a turn runs. The draft is cleared only after `accepted`. */
  'prompt/submit': {
    params: {
      readonly text: string;
      /** `steer`: while a turn runs it joins that turn, where the runtime takes words. Default `followUp`. */
      readonly kind?: 'steer' | 'followUp';
      readonly images?: readonly PromptImage[];
    };
    result: {
      readonly accepted: boolean;
      readonly problem?: string;
      readonly how?: 'started' | 'steered' | 'queued';
    };
  };
  /** Asks something else in the place of an earlier message; what was said after it stays on its own branch. */
  'prompt/resend': {
    params: { readonly itemId: string; readonly text: string };
    result: { readonly accepted: boolean; readonly problem?: string };
  };
  /** `ok` is false when it waits no longer. */
  'queue/edit': {
    params: { readonly itemId: string; readonly text: string };
    result: { readonly ok: boolean };
  };
  /** Takes the prompt that was queued last out, for the composer. */
  'queue/takeBack': {
    params: Record<string, never>;
    result: { readonly text?: string; readonly images?: readonly PromptImage[] };
  };
  /** Shows what was asked in the place of a message instead, with everything that followed. */
  'branch/choose': {
    params: { readonly itemId: string; readonly index: number };
    result: { readonly ok: boolean; readonly problem?: string };
  };
  /** A new session with everything before a message; the message is put into its composer: its text by the host, its `images` by the view. */
  'session/fork': {
    params: { readonly itemId: string };
    result: {
      readonly ok: boolean;
      readonly problem?: string;
      readonly images?: readonly PromptImage[];
    };
  };
  'session/search': {
    params: { readonly query: string };
    result: {
      readonly matches: readonly {
        readonly sessionId: string;
        readonly role: string;
        readonly atMs: number;
        readonly excerpt: string;
      }[];
      /** There is more than is shown. */
      readonly isTruncated: boolean;
    };
  };
  /** The whole of a tool card's input or output, capped at 1 MiB. */
  'tool/detail': {
    params: { readonly callId: string; readonly part: 'input' | 'output' };
    result: { readonly text: string; readonly isTruncated: boolean };
  };
  /** The items of the conversation before one that the view has; the view has the end of a long one only. */
  'item/before': {
    params: { readonly itemId: string; readonly count: number };
    result: {
      readonly items: readonly SessionItem[];
      /** How many there are before these. */
      readonly before: number;
    };
  };
  /** Files of the workspace by a few letters of their paths, best first, for a mention. */
  'file/find': {
    params: { readonly query: string };
    result: { readonly paths: readonly string[] };
  };
  'endpoint/probe': {
    params: { readonly url: string; readonly key?: string };
    result: { readonly models: readonly string[]; readonly problem?: string };
  };
  'endpoint/add': {
    params: {
      readonly name: string;
      readonly url: string;
      readonly key?: string;
      readonly models: readonly string[];
    };
    result: { readonly ok: boolean; readonly problem?: string };
  };
  'session/list': {
    params: Record<string, never>;
    result: { readonly sessions: readonly SessionSummaryView[] };
  };
}

/** View -> host, no answer. */
export interface Commands {
  /** The view is (again) there: it wants a snapshot, from `anchorId` on when that is far above the end. */
  'view/ready': { readonly version: number; readonly anchorId?: string };
  /** A gap in the sequence: it wants a snapshot. */
  'view/resync': { readonly lastSeq: number; readonly anchorId?: string };
  'view/draft': { readonly text: string };
  /** Pictures that came into the composer, or left it: the host keeps them as it keeps the draft's text. */
  'view/draftPictures': {
    readonly added: readonly DraftPicture[];
    readonly removed: readonly string[];
  };
  'turn/stop': Record<string, never>;
  'queue/remove': { readonly itemId: string };
  /** A waiting prompt is to join the running turn; without one it is sent. */
  'queue/steer': { readonly itemId: string };
  /** Sends what waits for the user. */
  'queue/send': Record<string, never>;
  'permission/answer': {
    readonly questionId: string;
    readonly digest: string;
    readonly answer: PermissionAnswerParams;
  };
  'hunk/decide': {
    readonly editId: string;
    /** Empty = every hunk of the edit that is undecided. */
    readonly hunkIds: readonly string[];
    readonly decision: 'approve' | 'deny';
    readonly reason?: string;
  };
  'edit/decideAll': { readonly decision: 'approve' | 'deny' };
  'edit/open': { readonly editId: string; readonly hunkId?: string };
  /** About changes that are in their files already. No hunk ids: all of the file. */
  'change/decide': {
    readonly changeId: string;
    readonly hunkIds: readonly string[];
    readonly decision: 'keep' | 'undo';
  };
  /** All of the conversation that is shown. */
  'change/decideAll': { readonly decision: 'keep' | 'undo' };
  'change/open': { readonly changeId: string; readonly hunkId?: string };
  /** Back to before a turn: asks what, and shows what will change. */
  'turn/restore': { readonly turnId: string };
  'model/choose': { readonly modelId: string };
  'mode/choose': { readonly mode: PermissionMode };
  /** How much models think, for all of them. Absent: what each does by itself. */
  'effort/choose': { readonly effort?: EffortLevel };
  'session/new': Record<string, never>;
  'session/open': { readonly sessionId: string };
  /** Without an id: the session that is shown. */
  'session/rename': { readonly title: string; readonly sessionId?: string };
  'session/export': { readonly sessionId?: string };
  'session/remove': { readonly sessionId: string };
  'file/open': { readonly path: string; readonly lineOneBased?: number };
  'link/open': { readonly url: string };
  'text/copy': { readonly text: string };
  'text/insert': { readonly text: string };
  /** The one action that helps, by its name; each is a fixed host action, never a free command id. */
  'action/run': { readonly action: PanelAction; readonly target?: string };
}

export type EffortLevel = 'minimal' | 'low' | 'medium' | 'high' | 'xhigh';

/** What of the panel's choices the chosen model does not take: for each why, a sentence. Absent: taken, or nobody knows. */
export interface UntakenView {
  readonly model?: string;
  readonly effort?: string;
  readonly plan?: string;
  /** Only where the workspace has further folders. */
  readonly extraFolders?: string;
  readonly images?: string;
}

/** A picture that goes with a prompt; `data` is base64. */
export interface PromptImage {
  readonly mediaType: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';
  readonly data: string;
}

/** A picture in the composer. The view makes the id; the name is for its list. */
export interface DraftPicture extends PromptImage {
  readonly id: string;
  readonly name: string;
}

export type PanelAction =
  | 'retry'
  | 'setKey'
  | 'signIn'
  | 'install'
  | 'openSettings'
  | 'chooseModel'
  | 'openFolder'
  | 'trustFolder'
  | 'newSession'
  | 'showLog'
  | 'showAudit'
  | 'showCost'
  | 'compact'
  | 'refreshDiscovery'
  | 'startPlayground'
  | 'reviewNext'
  | 'showQuestion'
  | 'showHistory';

export type PermissionAnswerParams =
  | { readonly kind: 'allowOnce' }
  | { readonly kind: 'allowAlways'; readonly offerId: string; readonly scope: RememberScope }
  | { readonly kind: 'deny'; readonly reason?: string }
  | { readonly kind: 'answers'; readonly answers: Readonly<Record<string, string>> };

/** Host -> view. Deltas carry `seq`; a view that misses one asks for a snapshot. Prompts never queue behind deltas. */
export interface Notifications {
  'state/snapshot': PanelSnapshot;
  'turn/events': {
    readonly seq: number;
    readonly deltas: readonly SessionDelta[];
    readonly status?: StatusView;
  };
  /** The same for what is most of a turn, text that is added to one item, without the frame around it. */
  'turn/text': { readonly seq: number; readonly id: string; readonly delta: string };
  /** The whole list of open questions: small, sent at once. */
  'prompt/changed': { readonly prompts: readonly PromptView[] };
  'edit/changed': { readonly edits: readonly EditView[] };
  'change/changed': { readonly changes: readonly ChangeView[] };
  'setup/changed': SetupView;
  'composer/insert': { readonly text: string };
  /** A picture of the draft that an earlier page has left: behind the first snapshot, a message for each. */
  'composer/picture': DraftPicture;
  'composer/focus': Record<string, never>;
  /** Opens the model picker, the endpoint form, the history list in the view. */
  'view/show': { readonly what: 'models' | 'endpoint' | 'history' };
}

export interface PanelSnapshot {
  readonly version: number;
  readonly seq: number;
  readonly sessionId: string;
  readonly title: string;
  readonly items: readonly SessionItem[];
  /** How many items the conversation has before these; they are asked for. Absent: none. */
  readonly itemsBefore?: number;
  readonly prompts: readonly PromptView[];
  readonly edits: readonly EditView[];
  readonly changes: readonly ChangeView[];
  readonly status: StatusView;
  readonly setup: SetupView;
  readonly draft: string;
}

export interface StatusView {
  readonly phase: 'idle' | 'streaming' | 'tooling' | 'condensing' | 'faulted';
  readonly title: string;
  readonly modelId: string;
  readonly modelName: string;
  /** `Claude Code`, `OpenAI`, … where the turn is produced. */
  readonly runtimeName: string;
  /** Gate coverage of an external agent, for the badge; absent for network models. */
  readonly coverage?: { readonly level: 'all' | 'asks' | 'none'; readonly note: string };
  readonly mode: PermissionMode;
  /** The user's choice, whether the model takes it or not. Absent: what the model does by itself. */
  readonly effort?: EffortLevel;
  /** What is greyed out; absent: nothing. */
  readonly untaken?: UntakenView;
  readonly activity?: {
    readonly text: string;
    readonly sinceMs: number;
    /** It waits until `atMs` and then asks again by itself: `retrying in 3 s (2 of 2)`. */
    readonly retry?: { readonly atMs: number; readonly attempt: number; readonly of?: number };
  };
  readonly queuedCount: number;
  /** What waits is sent by nobody but the user. */
  readonly isQueueHeld?: boolean;
  /** What the chosen model has to be told before the next prompt, and what that costs; absent: nothing worth a word. */
  readonly handover?: string;
  readonly usage?: Usage;
  /** What fills the context of the model; absent: nothing is known. */
  readonly context?: ContextUse;
  /** Tokens and cost of the conversation; absent: nothing was used yet. */
  readonly spent?: UsageTotal;
  /** Who makes the conversation smaller when the user wants it; absent: nobody can. */
  readonly compaction?: 'ours' | 'agent';
  /** Instruction files that are in the system prompt, relative paths. */
  readonly instructionFiles: readonly string[];
}

/** What was found and what can be chosen; built by discovery, drawn as empty state and picker. */
export interface SetupView {
  readonly isTrusted: boolean;
  readonly hasFolder: boolean;
  readonly isProbing: boolean;
  readonly runtimes: readonly RuntimeView[];
  readonly models: readonly ModelView[];
  readonly examples: readonly string[];
}

export interface RuntimeView {
  readonly id: string;
  readonly name: string;
  readonly kind: 'agent' | 'api' | 'local' | 'editor' | 'playground';
  readonly state:
    'ready' | 'signedOut' | 'missing' | 'broken' | 'needsKey' | 'needsTrust' | 'unknown';
  /** `2.1.329 · signed in`, `key in SecretStorage`, `3 models`. */
  readonly detail: string;
  /** The model that one click starts with; absent when it cannot start yet. */
  readonly modelId?: string;
  readonly action?: 'signIn' | 'setKey' | 'install' | 'trustFolder';
}

export interface ModelView {
  readonly id: string;
  readonly name: string;
  /** Group heading in the picker. */
  readonly group: string;
  readonly detail: string;
  readonly isUsable: boolean;
  /** Why it cannot be chosen at all: its agent lets nobody choose its model. Absent: it can. */
  readonly problem?: string;
}

export interface PromptView {
  readonly id: string;
  readonly digest: string;
  readonly callId: string;
  readonly asker: string;
  readonly toolName: string;
  readonly effects: readonly Effect[];
  readonly reason: string;
  readonly description?: string;
  readonly inputText: string;
  readonly questions?: readonly UserQuestion[];
  /** What "always allow" may mean, the narrowest first. */
  readonly offers?: readonly PermissionOffer[];
}

export interface EditView {
  readonly id: string;
  readonly callId: string;
  readonly asker: string;
  readonly path: string;
  readonly label: string;
  readonly kind: 'edit' | 'create' | 'delete';
  readonly state: 'open' | 'approved' | 'partly' | 'denied' | 'withdrawn' | 'written';
  readonly reason: string;
  readonly note?: string;
  readonly added: number;
  readonly removed: number;
  readonly hunks: readonly {
    readonly hunk: Hunk;
    readonly decision: HunkDecision;
    /** What changed within the lines; left out where the whole lines are the change, and in edits of very many hunks. */
    readonly marks?: HunkMarks;
  }[];
}

/** What changed in a file in one turn without anybody having approved it. */
export interface ChangeView {
  readonly id: string;
  readonly turnId: string;
  /** The call that it is claimed for, where there is one. */
  readonly callId?: string;
  readonly path: string;
  readonly label: string;
  readonly kind: 'edit' | 'create' | 'delete';
  readonly added: number;
  readonly removed: number;
  /** `origin`: where each came from, in words: `during "npm test"`. */
  readonly hunks: readonly { readonly hunk: Hunk; readonly origin: string }[];
}

export interface SessionSummaryView {
  readonly id: string;
  readonly title: string;
  readonly updatedAtMs: number;
  readonly modelId?: string;
  readonly preview?: string;
  readonly isCurrent: boolean;
  /** Only a newer version can read it. */
  readonly isNewer?: true;
  /** It works in the background, or a question of it waits for an answer. */
  readonly state?: 'running' | 'waiting';
}

export type RequestMethod = keyof Requests;
export type CommandMethod = keyof Commands;
export type NotificationMethod = keyof Notifications;

export type RequestHandlers = {
  readonly [M in RequestMethod]: (
    params: Requests[M]['params'],
    signal: AbortSignal,
  ) => Promise<Requests[M]['result']>;
};
export type CommandHandlers = { readonly [M in CommandMethod]: (params: Commands[M]) => void };
export type NotificationHandlers = {
  readonly [M in NotificationMethod]: (params: Notifications[M]) => void;
};

/** What crosses the wire. */
export type ViewMessage =
  | {
      readonly type: 'request';
      readonly id: number;
      readonly method: RequestMethod;
      readonly params: unknown;
    }
  | { readonly type: 'command'; readonly method: CommandMethod; readonly params: unknown };
export type HostMessage =
  | {
      readonly type: 'response';
      readonly id: number;
      readonly result?: unknown;
      readonly error?: string;
    }
  | {
      readonly type: 'notification';
      readonly method: NotificationMethod;
      readonly params: unknown;
    };
