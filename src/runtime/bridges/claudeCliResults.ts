import {
  arrayField,
  isNumber,
  isRecord,
  isString,
  numberField,
  recordField,
  stringField,
} from '../../base/guard';
import type { Observation, PlanItem } from '../../events/observation';
import { toolError, toolOk, type ToolResult, type ToolResultDetails } from '../../events/toolCall';
import { planStatus } from './claudeCliTools';

/** One `tool_result` block of a `user` message. */
export interface ClaudeToolResult {
  readonly callId: string;
  readonly result: ToolResult;
  /** Files that the call changed, absolute. */
  readonly changedPaths: readonly string[];
}

/** The tool results in a `user` message; `tool_use_result` describes the only block of its message. */
export function toolResults(
  message: unknown,
  wasStopped: (callId: string) => 'denied' | 'aborted' | undefined,
): readonly ClaudeToolResult[] {
  const blocks = arrayField(recordField(message, 'message'), 'content') ?? [];
  const found = blocks.filter((block) => stringField(block, 'type') === 'tool_result');
  const report = found.length === 1 ? recordField(message, 'tool_use_result') : undefined;
  return found.flatMap((block) => {
    const callId = stringField(block, 'tool_use_id');
    if (callId === undefined) {
      return [];
    }
    const output = contentText(isRecord(block) ? block.content : undefined);
    const isError = isRecord(block) && block.is_error === true;
    const details = detailsOf(report, output, isError, isError ? wasStopped(callId) : undefined);
    const path = stringField(report, 'filePath');
    const hasPatch = arrayField(report, 'structuredPatch') !== undefined;
    return [
      {
        callId,
        result: isError ? toolError(errorText(output), details) : toolOk(output, details),
        changedPaths: !isError && hasPatch && path !== undefined ? [path] : [],
      },
    ];
  });
}

/** Text of a content field: a string, or blocks; what is not text is named. */
export function contentText(content: unknown): string {
  if (isString(content)) {
    return content;
  }
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  return blocks
    .map((block) => stringField(block, 'text') ?? `[${stringField(block, 'type') ?? 'something'}]`)
    .join('\n');
}

/** The agent's task list, kept from its TaskCreate and TaskUpdate calls as far as this exchange saw them. */
export class ClaudeTasks {
  private readonly tasks = new Map<string, PlanItem | undefined>();

  /** The plan after a task tool has answered, or undefined when nothing changed. */
  accept(report: unknown): Observation | undefined {
    const created = recordField(report, 'task');
    const createdId = stringField(created, 'id');
    const subject = stringField(created, 'subject');
    if (createdId !== undefined && subject !== undefined) {
      this.tasks.set(createdId, { text: subject, status: 'pending' });
      return this.plan();
    }
    const taskId = stringField(report, 'taskId');
    const change = recordField(report, 'statusChange');
    const known = taskId === undefined ? undefined : this.tasks.get(taskId);
    if (taskId === undefined || known === undefined || change === undefined) {
      return undefined;
    }
    const status = stringField(change, 'to');
    this.tasks.set(
      taskId,
      status === 'deleted' ? undefined : { ...known, status: planStatus(status) },
    );
    return this.plan();
  }

  private plan(): Observation {
    return { kind: 'plan', items: [...this.tasks.values()].filter((item) => item !== undefined) };
  }
}

function errorText(output: string): string {
  const inner = /^<tool_use_error>([\s\S]*)<\/tool_use_error>$/.exec(output.trim())?.[1];
  return (inner ?? output) || 'The call failed.';
}

function detailsOf(
  report: unknown,
  output: string,
  isError: boolean,
  outcome: 'denied' | 'aborted' | undefined,
): ToolResultDetails | undefined {
  if (outcome !== undefined) {
    return { outcome };
  }
  if (isError) {
    const exitCode = /^Exit code (\d+)/.exec(output)?.[1];
    return exitCode === undefined ? undefined : { summary: `exit ${exitCode}` };
  }
  const diff = patchText(
    stringField(report, 'filePath'),
    arrayField(report, 'structuredPatch') ?? [],
  );
  return diff === undefined ? undefined : { diff };
}

/** A unified diff from Claude's structured patch. */
function patchText(path: string | undefined, hunks: readonly unknown[]): string | undefined {
  const parts = hunks.map((hunk) => {
    const [oldStart, oldLines, newStart, newLines] = [
      'oldStart',
      'oldLines',
      'newStart',
      'newLines',
    ].map((name) => numberField(hunk, name));
    const lines = (arrayField(hunk, 'lines') ?? []).filter(isString);
    return [oldStart, oldLines, newStart, newLines].every(isNumber)
      ? `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@\n${lines.join('\n')}\n`
      : '';
  });
  const body = parts.join('');
  return body === '' || path === undefined ? undefined : `--- ${path}\n+++ ${path}\n${body}`;
}
