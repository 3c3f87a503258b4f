import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { AuditLog } from '../gate/audit';
import { auditChain } from '../gate/auditChain';
import { PendingPermissions } from '../gate/pendingPermissions';
import { RuleBook } from '../gate/ruleBook';
import { createCommandAnalyzer } from '../gate/shell/analyzeCommand';
import type { CommandAnalyzer } from '../gate/shell/analyzer';
import { unparsed } from '../gate/shell/unparsed';
import { fromWorkspaceRules, toWorkspaceRules } from '../gate/storedRules';
import { RepositoryRuleFiles } from '../host/repositoryRules';
import { type AuditFile, auditHostName, createAuditFile } from '../node/auditFile';
import { commandShellKind } from '../node/commandRunner';
import { createShellParserThread } from '../node/shellParserThread';
import { PendingEdits } from '../session/pendingEdits';
import type { Ground } from './ground';
import type { WorkspaceParts } from './workspaceParts';

/** What decides on a call, and what is written about it. */
export interface GateParts {
  readonly permissions: PendingPermissions;
  readonly edits: PendingEdits;
  /** Absolute; one chain of files for this host alone. The viewer reads those of all. */
  readonly auditFolder: string;
  readonly auditFile: AuditFile;
  readonly audit: AuditLog;
  readonly repositoryRules: RepositoryRuleFiles;
  readonly rules: RuleBook;
  readonly analyzeCommand: CommandAnalyzer;
}

const workspaceRulesKey = 'workspaceRules';

export function createGateParts(ground: Ground, { labelFor }: WorkspaceParts): GateParts {
  const { context, clock, inheritedEnv, log, redact, settings, store, userState, warn } = ground;
  const permissions = store.add(new PendingPermissions(clock));
  const edits = store.add(new PendingEdits({ clock, labelFor }));
  const auditFolder = join(context.globalStorageUri.fsPath, 'audit');
  const auditFile = createAuditFile({
    folder: auditFolder,
    host: auditHostName(clock.nowMs(), randomBytes(4).toString('hex')),
    redact,
    chain: auditChain,
    nowMs: () => clock.nowMs(),
  });
  const audit = new AuditLog({
    sink: auditFile,
    clock,
    redact,
    isStrict: () => settings.values.isAuditStrict,
    onFirstFailure: (message) => {
      log.error(message);
      warn(message);
    },
  });
  const repositoryRules = store.add(new RepositoryRuleFiles(warn));
  const rules = store.add(
    new RuleBook({
      userRules: () => settings.values.rules,
      repositoryRules: (folder) => repositoryRules.rules(folder),
      store: {
        load: () => toWorkspaceRules(context.globalState.get(workspaceRulesKey)),
        save: (all) => userState.set(workspaceRulesKey, fromWorkspaceRules(all)),
      },
      nowMs: () => clock.nowMs(),
    }),
  );
  const shellParser = store.add(
    createShellParserThread({
      workerPath: context.asAbsolutePath('dist/shellParserWorker.js'),
      unparsed,
    }),
  );
  const analyzeCommand = createCommandAnalyzer({
    parse: shellParser.parse,
    prepare: shellParser.ready,
    clock,
    ...commandShellKind(process.platform, inheritedEnv),
  });
  return {
    permissions,
    edits,
    auditFolder,
    auditFile,
    audit,
    repositoryRules,
    rules,
    analyzeCommand,
  };
}
