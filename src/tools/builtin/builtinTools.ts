import type { PathProbe } from '../../gate/contract';
import type { Asker, CommandRunner, Tool, WorkspaceFiles, WorkspaceSearch } from '../contract';
import type { OutputStore } from '../outputStore';
import { createAskUser } from './askUser';
import { createFindFiles } from './findFiles';
import { createListFiles } from './listFiles';
import { createReadFile } from './readFile';
import { createReadOutput } from './readOutput';
import { createReadText } from './readText';
import { createRunCommand } from './runCommand';
import { createSearchText } from './searchText';
import { createUpdatePlan } from './updatePlan';
import {
  createApplyPatch,
  createDeleteFile,
  createEditFile,
  createRenameFile,
  createWriteFile,
} from './writeTools';

export interface BuiltinToolsOptions {
  readonly files: WorkspaceFiles;
  readonly probe: PathProbe;
  readonly search: WorkspaceSearch;
  readonly runner: CommandRunner;
  readonly asker: Asker;
  readonly outputs: OutputStore;
}

/** The host's own tools, to be registered before the first call. */
export function createBuiltinTools(options: BuiltinToolsOptions): readonly Tool[] {
  const { files, probe, search, runner, asker, outputs } = options;
  return [
    createReadFile(files),
    createListFiles(files, probe),
    createFindFiles(files, search),
    createSearchText(files, search),
    createWriteFile(),
    createEditFile(),
    createApplyPatch(),
    createDeleteFile(),
    createRenameFile(),
    createRunCommand(runner),
    createReadOutput(outputs),
    createAskUser(asker),
    createUpdatePlan(),
    createReadText(files),
  ];
}
