import { makeVisibleName } from '../../gate/visible';
import { canonicalJson, toolHash } from './canonical';
import type { ServerTool } from './contract';

/** The definition of a tool that the user has accepted. */
export interface PinnedTool {
  readonly hash: string;
  readonly tool: ServerTool;
}

/** By the server's own name of the tool. */
export type Pins = ReadonlyMap<string, PinnedTool>;

/** How a tool stands to what was accepted. Only an accepted one is offered to models and can be called. */
export type ToolStanding =
  | { readonly kind: 'accepted' | 'new'; readonly tool: ServerTool; readonly hash: string }
  | {
      readonly kind: 'changed';
      readonly tool: ServerTool;
      readonly hash: string;
      readonly accepted: ServerTool;
    }
  | { readonly kind: 'unusable'; readonly tool: ServerTool; readonly problem: string };

/** Compares what a server says now with what was accepted. A second tool of the same name is unusable. */
export function standingsOf(
  serverId: string,
  tools: readonly ServerTool[],
  pins: Pins,
): readonly ToolStanding[] {
  const seen = new Set<string>();
  return tools.map((tool): ToolStanding => {
    const problem = seen.has(tool.name)
      ? 'the server has another tool of this name'
      : problemOf(tool);
    seen.add(tool.name);
    if (problem !== undefined) {
      return { kind: 'unusable', tool, problem };
    }
    const hash = toolHash(serverId, tool);
    const pin = pins.get(tool.name);
    if (pin === undefined) {
      return { kind: 'new', tool, hash };
    }
    return pin.hash === hash
      ? { kind: 'accepted', tool, hash }
      : { kind: 'changed', tool, hash, accepted: pin.tool };
  });
}

/** The pins with these tools accepted as they stand. `hashes`: what the user has looked at, and nothing else. */
export function acceptTools(
  pins: Pins,
  standings: readonly ToolStanding[],
  hashes: ReadonlySet<string>,
): Pins {
  const next = new Map(pins);
  for (const standing of standings) {
    if (standing.kind !== 'unusable' && hashes.has(standing.hash)) {
      next.set(standing.tool.name, { hash: standing.hash, tool: standing.tool });
    }
  }
  return next;
}

const maxDefinitionChars = 64 * 1024;

function problemOf(tool: ServerTool): string | undefined {
  if (tool.name === '' || tool.name.length > 128 || makeVisibleName(tool.name) !== tool.name) {
    return 'its name is empty, too long, or has hidden characters';
  }
  return canonicalJson(tool).length > maxDefinitionChars
    ? 'its definition is longer than 64 KiB'
    : undefined;
}
