import { isNumber, isString } from '../base/guard';
import type { JsonObject } from '../base/json';
import type { AssistantMessage, ContentBlock, Message } from '../events/message';
import type { ToolCall, ToolResult } from '../events/toolCall';
import { isToolCall, isToolResult, type EntryLine, type PartialLine } from './sessionEntry';
import { capped } from './toolItems';

/** The tag of what an agent's running turn has done so far; void once the turn's answer is there. */
export const arrivedTag = 'agent-call';

/** A call of an agent, or its result, before the turn's answer holds them. */
export type Arrived =
  | { readonly call: ToolCall }
  | { readonly callId: string; readonly toolName: string; readonly result: ToolResult };

/** Tells what an agent has called: once when it begins, and again with its result when it changed in between. */
export class ArrivedCalls {
  private readonly calls = new Map<string, { readonly told: ToolCall; newest: ToolCall }>();

  constructor(private readonly tell: (arrived: Arrived) => void) {}

  call(call: ToolCall): void {
    const known = this.calls.get(call.id);
    if (known === undefined) {
      this.calls.set(call.id, { told: call, newest: call });
      this.tell({ call });
    } else {
      known.newest = call;
    }
  }

  result(callId: string, result: ToolResult): void {
    const known = this.calls.get(callId);
    if (known === undefined) {
      return;
    }
    if (known.newest !== known.told) {
      this.tell({ call: known.newest });
    }
    this.tell({ callId, toolName: known.newest.name, result });
  }
}

/** Beside the streamed text of its turn, in one order with it. */
export type ArrivedPart = Arrived & { readonly turn: string; readonly part: number };

/** This much of a result is kept twice: here, and in the message that comes at the end of the turn. */
const keptChars = 4000;

export function arrivedData(turn: string, part: number, arrived: Arrived): JsonObject {
  if ('call' in arrived) {
    return { turn, part, call: { ...arrived.call } };
  }
  const { callId, toolName, result } = arrived;
  const { outcome, summary } = result.details ?? {};
  const details = {
    ...(outcome === undefined ? {} : { outcome }),
    ...(summary === undefined ? {} : { summary }),
  };
  const output = capped(result.output, keptChars).text;
  return { turn, part, callId, toolName, result: { ...result, output, details } };
}

/** Undefined for what is no such entry. */
export function arrivedPart(data: JsonObject): ArrivedPart | undefined {
  const { turn, part, call, callId, toolName, result } = data;
  if (!isString(turn) || !isNumber(part)) {
    return undefined;
  }
  if (isToolCall(call)) {
    return { turn, part, call };
  }
  return isString(callId) && isString(toolName) && isToolResult(result)
    ? { turn, part, callId, toolName, result }
    : undefined;
}

/**
 * What had arrived of an answer when the host died, with the results of its calls. The file names its model by the id
 * alone; see `signCutAnswers`.
 */
export function cutAnswer(
  partials: readonly PartialLine[],
  arrived: readonly ArrivedPart[],
  model: string,
  createdAtMs: number,
): readonly Message[] {
  const content: ContentBlock[] = [];
  const results: Message[] = [];
  for (const piece of [...partials, ...arrived].sort((a, b) => a.part - b.part)) {
    const last = content.at(-1);
    if ('call' in piece) {
      const { call } = piece;
      const known = content.findIndex(
        (block) => block.kind === 'tool_call' && block.call.id === call.id,
      );
      content.splice(known < 0 ? content.length : known, 1, { kind: 'tool_call', call });
    } else if ('result' in piece) {
      const { callId, toolName, result } = piece;
      results.push({ role: 'tool', callId, toolName, result, createdAtMs });
    } else if (last?.kind === piece.block) {
      content[content.length - 1] = { ...last, text: last.text + piece.text };
    } else {
      content.push({ kind: piece.block, text: piece.text });
    }
  }
  if (content.length === 0) {
    return [];
  }
  const answer: AssistantMessage = {
    role: 'assistant',
    content,
    api: '',
    provider: '',
    model,
    stopReason: 'aborted',
    errorMessage: 'Interrupted: the window was closed or reloaded before the answer was complete.',
    createdAtMs,
  };
  return [answer, ...results];
}

/**
 * Gives cut answers the name of the model that was asked, so that an agent which goes on in its own session is not told
 * again what it was told with the question. One whose model is not there any more stays unsigned. Pure.
 */
export function signCutAnswers(
  messages: readonly Message[],
  findModel: (modelId: string) => Pick<AssistantMessage, Signature> | undefined,
): readonly Message[] {
  return messages.map((message) => {
    if (!isCut(message)) {
      return message;
    }
    const found = findModel(message.model);
    if (found === undefined) {
      return message;
    }
    const { api, provider, model, toolSource } = found;
    return {
      ...message,
      api,
      provider,
      model,
      ...(toolSource === undefined ? {} : { toolSource }),
    };
  });
}

type Signature = 'api' | 'provider' | 'model' | 'toolSource';

/** An answer whose model is known by its id alone. */
function isCut(message: Message): message is AssistantMessage {
  return message.role === 'assistant' && message.api === '' && message.provider === '';
}

/** What had arrived of a cut answer, and where it stands: before the branch's entry with this index, or at its end. */
export interface CutAnswer {
  readonly before: number;
  readonly turn: string;
  readonly messages: readonly Message[];
}

/** A branch for a copy, and which of its entries are in no file yet. */
export interface CopiedBranch {
  readonly branch: readonly EntryLine[];
  readonly added: ReadonlySet<string>;
}

/**
 * The first `length` entries of a branch for a copy of its session: what had arrived of cut answers becomes entries,
 * wherever a turn broke off, because the lines that it was read from stay in the original.
 */
export function branchWithCuts(
  record: { readonly branch: readonly EntryLine[]; readonly cutAnswers: readonly CutAnswer[] },
  createEntryId: () => string,
  length = record.branch.length,
): CopiedBranch {
  const branch: EntryLine[] = [];
  const added = new Set<string>();
  const cuts = new Map(record.cutAnswers.map((cut) => [cut.before, cut]));
  for (let index = 0; index <= length; index += 1) {
    const { turn, messages = [] } = cuts.get(index) ?? {};
    const last = branch.at(-1);
    let parent = last?.id ?? null;
    for (const message of messages) {
      const id = createEntryId();
      const place = { id, parent, atMs: last?.atMs ?? message.createdAtMs };
      branch.push({
        type: 'entry',
        ...place,
        kind: 'message',
        ...(turn === undefined ? {} : { turn }),
        message,
      });
      added.add(id);
      parent = id;
    }
    const entry = index < length ? record.branch[index] : undefined;
    branch.push(...(entry === undefined ? [] : [entry]));
  }
  return { branch, added };
}
