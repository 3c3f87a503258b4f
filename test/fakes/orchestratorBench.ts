import { silentLogger } from '../../src/base/logger';
import type { JsonObject } from '../../src/base/json';
import type { PermissionAnswer, PermissionRequest } from '../../src/events/observation';
import type { ToolCall } from '../../src/events/toolCall';
import type { ToolIntent } from '../../src/events/toolIntent';
import { AuditLog } from '../../src/gate/audit';
import type { PermissionQuestion, QuestionAnswer, Rule } from '../../src/gate/contract';
import { PendingPermissions } from '../../src/gate/pendingPermissions';
import { memoryRuleStore, RuleBook } from '../../src/gate/ruleBook';
import { defaultRunLimits, RunLimits, type RunLimitValues } from '../../src/gate/runLimits';
import { createAsker } from '../../src/tools/asker';
import { createBuiltinTools } from '../../src/tools/builtin/builtinTools';
import type { CallContext, CallProgress, Tool, WorkspaceSearch } from '../../src/tools/contract';
import { Orchestrator } from '../../src/tools/orchestrator';
import { OutputStore } from '../../src/tools/outputStore';
import { PostWriteHooks } from '../../src/tools/postWriteHooks';
import { ToolRegistry } from '../../src/tools/registry';
import { ResultCache } from '../../src/tools/resultCache';
import type { OrchestratorServices, UnexpectedChange } from '../../src/tools/services';
import { FakeClock } from './fakeClock';
import { FakeReviewer } from './fakeReviewer';
import { FakeRunner } from './fakeRunner';
import { MemoryAudit } from './memoryAudit';
import { MemoryFiles, type MemoryFilesOptions } from './memoryFiles';

export interface BenchOptions extends MemoryFilesOptions {
  readonly rules?: readonly Rule[] | (() => readonly Rule[]);
  readonly limits?: RunLimitValues;
  /** Tools beside the built-in ones. */
  readonly tools?: readonly Tool[];
  /** How the user answers every question; absent: questions stay open. */
  readonly answer?: QuestionAnswer | ((question: PermissionQuestion) => QuestionAnswer);
  readonly services?: Partial<OrchestratorServices>;
  readonly search?: WorkspaceSearch;
}

/** The real orchestrator over fakes of everything outside of it, and what happened to them. */
export function createBench(options: BenchOptions = {}) {
  const files = new MemoryFiles(options);
  const clock = new FakeClock();
  const sink = new MemoryAudit();
  const shownFailures: string[] = [];
  const audit = new AuditLog({
    sink,
    clock,
    redact: (text) => text,
    onFirstFailure: (message) => shownFailures.push(message),
  });
  const permissions = new PendingPermissions(clock);
  const asked: PermissionQuestion[] = [];
  permissions.onDidChange((questions) => {
    for (const question of questions.filter(({ id }) => !asked.some((known) => known.id === id))) {
      asked.push(question);
      const { answer } = options;
      if (answer !== undefined) {
        permissions.answer(
          question.id,
          question.digest,
          typeof answer === 'function' ? answer(question) : answer,
        );
      }
    }
  });
  const reviewer = new FakeReviewer();
  const runner = new FakeRunner();
  const outputs = new OutputStore();
  const cache = new ResultCache({ files });
  const hooks = new PostWriteHooks(clock, silentLogger);
  const asker = createAsker(permissions);
  const search = options.search ?? nothingFound;
  const registry = new ToolRegistry();
  for (const tool of [
    ...createBuiltinTools({
      files: options.services?.files ?? files,
      probe: options.services?.probe ?? files,
      search,
      runner,
      asker,
      outputs,
    }),
    ...(options.tools ?? []),
  ]) {
    registry.register(tool);
  }
  const unexpected: UnexpectedChange[] = [];
  const rules = new RuleBook({
    userRules: () =>
      typeof options.rules === 'function' ? options.rules() : (options.rules ?? []),
    store: memoryRuleStore(),
    nowMs: () => clock.nowMs(),
  });
  const orchestrator = new Orchestrator({
    registry,
    files,
    probe: files,
    rules,
    limits: new RunLimits(() => options.limits ?? defaultRunLimits),
    permissions,
    reviewer,
    asker,
    audit,
    cache,
    outputs,
    hooks,
    clock,
    logger: silentLogger,
    isTrusted: () => true,
    readDisk: (path) => Promise.resolve(files.disk(path)),
    saveDocument: (path) => files.save(path),
    onUnexpectedChange: (change) => unexpected.push(change),
    ...options.services,
  });
  const progress: CallProgress[] = [];
  const context = (extra: Partial<CallContext> = {}): CallContext => ({
    sessionId: 's1',
    turnId: 't1',
    modelId: 'test/model',
    asker: 'Test model',
    mode: 'ask',
    signal: new AbortController().signal,
    onProgress: (item) => progress.push(item),
    ...extra,
  });
  let callCount = 0;
  const call = (name: string, args: JsonObject, id = `call-${++callCount}`): ToolCall => ({
    id,
    name,
    arguments: args,
    executedBy: 'host',
  });
  return {
    files,
    clock,
    sink,
    audit,
    permissions,
    asked,
    reviewer,
    runner,
    outputs,
    cache,
    hooks,
    registry,
    rules,
    unexpected,
    shownFailures,
    orchestrator,
    progress,
    context,
    call,
    run: (name: string, args: JsonObject, extra: Partial<CallContext> = {}) =>
      orchestrator.execute(call(name, args), context(extra)),
    authorize: (
      toolName: string,
      intents: readonly ToolIntent[],
      extra: Partial<CallContext> = {},
      request: Partial<PermissionRequest> = {},
    ): Promise<PermissionAnswer> =>
      orchestrator.authorize(
        {
          requestId: 'r1',
          callId: 'child-1',
          toolName,
          input: {},
          intents,
          reply: () => undefined,
          ...request,
        },
        context({ bridge: 'claude-cli', ...extra }),
      ),
  };
}

const nothingFound: WorkspaceSearch = {
  findFiles: () => Promise.resolve({ paths: [], isTruncated: false }),
  searchText: () => Promise.resolve({ matches: [], isTruncated: false }),
};

/** A tool made of one function. */
export function toolOf(name: string, run: Tool['run'], extra: Partial<Tool> = {}): Tool {
  return {
    name,
    description: name,
    inputSchema: { type: 'object', properties: {} },
    kind: 'session',
    timeoutMs: 30_000,
    intents: () => [{ kind: 'none' }],
    run,
    ...extra,
  };
}
