import { join } from 'node:path';
import * as vscode from 'vscode';
import { delay } from '../base/clock';
import { stringField } from '../base/guard';
import { parseAuditFiles } from '../gate/auditRecords';
import { verifyAuditFile } from '../gate/auditVerify';
import { resolveEffects } from '../gate/effect';
import { toPastCalls } from '../gate/pastCalls';
import { createAppCommands } from '../host/appCommands';
import { AuditView } from '../host/auditView';
import { changeCommands } from '../host/changes/changeCommands';
import { createCommandRun } from '../host/commands';
import { CostView } from '../host/costView';
import { DoctorView } from '../host/doctorView';
import { QuestionEditor } from '../host/questionEditor';
import { reviewCommands } from '../host/review/reviewCommands';
import { treeCommands } from '../host/review/treeCommands';
import { RuleCommands } from '../host/ruleCommands';
import { listAuditFiles, readAuditLines, readAuditRecords } from '../node/auditFolder';
import { passedVariables } from '../node/childEnvironment';
import { doctorReports, doctorText } from '../runtime/doctor';
import type { PanelParts } from './panelParts';
import type { Parts } from './parts';

/** How much of the audit log a rule is tried on. */
const simulatedBytes = 4 * 1024 * 1024;

/** What the editor's commands do. */
export function createCommands(
  parts: Parts,
  panel: PanelParts,
): ReturnType<typeof createCommandRun> {
  const { context, clock, home, inheritedEnv, log, redact, settings, store } = parts.ground;
  const { files, probe } = parts.workspace;
  const { analyzeCommand, audit, auditFolder, edits, permissions, rules } = parts.gate;
  const { changes } = parts.tools;
  const { mcp } = parts.servers;
  const { broker, keys, setup } = parts.runtimes;
  const { ledger, sessions } = parts.conversations;
  const { changesView, exportSession, review, turnRestore, view } = panel;
  const questionEditor = store.add(new QuestionEditor(permissions));
  const ruleCommands = store.add(
    new RuleCommands({
      rules,
      folders: () => files.roots().folders.map(({ path }) => path),
      currentSessionId: () => sessions.current.id,
      pastCalls: async () => {
        const { records } = await readAuditRecords(auditFolder, {
          maxBytes: simulatedBytes,
          parse: parseAuditFiles,
        });
        return await toPastCalls(records, {
          home,
          resolveCommand: async (command, cwd) => {
            const [effect] = await resolveEffects([{ kind: 'command', command, cwd }], {
              roots: files.roots(),
              probe,
              analyze: analyzeCommand,
            });
            return effect;
          },
        });
      },
      saveUserRule: (entry) => settings.addRule(entry),
    }),
  );
  const auditView = store.add(
    new AuditView(
      {
        folder: auditFolder,
        read: (maxBytes) => readAuditRecords(auditFolder, { maxBytes, parse: parseAuditFiles }),
        list: async () => (await listAuditFiles(auditFolder)).map(({ name }) => name),
        verify: (name) =>
          verifyAuditFile(
            name,
            (other) => readAuditLines(join(auditFolder, other)),
            () => delay(clock, 0),
          ),
        failureCount: () => audit.failureCount,
      },
      clock,
      home,
    ),
  );
  const doctor = store.add(
    new DoctorView(async () => {
      await setup.refresh();
      const reports = doctorReports({
        directory: setup.directory,
        findings: setup.findings,
        bridges: broker.bridges(),
        passedVariables: (patterns) => passedVariables(inheritedEnv, patterns),
        lastFailure: (adapter) => broker.lastFailure(adapter),
      });
      return redact(
        doctorText(reports, [
          `Patchbay ${String(stringField(context.extension.packageJSON, 'version'))} in ${vscode.env.appName} ${vscode.version}`,
          `${process.platform} ${process.arch}, Node ${process.versions.node}`,
          `least gate coverage wanted: ${settings.values.minimumGateCoverage}`,
          await changes.usageText(),
        ]),
      );
    }),
  );
  const cost = store.add(
    new CostView({
      ledger,
      sessions: () => sessions.list(),
      runtimeName: (runtime) => setup.directory.find(runtime)?.displayName ?? runtime,
      nowMs: () => clock.nowMs(),
    }),
  );
  return createCommandRun(
    {
      ...createAppCommands({
        view,
        sessions,
        permissions,
        setup,
        keys,
        mcp,
        auditView,
        questionEditor,
        rules: ruleCommands,
        doctor,
        cost,
        exportSession,
        log,
      }),
      ...reviewCommands(edits, review),
      ...treeCommands({
        edits,
        review,
        changes: changes.unreviewed,
        openChange: (changeId, hunkId) => void changesView.open(changeId, hunkId),
      }),
      ...changeCommands(changes.unreviewed, changesView, turnRestore),
    },
    log,
    () => log.show(),
  );
}
