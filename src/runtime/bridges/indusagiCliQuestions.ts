import { isRecord, isString, numberField, stringField } from '../../base/guard';
import { isJsonObject, arrayField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import type { PermissionAnswer, PermissionRequest } from '../../events/observation';
import type { UserQuestion } from '../../events/toolIntent';
import { peerIntents } from './indusagiCliTools';

/** How our extension for pi names what it asks (media/pi-gate.mjs). */
export const gateTitles = {
  call: 'patchbay.tool_call',
  systemPrompt: 'patchbay.system_prompt',
} as const;

/** The status under which our extension says that it is there. */
export const gateStatusKey = 'patchbay.gate';

/** A dialog that the peer wants: of a call before our gate, or of one of its extensions. */
export interface PeerDialog {
  readonly kind: 'select' | 'confirm' | 'input' | 'editor';
  readonly title: string;
  readonly text: string;
  readonly options: readonly string[];
  /** Milliseconds after which the peer goes on by itself. */
  readonly timeoutMs: number | undefined;
}

/** Undefined for what needs no answer or is no dialog. `payload` may be the question alone. */
export function readDialog(kind: string | undefined, payload: unknown): PeerDialog | undefined {
  if (kind !== 'select' && kind !== 'confirm' && kind !== 'input' && kind !== 'editor') {
    return undefined;
  }
  const field = (...names: readonly string[]): string | undefined =>
    names.map((name) => stringField(payload, name)).find((value) => value !== undefined);
  const title = isString(payload) ? payload : field('title', 'question', 'prompt', 'label');
  const text = field('message', 'placeholder', 'prefill', 'text', 'description') ?? '';
  return {
    kind,
    title: title ?? (text === '' ? 'The agent asks.' : text),
    text: title === undefined ? '' : text,
    options: (arrayField(payload, 'options') ?? arrayField(payload, 'choices') ?? []).flatMap(
      (option) => {
        const label = isString(option)
          ? option
          : (stringField(option, 'label') ?? stringField(option, 'value'));
        return label === undefined ? [] : [label];
      },
    ),
    timeoutMs: numberField(payload, 'timeout'),
  };
}

/** What the user said to a dialog: the words, a yes or no, or nothing. */
export type DialogAnswer = string | boolean | undefined;

/** A dialog as a question to the user: `confirm` is a permission, the others want words. */
export function dialogRequest(
  dialog: PeerDialog,
  ids: { readonly requestId: string; readonly callId: string },
  reply: (answer: DialogAnswer) => void,
): PermissionRequest {
  const input: JsonObject = {
    title: dialog.title,
    ...(dialog.text === '' ? {} : { text: dialog.text }),
    ...(dialog.options.length === 0 ? {} : { options: dialog.options }),
  };
  const common = { ...ids, toolName: dialogToolName, input };
  if (dialog.kind === 'confirm') {
    return {
      ...common,
      intents: [{ kind: 'unknown', description: [dialog.title, dialog.text].join('\n').trim() }],
      reply: (answer) => reply(answer.kind === 'allow'),
    };
  }
  const asksText = dialog.kind === 'editor' || dialog.text === '';
  const question: UserQuestion = {
    question: asksText ? dialog.title : `${dialog.title}\n\n${dialog.text}`,
    options: dialog.options.map((label) => ({ label })),
  };
  return {
    ...common,
    intents: [{ kind: 'question', questions: [question] }],
    reply: (answer) => reply(wordsOf(answer, question.question)),
  };
}

/** The card of a dialog that belongs to no call of the agent. */
export const dialogToolName = 'question';

/** A call that our extension holds back until it is decided; undefined when its question cannot be read. */
export function gateRequest(
  requestId: string,
  payload: string,
  fallbackCwd: string,
  reply: (answer: PermissionAnswer) => void,
): PermissionRequest | undefined {
  const call = parseRecord(payload);
  const toolName = stringField(call, 'toolName');
  const callId = stringField(call, 'callId');
  const input = call?.input;
  if (toolName === undefined || callId === undefined || !isJsonObject(input)) {
    return undefined;
  }
  return {
    requestId,
    callId,
    toolName,
    input,
    intents: peerIntents(toolName, input, stringField(call, 'cwd') ?? fallbackCwd),
    reply,
  };
}

/** Our extension's words for an answer: it writes exactly `text`, and only over `baseText`. */
export function gateAnswer(answer: PermissionAnswer): string {
  if (answer.kind === 'deny') {
    return JSON.stringify({
      kind: 'deny',
      message: answer.message === '' ? 'The user denied this.' : answer.message,
    });
  }
  return JSON.stringify({
    kind: 'allow',
    ...(answer.approved === undefined
      ? {}
      : { baseText: answer.approved.baseText, text: answer.approved.text }),
    ...(answer.message === undefined ? {} : { message: answer.message }),
  });
}

function wordsOf(answer: PermissionAnswer, question: string): string | undefined {
  if (answer.kind === 'deny') {
    return undefined;
  }
  const { answers } = answer;
  return answers !== undefined && Object.hasOwn(answers, question) ? answers[question] : undefined;
}

function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    // Not our extension's question then: it is refused.
    return undefined;
  }
}
