import { arrayField, isRecord, isString, recordField, stringField } from '../../base/guard';
import { oneLine } from '../../events/failure';
import type { AgentInfo, AgentMode, ReasoningEffort } from '../contract';
import type { AcpQuirks } from './acpProfiles';

interface Choice {
  readonly id: string;
  readonly name: string;
}

interface Chooser {
  /** Set when it is a configuration option, which has another request than the old modes and models. */
  readonly configId?: string;
  readonly current: string | undefined;
  readonly choices: readonly Choice[];
}

/** What a session can be set to, as `session/new`, `session/load` and `session/resume` tell it. */
export interface AcpSettings {
  readonly mode?: Chooser;
  readonly model?: Chooser;
  readonly effort?: Chooser;
}

/** One request that sets something, before the prompt. */
export interface SettingRequest {
  readonly what: 'mode' | 'model' | 'effort';
  readonly value: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export function readSettings(result: unknown): AcpSettings {
  const options = arrayField(result, 'configOptions') ?? [];
  const mode = option(options, 'mode') ?? legacyModes(recordField(result, 'modes'));
  const model = option(options, 'model') ?? legacyModels(recordField(result, 'models'));
  const effort = option(options, 'thought_level');
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(model === undefined ? {} : { model }),
    ...(effort === undefined ? {} : { effort }),
  };
}

/** Newer values of the same choosers, from a `config_option_update` or the answer to a change. */
export function mergeSettings(before: AcpSettings, update: unknown): AcpSettings {
  return { ...before, ...readSettings(update) };
}

export function withMode(settings: AcpSettings, modeId: string): AcpSettings {
  return settings.mode === undefined
    ? settings
    : { ...settings, mode: { ...settings.mode, current: modeId } };
}

export function agentModels(settings: AcpSettings): AgentInfo['models'] {
  return settings.model?.choices.map(({ id, name }) => ({ id, name }));
}

export function agentCommands(update: unknown): AgentInfo['commands'] {
  return (arrayField(update, 'availableCommands') ?? []).flatMap((command) => {
    const name = stringField(command, 'name');
    return name === undefined
      ? []
      : [{ name, description: stringField(command, 'description') ?? '' }];
  });
}

const efforts: Readonly<Record<ReasoningEffort, readonly string[]>> = {
  minimal: ['minimal', 'none', 'low'],
  low: ['low', 'minimal'],
  medium: ['medium'],
  high: ['high'],
  xhigh: ['xhigh', 'max', 'high'],
};

/** What the user chose for this turn. `startModel` is the agent's own choice, for going back to it. */
export interface WantedSettings {
  readonly model: string | undefined;
  readonly startModel: string | undefined;
  readonly startMode: string | undefined;
  readonly reasoning: ReasoningEffort | undefined;
  readonly mode: AgentMode | undefined;
}

/** The next request that brings a session to what the user chose; undefined when it is there. */
export function nextSetting(
  sessionId: string,
  settings: AcpSettings,
  wanted: WantedSettings,
  quirks: AcpQuirks,
  done: ReadonlySet<string>,
): SettingRequest | undefined {
  const { mode, model, effort } = settings;
  const steps: readonly [SettingRequest['what'], Chooser | undefined, string | undefined][] = [
    ['model', model, wanted.model ?? wanted.startModel],
    ['effort', effort, wantedEffort(effort, wanted.reasoning)],
    ['mode', mode, wantedMode(mode, wanted, quirks)],
  ];
  for (const [what, chooser, value] of steps) {
    if (
      chooser !== undefined &&
      value !== undefined &&
      value !== chooser.current &&
      !done.has(what)
    ) {
      return { what, value, ...settingCall(what, sessionId, chooser, value) };
    }
  }
  return undefined;
}

function settingCall(
  what: SettingRequest['what'],
  sessionId: string,
  { configId }: Chooser,
  value: string,
): Pick<SettingRequest, 'method' | 'params'> {
  if (configId !== undefined) {
    return { method: 'session/set_config_option', params: { sessionId, configId, value } };
  }
  return what === 'mode'
    ? { method: 'session/set_mode', params: { sessionId, modeId: value } }
    : { method: 'session/set_model', params: { sessionId, modelId: value } };
}

/** Planning is the agent's own mode for it. Everything else is the mode that asks: what to allow is our gate's matter. */
function wantedMode(
  chooser: Chooser | undefined,
  wanted: WantedSettings,
  quirks: AcpQuirks,
): string | undefined {
  const has = (id: string | undefined): id is string =>
    id !== undefined && chooser?.choices.some((choice) => choice.id === id) === true;
  if (wanted.mode === 'plan') {
    const plan = quirks.planMode ?? 'plan';
    return has(plan) ? plan : undefined;
  }
  return has(quirks.askingMode) ? quirks.askingMode : wanted.startMode;
}

function wantedEffort(
  chooser: Chooser | undefined,
  reasoning: ReasoningEffort | undefined,
): string | undefined {
  return reasoning === undefined
    ? undefined
    : efforts[reasoning].find((value) => chooser?.choices.some(({ id }) => id === value));
}

/** Why the wanted effort is not set: the session has no such setting, or not this value. Undefined: it is, or none is wanted. */
export function effortProblem(
  { effort }: AcpSettings,
  reasoning: ReasoningEffort | undefined,
  agentName: string,
): string | undefined {
  if (reasoning === undefined || wantedEffort(effort, reasoning) !== undefined) {
    return undefined;
  }
  return effort === undefined
    ? `${agentName} has no way to be told the reasoning effort; it works without.`
    : oneLine(
        `${agentName} has no reasoning effort “${reasoning}”; it has ${effort.choices.map(({ id }) => id).join(', ')}, and keeps its own.`,
      );
}

function option(options: readonly unknown[], category: string): Chooser | undefined {
  const found =
    options.find((item) => stringField(item, 'category') === category) ??
    options.find((item) => stringField(item, 'id') === category);
  const configId = stringField(found, 'id');
  if (configId === undefined || (isRecord(found) && found.type !== 'select')) {
    return undefined;
  }
  // Options may stand in groups.
  const choices = (arrayField(found, 'options') ?? []).flatMap((item) => [
    ...choice(item, 'value'),
    ...(arrayField(item, 'options') ?? []).flatMap((inner) => choice(inner, 'value')),
  ]);
  return { configId, current: stringField(found, 'currentValue'), choices };
}

function legacyModes(modes: unknown): Chooser | undefined {
  const choices = (arrayField(modes, 'availableModes') ?? []).flatMap((item) => choice(item, 'id'));
  return choices.length === 0
    ? undefined
    : { current: stringField(modes, 'currentModeId'), choices };
}

function legacyModels(models: unknown): Chooser | undefined {
  const choices = (arrayField(models, 'availableModels') ?? []).flatMap((item) =>
    choice(item, 'modelId'),
  );
  return choices.length === 0
    ? undefined
    : { current: stringField(models, 'currentModelId'), choices };
}

function choice(item: unknown, field: string): readonly Choice[] {
  const id = isRecord(item) ? item[field] : undefined;
  return isString(id) ? [{ id, name: stringField(item, 'name') ?? id }] : [];
}
