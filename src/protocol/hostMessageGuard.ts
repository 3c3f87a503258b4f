import {
  isArrayOf,
  isBoolean,
  isNumber,
  isOneOf,
  isOptional,
  isRecord,
  isString,
  stringField,
  type Guard,
} from '../base/guard';
import type { PlanItem } from '../events/observation';
import type { ErrorAction, SessionDelta, SessionItem, ToolItem } from '../events/sessionItem';
import type { UserQuestion } from '../events/toolIntent';
import type { ContextUse } from '../events/contextUse';
import type { Usage } from '../events/usage';
import type { Tally, UsageTotal } from '../events/usageTotal';
import type { PermissionOffer } from '../gate/contract';
import { isDraftPicture } from './draftPicture';
import type { Checked, NotificationMessage, ResponseMessage } from './envelope';
import { isCount, isFields, isListOf, isText, protocolLimits as limits } from './limits';
import type {
  ChangeView,
  EditView,
  ModelView,
  NotificationMethod,
  Notifications,
  PanelSnapshot,
  PromptView,
  RequestMethod,
  Requests,
  RuntimeView,
  SessionSummaryView,
  SetupView,
  StatusView,
  UntakenView,
} from './methods';
import { isPromptImages } from './promptImage';
import {
  isEffort,
  isMode,
  type EffectView,
  type HunkDecisionView,
  type HunkMarksView,
} from './viewTypes';

export type CheckedHostMessage = ResponseMessage | NotificationMessage;

/** Checks what came from the host: a view of another version must fail loudly and not half draw. Never throws. */
export function checkHostMessage(value: unknown): Checked<CheckedHostMessage> {
  if (!isRecord(value)) {
    return { ok: false, problem: 'not an object' };
  }
  const { id, error, params, result } = value;
  if (value.type === 'response') {
    return isCount(id) && isOptional(isString)(error)
      ? {
          ok: true,
          message: { type: 'response', id, result, ...(error === undefined ? {} : { error }) },
        }
      : { ok: false, problem: 'malformed response' };
  }
  const method = stringField(value, 'method') ?? '';
  const message =
    value.type === 'notification' && isNotificationMethod(method)
      ? checkedNotification(method, params)
      : undefined;
  return message === undefined
    ? { ok: false, problem: `malformed or unknown: ${JSON.stringify(method.slice(0, 60))}` }
    : { ok: true, message };
}

export function isHostMessage(value: unknown): value is CheckedHostMessage {
  return checkHostMessage(value).ok;
}

/** The shape of the answer that a request of this method gets. */
export function isResultOf<M extends RequestMethod>(
  method: M,
  value: unknown,
): value is Requests[M]['result'] {
  const guard: Guard<Requests[M]['result']> = resultGuards[method];
  return guard(value);
}

const isProblem = isOptional(isString);
const isItemText = isText(limits.text * 4);

const isSessionSummary = isFields<OfFields<SessionSummaryView>>({
  id: isString,
  title: isString,
  updatedAtMs: isNumber,
  modelId: isOptional(isString),
  preview: isOptional(isString),
  isCurrent: isBoolean,
  isNewer: isOptional((value): value is true => value === true),
  state: isOptional(isOneOf('running', 'waiting')),
});

const resultGuards: { readonly [M in RequestMethod]: Guard<Requests[M]['result']> } = {
  'prompt/submit': isFields<OfFields<Requests['prompt/submit']['result']>>({
    accepted: isBoolean,
    problem: isProblem,
    how: isOptional(isOneOf('started', 'steered', 'queued')),
  }),
  'prompt/resend': isFields<OfFields<Requests['prompt/resend']['result']>>({
    accepted: isBoolean,
    problem: isProblem,
  }),
  'queue/edit': isFields<OfFields<Requests['queue/edit']['result']>>({ ok: isBoolean }),
  'queue/takeBack': isFields<OfFields<Requests['queue/takeBack']['result']>>({
    text: isOptional(isText(limits.text)),
    images: isOptional(isPromptImages),
  }),
  'branch/choose': isFields<OfFields<Requests['branch/choose']['result']>>({
    ok: isBoolean,
    problem: isProblem,
  }),
  'session/fork': isFields<OfFields<Requests['session/fork']['result']>>({
    ok: isBoolean,
    problem: isProblem,
    images: isOptional(isPromptImages),
  }),
  'session/search': isFields<OfFields<Requests['session/search']['result']>>({
    matches: isArrayOf(
      isFields({ sessionId: isString, role: isString, atMs: isNumber, excerpt: isString }),
    ),
    isTruncated: isBoolean,
  }),
  'tool/detail': isFields<OfFields<Requests['tool/detail']['result']>>({
    text: isText(limits.detail),
    isTruncated: isBoolean,
  }),
  'item/before': isFields<OfFields<Requests['item/before']['result']>>({
    // Asked when it is needed: the guard of items is made below.
    items: (value): value is Requests['item/before']['result']['items'] =>
      isListOf(isSessionItem, limits.pageItems)(value),
    before: isCount,
  }),
  'file/find': isFields<OfFields<Requests['file/find']['result']>>({
    paths: isListOf(isString, limits.models),
  }),
  'endpoint/probe': isFields<OfFields<Requests['endpoint/probe']['result']>>({
    models: isListOf(isString, limits.models),
    problem: isProblem,
  }),
  'endpoint/add': isFields<OfFields<Requests['endpoint/add']['result']>>({
    ok: isBoolean,
    problem: isProblem,
  }),
  'session/list': isFields<OfFields<Requests['session/list']['result']>>({
    sessions: isArrayOf(isSessionSummary),
  }),
};

/** The fields of an interface as a type that `isShape` takes. */
type OfFields<T> = { readonly [K in keyof T]: T[K] };

const isParent = isOptional(isString);
const isPlanItem = isFields<OfFields<PlanItem>>({
  text: isString,
  status: isOneOf('pending', 'active', 'done'),
});

const errorActions: { readonly [A in ErrorAction]: true } = {
  retry: true,
  setKey: true,
  signIn: true,
  install: true,
  openSettings: true,
  chooseModel: true,
  openFolder: true,
  trustFolder: true,
  newSession: true,
  showLog: true,
};

const isErrorAction: Guard<ErrorAction> = (value): value is ErrorAction =>
  isString(value) && Object.hasOwn(errorActions, value);

const isToolItem = isFields<OfFields<ToolItem>>({
  kind: isOneOf('tool'),
  id: isString,
  toolName: isString,
  action: isOneOf('read', 'edit', 'run', 'search', 'list', 'fetch', 'plan', 'ask', 'other'),
  object: isItemText,
  path: isOptional(isString),
  input: isItemText,
  output: isOptional(isItemText),
  outputBytes: isOptional(isNumber),
  summary: isOptional(isString),
  diff: isOptional(isItemText),
  state: isOneOf('pending', 'awaiting', 'running', 'ok', 'error', 'denied', 'aborted'),
  executedBy: isOneOf('host', 'child'),
  why: isOptional(isString),
  editId: isOptional(isString),
  parentCallId: isParent,
  ranBy: isOptional(isOneOf('user', 'private')),
});

type ItemOf<K extends SessionItem['kind']> = OfFields<Extract<SessionItem, { kind: K }>>;

const itemGuards: { readonly [K in SessionItem['kind']]: Guard<ItemOf<K>> } = {
  user: isFields<ItemOf<'user'>>({
    kind: isOneOf('user'),
    id: isString,
    text: isItemText,
    isQueued: isOptional(isBoolean),
    turnId: isOptional(isString),
    isSteering: isOptional(isBoolean),
    wasSteered: isOptional(isBoolean),
    imageCount: isOptional(isCount),
    branch: isOptional(isFields({ index: isCount, count: isCount })),
  }),
  text: isFields<ItemOf<'text'>>({
    kind: isOneOf('text'),
    id: isString,
    text: isItemText,
    isOpen: isBoolean,
    parentCallId: isParent,
  }),
  thinking: isFields<ItemOf<'thinking'>>({
    kind: isOneOf('thinking'),
    id: isString,
    text: isItemText,
    isOpen: isBoolean,
    durationMs: isOptional(isNumber),
    parentCallId: isParent,
  }),
  tool: isToolItem,
  plan: isFields<ItemOf<'plan'>>({
    kind: isOneOf('plan'),
    id: isString,
    items: isArrayOf(isPlanItem),
  }),
  notice: isFields<ItemOf<'notice'>>({
    kind: isOneOf('notice'),
    id: isString,
    level: isOneOf('info', 'warning'),
    text: isString,
  }),
  compaction: isFields<ItemOf<'compaction'>>({
    kind: isOneOf('compaction'),
    id: isString,
    text: isItemText,
    trigger: isOneOf('auto', 'manual'),
    writtenBy: isOneOf('model', 'digest'),
    tokensBefore: isNumber,
    tokensAfter: isNumber,
  }),
  usage: (value): value is ItemOf<'usage'> =>
    isRecord(value) && isString(value.id) && isUsageTotal(value.total),
  error: isFields<ItemOf<'error'>>({
    kind: isOneOf('error'),
    id: isString,
    message: isString,
    detail: isOptional(isItemText),
    // Only shown through its actions: a code that a newer host invents still draws.
    code: isFailureCode,
    actions: isArrayOf(isErrorAction),
  }),
};

function isFailureCode(value: unknown): value is ItemOf<'error'>['code'] {
  return isString(value);
}

function isSessionItem(value: unknown): value is SessionItem {
  const kind = stringField(value, 'kind') ?? '';
  return isItemKind(kind) && itemGuards[kind](value);
}

function isItemKind(kind: string): kind is SessionItem['kind'] {
  return Object.hasOwn(itemGuards, kind);
}

function isSessionDelta(value: unknown): value is SessionDelta {
  if (!isRecord(value)) {
    return false;
  }
  switch (value.op) {
    case 'add':
      return isSessionItem(value.item) && isOptional(isCount)(value.index);
    case 'text':
      return isString(value.id) && isItemText(value.delta);
    case 'close':
      return isString(value.id) && isOptional(isNumber)(value.durationMs);
    case 'replace':
      return isSessionItem(value.item);
    case 'remove':
      return isString(value.id);
    default:
      return false;
  }
}

const isPathClass = isOneOf('inside', 'outside', 'protected', 'secret', 'invalid');

function isEffect(value: unknown): value is EffectView {
  if (!isRecord(value)) {
    return false;
  }
  switch (value.kind) {
    case 'read':
      return isString(value.path) && isString(value.target) && isPathClass(value.pathClass);
    case 'write':
      return (
        isString(value.path) &&
        isString(value.target) &&
        isPathClass(value.pathClass) &&
        isOneOf('content', 'edits', 'patch', 'delete')(value.change)
      );
    case 'command':
      return isString(value.command) && isString(value.cwd) && isPathClass(value.cwdClass);
    case 'network':
      return isString(value.url);
    case 'mcp':
      return isString(value.server) && isString(value.tool);
    case 'unknown':
      return isString(value.description);
    case 'question':
    case 'none':
      return true;
    default:
      return false;
  }
}

const isQuestion = isFields<OfFields<UserQuestion>>({
  question: isString,
  header: isOptional(isString),
  options: isArrayOf(isFields({ label: isString, description: isOptional(isString) })),
  allowsMany: isOptional(isBoolean),
});

const isOffer = isFields<OfFields<PermissionOffer>>({ id: isString, text: isString });

const isPrompt = isFields<OfFields<PromptView>>({
  id: isString,
  digest: isString,
  callId: isString,
  asker: isString,
  toolName: isString,
  effects: isArrayOf(isEffect),
  reason: isString,
  description: isOptional(isString),
  inputText: isString,
  questions: isOptional(isArrayOf(isQuestion)),
  offers: isOptional(isArrayOf(isOffer)),
});

const isHunkDecision: Guard<HunkDecisionView> = (value): value is HunkDecisionView =>
  isRecord(value) &&
  (value.kind === 'pending' ||
    value.kind === 'approved' ||
    (value.kind === 'denied' && isOptional(isString)(value.reason)));

const isHunk = isFields<OfFields<EditView['hunks'][number]['hunk']>>({
  id: isString,
  oldStart: isCount,
  oldLines: isCount,
  newStart: isCount,
  newLines: isCount,
  oldText: isString,
  newText: isString,
});

const isLineMarks = isArrayOf(
  isFields<OfFields<HunkMarksView['removed'][number]>>({
    line: isCount,
    start: isCount,
    end: isCount,
  }),
);

const isHunkMarks = isFields<OfFields<HunkMarksView>>({ removed: isLineMarks, added: isLineMarks });

const isEdit = isFields<OfFields<EditView>>({
  id: isString,
  callId: isString,
  asker: isString,
  path: isString,
  label: isString,
  kind: isOneOf('edit', 'create', 'delete'),
  state: isOneOf('open', 'approved', 'partly', 'denied', 'withdrawn', 'written'),
  reason: isString,
  note: isOptional(isString),
  added: isCount,
  removed: isCount,
  hunks: isArrayOf(
    isFields({ hunk: isHunk, decision: isHunkDecision, marks: isOptional(isHunkMarks) }),
  ),
});

const isChange = isFields<OfFields<ChangeView>>({
  id: isString,
  turnId: isString,
  callId: isOptional(isString),
  path: isString,
  label: isString,
  kind: isOneOf('edit', 'create', 'delete'),
  added: isCount,
  removed: isCount,
  hunks: isArrayOf(isFields({ hunk: isHunk, origin: isString })),
});

const isUsage = isFields<OfFields<Usage>>({
  inputTokens: isOptional(isNumber),
  outputTokens: isOptional(isNumber),
  cacheReadTokens: isOptional(isNumber),
  cacheWriteTokens: isOptional(isNumber),
  costUsd: isOptional(isNumber),
  costBasis: isOptional(isOneOf('prices')),
  contextWindowTokens: isOptional(isNumber),
  contextTokens: isOptional(isNumber),
  reportedBy: isOneOf('provider', 'child'),
});

const isTally = isFields<OfFields<Tally>>({ known: isNumber, untold: isCount });

const isUsageTotal = isFields<OfFields<UsageTotal>>({
  exchanges: isCount,
  inputTokens: isTally,
  outputTokens: isTally,
  cacheReadTokens: isTally,
  cacheWriteTokens: isTally,
  costNanoUsd: isTally,
});

const isContextUse = isFields<OfFields<ContextUse>>({
  usedTokens: isOptional(isNumber),
  windowTokens: isOptional(isNumber),
  reserveTokens: isOptional(isNumber),
  limitTokens: isOptional(isNumber),
  parts: isOptional(
    isFields<OfFields<NonNullable<ContextUse['parts']>>>({
      system: isNumber,
      tools: isNumber,
      mcp: isNumber,
      files: isNumber,
      conversation: isNumber,
    }),
  ),
  basis: isOneOf('reported', 'estimated'),
});

const isUntaken = isFields<OfFields<UntakenView>>({
  model: isOptional(isString),
  effort: isOptional(isString),
  plan: isOptional(isString),
  extraFolders: isOptional(isString),
  images: isOptional(isString),
});

const isStatus = isFields<OfFields<StatusView>>({
  phase: isOneOf('idle', 'streaming', 'tooling', 'condensing', 'faulted'),
  title: isString,
  modelId: isString,
  modelName: isString,
  runtimeName: isString,
  coverage: isOptional(isFields({ level: isOneOf('all', 'asks', 'none'), note: isString })),
  mode: isMode,
  effort: isOptional(isEffort),
  untaken: isOptional(isUntaken),
  activity: isOptional(
    isFields({
      text: isString,
      sinceMs: isNumber,
      retry: isOptional(isFields({ atMs: isNumber, attempt: isCount, of: isOptional(isCount) })),
    }),
  ),
  queuedCount: isCount,
  isQueueHeld: isOptional(isBoolean),
  handover: isOptional(isString),
  usage: isOptional(isUsage),
  context: isOptional(isContextUse),
  spent: isOptional(isUsageTotal),
  compaction: isOptional(isOneOf('ours', 'agent')),
  instructionFiles: isArrayOf(isString),
});

const isRuntime = isFields<OfFields<RuntimeView>>({
  id: isString,
  name: isString,
  kind: isOneOf('agent', 'api', 'local', 'editor', 'playground'),
  state: isOneOf('ready', 'signedOut', 'missing', 'broken', 'needsKey', 'needsTrust', 'unknown'),
  detail: isString,
  modelId: isOptional(isString),
  action: isOptional(isOneOf('signIn', 'setKey', 'install', 'trustFolder')),
});

const isModel = isFields<OfFields<ModelView>>({
  id: isString,
  name: isString,
  group: isString,
  detail: isString,
  isUsable: isBoolean,
  problem: isOptional(isString),
});

const isSetup = isFields<OfFields<SetupView>>({
  isTrusted: isBoolean,
  hasFolder: isBoolean,
  isProbing: isBoolean,
  runtimes: isArrayOf(isRuntime),
  models: isArrayOf(isModel),
  examples: isArrayOf(isString),
});

const notificationGuards: { readonly [M in NotificationMethod]: Guard<Notifications[M]> } = {
  'state/snapshot': isFields<OfFields<PanelSnapshot>>({
    version: isCount,
    seq: isCount,
    sessionId: isString,
    title: isString,
    items: isArrayOf(isSessionItem),
    itemsBefore: isOptional(isCount),
    prompts: isArrayOf(isPrompt),
    edits: isArrayOf(isEdit),
    changes: isArrayOf(isChange),
    status: isStatus,
    setup: isSetup,
    draft: isText(limits.text),
  }),
  'turn/events': isFields<OfFields<Notifications['turn/events']>>({
    seq: isCount,
    deltas: isArrayOf(isSessionDelta),
    status: isOptional(isStatus),
  }),
  'turn/text': isFields<OfFields<Notifications['turn/text']>>({
    seq: isCount,
    id: isString,
    delta: isString,
  }),
  'prompt/changed': isFields<OfFields<Notifications['prompt/changed']>>({
    prompts: isArrayOf(isPrompt),
  }),
  'edit/changed': isFields<OfFields<Notifications['edit/changed']>>({ edits: isArrayOf(isEdit) }),
  'change/changed': isFields<OfFields<Notifications['change/changed']>>({
    changes: isArrayOf(isChange),
  }),
  'setup/changed': isSetup,
  'composer/insert': isFields<OfFields<Notifications['composer/insert']>>({
    text: isText(limits.text),
  }),
  'composer/picture': isDraftPicture,
  'composer/focus': (value): value is Record<string, never> => isRecord(value),
  'view/show': isFields<OfFields<Notifications['view/show']>>({
    what: isOneOf('models', 'endpoint', 'history'),
  }),
};

function isNotificationMethod(method: string): method is NotificationMethod {
  return Object.hasOwn(notificationGuards, method);
}

function checkedNotification<M extends NotificationMethod>(
  method: M,
  params: unknown,
): NotificationMessage<M> | undefined {
  const guard: Guard<Notifications[M]> = notificationGuards[method];
  return guard(params) ? { type: 'notification', method, params } : undefined;
}
