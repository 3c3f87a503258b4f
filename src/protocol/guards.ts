import { isOneOf, isOptional, isRecord, isShape, stringField, type Guard } from '../base/guard';
import type { Checked, CommandMessage, RequestMessage } from './envelope';
import { isDraftPictures } from './draftPicture';
import { isCount, isFilled, isListOf, isText, protocolLimits as limits } from './limits';
import type {
  CommandMethod,
  Commands,
  PanelAction,
  PermissionAnswerParams,
  RequestMethod,
  Requests,
} from './methods';
import { isPromptImages } from './promptImage';
import { isEffort, isMode } from './viewTypes';

/** A message of the view that has passed its guard. */
export type CheckedViewMessage = RequestMessage | CommandMessage;

/**
 * Checks what came from the view, which is outside the trust border: shape, allowed values, sizes. Fields that the
 * contract does not know are ignored, and nobody reads them. Never throws.
 */
export function checkViewMessage(value: unknown): Checked<CheckedViewMessage> {
  if (!isRecord(value)) {
    return { ok: false, problem: 'not an object' };
  }
  const { id, params } = value;
  const method = stringField(value, 'method') ?? '';
  if (value.type === 'command') {
    const message = isCommandMethod(method) ? checkedCommand(method, params) : undefined;
    return message === undefined ? broken(method) : { ok: true, message };
  }
  if (value.type !== 'request' || !isCount(id)) {
    return { ok: false, problem: 'neither a command nor a request with an id' };
  }
  const message = isRequestMethod(method) ? checkedRequest(method, id, params) : undefined;
  return message === undefined ? { ...broken(method), id } : { ok: true, message };
}

export function isViewMessage(value: unknown): value is CheckedViewMessage {
  return checkViewMessage(value).ok;
}

type GuardsOfRequests = { readonly [M in RequestMethod]: Guard<Requests[M]['params']> };
type GuardsOfCommands = { readonly [M in CommandMethod]: Guard<Commands[M]> };

const isEmpty: Guard<Record<string, never>> = (value): value is Record<string, never> =>
  isRecord(value) && Object.keys(value).length === 0;
const isId = isFilled(limits.id);
const isName = isText(limits.name);

const requestGuards: GuardsOfRequests = {
  'prompt/submit': isShape<Requests['prompt/submit']['params']>({
    text: isText(limits.text),
    kind: isOptional(isOneOf('steer', 'followUp')),
    images: isOptional(isPromptImages),
  }),
  'prompt/resend': isShape<Requests['prompt/resend']['params']>({
    itemId: isId,
    text: isText(limits.text),
  }),
  'queue/edit': isShape<Requests['queue/edit']['params']>({
    itemId: isId,
    text: isText(limits.text),
  }),
  'queue/takeBack': isEmpty,
  'branch/choose': isShape<Requests['branch/choose']['params']>({ itemId: isId, index: isCount }),
  'session/fork': isShape<Requests['session/fork']['params']>({ itemId: isId }),
  'session/search': isShape<Requests['session/search']['params']>({ query: isText(limits.query) }),
  'tool/detail': isShape<Requests['tool/detail']['params']>({
    callId: isId,
    part: isOneOf('input', 'output'),
  }),
  'item/before': isShape<Requests['item/before']['params']>({
    itemId: isId,
    count: (value): value is number => isCount(value) && value <= limits.pageItems,
  }),
  'file/find': isShape<Requests['file/find']['params']>({ query: isText(limits.name) }),
  'endpoint/probe': isShape<Requests['endpoint/probe']['params']>({
    url: isText(limits.url),
    key: isOptional(isText(limits.key)),
  }),
  'endpoint/add': isShape<Requests['endpoint/add']['params']>({
    name: isName,
    url: isText(limits.url),
    key: isOptional(isText(limits.key)),
    models: isListOf(isFilled(limits.name), limits.models),
  }),
  'session/list': isEmpty,
};

/** A record and not a list, so that a new action is a compile error here. */
const panelActions: { readonly [A in PanelAction]: true } = {
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
  showAudit: true,
  showCost: true,
  compact: true,
  refreshDiscovery: true,
  startPlayground: true,
  reviewNext: true,
  showQuestion: true,
  showHistory: true,
};

function isPanelAction(value: unknown): value is PanelAction {
  return typeof value === 'string' && Object.hasOwn(panelActions, value);
}

const isDecision = isOneOf('approve', 'deny');
/** An interface as a plain type, which a shape is made of. */
type Fields<T> = { readonly [K in keyof T]: T[K] };

const isKeepOrUndo = isOneOf('keep', 'undo');

const commandGuards: GuardsOfCommands = {
  'view/ready': isShape<Fields<Commands['view/ready']>>({
    version: isCount,
    anchorId: isOptional(isId),
  }),
  'view/resync': isShape<Fields<Commands['view/resync']>>({
    lastSeq: isCount,
    anchorId: isOptional(isId),
  }),
  'view/draft': isShape<Commands['view/draft']>({ text: isText(limits.text) }),
  'view/draftPictures': isShape<Commands['view/draftPictures']>({
    added: isDraftPictures,
    removed: isListOf(isId, limits.images),
  }),
  'turn/stop': isEmpty,
  'queue/remove': isShape<Commands['queue/remove']>({ itemId: isId }),
  'queue/steer': isShape<Commands['queue/steer']>({ itemId: isId }),
  'queue/send': isEmpty,
  'permission/answer': isShape<Commands['permission/answer']>({
    questionId: isId,
    digest: isFilled(limits.id),
    answer: isPermissionAnswer,
  }),
  'hunk/decide': isShape<Commands['hunk/decide']>({
    editId: isId,
    hunkIds: isListOf(isId, limits.hunkIds),
    decision: isDecision,
    reason: isOptional(isText(limits.reason)),
  }),
  'edit/decideAll': isShape<Commands['edit/decideAll']>({ decision: isDecision }),
  'edit/open': isShape<Commands['edit/open']>({ editId: isId, hunkId: isOptional(isId) }),
  'change/decide': isShape<Commands['change/decide']>({
    changeId: isId,
    hunkIds: isListOf(isId, limits.hunkIds),
    decision: isKeepOrUndo,
  }),
  'change/decideAll': isShape<Commands['change/decideAll']>({ decision: isKeepOrUndo }),
  'change/open': isShape<Commands['change/open']>({ changeId: isId, hunkId: isOptional(isId) }),
  'turn/restore': isShape<Commands['turn/restore']>({ turnId: isId }),
  'model/choose': isShape<Commands['model/choose']>({ modelId: isFilled(limits.name) }),
  'mode/choose': isShape<Commands['mode/choose']>({ mode: isMode }),
  'effort/choose': isShape<Fields<Commands['effort/choose']>>({ effort: isOptional(isEffort) }),
  'session/new': isEmpty,
  'session/open': isShape<Commands['session/open']>({ sessionId: isId }),
  'session/rename': isShape<Commands['session/rename']>({
    title: isName,
    sessionId: isOptional(isId),
  }),
  'session/export': isShape<Commands['session/export']>({ sessionId: isOptional(isId) }),
  'session/remove': isShape<Commands['session/remove']>({ sessionId: isId }),
  'file/open': isShape<Commands['file/open']>({
    path: isFilled(limits.path),
    lineOneBased: isOptional(isLineOneBased),
  }),
  'link/open': isShape<Commands['link/open']>({ url: isOpenableUrl }),
  'text/copy': isShape<Commands['text/copy']>({ text: isText(limits.text) }),
  'text/insert': isShape<Commands['text/insert']>({ text: isText(limits.text) }),
  'action/run': isShape<Commands['action/run']>({
    action: isPanelAction,
    target: isOptional(isText(limits.name)),
  }),
};

const isRememberScope = isOneOf('session', 'workspace');

function isPermissionAnswer(value: unknown): value is PermissionAnswerParams {
  if (!isRecord(value)) {
    return false;
  }
  switch (value.kind) {
    case 'allowOnce':
      return true;
    case 'allowAlways':
      return isFilled(limits.name)(value.offerId) && isRememberScope(value.scope);
    case 'deny':
      return isOptional(isText(limits.reason))(value.reason);
    case 'answers':
      return isAnswers(value.answers);
    default:
      return false;
  }
}

function isAnswers(value: unknown): value is Readonly<Record<string, string>> {
  if (!isRecord(value)) {
    return false;
  }
  const entries = Object.entries(value);
  const isQuestion = isText(limits.reason);
  const isAnswer = isText(limits.reason);
  return (
    entries.length <= limits.answers &&
    entries.every(([question, answer]) => isQuestion(question) && isAnswer(answer))
  );
}

function isLineOneBased(value: unknown): value is number {
  return isCount(value) && value > 0;
}

/** Links leave the panel for the browser or the mail program, nothing else. */
function isOpenableUrl(value: unknown): value is string {
  return isFilled(limits.url)(value) && /^(?:https?:\/\/|mailto:)\S+$/i.test(value);
}

function isRequestMethod(method: string): method is RequestMethod {
  return Object.hasOwn(requestGuards, method);
}

function isCommandMethod(method: string): method is CommandMethod {
  return Object.hasOwn(commandGuards, method);
}

function checkedRequest<M extends RequestMethod>(
  method: M,
  id: number,
  params: unknown,
): RequestMessage<M> | undefined {
  const guard: Guard<Requests[M]['params']> = requestGuards[method];
  return guard(params) ? { type: 'request', id, method, params } : undefined;
}

function checkedCommand<M extends CommandMethod>(
  method: M,
  params: unknown,
): CommandMessage<M> | undefined {
  const guard: Guard<Commands[M]> = commandGuards[method];
  return guard(params) ? { type: 'command', method, params } : undefined;
}

function broken(method: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem: `malformed or unknown: ${JSON.stringify(method.slice(0, 60))}` };
}
