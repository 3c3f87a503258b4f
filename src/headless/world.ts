import { homedir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock';
import { silentLogger } from '../base/logger';
import { createRedactor } from '../base/redact';
import { applyDecisions } from '../edits/hunks';
import type { AuditRecord, WorkspaceRoots } from '../gate/contract';
import { AuditLog } from '../gate/audit';
import { PendingPermissions } from '../gate/pendingPermissions';
import { memoryRuleStore, RuleBook } from '../gate/ruleBook';
import { defaultRunLimits, RunLimits } from '../gate/runLimits';
import { createCommandAnalyzer } from '../gate/shell/analyzeCommand';
import { unparsed } from '../gate/shell/unparsed';
import { commandShellKind, createCommandRunner } from '../node/commandRunner';
import { DiskFiles } from '../node/diskFiles';
import { createExecutableLookup } from '../node/executables';
import { createNodeVersion } from '../node/nodeVersion';
import { diskPathProbe } from '../node/pathProbe';
import { diskProgramFiles } from '../node/programFile';
import { createWorkspaceSearch } from '../node/search';
import { createShellParserThread } from '../node/shellParserThread';
import { createAsker } from '../tools/asker';
import { createBuiltinTools } from '../tools/builtin/builtinTools';
import type { Diagnostics, EditReviewer } from '../tools/contract';
import { Orchestrator } from '../tools/orchestrator';
import { OutputStore } from '../tools/outputStore';
import { createDiagnosticsHook, PostWriteHooks } from '../tools/postWriteHooks';
import { ToolRegistry } from '../tools/registry';
import { ResultCache } from '../tools/resultCache';

/** What a headless run is made of: the real core over the disk, with `decide` in the place of the user. */
export interface HeadlessWorld {
  readonly orchestrator: Orchestrator;
  readonly files: DiskFiles;
  readonly supervisorPath: string;
  readonly lookup: ReturnType<typeof createExecutableLookup>;
  dispose(): Promise<void>;
}

export interface HeadlessWorldOptions {
  readonly cwd: string;
  readonly decide: 'allow' | 'deny';
  readonly onAudit: (record: AuditRecord) => void;
  readonly knownSecrets: readonly string[];
  /** Folder of the bundle, where the supervisor lies. */
  readonly bundleFolder: string;
}

export function createHeadlessWorld(options: HeadlessWorldOptions): HeadlessWorld {
  const clock = systemClock;
  const logger = silentLogger;
  const roots: WorkspaceRoots = {
    folders: [{ name: 'workspace', path: options.cwd }],
    home: homedir(),
    platform:
      process.platform === 'win32' ? 'win32' : process.platform === 'darwin' ? 'darwin' : 'posix',
  };
  const files = new DiskFiles(roots);
  const supervisorPath = join(options.bundleFolder, 'supervisor.js');
  const isTrusted = (): boolean => true;
  const inheritedEnv = process.env;
  const lookup = createExecutableLookup({
    files: diskProgramFiles,
    platform: process.platform,
    homeDirectory: homedir(),
    path: process.env.PATH ?? '',
    workspaceFolders: () => [options.cwd],
    nodeVersion: createNodeVersion({ supervisorPath, inheritedEnv, platform: process.platform }),
  });
  const permissions = new PendingPermissions(clock);
  permissions.onDidChange((questions) => {
    for (const question of questions) {
      permissions.answer(
        question.id,
        question.digest,
        options.decide === 'allow' && question.questions === undefined
          ? { kind: 'allowOnce' }
          : { kind: 'deny' }, // without words: words would be told to the agent, some as one more prompt
      );
    }
  });
  const outputs = new OutputStore();
  const cache = new ResultCache({ files });
  const hooks = new PostWriteHooks(clock, logger);
  hooks.add(createDiagnosticsHook(noDiagnostics));
  const asker = createAsker(permissions);
  const registry = new ToolRegistry();
  for (const tool of createBuiltinTools({
    files,
    probe: diskPathProbe,
    outputs,
    runner: createCommandRunner({ supervisorPath, isTrusted, inheritedEnv }),
    search: createWorkspaceSearch({ rgPaths: [], lookup, isTrusted, inheritedEnv }),
    asker,
  })) {
    registry.register(tool);
  }
  const shellParser = createShellParserThread({
    workerPath: join(options.bundleFolder, 'shellParserWorker.js'),
    unparsed,
  });
  const orchestrator = new Orchestrator({
    registry,
    files,
    probe: diskPathProbe,
    limits: new RunLimits(() => defaultRunLimits),
    rules: new RuleBook({
      userRules: () => [],
      store: memoryRuleStore(),
      nowMs: () => systemClock.nowMs(),
    }),
    analyze: createCommandAnalyzer({
      parse: shellParser.parse,
      prepare: shellParser.ready,
      clock,
      ...commandShellKind(process.platform, inheritedEnv),
    }),
    permissions,
    reviewer: reviewerByFlag(options.decide),
    asker,
    audit: new AuditLog({
      sink: {
        write: (record) => {
          options.onAudit(record);
          return Promise.resolve();
        },
      },
      clock,
      redact: createRedactor(options.knownSecrets),
      onFirstFailure: () => undefined,
    }),
    cache,
    outputs,
    hooks,
    clock,
    logger,
    isTrusted,
    readDisk: async (path) => {
      const stat = await files.stat(path);
      return stat === undefined ? undefined : (await files.readText(path)).text;
    },
    saveDocument: () => Promise.resolve(true),
    onUnexpectedChange: () => undefined,
  });
  return {
    orchestrator,
    files,
    supervisorPath,
    lookup,
    dispose: async () => {
      await orchestrator.shutdown();
      shellParser.dispose();
      permissions.dispose();
      cache.dispose();
    },
  };
}

function reviewerByFlag(decide: 'allow' | 'deny'): EditReviewer {
  return {
    review: ({ edit }, signal) => {
      if (signal.aborted) {
        return Promise.resolve({ kind: 'withdrawn' });
      }
      const approved = decide === 'allow' ? edit.hunks.map((hunk) => hunk.id) : [];
      return Promise.resolve({
        kind: 'decided',
        verdict: {
          kind: decide === 'allow' ? 'approved' : 'denied',
          text: applyDecisions(edit.baseText, edit.hunks, new Set(approved)),
          baseText: edit.baseText,
          approvedCount: approved.length,
          deniedHunks: decide === 'allow' ? [] : edit.hunks.map((hunk) => ({ hunk })),
        },
      });
    },
    noteWritten: () => undefined,
  };
}

const noDiagnostics: Diagnostics = {
  snapshot: () => [],
  settled: () => Promise.resolve([]),
};
