import type { Clock } from '../base/clock';
import { silentLogger } from '../base/logger';
import { createRedactor } from '../base/redact';
import type { PermissionAnswer, PermissionRequest } from '../events/observation';
import type { AuditRecord, Rule } from '../gate/contract';
import { AuditLog } from '../gate/audit';
import { PendingPermissions } from '../gate/pendingPermissions';
import { memoryRuleStore, RuleBook } from '../gate/ruleBook';
import { defaultRunLimits, RunLimits } from '../gate/runLimits';
import { createAsker } from '../tools/asker';
import { createBuiltinTools } from '../tools/builtin/builtinTools';
import type { CallContext } from '../tools/contract';
import { Orchestrator } from '../tools/orchestrator';
import { OutputStore } from '../tools/outputStore';
import { PostWriteHooks } from '../tools/postWriteHooks';
import { ToolRegistry } from '../tools/registry';
import { ResultCache } from '../tools/resultCache';
import type { OrchestratorServices } from '../tools/services';
import type { RecordedDecision } from './replayDialect';
import { ReplayFiles } from './replayFiles';
import { ReplayUser } from './replayUser';

/** What a replay is made of beside the broker: the real gate and tools over the recorded workspace. */
export interface ReplayWorld {
  readonly orchestrator: Orchestrator;
  readonly files: ReplayFiles;
  readonly user: ReplayUser;
  dispose(): Promise<void>;
}

export interface ReplayWorldOptions {
  readonly cwd: string;
  readonly clock: Clock;
  readonly onAudit: (record: AuditRecord) => void;
}

/** The recorded user is asked about every read too: what was decided then counts, not what would be allowed today. */
const askForReads: Rule = {
  id: 'replay.read',
  verdict: 'ask',
  match: { kind: 'read', target: '/' },
  scope: 'user',
};

export function createReplayWorld(options: ReplayWorldOptions): ReplayWorld {
  const { clock } = options;
  const logger = silentLogger;
  const files = new ReplayFiles({
    folders: [{ name: 'workspace', path: options.cwd }],
    home: '/home/user',
    platform: 'posix',
  });
  const permissions = new PendingPermissions(clock);
  const user = new ReplayUser();
  user.watch(permissions);
  const outputs = new OutputStore();
  const cache = new ResultCache({ files });
  const asker = createAsker(permissions);
  const registry = new ToolRegistry();
  for (const tool of createBuiltinTools({
    files,
    probe: files,
    outputs,
    // Nothing is run and nothing is searched: whatever a recorded agent asked for happened when it was recorded.
    runner: {
      run: () => Promise.resolve({ exitCode: 0, signal: null, output: '', end: 'exited' }),
    },
    search: {
      findFiles: () => Promise.resolve({ paths: [], isTruncated: false }),
      searchText: () => Promise.resolve({ matches: [], isTruncated: false }),
    },
    asker,
  })) {
    registry.register(tool);
  }
  const orchestrator = new RecordedOrchestrator(user, {
    registry,
    files,
    probe: files,
    limits: new RunLimits(() => defaultRunLimits),
    rules: new RuleBook({
      userRules: () => [askForReads],
      store: memoryRuleStore(),
      nowMs: () => 0,
    }),
    permissions,
    reviewer: user,
    asker,
    audit: new AuditLog({
      sink: {
        write: (record) => {
          options.onAudit(record);
          return Promise.resolve();
        },
      },
      clock,
      redact: createRedactor([]),
      onFirstFailure: () => undefined,
    }),
    cache,
    outputs,
    hooks: new PostWriteHooks(clock, logger),
    clock,
    logger,
    isTrusted: () => true,
    readDisk: (path) => Promise.resolve(files.text(path)),
    saveDocument: () => Promise.resolve(true),
    onUnexpectedChange: () => undefined,
  });
  return {
    orchestrator,
    files,
    user,
    dispose: async () => {
      permissions.dispose();
      await orchestrator.shutdown();
      cache.dispose();
    },
  };
}

/** The real one; on the way to it a recorded question is bound to its call. */
class RecordedOrchestrator extends Orchestrator {
  constructor(
    private readonly user: ReplayUser,
    services: OrchestratorServices,
  ) {
    super(services);
  }

  override authorize(request: PermissionRequest, context: CallContext): Promise<PermissionAnswer> {
    this.user.bind(request.callId);
    return super.authorize(asRecorded(request, this.user.currentDecision), context);
  }
}

/** What the gate would let pass without a question is asked when the recorded client said no to it. */
function asRecorded(
  request: PermissionRequest,
  decision: RecordedDecision | undefined,
): PermissionRequest {
  return decision?.kind === 'deny' && request.intents.every(({ kind }) => kind === 'none')
    ? { ...request, intents: [{ kind: 'unknown', description: request.toolName }] }
    : request;
}
