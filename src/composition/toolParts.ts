import { join } from 'node:path';
import { type Changes, createChanges } from '../changes';
import { RunLimits } from '../gate/runLimits';
import { SaveFollower, unsavedTextOf } from '../host/changes/saveFollower';
import { EditorDiagnostics } from '../host/diagnostics';
import { discardChanges } from '../host/documentWrite';
import { EncodingOffer } from '../host/encodingOffer';
import { isOnDisk, openDocument, toWorkspaceUri } from '../host/workspaceUri';
import { addWriteHooks } from '../host/writeHooks';
import { createDifft } from '../node/difft';
import { OutputFiles } from '../node/outputFiles';
import { PendingFiles } from '../node/pendingFiles';
import { DetachedEdits } from '../session/detachedEdits';
import { createAsker } from '../tools/asker';
import { createBuiltinTools } from '../tools/builtin/builtinTools';
import { Orchestrator } from '../tools/orchestrator';
import { OutputStore } from '../tools/outputStore';
import { createDiagnosticsHook, PostWriteHooks } from '../tools/postWriteHooks';
import { ToolRegistry } from '../tools/registry';
import { ResultCache } from '../tools/resultCache';
import type { GateParts } from './gateParts';
import type { Ground } from './ground';
import type { WorkspaceParts } from './workspaceParts';

/** The tools, the one way to call them, and what follows their changes. */
export interface ToolParts {
  readonly outputs: OutputStore;
  readonly registry: ToolRegistry;
  readonly hooks: PostWriteHooks;
  readonly changes: Changes;
  readonly orchestrator: Orchestrator;
  readonly detached: DetachedEdits;
  /** The edits of the window before are there again. */
  readonly areEditsRestored: Promise<void>;
}

export interface ToolPartsOptions {
  readonly ground: Ground;
  readonly workspace: WorkspaceParts;
  readonly gate: GateParts;
  /** What a conversation has kept of a result. */
  readonly resultOf: (sessionId: string, callId: string) => Promise<string | undefined>;
}

export function createToolParts({
  ground,
  workspace,
  gate,
  resultOf,
}: ToolPartsOptions): ToolParts {
  const { clock, inheritedEnv, isTrusted, log, settings, storageFolder, store, warn } = ground;
  const { disk, files, labelFor, lookup, probe, runner, search } = workspace;
  const { analyzeCommand, audit, edits, permissions, rules } = gate;
  const asker = createAsker(permissions);
  const outputs = new OutputStore({
    shelf: new OutputFiles({
      folder: join(storageFolder, 'sessions', 'outputs'),
      redact: ground.redactForModel,
    }),
    resultOf,
  });
  const registry = new ToolRegistry();
  for (const tool of createBuiltinTools({
    files,
    probe,
    search,
    runner,
    asker,
    outputs,
  })) {
    registry.register(tool);
  }
  const hooks = new PostWriteHooks(clock, log);
  hooks.add(createDiagnosticsHook(new EditorDiagnostics(clock)));
  const isFormatting = (): boolean => settings.values.isFormattedAfterEdit;
  addWriteHooks(hooks, { files, isFormatting, isTrusted, logger: log });
  // What changes without approval, and the way back to before a turn.
  const changes = store.add(
    createChanges({
      folder: storageFolder,
      join: (...parts) => join(...parts),
      files,
      search,
      labelFor,
      audit,
      clock,
      logger: log,
      onNotice: warn,
      unsavedText: unsavedTextOf,
      isOnDisk,
    }),
  );
  store.add(new SaveFollower(changes.follower, (path) => changes.unreviewed.refresh(path)));
  const orchestrator = new Orchestrator({
    registry,
    files,
    probe,
    rules,
    limits: new RunLimits(() => settings.values.limits),
    analyze: analyzeCommand,
    permissions,
    reviewer: edits,
    deferred: {
      isOn: () => settings.values.isReviewNonBlocking,
      propose: (proposal) => edits.propose(proposal),
      pendingFile: (sessionId, path) => edits.pendingFile(sessionId, path),
    },
    asker,
    audit,
    cache: store.add(new ResultCache({ files })),
    outputs,
    hooks,
    clock,
    logger: log,
    toolTimeoutMs: () => settings.values.toolTimeoutMs,
    isTrusted,
    structuralDiff: createDifft({ supervisor: ground.supervisor, lookup, isTrusted, inheritedEnv }),
    readDisk: async (path) =>
      !isOnDisk(path) || (await disk.stat(path)) === undefined
        ? undefined
        : (await disk.readText(path)).text,
    saveDocument: async (path) => {
      const document = openDocument(toWorkspaceUri(path));
      return document === undefined || (await document.save());
    },
    discardChanges,
    onMisread: new EncodingOffer(log).offer,
    ...changes.services,
  });

  // Edits outlive their agents: kept in files of this workspace's storage until they are decided and written.
  const detached = store.add(
    new DetachedEdits({
      edits,
      storage: store.add(
        new PendingFiles(join(storageFolder, 'pending'), { clock, patienceMs: 6000 }),
      ),
      apply: (proposal, verdict) => orchestrator.applyLate(proposal, verdict),
      readText: async (path) =>
        (await files.stat(path)) === undefined ? undefined : (await files.readText(path)).text,
      clock,
      logger: log,
      onNotice: warn,
    }),
  );
  return {
    outputs,
    registry,
    hooks,
    changes,
    orchestrator,
    detached,
    areEditsRestored: detached.restore(),
  };
}
