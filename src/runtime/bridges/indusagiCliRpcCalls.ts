import { idField, recordField, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import type { PermissionRequest } from '../../events/observation';
import { toolError } from '../../events/toolCall';
import { contentText } from '../contentText';
import { executionResult } from './indusagiCliRpcAnswers';
import { toolCall } from './indusagiCliRpcBlocks';
import { observation, type Item } from './indusagiCliSteps';
import { callInput, changedPath } from './indusagiCliTools';

interface SeenCall {
  readonly toolName: string;
  readonly input: JsonObject;
  readonly isOpen: boolean;
  /** The reader has it. */
  readonly isShown: boolean;
}

/** The calls of one turn, from their announcement to their result; each is announced once. */
export class RpcCalls {
  private readonly seen = new Map<string, SeenCall>();

  constructor(
    private readonly options: {
      readonly cwd: string;
      readonly howStopped: (callId: string) => 'denied' | 'aborted' | undefined;
    },
  ) {}

  /** Leaves the calls out that were announced before. */
  announced(items: readonly Item[]): readonly Item[] {
    return items.filter((item) => {
      if (item.kind !== 'tool_call') {
        return true;
      }
      const { id, name, arguments: input } = item.call;
      const known = this.seen.get(id);
      if (known?.isShown === true) {
        return false;
      }
      this.seen.set(id, { toolName: name, input, isOpen: true, ...known, isShown: true });
      return true;
    });
  }

  /** Our extension asks with the input that will run: its path is absolute. */
  asked({ callId, toolName, input }: PermissionRequest): void {
    const isShown = this.seen.get(callId)?.isShown === true;
    this.seen.set(callId, { toolName, input, isOpen: true, isShown });
  }

  start(message: unknown): readonly Item[] {
    const id = idField(message, 'toolCallId');
    const toolName = stringField(message, 'toolName');
    return id === undefined || toolName === undefined
      ? []
      : this.announced([toolCall(id, toolName, callInput(message, 'args'))]);
  }

  /** What comes is the whole output so far. */
  progress(message: unknown): readonly Item[] {
    const callId = idField(message, 'toolCallId');
    const text = contentText(recordField(message, 'partialResult')?.content);
    return callId === undefined || text === ''
      ? []
      : [observation({ kind: 'tool_progress', callId, text })];
  }

  end(message: unknown): readonly Item[] {
    const callId = idField(message, 'toolCallId');
    if (callId === undefined) {
      return [];
    }
    const known = this.seen.get(callId);
    const toolName = known?.toolName ?? stringField(message, 'toolName') ?? 'unknown tool';
    // Its start was lost: what ran is shown and audited all the same.
    const unseen = this.announced([toolCall(callId, toolName, known?.input ?? {})]);
    const result = executionResult(message, toolName, this.options.howStopped(callId));
    const path =
      known === undefined || !result.ok
        ? undefined
        : changedPath(toolName, known.input, this.options.cwd);
    this.seen.set(callId, {
      toolName,
      input: known?.input ?? {},
      isOpen: false,
      isShown: true,
    });
    return [
      ...unseen,
      observation({ kind: 'tool_result', callId, result }),
      ...(path === undefined ? [] : [observation({ kind: 'file_change', callId, paths: [path] })]),
    ];
  }

  /** The answer with these calls was cut and is asked for again: those that have no result never ran. */
  cut(callIds: readonly string[]): readonly Item[] {
    return callIds.flatMap((callId) => {
      const call = this.seen.get(callId);
      if (call?.isOpen !== true) {
        return [];
      }
      this.seen.set(callId, { ...call, isOpen: false });
      const result = toolError('The answer with this call was cut; the call did not run.', {
        outcome: 'aborted',
      });
      return [observation({ kind: 'tool_result', callId, result })];
    });
  }
}
