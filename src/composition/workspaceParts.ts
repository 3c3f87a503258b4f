import * as vscode from 'vscode';
import { computeHunks } from '../edits/hunks';
import type { PathProbe } from '../gate/contract';
import { displayPath } from '../gate/paths';
import { virtualWalk } from '../host/virtualWalk';
import { EditorWorkspaceFiles } from '../host/workspaceFiles';
import { createWorkspaceProbe } from '../host/workspaceProbe';
import { isOnDisk } from '../host/workspaceUri';
import { createCommandRunner } from '../node/commandRunner';
import { DiskFiles } from '../node/diskFiles';
import { createExecutableLookup } from '../node/executables';
import { createLoginShellPath } from '../node/loginShell';
import { createNodeVersion } from '../node/nodeVersion';
import { diskPathProbe } from '../node/pathProbe';
import { diskProgramFiles } from '../node/programFile';
import { createWorkspaceSearch, editorRipgrepPaths } from '../node/search';
import type { CommandRunner, WorkspaceSearch } from '../tools/contract';
import type { Ground } from './ground';

/** The files of the workspace, and the programs that are run in it. */
export interface WorkspaceParts {
  readonly disk: DiskFiles;
  readonly files: EditorWorkspaceFiles;
  readonly probe: PathProbe;
  /** How a path is shown. */
  readonly labelFor: (path: string) => string;
  readonly lookup: ReturnType<typeof createExecutableLookup>;
  readonly runner: CommandRunner;
  readonly search: WorkspaceSearch;
}

export function createWorkspaceParts(ground: Ground): WorkspaceParts {
  const { home, platform, inheritedEnv, isTrusted, redactForModel, store, supervisor } = ground;
  const disk = new DiskFiles({ folders: [], home, platform });
  const files = store.add(
    new EditorWorkspaceFiles({
      home,
      platform,
      hunks: computeHunks,
      isWriteProtected: async (path) => (await disk.stat(path))?.isReadOnly === true,
    }),
  );
  const probe = createWorkspaceProbe(diskPathProbe);

  // Processes: all of them under the supervisor, all looked up by absolute result.
  const loginShellPath = createLoginShellPath({
    ...supervisor,
    inheritedEnv,
    homeDirectory: home,
    platform: process.platform,
  });
  const trustedShellPath = async (): Promise<string | undefined> =>
    isTrusted() ? loginShellPath() : undefined;
  const nodeVersion = createNodeVersion({
    ...supervisor,
    inheritedEnv,
    platform: process.platform,
  });
  const lookup = createExecutableLookup({
    files: diskProgramFiles,
    platform: process.platform,
    homeDirectory: home,
    path: inheritedEnv.PATH ?? '',
    ...(inheritedEnv.APPDATA === undefined ? {} : { appData: inheritedEnv.APPDATA }),
    ...(inheritedEnv.LOCALAPPDATA === undefined ? {} : { localAppData: inheritedEnv.LOCALAPPDATA }),
    workspaceFolders: () => files.roots().folders.map((folder) => folder.path),
    loginShellPath: trustedShellPath,
    nodeVersion: async (node) => (isTrusted() ? nodeVersion(node) : undefined),
  });
  const runner = createCommandRunner({
    ...supervisor,
    isTrusted,
    inheritedEnv,
    searchPath: trustedShellPath,
    redact: redactForModel,
  });
  const search = createWorkspaceSearch({
    rgPaths: editorRipgrepPaths(vscode.env.appRoot, process.platform, process.arch),
    lookup,
    isTrusted,
    inheritedEnv,
    virtual: { isOnDisk, files: virtualWalk },
  });
  return {
    disk,
    files,
    probe,
    labelFor: (path) => displayPath(path, files.roots()),
    lookup,
    runner,
    search,
  };
}
