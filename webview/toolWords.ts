/**
 * A tool's name as it is read: the tool of a server comes as `mcp__github__create_issue` and is shown as
 * `create_issue · github`, the part that tells calls apart in front. Any other name stays what it is.
 */
export function toolTitle(toolName: string): string {
  const [, server, tool] = /^mcp__(.+?)__(.+)$/.exec(toolName) ?? [];
  return server === undefined || tool === undefined ? toolName : `${tool} · ${server}`;
}
