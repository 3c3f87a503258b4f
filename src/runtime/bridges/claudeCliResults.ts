import {
  arrayField,
  isNumber,
  isRecord,
  isString,
  numberField,
  recordField,
  stringField,
} from '../../base/guard';
import { toolError, toolOk, type ToolResult, type ToolResultDetails } from '../../events/toolCall';
import { contentText } from '../contentText';

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

/** A sub-agent was only started: it works in the background, and its report comes later. */
export function isLaunchReport(message: unknown): boolean {
  return stringField(recordField(message, 'tool_use_result'), 'status') === 'async_launched';
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
