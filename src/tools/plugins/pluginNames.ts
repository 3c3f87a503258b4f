import { sha256Hex } from '../../gate/digest';

/** The name of a server's tool inside Patchbay. A server's id has no dot, so the name can be taken apart again. */
export function pluginToolName(serverId: string, tool: string): string {
  return `plugin.${serverId}.${tool}`;
}

export function isPluginToolName(name: string): boolean {
  return name.startsWith('plugin.');
}

/** The id of a server: its name with other characters made `-`, told apart by a hash where that lost something. */
export function toServerId(name: string): string {
  const plain = name.replace(/[^a-zA-Z0-9_-]/g, '-');
  return plain === name && name.length <= maxIdChars
    ? name
    : `${plain.slice(0, maxIdChars - 9)}-${sha256Hex(name).slice(0, 8)}`;
}

const maxIdChars = 40;
