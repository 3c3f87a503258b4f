import { isNumber, isRecord, isString, stringField } from '../../base/guard';
import type { PermissionAnswer } from '../../events/observation';
import { toolError, toolOk } from '../../events/toolCall';
import type { ExchangeParserContext, ParseStep } from '../contract';
import {
  dialogRequest,
  dialogToolName,
  gateAnswer,
  gateRequest,
  gateStatusKey,
  gateTitles,
  readDialog,
  type DialogAnswer,
} from './indusagiCliQuestions';
import { toolCall } from './indusagiCliRpcBlocks';
import { notice, observation, type Item } from './indusagiCliSteps';

/** What comes as `extension_ui_request`: our extension's questions, and the dialogs of others. Each is answered once. */
export class RpcDialogs {
  private readonly open = new Set<string>();
  private readonly denied = new Set<string>();
  private readonly settled: Item[] = [];

  constructor(
    private readonly context: ExchangeParserContext,
    private readonly options: {
      /** What our extension is to add; '' when the prompt has brought it already. */
      readonly systemPrompt: string;
      readonly isStopped: () => boolean;
    },
  ) {}

  wasDenied(callId: string): boolean {
    return this.denied.has(callId);
  }

  get isAsking(): boolean {
    return this.open.size > 0;
  }

  /** Results of questions that were answered since the last message: an answer has no way to say them itself. */
  takeSettled(): readonly Item[] {
    return this.settled.splice(0);
  }

  /** Our extension has been loaded in this child. */
  isGateSign(message: unknown): boolean {
    return (
      stringField(message, 'method') === 'setStatus' &&
      stringField(message, 'statusKey') === gateStatusKey
    );
  }

  accept(message: unknown): ParseStep {
    const id = stringField(message, 'id');
    const method = stringField(message, 'method');
    if (method === 'notify') {
      const level = stringField(message, 'notifyType') === 'info' ? 'info' : 'warning';
      const text = stringField(message, 'message') ?? '';
      return { out: text === '' ? [] : [notice(level, 'agent_notice', text)] };
    }
    const dialog = readDialog(method, message);
    if (id === undefined || dialog === undefined) {
      return { out: [], send: refusal(message, method) };
    }
    if (this.open.has(id)) {
      return { out: [] };
    }
    if (dialog.title === gateTitles.systemPrompt) {
      return { out: [], send: [response(id, { value: this.options.systemPrompt })] };
    }
    if (this.options.isStopped()) {
      return { out: [], send: [response(id, { cancelled: true })] };
    }
    this.open.add(id);
    return dialog.title === gateTitles.call
      ? this.askGate(id, dialog.text)
      : this.askUser(id, dialog);
  }

  private askGate(id: string, payload: string): ParseStep {
    const request = gateRequest(id, payload, this.context.opts.cwd ?? '', (answer) => {
      if (this.open.delete(id)) {
        this.answerGate(id, request?.callId ?? id, answer);
      }
    });
    if (request === undefined) {
      this.open.delete(id);
      return { out: [], send: [response(id, { cancelled: true })] };
    }
    return { out: [observation({ kind: 'permission_request', request })] };
  }

  private answerGate(id: string, callId: string, answer: PermissionAnswer): void {
    if (answer.kind === 'deny') {
      this.denied.add(callId);
    }
    this.context.send(response(id, { value: gateAnswer(answer) }));
    if (answer.kind === 'deny' && answer.interrupts === true && !this.options.isStopped()) {
      this.context.send({ type: 'abort' });
    }
  }

  /** A dialog of somebody else's extension gets a card of its own: it belongs to no call. */
  private askUser(id: string, dialog: NonNullable<ReturnType<typeof readDialog>>): ParseStep {
    const callId = `dialog-${id}`;
    const request = dialogRequest(dialog, { requestId: id, callId }, (answer) => {
      if (this.open.delete(id)) {
        this.context.send(response(id, answerFields(answer)));
        this.settled.push(settledQuestion(callId, answer));
      }
    });
    if (dialog.timeoutMs !== undefined) {
      this.context.later?.(dialog.timeoutMs, () => this.timedOut(id, callId));
    }
    return {
      out: [
        toolCall(callId, dialogToolName, request.input),
        observation({ kind: 'permission_request', request }),
      ],
    };
  }

  private timedOut(id: string, callId: string): ParseStep {
    return {
      out: this.open.delete(id)
        ? [
            observation({ kind: 'permission_withdrawn', requestId: id }),
            settledQuestion(callId, undefined),
          ]
        : [],
    };
  }
}

export function settledQuestion(callId: string, answer: DialogAnswer): Item {
  const result =
    answer === undefined
      ? toolError('It was not answered.', { outcome: 'denied' })
      : toolOk(typeof answer === 'string' ? answer : answer ? 'Yes' : 'No');
  return observation({ kind: 'tool_result', callId, result });
}

function answerFields(answer: DialogAnswer): Readonly<Record<string, unknown>> {
  if (answer === undefined) {
    return { cancelled: true };
  }
  return typeof answer === 'string' ? { value: answer } : { confirmed: answer };
}

/** What only shows something; everything else may wait for an answer. */
const needsNoAnswer: ReadonlySet<string | undefined> = new Set([
  'notify',
  'setStatus',
  'setWidget',
  'setTitle',
  'set_editor_text',
]);

/** A dialog that is not known here, or whose id is of no known kind: it is not left waiting. */
function refusal(message: unknown, method: string | undefined): readonly unknown[] {
  const id = isRecord(message) ? message.id : undefined;
  return needsNoAnswer.has(method) || (!isString(id) && !isNumber(id))
    ? []
    : [response(id, { cancelled: true })];
}

function response(id: string | number, fields: Readonly<Record<string, unknown>>): unknown {
  return { type: 'extension_ui_response', id, ...fields };
}
