import { arrayField, stringField } from '../../base/guard';
import type { AgentInfo, ExchangeOptions, ModelRef, ReasoningEffort } from '../contract';
import { worksWithOurTools } from '../delegatedTools';
import { ClaudeTasks } from './claudeCliTasks';

/** What a child works with, in Claude Code's own words. */
export interface ChildSettings {
  /** `default` is the agent's own choice. */
  readonly model: string;
  /** Undefined: what the model does by itself. */
  readonly effort: string | undefined;
  readonly mode: 'default' | 'plan';
}

const efforts: Readonly<Record<ReasoningEffort, string>> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'xhigh',
};

/** The panel's choices for one exchange. Every mode but planning is the one that asks: our gate decides the rest. */
export function wantedSettings(
  model: ModelRef,
  opts: Pick<ExchangeOptions, 'reasoning' | 'mode'>,
): ChildSettings {
  // Claude's own planning writes its plan to a file, with a tool that it does not have next to ours.
  const isPlanning = opts.mode === 'plan' && !worksWithOurTools(model);
  return {
    model: model.model === '' ? 'default' : model.model,
    effort: opts.reasoning === undefined ? undefined : efforts[opts.reasoning],
    mode: isPlanning ? 'plan' : 'default',
  };
}

type Setting = keyof ChildSettings;

const requestIds: Readonly<Record<Setting, string>> = {
  model: 'patchbay-set-model',
  effort: 'patchbay-set-effort',
  mode: 'patchbay-set-mode',
};

const names: Readonly<Record<Setting, string>> = {
  model: 'the model',
  effort: 'the effort',
  mode: 'the mode',
};

const settings: readonly Setting[] = ['model', 'effort', 'mode'];

/**
 * What is known of one child from exchange to exchange, kept in the notes of its lease: the settings it has now, its
 * version, its task list. Changes go out as control requests before the prompt; Claude handles its input in order, so
 * nobody waits for the answers (old versions give none, or two): a refusal is told, and the setting asked for again
 * the next time.
 */
export class ClaudeChild {
  readonly tasks = new ClaudeTasks();
  /** As the child told it. */
  version: string | undefined;
  /** It has asked which tools of ours there are. */
  knowsOurTools = false;
  private hasBegun = false;
  private readonly has = new Map<Setting, string | undefined>();

  /** The one in the notes, made on first use. */
  static of(notes: Map<string, unknown>): ClaudeChild {
    const known = notes.get('claude');
    if (known instanceof ClaudeChild) {
      return known;
    }
    const fresh = new ClaudeChild();
    notes.set('claude', fresh);
    return fresh;
  }

  /** The child was started with these. */
  begin(started: ChildSettings): void {
    this.hasBegun = true;
    for (const setting of settings) {
      this.has.set(setting, started[setting]);
    }
  }

  /** The control requests that make a running child work as wanted; none for a child whose start nobody noted. */
  change(wanted: ChildSettings): readonly unknown[] {
    if (!this.hasBegun) {
      this.begin(wanted);
    }
    return settings.flatMap((setting) => {
      if (this.has.has(setting) && this.has.get(setting) === wanted[setting]) {
        return [];
      }
      this.has.set(setting, wanted[setting]);
      const request = requestFor(setting, wanted);
      return [{ type: 'control_request', request_id: requestIds[setting], request }];
    });
  }

  /** The child told its mode: it leaves planning by itself when the plan is accepted, and may enter it by itself. */
  noteMode(mode: string): void {
    this.has.set('mode', mode);
  }

  /** The words for people about a refused change; undefined for an answer to something else. */
  refused(requestId: string | undefined): string | undefined {
    const setting = settings.find((name) => requestIds[name] === requestId);
    if (setting === undefined) {
      return undefined;
    }
    this.has.delete(setting);
    return `Claude Code did not change ${names[setting]}.`;
  }
}

function requestFor(setting: Setting, wanted: ChildSettings): Readonly<Record<string, unknown>> {
  switch (setting) {
    case 'model':
      return { subtype: 'set_model', model: wanted.model };
    case 'effort':
      return {
        subtype: 'apply_flag_settings',
        settings: { effortLevel: wanted.effort ?? null },
      };
    case 'mode':
      return { subtype: 'set_permission_mode', mode: wanted.mode };
  }
}

const most = { entries: 500, chars: 1_000 } as const;

/** The lists in the answer to `initialize`, bounded: names and words of the child are untrusted. */
export function agentInfo(answer: unknown): AgentInfo {
  const models = listOf(arrayField(answer, 'models'), (item) => {
    const id = stringField(item, 'value');
    return id === undefined || id === ''
      ? undefined
      : { id: cut(id), name: cut(stringField(item, 'displayName') ?? id) };
  });
  const commands = listOf(arrayField(answer, 'commands'), (item) => {
    const name = stringField(item, 'name');
    return name === undefined || name === ''
      ? undefined
      : { name: cut(name), description: cut(stringField(item, 'description') ?? '') };
  });
  const version = stringField(answer, 'claude_code_version');
  return {
    ...(models === undefined ? {} : { models }),
    ...(commands === undefined ? {} : { commands }),
    ...(version === undefined ? {} : { agentVersion: cut(version) }),
  };
}

function listOf<T>(
  items: readonly unknown[] | undefined,
  read: (item: unknown) => T | undefined,
): readonly T[] | undefined {
  return items?.slice(0, most.entries).flatMap((item) => {
    const entry = read(item);
    return entry === undefined ? [] : [entry];
  });
}

function cut(text: string): string {
  return text.length > most.chars ? `${text.slice(0, most.chars - 1)}…` : text;
}
