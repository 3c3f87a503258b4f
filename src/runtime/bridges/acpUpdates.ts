import { arrayField, isRecord, stringField } from '../../base/guard';
import type { Observation, PlanItem } from '../../events/observation';
import type { AgentInfo, ParseStep } from '../contract';
import type { AcpCalls } from './acpCalls';
import type { AcpChild } from './acpChild';
import { blockText } from './acpContent';
import { AcpMessages } from './acpMessages';
import { agentCommands, agentModels, mergeSettings, withMode } from './acpSession';
import type { AcpUsage } from './acpUsage';

type Item = ParseStep['out'][number];

export interface AcpUpdatesOptions {
  readonly child: AcpChild;
  readonly calls: AcpCalls;
  readonly usage: AcpUsage;
  readonly tell: (info: AgentInfo) => void;
  readonly onUnknown: (kind: string) => void;
  /** False before the prompt: what an agent says then is the history of a session that it takes up again. */
  readonly isPrompting: () => boolean;
}

/** What `session/update` brings: the answer, calls, the plan, and what the agent tells of itself. */
export class AcpUpdates {
  private readonly messages = new AcpMessages();

  constructor(private readonly options: AcpUpdatesOptions) {}

  /** A new prompt begins: what was said before it stays. */
  begin(): void {
    this.messages.close();
  }

  /** Takes back a text that the error of the turn says again. */
  repeatedBy(errorText: string): readonly Item[] {
    const blockId = this.messages.repeatedBy(errorText);
    return blockId === undefined ? [] : [retract(blockId)];
  }

  accept(update: unknown): readonly Item[] {
    const { child, usage, tell } = this.options;
    const kind = stringField(update, 'sessionUpdate') ?? 'nothing';
    switch (kind) {
      case 'available_commands_update':
        tell({ commands: agentCommands(update) ?? [] });
        return [];
      case 'current_mode_update': {
        const modeId = stringField(update, 'currentModeId') ?? stringField(update, 'modeId');
        if (modeId !== undefined) {
          child.settings = withMode(child.settings, modeId);
        }
        return [];
      }
      case 'config_option_update': {
        child.settings = mergeSettings(child.settings, update);
        const models = agentModels(child.settings);
        if (models !== undefined) {
          tell({ models });
        }
        return [];
      }
      case 'usage_update':
        usage.update(update);
        this.messages.usage();
        return [];
      case 'session_info_update':
      case 'user_message_chunk':
        return [];
      default:
        return this.options.isPrompting() ? this.spoke(kind, update) : [];
    }
  }

  private spoke(kind: string, update: unknown): readonly Item[] {
    switch (kind) {
      case 'agent_message_chunk':
      case 'agent_thought_chunk':
        return this.text(kind === 'agent_message_chunk' ? 'text' : 'thinking', update);
      case 'tool_call':
      case 'tool_call_update':
        this.messages.close();
        return this.options.calls.update(update, kind === 'tool_call');
      case 'plan':
        return [observation({ kind: 'plan', items: planItems(update) })];
      default:
        this.options.onUnknown(kind);
        return [];
    }
  }

  private text(kind: 'text' | 'thinking', update: unknown): readonly Item[] {
    const delta = blockText(isRecord(update) ? update.content : undefined);
    const isMode = this.options.child.quirks.tellsModeAsText && /^\[MODE_UPDATE\] \w+$/.test(delta);
    if (delta === '' || isMode) {
      return [];
    }
    const messageId = stringField(update, 'messageId');
    const meta = isRecord(update) ? update._meta : undefined;
    const parent = stringField(isRecord(meta) ? meta.claudeCode : undefined, 'parentToolUseId');
    const blockId = messageId === undefined ? undefined : `${kind}:${messageId}`;
    const voided =
      messageId === undefined || blockId === undefined || parent !== undefined
        ? []
        : this.messages.piece(messageId, blockId, delta);
    return [
      ...(this.options.child.quirks.marksMessageEnds ? voided.map(retract) : []),
      {
        kind,
        delta,
        ...(blockId === undefined ? {} : { blockId }),
        ...(parent === undefined ? {} : { parentCallId: parent }),
      },
    ];
  }
}

function planItems(update: unknown): readonly PlanItem[] {
  return (arrayField(update, 'entries') ?? []).flatMap((entry): readonly PlanItem[] => {
    const text = stringField(entry, 'content');
    const status = stringField(entry, 'status');
    return text === undefined
      ? []
      : [
          {
            text,
            status:
              status === 'completed' ? 'done' : status === 'in_progress' ? 'active' : 'pending',
          },
        ];
  });
}

function retract(blockId: string): Item {
  return observation({ kind: 'retract', blockId });
}

function observation(value: Observation): Item {
  return { kind: 'observation', observation: value };
}
