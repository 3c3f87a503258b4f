import { arrayField, isRecord, recordField, stringField } from '../../base/guard';
import { toolError, toolOk, type ToolResult } from '../../events/toolCall';
import type { Usage } from '../../events/usage';
import { contentText } from '../contentText';
import type { AgentInfo } from '../contract';
import { countField, sumCounts } from '../usageCounts';

/** The result in a `tool_execution_end`. */
export function executionResult(
  message: unknown,
  toolName: string,
  wasStopped: 'denied' | 'aborted' | undefined,
): ToolResult {
  const output = contentText(recordField(message, 'result')?.content);
  const isError = isRecord(message) && message.isError === true;
  if (!isError) {
    return toolOk(output, toolName === 'bash' ? { exitCode: 0 } : undefined);
  }
  const exit = toolName === 'bash' ? /exited with code (\d+)\s*$/.exec(output)?.[1] : undefined;
  const isTimeout = toolName === 'bash' && /timed out after [\d.]+ seconds\s*$/.test(output);
  return toolError(output === '' ? 'The call failed.' : output, {
    ...(exit === undefined ? {} : { summary: `exit ${exit}`, exitCode: Number(exit) }),
    ...(isTimeout ? { outcome: 'timeout' } : {}),
    ...(wasStopped === undefined || exit !== undefined ? {} : { outcome: wasStopped }),
  });
}

/** Adds up what the answers of one turn cost; each one reports only itself. */
export class UsageSum {
  private readonly sums = new Map<string, number>();
  /** What the newest request and its answer hold. */
  private context: number | undefined;

  add(usage: unknown): void {
    const cost = recordField(usage, 'cost');
    const counts = {
      inputTokens: countField(usage, 'input'),
      outputTokens: countField(usage, 'output'),
      cacheReadTokens: countField(usage, 'cacheRead'),
      cacheWriteTokens: countField(usage, 'cacheWrite'),
      costUsd: countField(cost, 'total'),
    };
    const { costUsd: _cost, ...tokens } = counts;
    const context = sumCounts(Object.values(tokens).map((count) => count ?? 0));
    this.context = context === 0 ? this.context : context;
    for (const [name, count] of Object.entries(counts)) {
      if (count !== undefined) {
        this.sums.set(name, sumCounts([this.sums.get(name) ?? 0, count]));
      }
    }
  }

  /** Undefined when nothing was reported. */
  total(contextWindowTokens: number | undefined): Usage | undefined {
    const known = [...this.sums];
    return known.every(([, count]) => count === 0)
      ? undefined
      : {
          ...Object.fromEntries(known),
          ...(contextWindowTokens === undefined ? {} : { contextWindowTokens }),
          ...(this.context === undefined ? {} : { contextTokens: this.context }),
          reportedBy: 'child',
        };
  }
}

/** The models in an answer to `get_available_models`, named as `provider/model`. */
export function availableModels(data: unknown): NonNullable<AgentInfo['models']> {
  return (arrayField(data, 'models') ?? []).flatMap((model) => {
    const id = stringField(model, 'id');
    const provider = stringField(model, 'provider');
    return id === undefined || provider === undefined
      ? []
      : [{ id: `${provider}/${id}`, name: stringField(model, 'name') ?? id }];
  });
}

/** The commands in an answer to `get_commands`. */
export function availableCommands(data: unknown): NonNullable<AgentInfo['commands']> {
  return (arrayField(data, 'commands') ?? []).flatMap((command) => {
    const name = stringField(command, 'name');
    return name === undefined
      ? []
      : [{ name, description: stringField(command, 'description') ?? '' }];
  });
}
