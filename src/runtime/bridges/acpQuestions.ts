import { arrayField, isJsonObject, recordField, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import type { Observation, PermissionAnswer } from '../../events/observation';
import type { ToolIntent } from '../../events/toolIntent';
import { rpcErrors, type JsonRpcPeer, type RpcId } from '../jsonRpcPeer';
import { shownInput, type AcpCall } from './acpCalls';
import { formContent, formQuestions } from './acpForms';
import { acpPlanApproval } from './acpIntents';

/** The user's no as far as the agent's calls are concerned, and what it has to be told. */
export interface Denial {
  readonly call: AcpCall | undefined;
  readonly message: string;
  readonly isWorded: boolean;
  readonly interrupts: boolean;
}

export interface AcpQuestionsOptions {
  readonly peer: JsonRpcPeer;
  /** Sends an answer later, when the user has decided. */
  readonly send: (message: unknown) => void;
  readonly intentsOf: (call: AcpCall) => readonly ToolIntent[];
  readonly onDenied: (denial: Denial) => void;
  /** Words for the agent about a call that was allowed. */
  readonly onNote: (call: AcpCall, message: string) => void;
  readonly isStopping: () => boolean;
}

/** What a question is answered with when nobody decides it any more. */
interface OpenQuestion {
  readonly id: RpcId;
  readonly cancelled: unknown;
}

/**
 * The agent's questions and our answers, each exactly once. Of the options, only "once" is ever chosen, by its kind: an
 * answer for always would take later calls out of sight.
 */
export class AcpQuestions {
  private readonly open = new Map<string, OpenQuestion>();

  constructor(private readonly options: AcpQuestionsOptions) {}

  /** `session/request_permission`. Undefined: the agent asks the same twice, and one answer is under way. */
  permission(id: RpcId, params: unknown, call: AcpCall): Observation | undefined {
    const requestId = this.begin(id, { outcome: { outcome: 'cancelled' } });
    if (requestId === undefined) {
      return undefined;
    }
    const intents = this.options.intentsOf(call);
    const description = questionText(call);
    return {
      kind: 'permission_request',
      ...(call.parentCallId === undefined ? {} : { parentCallId: call.parentCallId }),
      request: {
        requestId,
        callId: call.id,
        toolName: call.name,
        input: askedInput(call, intents),
        intents,
        ...(description === '' ? {} : { description }),
        ...(intents.some(({ kind }) => kind === 'write') ? { takesWholeEditsOnly: true } : {}),
        reply: (answer) => {
          if (this.open.delete(requestId)) {
            this.answerPermission(id, params, call, answer);
          }
        },
      },
    };
  }

  /** `elicitation/create` with choices; undefined for a form that cannot be shown. */
  form(id: RpcId, params: unknown, callId: string): Observation | undefined {
    const questions = formQuestions(params);
    const requestId = questions.length === 0 ? undefined : this.begin(id, { action: 'cancel' });
    if (requestId === undefined) {
      return undefined;
    }
    const input = recordField(params, 'requestedSchema');
    return {
      kind: 'permission_request',
      request: {
        requestId,
        callId,
        toolName: 'question',
        input: isJsonObject(input) ? input : {},
        intents: [{ kind: 'question', questions: questions.map(({ question }) => question) }],
        reply: (answer) => {
          if (!this.open.delete(requestId)) {
            return;
          }
          const given =
            answer.kind === 'allow'
              ? { action: 'accept', content: formContent(params, questions, answer.answers ?? {}) }
              : { action: this.options.isStopping() ? 'cancel' : 'decline' };
          this.options.send(this.options.peer.result(id, given));
        },
      },
    };
  }

  /** The answer to a permission question that nobody has to be asked: this option, or cancelled where there is none. */
  answer(id: RpcId, params: unknown, kind: 'allow_once' | 'reject_once'): unknown {
    const optionId = optionOf(params, kind);
    return this.options.peer.result(
      id,
      optionId === undefined ? { outcome: { outcome: 'cancelled' } } : selected(optionId),
    );
  }

  /** Answers whatever is open as cancelled: an agent that waits for an answer does not come to rest. */
  cancelAll(): readonly unknown[] {
    const open = [...this.open.values()];
    this.open.clear();
    return open.map(({ id, cancelled }) => this.options.peer.result(id, cancelled));
  }

  /** The agent takes its question back: `$/cancel_request`. */
  withdraw(id: unknown): string | undefined {
    for (const [requestId, question] of this.open) {
      if (question.id === id) {
        this.open.delete(requestId);
        return requestId;
      }
    }
    return undefined;
  }

  private begin(id: RpcId, cancelled: unknown): string | undefined {
    const named = String(id);
    const taken = this.open.get(named);
    if (taken?.id === id) {
      return undefined;
    }
    const requestId = taken === undefined ? named : `${typeof id}:${named}`;
    this.open.set(requestId, { id, cancelled });
    return requestId;
  }

  private answerPermission(
    id: RpcId,
    params: unknown,
    call: AcpCall,
    answer: PermissionAnswer,
  ): void {
    const { peer, send, onDenied, onNote, isStopping } = this.options;
    const answers = answer.kind === 'allow' ? Object.values(answer.answers ?? {}) : [];
    const keepsPlanning = answers.length > 0 && !answers.includes(acpPlanApproval.yes);
    const isAllowed = answer.kind === 'allow' && !keepsPlanning;
    if (isAllowed) {
      const optionId = optionOf(params, 'allow_once');
      if (optionId !== undefined) {
        if (answer.message !== undefined && answer.message !== '') {
          onNote(call, answer.message);
        }
        send(peer.result(id, selected(optionId)));
        return;
      }
    }
    const interrupts = answer.kind === 'deny' && answer.interrupts === true;
    onDenied({
      call,
      message: isAllowed
        ? 'The agent offers no way to allow this once.'
        : answer.kind === 'deny'
          ? answer.message
          : `The user wants to keep planning: ${answers.join('; ')}`,
      isWorded: isAllowed || keepsPlanning || (answer.kind === 'deny' && answer.saysMore === true),
      interrupts,
    });
    const optionId = isStopping() || interrupts ? undefined : optionOf(params, 'reject_once');
    send(
      peer.result(
        id,
        optionId === undefined ? { outcome: { outcome: 'cancelled' } } : selected(optionId),
      ),
    );
  }
}

/** An answer to a request that cannot be served. */
export function notOffered(peer: JsonRpcPeer, id: RpcId, method: string): unknown {
  return peer.error(id, rpcErrors.methodNotFound, `Patchbay does not offer ${method}.`);
}

function selected(optionId: string): unknown {
  return { outcome: { outcome: 'selected', optionId } };
}

function optionOf(params: unknown, kind: 'allow_once' | 'reject_once'): string | undefined {
  const option = (arrayField(params, 'options') ?? []).find(
    (item) => stringField(item, 'kind') === kind,
  );
  return stringField(option, 'optionId');
}

/** Where no input is told and nobody can read what the call does, its text is all there is: it is shown to its end. */
function askedInput(call: AcpCall, intents: readonly ToolIntent[]): JsonObject {
  const isUnknown = intents.some(({ kind }) => kind === 'unknown');
  return isUnknown && call.text !== '' && Object.keys(call.input).length === 0
    ? { ...shownInput(call), text: call.text }
    : shownInput(call);
}

function questionText(call: AcpCall): string {
  const text = stringField(call.input, 'description') ?? call.text;
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text;
}
