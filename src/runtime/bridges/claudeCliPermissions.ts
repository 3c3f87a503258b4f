import { isNumber, isRecord, isString, recordField, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import type { Observation, PermissionAnswer } from '../../events/observation';
import { updatedInput } from './claudeCliInput';
import { claudeIntents, inputObject, planApproval } from './claudeCliTools';

/** The names under which our hooks are announced in `initialize`. */
export const hookIds = { before: 'patchbay-before', after: 'patchbay-after' } as const;

/** Every call comes before us; after it the agent is told what the user said. Seen with 2.1.329. */
export const hookAnnouncement = {
  PreToolUse: [{ matcher: '*', hookCallbackIds: [hookIds.before] }],
  PostToolUse: [{ matcher: '*', hookCallbackIds: [hookIds.after] }],
} as const;

export interface ClaudeQuestionsOptions {
  readonly cwd: string;
  /** Sends an answer later, when the user has decided. */
  readonly send: (message: unknown) => void;
  /** The sub-agent's call that made this call, as far as it was seen. */
  readonly parentOf: (callId: string, agentId: string | undefined) => string | undefined;
  /** What the call itself said, where the question leaves it out: the plan of ExitPlanMode. */
  readonly inputOf: (callId: string) => JsonObject | undefined;
  /** For old versions that do not name the call: the newest open call of this tool. */
  readonly guessCallId: (toolName: string) => string | undefined;
  /** Set where Claude works with our tools: whether this is one of them. Every other is refused. */
  readonly isOwnTool?: (toolName: string) => boolean;
}

/**
 * The control requests of Claude Code, and our answers. Each request is answered exactly once; an answer to one that
 * is gone is dropped. What cannot be answered as the user meant it is denied.
 */
export class ClaudeQuestions {
  private readonly open = new Set<string>();
  private readonly denied = new Set<string>();
  /** Words for the agent, by call, waiting for the call to be over. */
  private readonly afterwards = new Map<string, string>();

  constructor(private readonly options: ClaudeQuestionsOptions) {}

  wasDenied(callId: string): boolean {
    return this.denied.has(callId);
  }

  /** A question for the user, or an answer to send at once. */
  accept(message: unknown): { readonly ask?: Observation; readonly send?: unknown } {
    const wireId = wireIdOf(message);
    const request = recordField(message, 'request');
    if (wireId === undefined) {
      return {};
    }
    switch (stringField(request, 'subtype')) {
      case 'can_use_tool': {
        const settled = this.settleOwn(request);
        return settled === undefined
          ? { ask: this.ask(wireId, request) }
          : { send: success(wireId, settled) };
      }
      case 'hook_callback':
        return { send: success(wireId, this.hookAnswer(request)) };
      default:
        return {
          send: {
            type: 'control_response',
            response: {
              subtype: 'error',
              request_id: wireId,
              error: 'Patchbay does not offer this.',
            },
          },
        };
    }
  }

  /** The agent takes a question back. Gives our name of it, when it was open. */
  withdraw(message: unknown): string | undefined {
    const wireId = wireIdOf(message);
    const requestId = wireId === undefined ? undefined : nameOf(wireId);
    return requestId !== undefined && this.open.delete(requestId) ? requestId : undefined;
  }

  /**
   * With our tools there is nothing to ask here: a call of ours is judged when it is handed to us, and Claude's own
   * are not on offer.
   */
  private settleOwn(request: unknown): JsonObject | undefined {
    const { isOwnTool } = this.options;
    if (isOwnTool === undefined) {
      return undefined;
    }
    const toolName = stringField(request, 'tool_name') ?? '';
    return isOwnTool(toolName)
      ? { behavior: 'allow', updatedInput: inputObject(request, 'input') }
      : this.deny(stringField(request, 'tool_use_id') ?? '', notOnOffer(toolName), false);
  }

  private ask(wireId: WireId, request: unknown): Observation {
    const requestId = nameOf(wireId);
    const toolName = stringField(request, 'tool_name') ?? 'unknown tool';
    const callId =
      stringField(request, 'tool_use_id') ?? this.options.guessCallId(toolName) ?? requestId;
    const input = inputObject(request, 'input');
    const asked =
      toolName === 'ExitPlanMode' ? { ...this.options.inputOf(callId), ...input } : input;
    const parentCallId = this.options.parentOf(callId, stringField(request, 'agent_id'));
    const description = stringField(request, 'description');
    this.open.add(requestId);
    return {
      kind: 'permission_request',
      ...(parentCallId === undefined ? {} : { parentCallId }),
      request: {
        requestId,
        callId,
        toolName,
        input,
        intents: claudeIntents(toolName, asked, this.options.cwd),
        ...(description === undefined ? {} : { description }),
        reply: (answer) => {
          if (this.open.delete(requestId)) {
            this.options.send(success(wireId, this.permission(callId, toolName, input, answer)));
          }
        },
      },
    };
  }

  private permission(
    callId: string,
    toolName: string,
    input: JsonObject,
    answer: PermissionAnswer,
  ): JsonObject {
    if (answer.kind === 'deny') {
      return this.deny(callId, answer.message, answer.interrupts === true);
    }
    if (toolName === 'ExitPlanMode' && answer.answers !== undefined) {
      const words = Object.values(answer.answers);
      if (!words.includes(planApproval.yes)) {
        return this.deny(callId, `The user wants to keep planning: ${words.join('; ')}`, false);
      }
    }
    let updated = input;
    if (answer.approved !== undefined) {
      const exact = updatedInput(toolName, input, answer.approved);
      if (exact.kind === 'impossible') {
        return this.deny(callId, [exact.why, answer.message ?? ''].join(' ').trim(), false);
      }
      updated = exact.input;
    }
    if (answer.answers !== undefined && toolName === 'AskUserQuestion') {
      updated = { ...updated, answers: answer.answers };
    }
    if (answer.message !== undefined && answer.message !== '') {
      this.afterwards.set(callId, answer.message);
    }
    return { behavior: 'allow', updatedInput: updated };
  }

  private deny(callId: string, message: string, interrupt: boolean): JsonObject {
    this.denied.add(callId);
    return {
      behavior: 'deny',
      message: message === '' ? 'The user denied this.' : message,
      interrupt,
    };
  }

  /** The hook before a call always passes it on as a question; the one after it brings the user's words. */
  private hookAnswer(request: unknown): JsonObject {
    const hook = recordField(request, 'input');
    const event = stringField(hook, 'hook_event_name');
    if (stringField(request, 'callback_id') === hookIds.before || event === 'PreToolUse') {
      return this.beforeCall(request, hook);
    }
    const callId = callIdOf(request, hook);
    const words = this.afterwards.get(callId);
    this.afterwards.delete(callId);
    return words === undefined || event !== 'PostToolUse'
      ? {}
      : { hookSpecificOutput: { hookEventName: 'PostToolUse', additionalContext: words } };
  }

  private beforeCall(request: unknown, hook: unknown): JsonObject {
    const { isOwnTool } = this.options;
    const toolName = stringField(hook, 'tool_name') ?? '';
    if (isOwnTool === undefined) {
      return preToolUse('ask', 'Patchbay decides about every call.');
    }
    if (isOwnTool(toolName)) {
      return preToolUse('allow', 'Patchbay runs this call, and decides about it then.');
    }
    this.denied.add(callIdOf(request, hook));
    return preToolUse('deny', notOnOffer(toolName));
  }
}

function callIdOf(request: unknown, hook: unknown): string {
  return stringField(hook, 'tool_use_id') ?? stringField(request, 'tool_use_id') ?? '';
}

function preToolUse(decision: 'allow' | 'ask' | 'deny', reason: string): JsonObject {
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      permissionDecision: decision,
      permissionDecisionReason: reason,
    },
  };
}

function notOnOffer(toolName: string): string {
  return `${toolName} is not on offer here: this conversation works with Patchbay’s tools only.`;
}

/** Claude's ids are words; a number goes back as it came. */
export type WireId = string | number;

export function wireIdOf(message: unknown): WireId | undefined {
  const id = isRecord(message) ? message.request_id : undefined;
  return isString(id) || isNumber(id) ? id : undefined;
}

/** 0 and "0" are two questions. */
function nameOf(id: WireId): string {
  return isString(id) && !id.startsWith('#') ? id : `#${JSON.stringify(id)}`;
}

/** The answer to a control request. */
export function success(requestId: WireId, response: JsonObject): unknown {
  return {
    type: 'control_response',
    response: { subtype: 'success', request_id: requestId, response },
  };
}
