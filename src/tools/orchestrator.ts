import { withDeadline } from '../base/clock';
import { createSafeLogger } from '../base/logger';
import { errorMessage, PatchbayError } from '../base/patchbayError';
import type { PermissionAnswer, PermissionRequest } from '../events/observation';
import { toolError, type ToolCall, type ToolResult } from '../events/toolCall';
import type { Decision, Effect, PermissionMode } from '../gate/contract';
import { decide } from '../gate/decide';
import type { EditVerdict } from '../edits/fileEdit';
import { parseArguments } from './arguments';
import { CallGate, denialText, type GatedCall, type Judgement } from './callGate';
import { CallRecords, failedEnd, type CallEnd } from './callRecords';
import { ChildCalls } from './childCalls';
import type {
  AppliedProposal,
  CallContext,
  CallProgress,
  EditProposal,
  Tool,
  ToolOrchestrator,
} from './contract';
import type { EditCall } from './editCommit';
import { EditFlow } from './editFlow';
import { capResult } from './outputStore';
import { runWrites, type MoveStep } from './patchFlow';
import { failedApplication, ProposalApplier } from './proposalApplier';
import { ProposedHooks } from './proposedHooks';
import {
  isMovedFrom,
  plainWriteRule,
  toPlannedWrites,
  toSourceReads,
  type PlannedWrite,
} from './plannedWrites';
import { cacheableTools, type CacheLookup, type CacheTicket } from './resultCache';
import type { OrchestratorServices } from './services';
import { Slots } from './slots';
import { describeCall, runWithDeadline } from './toolRun';

/**
 * The single choke point of every tool call: arguments, effects, decision, question, audit, cache, run, audit, what
 * follows a write. The order is fixed and every call takes it. Nothing here rejects.
 */
export class Orchestrator implements ToolOrchestrator {
  private readonly gate: CallGate;
  private readonly records: CallRecords;
  private readonly edits: EditFlow;
  private readonly children: ChildCalls;
  private readonly applier: ProposalApplier;
  private readonly sessions = new Map<string, SessionState>();
  private readonly active = new Set<Promise<unknown>>();
  private readonly closing = new AbortController();

  private readonly services: OrchestratorServices;

  constructor(given: OrchestratorServices) {
    const services = { ...given, logger: createSafeLogger(given.logger) };
    this.services = services;
    const missing = cacheableTools.filter((name) => services.registry.get(name) === undefined);
    if (missing.length > 0) {
      throw new Error(`cacheable tools that do not exist: ${missing.join(', ')}`);
    }
    this.gate = new CallGate(services);
    this.records = new CallRecords(services);
    const proposedHooks = new ProposedHooks();
    this.edits = new EditFlow(services, this.gate, this.records, proposedHooks);
    this.children = new ChildCalls(services, this.gate, this.records);
    this.applier = new ProposalApplier(services, this.gate, this.records, proposedHooks);
  }

  async execute(call: ToolCall, context: CallContext): Promise<ToolResult> {
    return await this.track(this.executeOrFail(call, context));
  }

  async executeAll(
    calls: readonly ToolCall[],
    context: (call: ToolCall) => CallContext,
  ): Promise<readonly ToolResult[]> {
    const results: Promise<ToolResult>[] = [];
    for (const call of calls) {
      const isRead = this.services.registry.get(call.name)?.kind === 'read';
      if (!isRead) {
        await Promise.all(results);
      }
      const result = this.executeIn(call, context);
      results.push(result);
      if (!isRead) {
        await result;
      }
    }
    return await Promise.all(results);
  }

  async authorize(request: PermissionRequest, context: CallContext): Promise<PermissionAnswer> {
    return await this.track(this.authorizeOrDeny(request, context));
  }

  async noteChildResult(call: ToolCall, result: ToolResult, context: CallContext): Promise<void> {
    await this.track(this.noteChildResultSafely(call, result, context));
  }

  permittedTools(mode: PermissionMode): readonly Tool[] {
    return this.services.registry.list().filter((tool) => {
      if (tool.isDelegatedOnly === true) {
        return false;
      }
      const effect = typicalEffect(tool);
      return effect === undefined || decide([effect], [], mode).verdict !== 'deny';
    });
  }

  /** A session is over: its questions are closed as denied, what was allowed for it is forgotten. */
  endSession(sessionId: string): void {
    this.services.permissions.withdrawSession(sessionId);
    this.services.rules.clearSession(sessionId);
    this.services.outputs.forgetSession(sessionId);
  }

  /**
   * Carries out the decision on a proposal that no agent waits for: writes what was approved, and says what the agent is
   * to be told. Never rejects.
   */
  async applyLate(proposal: EditProposal, verdict: EditVerdict): Promise<AppliedProposal> {
    return await this.track(
      this.applier
        .apply({
          proposal,
          verdict,
          signal: this.closing.signal,
          slots: this.sessionOf(proposal.sessionId).slots,
          timeoutMs: this.services.toolTimeoutMs?.() ?? defaultToolTimeoutMs,
        })
        .catch((error: unknown) => {
          this.services.logger.error(`a decided edit: ${errorMessage(error)}`);
          return failedApplication(error);
        }),
    );
  }

  async shutdown(): Promise<void> {
    this.closing.abort();
    await withDeadline(
      this.services.clock,
      Promise.allSettled([...this.active]),
      shutdownTimeoutMs,
    );
    this.services.cache.dispose();
  }

  private async executeIn(
    call: ToolCall,
    context: (call: ToolCall) => CallContext,
  ): Promise<ToolResult> {
    try {
      return await this.execute(call, context(call));
    } catch (error) {
      return this.toFailure(call, error);
    }
  }

  private async executeOrFail(call: ToolCall, context: CallContext): Promise<ToolResult> {
    try {
      const own = this.toOwnContext(context);
      const gated = this.toGatedCall(call, own);
      const refusal = this.claim(call, context);
      if (refusal !== undefined) {
        return await this.refuse(gated, refusal.by, refusal.error);
      }
      try {
        return await this.executeClaimed(call, gated, own);
      } catch (error) {
        const failure = this.toFailure(call, error);
        await this.records.failed(gated, failure.ok ? '' : failure.error);
        return failure;
      }
    } catch (error) {
      return this.toFailure(call, error);
    }
  }

  private async executeClaimed(
    call: ToolCall,
    gated: GatedCall,
    context: CallContext,
  ): Promise<ToolResult> {
    const tool = this.services.registry.get(call.name);
    if (tool === undefined || (tool.isDelegatedOnly === true && context.bridge === undefined)) {
      const names = this.permittedTools(context.mode).map(({ name }) => name);
      return await this.refuse(
        gated,
        'default.unknown-tool',
        `There is no tool '${call.name}'. Use one of: ${names.join(', ')}.`,
      );
    }
    const parsed = parseArguments(tool.inputSchema, call.arguments);
    if (parsed.kind === 'invalid') {
      return await this.refuse(
        gated,
        'default.invalid-arguments',
        `Tool '${tool.name}' was not run: ${parsed.problem}.`,
      );
    }
    const judged: GatedCall = { ...gated, input: parsed.args, intents: tool.intents(parsed.args) };
    const judgement = await this.gate.judge(judged);
    if (judgement.decision.verdict === 'deny') {
      const { ruleId: by, reason } = judgement.decision;
      return await this.records.denied(judged, judgement.effects, { kind: 'deny', by, reason });
    }
    const writes = toPlannedWrites(judged.intents, judgement.effects);
    const [first] = writes;
    // The old place of a moved file goes only when the new one is written: that has to be waited for.
    const hasMove = writes.some((write) => toSourceReads(write).length > 0);
    if (
      tool.kind === 'write' &&
      first !== undefined &&
      writes.length === judgement.effects.length
    ) {
      return writes.length === 1
        ? await this.runWrite(tool, judged, judgement, first)
        : await runWrites(
            judged,
            writes,
            async (call, write, move) => {
              // Denied above when one of them is; now each is asked or not by itself.
              const decision = this.gate.decideOn(judged, [
                write.effect,
                ...(await this.gate.effectsOf({ ...judged, intents: toSourceReads(write) })),
              ]);
              const old = this.goesAlong(judged, decision, write, writes);
              const together = [write, ...(old === undefined ? [] : [old])];
              const effects = together.map(({ effect }) => effect);
              const own = { ...call, intents: together.map(({ intent }) => intent) };
              return await this.runWrite(tool, own, { effects, decision }, write, {
                ...move,
                hasFollower: hasMove,
                ...(old === undefined ? {} : { oldPath: old.effect.path }),
              });
            },
            this.services,
          );
    }
    return await this.runTool(tool, judged, judgement);
  }

  private async runWrite(
    tool: Tool,
    call: GatedCall,
    judgement: Judgement,
    { effect, change }: PlannedWrite,
    move: MoveStep & Pick<EditCall, 'hasFollower' | 'oldPath'> = {},
  ): Promise<ToolResult> {
    const { context } = call;
    const { moved, ...rest } = move;
    try {
      const edit: EditCall = {
        call,
        judgement,
        effect,
        change,
        timeoutMs: this.timeoutOf(tool),
        slots: this.session(context).slots,
        ...rest,
        approved:
          moved !== undefined && judgement.decision.ruleId === plainWriteRule
            ? { text: '', expectedText: moved.text }
            : context.bridge === undefined
              ? undefined
              : this.children.takeApproved(context, effect),
      };
      return moved?.isGone === true
        ? await this.edits.endMoved(edit, moved.text)
        : await this.edits.run(edit);
    } catch (error) {
      // Of several files the others go on; this one still gets both of its records.
      const failure = this.toFailure({ name: tool.name }, error);
      await this.records.failed(call, failure.ok ? '' : failure.error);
      return failure;
    }
  }

  /** The old place of a file that moves, when the answer about the new one is all that it takes to go from there. */
  private goesAlong(
    call: GatedCall,
    decision: Decision,
    write: PlannedWrite,
    writes: readonly PlannedWrite[],
  ): PlannedWrite | undefined {
    const old = writes.find((other) => isMovedFrom(write, other));
    if (old === undefined || this.services.files.moveText === undefined) {
      return undefined;
    }
    const { verdict, ruleId } = this.gate.decideOn(call, [old.effect]);
    const isAskedWithIt = decision.verdict === 'ask' && ruleId === plainWriteRule;
    return verdict === 'allow' || isAskedWithIt ? old : undefined;
  }

  private async runTool(tool: Tool, call: GatedCall, judgement: Judgement): Promise<ToolResult> {
    const { context } = call;
    const asked = await this.gate.permit(call, judgement);
    const grant = await this.records.decision(call, judgement.effects, asked);
    if (grant.kind === 'deny') {
      return await this.records.refused(call, grant);
    }
    const slotKind = slotOf(tool, context);
    const release =
      slotKind === 'none'
        ? noRelease
        : await this.session(context).slots.acquire(slotKind, context.signal);
    const { end, ticket } =
      release === undefined
        ? {
            end: failedEnd('Stopped by the user before it started.', {
              outcome: 'aborted',
              summary: 'stopped',
            }),
          }
        : await this.runInSlot(tool, call, judgement, grant.reason, release);
    const given =
      tool.isDelegatedOnly === true
        ? end.result
        : capResult(end.result, context.sessionId, this.services.outputs);
    await this.records.outcome(call, end, given);
    // The call is over and has its result; a cache that fails must not take it away.
    await this.quietly(async () => {
      for (const effect of judgement.effects) {
        if (effect.kind === 'write') {
          this.services.cache.invalidate(effect.path);
        }
      }
      if (ticket !== undefined && end.outcome === 'ok') {
        await this.services.cache.store(ticket, end.result);
      }
    });
    return given;
  }

  private async runInSlot(
    tool: Tool,
    call: GatedCall,
    judgement: Judgement,
    why: string,
    release: () => void,
  ): Promise<{ readonly end: CallEnd; readonly ticket?: CacheTicket }> {
    const { context, subject } = call;
    try {
      context.onProgress({ kind: 'running', why });
      if (!(await this.gate.isStillTrue(call, judgement.effects))) {
        const reason =
          'a path leads elsewhere than when it was judged; nothing was run. Try again.';
        return { end: failedEnd(reason) };
      }
      const pendingText = (path: string): string | undefined =>
        this.services.deferred?.pendingFile(context.sessionId, path)?.text;
      const readPath = readPathOf(judgement.effects);
      const isPending = readPath !== undefined && pendingText(readPath) !== undefined;
      const lookup: CacheLookup = (isPending
        ? undefined
        : await this.quietly(() =>
            this.services.cache.lookup(tool.name, readPath, call.input),
          )) ?? {
        kind: 'off',
      };
      if (lookup.kind === 'hit') {
        const details = { ...lookup.result.details, outcome: 'cache_hit' as const };
        return { end: { result: { ...lookup.result, details }, outcome: 'cache_hit' } };
      }
      const resolvePath = (argument: string): string => this.resolvePath(argument, call, judgement);
      const run = (reportFiles?: (paths: readonly string[]) => void): Promise<CallEnd> =>
        runWithDeadline(
          tool.name,
          this.timeoutOf(tool),
          context.signal,
          this.services.clock,
          (signal) =>
            tool.run(call.input, {
              ...context,
              callId: subject.callId,
              signal,
              resolvePath,
              pendingText,
              ...(reportFiles === undefined ? {} : { reportFiles }),
            }),
        );
      const { sessionId, turnId, asker, signal } = context;
      const what = tool.shownName ?? describeCall(tool.name, call.input);
      // A tool that writes by itself is no edit of ours: what it changes is looked for afterwards. A server's word that
      // its tool only reads is not believed.
      const onlyReads =
        (tool.kind === 'read' || tool.kind === 'session') &&
        !judgement.effects.some(({ kind }) => kind === 'mcp');
      const end =
        this.services.aroundCall === undefined || onlyReads
          ? await run()
          : await this.services.aroundCall(
              { sessionId, turnId, callId: subject.callId, what, asker, signal },
              run,
            );
      return lookup.kind === 'miss' ? { end, ticket: lookup.ticket } : { end };
    } finally {
      release();
    }
  }

  /** Both records of a call that never reached the gate's table, and an error that says what to change. */
  private async refuse(call: GatedCall, by: string, error: string): Promise<ToolResult> {
    await this.records.decision(call, [{ kind: 'unknown', description: error }], {
      kind: 'deny',
      by,
      reason: error,
    });
    const end = failedEnd(error);
    await this.records.outcome(call, end);
    return end.result;
  }

  /** Why the call must not run at all; else its id is taken. */
  private claim(
    call: ToolCall,
    context: CallContext,
  ): { readonly by: string; readonly error: string } | undefined {
    if (this.closing.signal.aborted) {
      return { by: 'host.closing', error: 'Patchbay is shutting down; nothing was run.' };
    }
    if (call.executedBy === 'child') {
      return {
        by: 'default.run-by-child',
        error: `The call ${call.id} is run by the agent itself; Patchbay does not run it.`,
      };
    }
    const { usedIds } = this.session(context);
    const id = context.claimId ?? call.id;
    if (usedIds.has(id)) {
      return {
        by: 'default.repeated-id',
        error: `A call with the id ${id} was made before; it is not run a second time.`,
      };
    }
    usedIds.add(id);
    return undefined;
  }

  private async authorizeOrDeny(
    request: PermissionRequest,
    context: CallContext,
  ): Promise<PermissionAnswer> {
    try {
      if (this.closing.signal.aborted) {
        return { kind: 'deny', message: denialText(request.toolName, 'Patchbay is shutting down') };
      }
      return await this.children.authorize(request, this.toOwnContext(context));
    } catch (error) {
      const reason = `it could not be checked (${errorMessage(error)})`;
      this.services.logger.error(`authorize ${request.toolName}: ${errorMessage(error)}`);
      return { kind: 'deny', message: denialText(request.toolName, reason) };
    }
  }

  private async noteChildResultSafely(
    call: ToolCall,
    result: ToolResult,
    context: CallContext,
  ): Promise<void> {
    try {
      await this.children.noteResult(call, result, this.toOwnContext(context));
    } catch (error) {
      this.services.logger.error(
        `the result of ${call.name} could not be checked: ${errorMessage(error)}`,
      );
    }
  }

  private toFailure(call: Pick<ToolCall, 'name'>, error: unknown): ToolResult {
    this.services.logger.error(`tool ${call.name}: ${errorMessage(error)}`);
    return toolError(`Tool '${call.name}' failed: ${errorMessage(error)}`);
  }

  /** What is beside a call must not fail it: a failure is logged, and the value is missing. */
  private async quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.services.logger.warn(`the result cache failed: ${errorMessage(error)}`);
      return undefined;
    }
  }

  private timeoutOf(tool: Tool): number {
    return tool.timeoutMs ?? this.services.toolTimeoutMs?.() ?? defaultToolTimeoutMs;
  }

  private toGatedCall(call: ToolCall, context: CallContext): GatedCall {
    const { sessionId, turnId, modelId, bridge } = context;
    return {
      subject: {
        sessionId,
        turnId,
        callId: call.id,
        tool: call.name,
        modelId,
        executedBy: 'host',
        bridge,
      },
      input: call.arguments,
      intents: [],
      context,
      startedAtMs: this.services.clock.nowMs(),
    };
  }

  /** Ends with the turn or with us, and a listener that throws costs only its own news. */
  private toOwnContext(context: CallContext): CallContext {
    return {
      ...context,
      signal: AbortSignal.any([context.signal, this.closing.signal]),
      onProgress: (progress: CallProgress) => {
        try {
          context.onProgress(progress);
        } catch (error) {
          this.services.logger.warn(`a progress listener failed: ${errorMessage(error)}`);
        }
      },
    };
  }

  /** The name that the gate found for it, where the argument is what was judged. */
  private resolvePath(
    argument: string,
    { intents, context }: GatedCall,
    { effects }: Judgement,
  ): string {
    const path = this.gate.absolutePath(argument, context);
    if (path === undefined) {
      throw new PatchbayError('invalid_path', `${argument} is not a usable path here.`);
    }
    const at = intents.findIndex(
      (intent) => intent.kind === 'read' && this.gate.absolutePath(intent.path, context) === path,
    );
    const judged = effects[at];
    return judged?.kind === 'read' ? judged.path : path;
  }

  private session(context: CallContext): SessionState {
    return this.sessionOf(context.sessionId);
  }

  private sessionOf(sessionId: string): SessionState {
    const known = this.sessions.get(sessionId);
    if (known !== undefined) {
      return known;
    }
    const fresh: SessionState = { slots: new Slots(maxParallelReads), usedIds: new Set() };
    this.sessions.set(sessionId, fresh);
    return fresh;
  }

  private async track<T>(work: Promise<T>): Promise<T> {
    this.active.add(work);
    try {
      return await work;
    } finally {
      this.active.delete(work);
    }
  }
}

interface SessionState {
  readonly slots: Slots;
  readonly usedIds: Set<string>;
}

const maxParallelReads = 4;
const shutdownTimeoutMs = 1500;
const defaultToolTimeoutMs = 30_000;

/** A question to the user must not keep the session's other calls waiting. */
const slotKinds = {
  read: 'shared',
  write: 'exclusive',
  command: 'exclusive',
  session: 'none',
} as const;

/** A command that a child has us run is its own affair: it may run for as long as the child reads and writes beside it. */
function slotOf(tool: Tool, context: CallContext): 'shared' | 'exclusive' | 'none' {
  return tool.kind === 'command' && context.bridge !== undefined ? 'none' : slotKinds[tool.kind];
}

function noRelease(): void {
  // Calls of the conversation hold no slot.
}

/** The file of a call that does nothing but read one. */
function readPathOf(effects: readonly Effect[]): string | undefined {
  const [effect] = effects;
  return effects.length === 1 && effect?.kind === 'read' ? effect.path : undefined;
}

/** The mildest effect a tool of this kind can have: when the mode denies even that, the tool is not offered. */
function typicalEffect(tool: Tool): Effect | undefined {
  switch (tool.kind) {
    case 'write':
      return {
        kind: 'write',
        path: 'file',
        target: 'file',
        pathClass: 'inside',
        change: 'content',
      };
    case 'command':
      return { kind: 'command', command: 'true', cwd: '/', cwdClass: 'inside' };
    case 'read':
    case 'session':
      return undefined;
  }
}
