import {
  isBoolean,
  isJsonObject,
  isNumber,
  isOneOf,
  isRecord,
  isString,
  stringField,
} from '../base/guard';
import type { JsonObject, JsonValue } from '../base/json';
import type { ToolCall } from '../events/toolCall';
import { defaultSummaryTemplate } from '../transcript/compression';
import { defaultBudgetTokens, TranscriptStore } from '../transcript/transcriptStore';
import { createTurn, type Turn } from '../transcript/turn';

/**
 * One case for the transcript store: `{"id","maxTokens","ops":[…]}` in, what the window is after the operations out.
 * Throws an Error with one line that says which operation is wrong; nothing of such a case is answered.
 */
export function playTranscript(input: JsonObject): JsonObject {
  const { id, ops } = input;
  const maxTokens = input.maxTokens ?? defaultBudgetTokens;
  if (!Array.isArray(ops)) {
    throw new Error('"ops" must be a list');
  }
  const played = new PlayedTranscript(budget('"maxTokens"', maxTokens));
  ops.forEach((op: unknown, index) => {
    try {
      played.play(op);
    } catch (error) {
      throw new Error(`ops[${String(index)}]: ${error instanceof Error ? error.message : ''}`, {
        cause: error,
      });
    }
  });
  return { ...(id === undefined ? {} : { id }), ...played.outcome() };
}

class PlayedTranscript {
  private readonly store: TranscriptStore;
  /** Calls as they were given, by turn: arguments may have come as text. */
  private readonly givenCalls = new Map<string, JsonValue>();
  private evicted = 0;

  constructor(maxTokens: number) {
    this.store = new TranscriptStore({ budgetTokens: maxTokens });
  }

  play(op: unknown): void {
    const [name, ...others] = isRecord(op) ? Object.keys(op) : [];
    if (!isRecord(op) || name === undefined || others.length > 0) {
      throw new Error('an operation is an object with one field');
    }
    switch (name) {
      case 'append':
        this.append(op.append);
        return;
      case 'evict':
        this.evicted += this.store.maybeEvict(budget('"evict"', op.evict));
        return;
      case 'system':
        if (!isString(op.system)) {
          throw new Error('"system" must be a text');
        }
        this.store.prependSystem(op.system);
        return;
      case 'compressTools':
        if (op.compressTools !== true) {
          throw new Error('"compressTools" must be true');
        }
        this.store.replaceOldestToolResults(defaultSummaryTemplate);
        return;
      default:
        throw new Error(
          `unknown operation "${name.slice(0, 80)}"; there are: append, evict, system, compressTools`,
        );
    }
  }

  outcome(): JsonObject {
    return {
      turns: this.store.toTurns().map((turn) => this.toJson(turn)),
      tokens: this.store.tokenCount,
      evicted: this.evicted,
      overflow: this.store.overflowTokens > 0,
    };
  }

  private append(value: unknown): void {
    const turn = turnOf(value);
    if (isJsonObject(value) && value.toolCalls != null) {
      this.givenCalls.set(turn.id, value.toolCalls);
    }
    this.store.append(turn);
  }

  private toJson(turn: Turn): JsonObject {
    const calls = this.givenCalls.get(turn.id);
    return {
      role: turn.role,
      content: turn.content,
      tokens: turn.tokens,
      ...(calls === undefined ? {} : { toolCalls: calls }),
      ...(turn.toolCallId === undefined ? {} : { toolCallId: turn.toolCallId }),
      ...(turn.toolName === undefined ? {} : { toolName: turn.toolName }),
      ...(turn.nonDroppable === undefined ? {} : { nonDroppable: turn.nonDroppable }),
    };
  }
}

const isRole = isOneOf('system', 'user', 'assistant', 'tool');

function turnOf(value: unknown): Turn {
  if (!isRecord(value)) {
    throw new Error('"append" must be an object');
  }
  const { role, tokens } = value;
  const content = value.content ?? '';
  // As some APIs write it: a field that is null is not there.
  const toolCalls = value.toolCalls ?? undefined;
  const toolCallId = value.toolCallId ?? undefined;
  const toolName = value.toolName ?? undefined;
  const nonDroppable = value.nonDroppable ?? undefined;
  if (!isRole(role)) {
    throw new Error('"role" must be system, user, assistant or tool');
  }
  if (!isString(content)) {
    throw new Error('"content" must be a text');
  }
  if (!isNumber(tokens) || !Number.isSafeInteger(tokens) || tokens < 0) {
    throw new Error('"tokens" must be a whole number, 0 or more');
  }
  if (toolCallId !== undefined && !(isString(toolCallId) && role === 'tool')) {
    throw new Error('"toolCallId" must be a text, and is for the role tool only');
  }
  if (toolName !== undefined && !isString(toolName)) {
    throw new Error('"toolName" must be a text');
  }
  if (nonDroppable !== undefined && !isBoolean(nonDroppable)) {
    throw new Error('"nonDroppable" must be true or false');
  }
  if (toolCalls !== undefined && !(Array.isArray(toolCalls) && role === 'assistant')) {
    throw new Error('"toolCalls" must be a list, and is for the role assistant only');
  }
  return createTurn({
    role,
    content,
    tokens,
    ...(toolCalls === undefined ? {} : { toolCalls: toolCalls.map(callOf) }),
    ...(toolCallId === undefined ? {} : { toolCallId }),
    ...(toolName === undefined ? {} : { toolName }),
    ...(nonDroppable === undefined ? {} : { nonDroppable }),
  });
}

function callOf(value: unknown): ToolCall {
  const id = stringField(value, 'id');
  const name = stringField(value, 'name');
  if (id === undefined || name === undefined) {
    throw new Error('a call must have an "id" and a "name"');
  }
  return {
    id,
    name,
    arguments: argumentsOf(isRecord(value) ? value.arguments : undefined),
    executedBy: 'host',
  };
}

/** Arguments may come as an object, as text as an API gives them, or not at all. */
function argumentsOf(value: unknown): JsonObject {
  if (isString(value)) {
    try {
      return argumentsOf(JSON.parse(value) ?? {});
    } catch {
      return {}; // a model may write broken JSON; the call then has no arguments
    }
  }
  if (value !== undefined && value !== null && !isJsonObject(value)) {
    throw new Error('the "arguments" of a call must be an object');
  }
  return value ?? {};
}

function budget(name: string, value: unknown): number {
  if (!isNumber(value) || value < 0) {
    throw new Error(`${name} must be a number of tokens, 0 or more`);
  }
  return value;
}
