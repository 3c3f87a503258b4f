import {
  isArrayOf,
  isBoolean,
  isJsonObject,
  isOptional,
  isRecord,
  isShape,
  isString,
  type Guard,
} from '../../base/guard';
import type { JsonObject, JsonValue } from '../../base/json';
import { canonicalJson } from './canonical';
import type { ServerTool } from './contract';
import type { PinnedTool, Pins } from './pins';

/** The user's own storage: nothing in a workspace can write it. What comes back is checked. */
export interface KeptState {
  get<T>(key: string, guard: Guard<T>): T | undefined;
  set(key: string, value: JsonValue | undefined): Promise<void>;
}

/** What the user switched in Patchbay, over what the configuration says. */
export interface Switches {
  readonly isEnabled?: boolean;
  readonly tools: Readonly<Record<string, boolean>>;
}

/** What the user said about servers, by the server's key: approvals, accepted tools, switches. */
export class PluginMemory {
  constructor(private readonly state: KeptState) {}

  isApproved(key: string, definitionHash: string): boolean {
    return this.approvals(key).includes(definitionHash);
  }

  async approve(key: string, definitionHash: string): Promise<void> {
    const others = this.approvals(key).filter((hash) => hash !== definitionHash);
    await this.state.set(approvedKey(key), [...others.slice(1 - maxApprovals), definitionHash]);
  }

  async withdraw(key: string): Promise<void> {
    await this.state.set(approvedKey(key), undefined);
  }

  /** Undefined: no tool of this server was ever accepted. What is there but damaged counts as nothing accepted. */
  pins(key: string): Pins | undefined {
    if (this.state.get(pinsKey(key), isPresent) === undefined) {
      return undefined;
    }
    const kept = this.state.get(pinsKey(key), isArrayOf(isPinnedTool)) ?? [];
    return new Map(kept.map((pin) => [pin.tool.name, pin]));
  }

  async setPins(key: string, pins: Pins): Promise<void> {
    await this.state.set(
      pinsKey(key),
      [...pins.values()].map(({ hash, tool }) => ({ hash, tool: toJson(tool) })),
    );
  }

  switches(key: string): Switches {
    return this.state.get(switchesKey(key), isSwitches) ?? { tools: {} };
  }

  async setEnabled(key: string, isEnabled: boolean): Promise<void> {
    await this.state.set(switchesKey(key), { ...this.switches(key), isEnabled });
  }

  async setToolOn(key: string, tool: string, isOn: boolean): Promise<void> {
    const { tools, ...rest } = this.switches(key);
    await this.state.set(switchesKey(key), { ...rest, tools: { ...tools, [tool]: isOn } });
  }

  /** True the first time only: what is told once per definition. */
  async isFirstTime(key: string, definitionHash: string): Promise<boolean> {
    const entry = `${key}|${definitionHash}`;
    const told = this.state.get(toldKey, isArrayOf(isString)) ?? [];
    if (told.includes(entry)) {
      return false;
    }
    await this.state.set(toldKey, [...told.slice(-200), entry]);
    return true;
  }

  private approvals(key: string): readonly string[] {
    return this.state.get(approvedKey(key), isArrayOf(isString)) ?? [];
  }
}

const maxApprovals = 20;
const toldKey = 'mcp.told';
const approvedKey = (key: string): string => `mcp.approved|${key}`;
const pinsKey = (key: string): string => `mcp.pins|${key}`;
const switchesKey = (key: string): string => `mcp.switches|${key}`;

const isPresent = (value: unknown): value is unknown => value !== undefined;

const isObject = (value: unknown): value is JsonObject => isJsonObject(value);

const isServerTool: Guard<ServerTool> = isShape({
  name: isString,
  description: isString,
  inputSchema: isObject,
  annotations: isOptional(isObject),
});

const isPinnedTool: Guard<PinnedTool> = isShape({ hash: isString, tool: isServerTool });

const isToolSwitches = (value: unknown): value is Readonly<Record<string, boolean>> =>
  isRecord(value) && Object.values(value).every(isBoolean);

const isSwitches: Guard<Switches> = isShape({
  isEnabled: isOptional(isBoolean),
  tools: isToolSwitches,
});

function toJson(tool: ServerTool): JsonObject {
  const copy: unknown = JSON.parse(canonicalJson(tool));
  return isJsonObject(copy) ? copy : {};
}
