import type { TextFile, ToolRunContext, WorkspaceFiles } from '../contract';

/** A file as the session that reads it left it: with its own edits that wait for the user, where it need not wait for them. */
export async function readPending(
  files: WorkspaceFiles,
  path: string,
  context: Pick<ToolRunContext, 'pendingText'>,
): Promise<TextFile> {
  const text = context.pendingText?.(path);
  return text === undefined ? await files.readText(path) : { text, isDirty: true, isOpen: true };
}
