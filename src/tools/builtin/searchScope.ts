import type { ToolRunContext, WorkspaceFiles } from '../contract';

/** A folder to search. `prefix` stands before its paths where there are several. */
export interface SearchFolder {
  readonly path: string;
  readonly prefix: string;
}

/** Every workspace folder; without one the folder the turn works in, which the gate has asked about. */
export function searchFolders(
  files: WorkspaceFiles,
  context: ToolRunContext,
): readonly SearchFolder[] {
  const { folders } = files.roots();
  if (folders.length === 0) {
    return [{ path: context.resolvePath('.'), prefix: '' }];
  }
  return folders.map(({ name, path }) => ({ path, prefix: folders.length > 1 ? `${name}/` : '' }));
}

export function shownIn(folder: SearchFolder, relativePath: string): string {
  return folder.prefix + relativePath.replaceAll('\\', '/').replace(/^\.\//, '');
}

/** Why a glob could leave the folder it is meant for; undefined when it cannot. */
export function globProblem(glob: string): string | undefined {
  const parts = glob.split(/[\\/{},]/);
  return /^([\\/~]|[A-Za-z]:)/.test(glob) || parts.includes('..')
    ? 'must be a glob relative to the workspace folder, without ".."'
    : undefined;
}
