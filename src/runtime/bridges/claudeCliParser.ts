import { arrayField, isRecord, recordField, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import { oneLine, type Failure } from '../../events/failure';
import type { NormalizedEvent } from '../../events/normalizedEvent';
import type { Observation } from '../../events/observation';
import type { ChildExit, ExchangeParser, ExchangeParserContext, ParseStep } from '../contract';
import { turnText } from '../preamble';
import { StreamedBlocks, type NewText } from './claudeCliBlocks';
import { compactionNotice, rateLimitNotice, retryNotice } from './claudeCliNotices';
import { ClaudeQuestions, hookAnnouncement } from './claudeCliPermissions';
import { exitFailure, resultFailure, resultUsage } from './claudeCliResult';
import { ClaudeTasks, toolResults } from './claudeCliResults';
import { inputObject, todoPlan } from './claudeCliTools';

type Item = ParseStep['out'][number];

interface SeenCall {
  readonly toolName: string;
  readonly parentCallId: string | undefined;
  readonly input: JsonObject;
}

const initializeId = 'patchbay-initialize';
const interruptId = 'patchbay-interrupt';

/**
 * One exchange in Claude Code's stream-json dialect (2.x; 1.0.128 and 2.0.77 were compared). Only `result` ends it: one
 * exchange holds many API messages. Unknown messages are counted and skipped.
 */
export class ClaudeCliParser implements ExchangeParser {
  private readonly speakers = new Map<string, StreamedBlocks>();
  private readonly calls = new Map<string, SeenCall>();
  private readonly openCalls = new Set<string>();
  private readonly questions: ClaudeQuestions;
  private readonly tasks = new ClaudeTasks();
  private readonly unknownCounts = new Map<string, number>();
  private wasInterrupted = false;
  private hasInit = false;
  private token: string | undefined;
  private stopReason: string | undefined;
  private lastError: string | undefined;
  /** Text of the CLI's own: versions before 2.1 give an API error so, unmarked, and repeat it in `result`. */
  private lastSynthetic: NewText | undefined;

  constructor(private readonly context: ExchangeParserContext) {
    this.questions = new ClaudeQuestions({
      cwd: context.opts.cwd ?? '',
      send: (message) => context.send(message),
      parentOf: (callId) => this.calls.get(callId)?.parentCallId,
      inputOf: (callId) => this.calls.get(callId)?.input,
      guessCallId: (toolName) =>
        [...this.openCalls].findLast((callId) => this.calls.get(callId)?.toolName === toolName),
    });
  }

  /** How often each kind of message came that this parser does not know. */
  get unknownMessages(): ReadonlyMap<string, number> {
    return this.unknownCounts;
  }

  open(): readonly unknown[] {
    const { context, model, resume, isContinuation } = this.context;
    const text = turnText(context, model, isContinuation || resume !== undefined);
    const prompt = { type: 'user', message: { role: 'user', content: text } };
    if (isContinuation) {
      return [prompt];
    }
    const { systemPrompt } = context;
    const initialize = {
      type: 'control_request',
      request_id: initializeId,
      request: {
        subtype: 'initialize',
        hooks: hookAnnouncement,
        ...(systemPrompt === '' ? {} : { appendSystemPrompt: systemPrompt }),
      },
    };
    return [initialize, prompt];
  }

  interrupt(): readonly unknown[] {
    this.wasInterrupted = true;
    return [
      { type: 'control_request', request_id: interruptId, request: { subtype: 'interrupt' } },
    ];
  }

  explainExit(exit: ChildExit): Failure | undefined {
    const known = exitFailure(exit, this.hasInit ? undefined : this.context.resume);
    if (known !== undefined || this.lastError === undefined) {
      return known;
    }
    return {
      code: 'child_exited',
      message: `Claude Code ended early: ${this.lastError}`,
      detail: exit.stderrTail,
    };
  }

  accept(message: unknown): ParseStep {
    const type = stringField(message, 'type');
    switch (type) {
      case 'stream_event':
        return { out: this.streamEvent(message) };
      case 'assistant':
        return { out: this.assistant(message) };
      case 'user':
        return { out: this.user(message) };
      case 'system':
        return { out: this.system(message) };
      case 'result':
        return { out: this.result(message), isOver: true };
      case 'control_request':
        return this.controlRequest(message);
      case 'control_cancel_request':
        return { out: this.withdrawn(stringField(message, 'request_id')) };
      case 'control_response':
        return this.controlResponse(message);
      case 'rate_limit_event':
        return { out: rateLimitNotice(message).map(observation) };
      case 'error':
        return { out: this.error(message) };
      default:
        return { out: this.unknown(type ?? 'nothing') };
    }
  }

  private streamEvent(message: unknown): readonly Item[] {
    const event = recordField(message, 'event');
    const parent = parentOf(message);
    const speaker = this.speaker(parent);
    switch (stringField(event, 'type')) {
      case 'message_start': {
        const id = stringField(recordField(event, 'message'), 'id') ?? '';
        return speaker.begin(id).map(retract);
      }
      case 'message_delta': {
        const stopReason = stringField(recordField(event, 'delta'), 'stop_reason');
        if (parent === undefined && stopReason !== undefined) {
          this.stopReason = stopReason;
        }
        return [];
      }
      case 'error':
        return this.error(event);
      default: {
        const added = speaker.accept(event);
        return added === undefined ? [] : [textEvent(added, parent)];
      }
    }
  }

  /** Whole messages: calls always come from here; text only as far as it was not streamed. */
  private assistant(message: unknown): readonly Item[] {
    const body = recordField(message, 'message');
    const parent = parentOf(message);
    const speaker = this.speaker(parent);
    const id = stringField(body, 'id') ?? '';
    const isSynthetic = stringField(body, 'model') === '<synthetic>';
    if (isSynthetic && stringField(message, 'error') !== undefined) {
      // The words of an API error: `result` brings them as the failure. What was streamed before stays.
      return [];
    }
    // Another message than the one in the stream: that one was cut, and this is what came instead.
    const out: Item[] =
      !isSynthetic && speaker.isOther(id) ? speaker.takeUnfinished().map(retract) : [];
    const stopReason = stringField(body, 'stop_reason');
    if (parent === undefined && stopReason !== undefined) {
      this.stopReason = stopReason;
    }
    for (const block of arrayField(body, 'content') ?? []) {
      const type = stringField(block, 'type');
      if (type === 'tool_use') {
        out.push(...this.toolCall(block, parent));
      } else if (type === 'text' || type === 'thinking') {
        const added = speaker.confirm(id, type, stringField(block, type) ?? '');
        if (added !== undefined) {
          out.push(textEvent(added, parent));
          this.lastSynthetic = isSynthetic ? added : undefined;
        }
      }
    }
    return out;
  }

  private toolCall(block: unknown, parent: string | undefined): readonly Item[] {
    const id = stringField(block, 'id');
    const name = stringField(block, 'name');
    if (id === undefined || name === undefined || this.calls.has(id)) {
      return [];
    }
    const input = inputObject(block, 'input');
    this.calls.set(id, { toolName: name, parentCallId: parent, input });
    this.openCalls.add(id);
    const plan = todoPlan(name, input);
    const nested = parent === undefined ? {} : { parentCallId: parent };
    return [
      {
        kind: 'tool_call',
        call: { id, name, arguments: input, executedBy: 'child', ...nested },
        ...nested,
      },
      ...(plan === undefined ? [] : [observation({ kind: 'plan', items: plan, ...nested })]),
    ];
  }

  /** Of user messages only the tool results count: the rest is the CLI talking to its model. */
  private user(message: unknown): readonly Item[] {
    const parent = parentOf(message);
    const nested = parent === undefined ? {} : { parentCallId: parent };
    const out: Item[] = [];
    for (const found of toolResults(message, (callId) => this.howStopped(callId))) {
      const { callId, result, changedPaths } = found;
      this.openCalls.delete(callId);
      out.push(observation({ kind: 'tool_result', callId, result, ...nested }));
      if (changedPaths.length > 0) {
        out.push(observation({ kind: 'file_change', callId, paths: changedPaths, ...nested }));
      }
    }
    const plan =
      out.length === 0 ? undefined : this.tasks.accept(recordField(message, 'tool_use_result'));
    return plan === undefined ? out : [...out, observation(plan)];
  }

  private howStopped(callId: string): 'denied' | 'aborted' | undefined {
    return this.questions.wasDenied(callId)
      ? 'denied'
      : this.wasInterrupted
        ? 'aborted'
        : undefined;
  }

  private system(message: unknown): readonly Item[] {
    const subtype = stringField(message, 'subtype') ?? 'nothing';
    switch (subtype) {
      case 'init':
        this.hasInit = true;
        return this.resumeToken(
          stringField(message, 'session_id'),
          stringField(message, 'claude_code_version'),
        );
      case 'api_retry':
        return [
          ...[...this.speakers.values()]
            .flatMap((speaker) => speaker.takeUnfinished())
            .map(retract),
          observation(retryNotice(message)),
        ];
      case 'compact_boundary':
      case 'status':
        return compactionNotice(message).map(observation);
      case 'task_progress': {
        const callId = stringField(message, 'tool_use_id');
        const text = stringField(message, 'description');
        return callId === undefined || text === undefined
          ? []
          : [observation({ kind: 'tool_progress', callId, text })];
      }
      case 'thinking_tokens':
      case 'task_started':
      case 'task_updated':
      case 'task_notification':
      case 'background_tasks_changed':
        return [];
      default:
        return this.unknown(`system/${subtype}`);
    }
  }

  private result(message: unknown): readonly Item[] {
    const usage = resultUsage(message);
    const failure = resultFailure(message, {
      wasInterrupted: this.wasInterrupted,
      hasInit: this.hasInit,
      resume: this.context.resume,
    });
    if (failure?.code === 'resume_rejected') {
      return [{ kind: 'failed', failure }];
    }
    const out: Item[] = usage === undefined ? [] : [observation({ kind: 'usage', usage })];
    if (failure !== undefined) {
      const { lastSynthetic } = this;
      const isRepeated =
        lastSynthetic !== undefined && lastSynthetic.delta === stringField(message, 'result');
      return [
        ...(isRepeated ? [retract(lastSynthetic.blockId)] : []),
        ...out,
        { kind: 'failed', failure },
      ];
    }
    const isCutShort = (this.stopReason ?? stringField(message, 'stop_reason')) === 'max_tokens';
    return [
      ...out,
      ...this.resumeToken(stringField(message, 'session_id'), undefined),
      { kind: 'finish', reason: isCutShort ? 'length' : 'stop' },
    ];
  }

  private resumeToken(
    token: string | undefined,
    agentVersion: string | undefined,
  ): readonly Item[] {
    if (token === undefined || token === this.token) {
      return [];
    }
    this.token = token;
    return [{ kind: 'resume', token, ...(agentVersion === undefined ? {} : { agentVersion }) }];
  }

  private controlRequest(message: unknown): ParseStep {
    const { ask, send } = this.questions.accept(message);
    return {
      out: ask === undefined ? [] : [observation(ask)],
      ...(send === undefined ? {} : { send: [send] }),
    };
  }

  /** Without its hooks the agent would run calls that nobody has decided about: then the exchange does not go on. */
  private controlResponse(message: unknown): ParseStep {
    const response = recordField(message, 'response');
    if (
      stringField(response, 'request_id') !== initializeId ||
      stringField(response, 'subtype') !== 'error'
    ) {
      return { out: [] };
    }
    const why = oneLine(stringField(response, 'error') ?? '');
    return {
      out: [
        {
          kind: 'failed',
          failure: {
            code: 'binary_broken',
            message: `This version of Claude Code does not let Patchbay see every call. Update Claude Code (claude update). ${why}`,
          },
        },
      ],
    };
  }

  private withdrawn(requestId: string | undefined): readonly Item[] {
    return requestId !== undefined && this.questions.withdraw(requestId)
      ? [observation({ kind: 'permission_withdrawn', requestId })]
      : [];
  }

  private error(message: unknown): readonly Item[] {
    const error = isRecord(message) ? message.error : undefined;
    const text = oneLine(
      stringField(error, 'message') ?? (typeof error === 'string' ? error : 'unknown error'),
    );
    this.lastError = text;
    return [
      observation({
        kind: 'notice',
        level: 'warning',
        code: 'agent_error',
        text: `Claude Code: ${text}`,
      }),
    ];
  }

  private unknown(kind: string): readonly Item[] {
    this.unknownCounts.set(kind, (this.unknownCounts.get(kind) ?? 0) + 1);
    return [];
  }

  private speaker(parent: string | undefined): StreamedBlocks {
    const key = parent ?? '';
    const known = this.speakers.get(key);
    if (known !== undefined) {
      return known;
    }
    const fresh = new StreamedBlocks();
    this.speakers.set(key, fresh);
    return fresh;
  }
}

function parentOf(message: unknown): string | undefined {
  return stringField(message, 'parent_tool_use_id');
}

function textEvent(added: NewText, parent: string | undefined): NormalizedEvent {
  return {
    kind: added.kind,
    delta: added.delta,
    blockId: added.blockId,
    ...(parent === undefined ? {} : { parentCallId: parent }),
  };
}

function observation(value: Observation): Item {
  return { kind: 'observation', observation: value };
}

function retract(blockId: string): Item {
  return observation({ kind: 'retract', blockId });
}
