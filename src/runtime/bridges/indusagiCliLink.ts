import { idField, isNumber, isRecord, isString, recordField, stringField } from '../../base/guard';
import { abortedFailure } from '../../events/failure';
import { toolError, toolOk } from '../../events/toolCall';
import type { Usage } from '../../events/usage';
import type { ExchangeParserContext, ParseStep } from '../contract';
import { serviceFailure } from './indusagiCliFailures';
import {
  dialogRequest,
  dialogToolName,
  readDialog,
  type DialogAnswer,
} from './indusagiCliQuestions';
import { toolCall } from './indusagiCliRpcBlocks';
import { settledQuestion } from './indusagiCliRpcDialogs';
import { failed, notice, observation, type Item } from './indusagiCliSteps';
import { countField } from '../usageCounts';
import { UnnamedIds } from '../unnamedIds';

/** An `ask` that nobody answers in this time is answered with its fallback. */
const askMs = 90_000;

export interface LinkSignal {
  readonly out: readonly Item[];
  /** The signal ended the turn. */
  readonly end?: Item;
}

/**
 * The frames of the link: `signal` (what happens), `ask` (a dialog, answered by `answer` with the same id), `tell`.
 * Calls come with a name only: no arguments, no output.
 */
export class PeerLink {
  private readonly open = new Set<string | number>();
  private readonly settled: Item[] = [];
  private readonly unnamed = new UnnamedIds();
  private readonly unnamedCall: string;
  private token: string | undefined;
  /** A late `idle` of the turn before must not end this one. */
  private hasActivity: boolean;

  constructor(
    private readonly context: ExchangeParserContext,
    private readonly agentName: string,
    /** A signal that is newer than we are. */
    private readonly onUnknown: (kind: string) => void,
  ) {
    this.unnamedCall = `call-of-turn-${context.context.messages.length}`;
    this.hasActivity = !context.isContinuation;
  }

  /** Results of dialogs that were answered since the last message. */
  takeSettled(): readonly Item[] {
    return this.settled.splice(0);
  }

  signal(message: unknown, wasInterrupted: boolean): LinkSignal {
    const name = stringField(message, 'name') ?? '';
    const body = recordField(message, 'body');
    if (name === 'idle') {
      if (!this.hasActivity) {
        return { out: [] };
      }
      return {
        out: [],
        end: wasInterrupted ? failed(abortedFailure()) : { kind: 'finish', reason: 'stop' },
      };
    }
    const out = this.read(name, body);
    this.hasActivity ||= out.length > 0;
    if (name !== 'fault') {
      return { out };
    }
    const kind = stringField(body, 'kind') ?? stringField(body, 'reason');
    const isAborted =
      wasInterrupted ||
      kind === 'aborted' ||
      kind === 'abort' ||
      (isRecord(body) && body.aborted === true);
    const said = stringField(body, 'message') ?? stringField(body, 'error') ?? '';
    return {
      out,
      end: failed(isAborted ? abortedFailure() : serviceFailure(this.agentName, said)),
    };
  }

  /** The session's id, from the answer to `snapshot` or `resume`. */
  snapshot(result: unknown): readonly Item[] {
    const token =
      stringField(result, 'sessionId') ?? stringField(recordField(result, 'snapshot'), 'sessionId');
    if (token === undefined || token === '' || token === this.token) {
      return [];
    }
    this.token = token;
    return [{ kind: 'resume', token }];
  }

  tell(message: unknown): readonly Item[] {
    const body = recordField(message, 'body') ?? recordField(message, 'payload') ?? message;
    const text = stringField(body, 'message') ?? stringField(body, 'text') ?? '';
    return text === '' ? [] : [notice('info', 'agent_notice', text)];
  }

  ask(message: unknown): ParseStep {
    const id = isRecord(message) ? message.id : undefined;
    if (!isString(id) && !isNumber(id)) {
      return { out: [] };
    }
    const dialog = readDialog(
      stringField(message, 'kind'),
      isRecord(message) ? message.payload : undefined,
    );
    if (dialog === undefined) {
      return { out: [], send: [answer(id, null)] };
    }
    if (this.open.has(id)) {
      return { out: [] };
    }
    this.hasActivity = true;
    this.open.add(id);
    const fallback = dialog.kind === 'confirm' ? false : undefined;
    const requestId = requestIdOf(id);
    const callId = `ask-${requestId}`;
    const request = dialogRequest(dialog, { requestId, callId }, (value) => {
      if (this.open.delete(id)) {
        this.context.send(answer(id, value ?? null));
        this.settled.push(settledQuestion(callId, value));
      }
    });
    this.context.later?.(askMs, () => this.timedOut(id, requestId, callId, fallback));
    return {
      out: [
        toolCall(callId, dialogToolName, request.input),
        observation({ kind: 'permission_request', request }),
      ],
    };
  }

  private timedOut(
    id: string | number,
    requestId: string,
    callId: string,
    fallback: DialogAnswer,
  ): ParseStep {
    if (!this.open.delete(id)) {
      return { out: [] };
    }
    return {
      out: [
        observation({ kind: 'permission_withdrawn', requestId }),
        settledQuestion(callId, undefined),
      ],
      send: [answer(id, fallback ?? null)],
    };
  }

  private read(name: string, body: unknown): readonly Item[] {
    switch (name) {
      case 'text':
      case 'thinking': {
        const delta = stringField(body, 'delta') ?? stringField(body, 'text') ?? '';
        return delta === '' ? [] : [{ kind: name, delta }];
      }
      case 'tool_start': {
        const id = callIdOf(body) ?? this.unnamed.current(this.unnamedCall);
        const toolName = stringField(body, 'name') ?? stringField(body, 'toolName');
        return [toolCall(id, toolName ?? 'unknown tool', {})];
      }
      case 'tool_end': {
        const callId = callIdOf(body) ?? this.unnamed.last(this.unnamedCall);
        const isOk = !(isRecord(body) && body.ok === false);
        const result = isOk ? toolOk('') : toolError('The call failed.');
        // Each call is shown once: this counts where its start was lost.
        const unseen = toolCall(callId, stringField(body, 'name') ?? 'unknown tool', {});
        return [unseen, observation({ kind: 'tool_result', callId, result })];
      }
      case 'turn_end': {
        const usage = linkUsage(recordField(body, 'usage') ?? body);
        return usage === undefined ? [] : [observation({ kind: 'usage', usage })];
      }
      case 'compacted':
        return [
          notice(
            'info',
            'compacted',
            `${this.agentName} has summarised the conversation to make room.`,
          ),
        ];
      case 'queue':
      case 'persisted':
      case 'prompt':
        // They say nothing that the panel does not know.
        return [];
      default:
        this.onUnknown(`signal ${name}`);
        return [];
    }
  }
}

/** 0 and "0" are two questions. */
function requestIdOf(id: string | number): string {
  return isString(id) && !id.startsWith('#') ? id : `#${JSON.stringify(id)}`;
}

function callIdOf(body: unknown): string | undefined {
  return idField(body, 'id') ?? idField(body, 'callId') ?? idField(body, 'toolCallId');
}

/** The documentation does not name the fields; these are the ones that its neighbours use. */
function linkUsage(usage: unknown): Usage | undefined {
  const number = (...names: readonly string[]): number | undefined =>
    names.map((name) => countField(usage, name)).find((value) => value !== undefined);
  const cost = recordField(usage, 'cost');
  const counts = {
    inputTokens: number('inputTokens', 'input'),
    outputTokens: number('outputTokens', 'output'),
    cacheReadTokens: number('cacheReadTokens', 'cacheRead'),
    cacheWriteTokens: number('cacheWriteTokens', 'cacheWrite'),
    costUsd: number('costUsd', 'cost') ?? countField(cost, 'total'),
  };
  const known = Object.entries(counts).filter(([, value]) => value !== undefined);
  return known.length === 0 ? undefined : { ...Object.fromEntries(known), reportedBy: 'child' };
}

function answer(id: string | number, value: string | boolean | null): unknown {
  return { type: 'answer', id, value };
}
