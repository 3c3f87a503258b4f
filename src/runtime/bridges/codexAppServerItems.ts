import { assertNever } from '../../base/assertNever';
import { arrayField, isRecord, isString, numberField, stringField } from '../../base/guard';
import type { JsonObject } from '../../base/json';
import { oneLine } from '../../events/failure';
import type { PlanItem } from '../../events/observation';
import { toolError, toolOk, type ToolResult } from '../../events/toolCall';
import type { ToolIntent } from '../../events/toolIntent';
import { codexArguments, mcpResultText } from '../codexItems';

/** One file of a `fileChange` item. `diff` is the whole text for `add` and `delete`, hunks for `update`. */
export interface CodexFileChange {
  readonly path: string;
  readonly kind: 'add' | 'delete' | 'update' | 'move' | 'unknown';
  readonly diff: string;
  readonly movePath?: string;
}

/** A call as an item of the app-server describes it; undefined for items that are no calls. */
export interface CodexCall {
  readonly name: string;
  readonly input: JsonObject;
}

/** The items that are calls. Source: `ThreadItem` of 0.169.0 (codex app-server generate-ts). */
export function isCallItem(type: string): boolean {
  return callTypes.has(type);
}

const callTypes: ReadonlySet<string> = new Set([
  'commandExecution',
  'fileChange',
  'mcpToolCall',
  'dynamicToolCall',
  'webSearch',
  'imageView',
  'imageGeneration',
  'sleep',
  'subAgentActivity',
  'collabAgentToolCall',
]);

/** The call that an item stands for. Source: `ThreadItem` of 0.169.0 (codex app-server generate-ts). */
export function itemCall(item: unknown): CodexCall | undefined {
  switch (stringField(item, 'type')) {
    case 'commandExecution':
      return {
        name: 'shell',
        input: pick(item, ['command', 'cwd']),
      };
    case 'fileChange':
      return {
        name: 'apply_patch',
        input: {
          changes: fileChanges(item).map(({ path, kind, diff, movePath }) => ({
            path,
            kind,
            diff,
            ...(movePath === undefined ? {} : { movePath }),
          })),
        },
      };
    case 'mcpToolCall':
      return {
        name: `${stringField(item, 'server') ?? 'mcp'}.${stringField(item, 'tool') ?? 'tool'}`,
        input: codexArguments(isRecord(item) ? item.arguments : undefined),
      };
    case 'dynamicToolCall':
      return {
        name: stringField(item, 'tool') ?? 'tool',
        input: codexArguments(isRecord(item) ? item.arguments : undefined),
      };
    case 'webSearch':
      return { name: 'web_search', input: pick(item, ['query']) };
    case 'imageView':
      return { name: 'view_image', input: pick(item, ['path']) };
    case 'imageGeneration':
      return { name: 'image_generation', input: pick(item, ['revisedPrompt']) };
    case 'sleep':
      return { name: 'sleep', input: {} };
    case 'subAgentActivity':
      // The newer form of sub-agents: their beginning is all that is told of the call.
      return stringField(item, 'kind') === 'started'
        ? { name: 'agent.spawnAgent', input: pick(item, ['agentPath', 'model']) }
        : undefined;
    case 'collabAgentToolCall':
      return {
        name: `agent.${stringField(item, 'tool') ?? 'call'}`,
        input: pick(item, ['prompt', 'model']),
      };
    default:
      return undefined;
  }
}

/** What a completed call gave. Statuses: inProgress, completed, failed, declined. */
export function itemResult(item: unknown, progress: string): ToolResult {
  const status = stringField(item, 'status');
  switch (stringField(item, 'type')) {
    case 'commandExecution':
      return commandResult(item, status, progress);
    case 'fileChange':
      return fileChangeResult(item, status);
    case 'mcpToolCall': {
      const error = stringField(isRecord(item) ? item.error : undefined, 'message');
      const output = mcpResultText(isRecord(item) ? item.result : undefined);
      return error === undefined && status !== 'failed'
        ? toolOk(output)
        : toolError(error ?? (output === '' ? 'The call failed.' : output));
    }
    case 'dynamicToolCall': {
      const output = (arrayField(item, 'contentItems') ?? [])
        .map((part) => stringField(part, 'text') ?? '')
        .join('\n');
      return isRecord(item) && item.success === true
        ? toolOk(output)
        : toolError(output || 'The call failed.');
    }
    case 'collabAgentToolCall':
      return status === 'failed' ? toolError('The call failed.') : toolOk(agentStates(item));
    default:
      return status === 'failed' ? toolError('The call failed.') : toolOk('');
  }
}

/** The files of a `fileChange` item, as far as they can be read. */
export function fileChanges(item: unknown): readonly CodexFileChange[] {
  return (arrayField(item, 'changes') ?? []).flatMap((change): readonly CodexFileChange[] => {
    const path = stringField(change, 'path');
    if (path === undefined) {
      // Left out, it would be allowed together with the others, unseen.
      return [{ path: '', kind: 'unknown', diff: JSON.stringify(change) }];
    }
    const kind = isRecord(change) ? change.kind : undefined;
    const name = isString(kind) ? kind : stringField(kind, 'type');
    const movePath = stringField(kind, 'move_path');
    const diff = stringField(change, 'diff') ?? '';
    if (movePath !== undefined) {
      // The new name stands below the hunks once more.
      return [{ path, kind: 'move', diff: withoutNewName(diff), movePath }];
    }
    return [
      {
        path,
        diff,
        kind: name === 'add' || name === 'delete' || name === 'update' ? name : 'unknown',
      },
    ];
  });
}

/** What a change of files would do, for the gate. A change that cannot be read is unknown, which always asks. */
export function fileChangeIntents(changes: readonly CodexFileChange[]): readonly ToolIntent[] {
  if (changes.length === 0) {
    return [{ kind: 'unknown', description: 'Codex wants to change files and did not say which.' }];
  }
  return changes.flatMap((change): readonly ToolIntent[] => {
    const { kind, path, diff, movePath } = change;
    switch (kind) {
      case 'add':
        return [{ kind: 'write', path, change: { kind: 'content', content: diff } }];
      case 'update':
        return [{ kind: 'write', path, change: { kind: 'patch', hunks: diff } }];
      case 'delete':
        return [{ kind: 'write', path, change: { kind: 'delete' } }];
      case 'move':
        return movePath === undefined || movePath === ''
          ? [{ kind: 'unknown', description: `A move of ${path} to no place:\n${diff}` }]
          : [
              {
                kind: 'write',
                path: movePath,
                change: { kind: 'patch', hunks: diff.trim() === '' ? '' : diff, from: path },
              },
              { kind: 'write', path, change: { kind: 'delete' } },
            ];
      case 'unknown':
        return [
          { kind: 'unknown', description: `A change of ${path} of an unknown kind:\n${diff}` },
        ];
      default:
        return assertNever(kind);
    }
  });
}

/** Both names of a moved file count as changed. */
export function changedPaths(changes: readonly CodexFileChange[]): readonly string[] {
  return changes.flatMap(({ path, movePath }) =>
    path === '' ? [] : movePath === undefined ? [path] : [path, movePath],
  );
}

/** `turn/plan/updated`. */
export function turnPlan(params: unknown): readonly PlanItem[] {
  return (arrayField(params, 'plan') ?? []).flatMap((entry): readonly PlanItem[] => {
    const text = stringField(entry, 'step');
    const status = stringField(entry, 'status');
    return text === undefined
      ? []
      : [
          {
            text,
            status:
              status === 'completed' ? 'done' : status === 'inProgress' ? 'active' : 'pending',
          },
        ];
  });
}

function commandResult(item: unknown, status: string | undefined, progress: string): ToolResult {
  // With a terminal of its own a command's output comes as progress only.
  const output = stringField(item, 'aggregatedOutput') ?? progress;
  const exitCode = numberField(item, 'exitCode');
  if (status === 'declined') {
    return toolError('The command was not allowed.', { outcome: 'denied' });
  }
  if (status === 'failed' || (exitCode !== undefined && exitCode !== 0)) {
    const what =
      exitCode === undefined
        ? 'The command failed.'
        : `The command ended with exit code ${exitCode}.`;
    return toolError(
      what,
      exitCode === undefined ? undefined : { summary: `exit ${exitCode}` },
      output,
    );
  }
  return toolOk(output);
}

function fileChangeResult(item: unknown, status: string | undefined): ToolResult {
  if (status === 'declined') {
    return toolError('The change was not allowed.', { outcome: 'denied' });
  }
  if (status === 'failed') {
    return toolError('The change could not be made.');
  }
  const changes = fileChanges(item);
  return toolOk(changes.map(({ kind, path }) => `${kind} ${path}`).join('\n'), {
    diff: changes.map(unifiedDiff).join(''),
  });
}

function unifiedDiff({ path, kind, diff, movePath }: CodexFileChange): string {
  const lines = diff === '' ? [] : diff.replace(/\n$/, '').split('\n');
  switch (kind) {
    case 'add':
      return `--- /dev/null\n+++ ${path}\n@@ -0,0 +1,${lines.length} @@\n${lines.map((line) => `+${line}\n`).join('')}`;
    case 'delete':
      return `--- ${path}\n+++ /dev/null\n@@ -1,${lines.length} +0,0 @@\n${lines.map((line) => `-${line}\n`).join('')}`;
    case 'update':
    case 'move':
    case 'unknown':
      return `--- ${path}\n+++ ${movePath ?? path}\n${lines.map((line) => `${line}\n`).join('')}`;
    default:
      return assertNever(kind);
  }
}

function agentStates(item: unknown): string {
  const states =
    isRecord(item) && isRecord(item.agentsStates) ? Object.values(item.agentsStates) : [];
  return states
    .map((state) =>
      oneLine([stringField(state, 'status') ?? '', stringField(state, 'message') ?? ''].join(' ')),
    )
    .filter((line) => line !== '')
    .join('\n');
}

function pick(item: unknown, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = stringField(item, name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** By hand: a pattern would try each of many line ends. */
function withoutNewName(diff: string): string {
  const line = diff.lastIndexOf('\n');
  if (line === -1 || !diff.startsWith('\nMoved to: ', line)) {
    return diff;
  }
  let end = line;
  while (end > 0 && diff[end - 1] === '\n') {
    end -= 1;
  }
  return `${diff.slice(0, end)}\n`;
}
