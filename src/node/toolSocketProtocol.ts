/** The variables by which the program that an agent starts as its MCP server finds its way back to us. */
export const toolSocketVariables = {
  address: 'PATCHBAY_TOOL_SOCKET',
  token: 'PATCHBAY_TOOL_TOKEN',
} as const;

/** The first line of a connection; nothing else is read before it. */
export interface ToolSocketGreeting {
  readonly token: string;
}
