import { readFileSync } from 'node:fs';
import { isRecord, recordField, stringField } from '../../src/base/guard';
import type { PermissionRequest } from '../../src/events/observation';
import { codexAppServerBridge } from '../../src/runtime/bridges/codexAppServer';
import { codexExecBridge } from '../../src/runtime/bridges/codexExec';
import type {
  Bridge,
  ChildExit,
  ExchangeParser,
  ExchangeParserContext,
  ParseStep,
} from '../../src/runtime/contract';

type Out = ParseStep['out'][number];

/** What one turn of a recording came to. */
export interface ReplayedTurn {
  /** Text after retractions. */
  readonly text: string;
  readonly thinking: string;
  /** `shell: ok`, `apply_patch: denied`, `shell: exit 3`, `shell: open`. */
  readonly calls: readonly string[];
  readonly questions: readonly PermissionRequest[];
  /** Our answers, in order: `accept`, `decline`. */
  readonly answers: readonly string[];
  readonly notices: readonly string[];
  readonly changed: readonly string[];
  readonly tokens: readonly string[];
  readonly inputTokens: number | undefined;
  /** `stop`, `length`, or the failure's code; exactly one in a sound turn. */
  readonly ends: readonly string[];
  /** Items that came after the end. */
  readonly late: number;
}

/** Plays a recording of a real Codex (test/fixtures) through its bridge, with the decisions of the recorded client. */
export function replayCodex(
  dialect: 'codex-app-server' | 'codex-exec',
  name: string,
): readonly ReplayedTurn[] {
  const entries = readFileSync(`test/fixtures/${dialect}/${name}.jsonl`, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
  const replay = dialect === 'codex-exec' ? new ExecReplay(entries) : new AppServerReplay(entries);
  return replay.run();
}

class Turn {
  readonly out: Out[] = [];
  readonly answers: string[] = [];
  parser: ExchangeParser | undefined;

  take(step: ParseStep): readonly PermissionRequest[] {
    this.out.push(...step.out);
    return step.out.flatMap((item) =>
      item.kind === 'observation' && item.observation.kind === 'permission_request'
        ? [item.observation.request]
        : [],
    );
  }

  summary(): ReplayedTurn {
    const endAt = this.out.findIndex(({ kind }) => kind === 'finish' || kind === 'failed');
    const observations = this.out.flatMap((item) =>
      item.kind === 'observation' ? [item.observation] : [],
    );
    const void_ = new Set(
      observations.flatMap((item) => (item.kind === 'retract' ? [item.blockId] : [])),
    );
    const said = (kind: 'text' | 'thinking'): string =>
      this.out
        .flatMap((item) =>
          item.kind === kind && !void_.has(item.blockId ?? '') ? [item.delta] : [],
        )
        .join('');
    const results = new Map(
      observations.flatMap((item) =>
        item.kind === 'tool_result' ? [[item.callId, item.result] as const] : [],
      ),
    );
    return {
      text: said('text'),
      thinking: said('thinking'),
      calls: this.out.flatMap((item) => {
        if (item.kind !== 'tool_call') {
          return [];
        }
        const result = results.get(item.call.id);
        const how =
          result === undefined
            ? 'open'
            : result.ok
              ? 'ok'
              : (result.details?.outcome ?? result.details?.summary ?? result.error);
        return [`${item.call.name}: ${how}`];
      }),
      questions: observations.flatMap((item) =>
        item.kind === 'permission_request' ? [item.request] : [],
      ),
      answers: this.answers,
      notices: observations.flatMap((item) => (item.kind === 'notice' ? [item.text] : [])),
      changed: observations.flatMap((item) => (item.kind === 'file_change' ? item.paths : [])),
      tokens: this.out.flatMap((item) => (item.kind === 'resume' ? [item.token] : [])),
      inputTokens: observations.findLast((item) => item.kind === 'usage')?.usage.inputTokens,
      ends: this.out.flatMap((item) =>
        item.kind === 'finish' ? [item.reason] : item.kind === 'failed' ? [item.failure.code] : [],
      ),
      late: endAt === -1 ? 0 : this.out.length - endAt - 1,
    };
  }
}

function contextFor(
  bridge: Bridge,
  more: Pick<ExchangeParserContext, 'resume' | 'isContinuation' | 'notes' | 'send'>,
): ExchangeParserContext {
  return {
    model: {
      id: 'm',
      api: 'external',
      provider: bridge.adapter,
      model: 'default',
      name: 'M',
    },
    context: {
      systemPrompt: '',
      tools: [],
      messages: [{ role: 'user', text: 'Hello', createdAtMs: 0 }],
    },
    opts: {
      signal: new AbortController().signal,
      sessionId: 's',
      cwd: '/workspace',
      observe: () => undefined,
    },
    ...more,
  };
}

class ExecReplay {
  constructor(private readonly entries: readonly unknown[]) {}

  run(): readonly ReplayedTurn[] {
    const turn = new Turn();
    const command = this.entries.flatMap((entry) =>
      isRecord(entry) && Array.isArray(entry.cmd) ? entry.cmd.map(String) : [],
    );
    const isResumed = command.includes('resume');
    const parser = codexExecBridge.createParser(
      contextFor(codexExecBridge, {
        resume: isResumed ? command.at(-2) : undefined,
        isContinuation: false,
        notes: new Map(),
        send: () => undefined,
      }),
    );
    for (const entry of this.entries) {
      if (stringField(entry, 'from') === 'agent') {
        turn.take(parser.accept(isRecord(entry) ? entry.msg : undefined));
      }
    }
    return [turn.summary()];
  }
}

/** Requests of the bridge are matched to the recorded ones by method and order; what the recording lacks is answered generically. */
class AppServerReplay {
  private readonly turns: Turn[] = [];
  private readonly notes = new Map<string, unknown>();
  /** Our ids, by the recorded ones. */
  private readonly ids = new Map<unknown, unknown>();
  private readonly recorded = new Map<string, unknown[]>();
  private readonly decisions = new Map<unknown, string>();
  private readonly resume: string | undefined;

  constructor(private readonly entries: readonly unknown[]) {
    let resume: string | undefined;
    for (const entry of entries) {
      const msg = recordField(entry, 'msg');
      if (stringField(entry, 'from') !== 'client' || msg === undefined) {
        continue;
      }
      const method = stringField(msg, 'method');
      if (method === undefined) {
        this.decisions.set(msg.id, stringField(msg.result, 'decision') ?? '');
      } else {
        this.recorded.set(method, [...(this.recorded.get(method) ?? []), msg.id]);
      }
      if (method === 'thread/resume') {
        resume = stringField(msg.params, 'threadId');
      }
    }
    this.resume = resume;
  }

  run(): readonly ReplayedTurn[] {
    this.begin();
    let prompts = 0;
    for (const entry of this.entries) {
      const msg = recordField(entry, 'msg');
      const method = stringField(msg, 'method');
      if (stringField(entry, 'from') === 'client') {
        prompts += method === 'turn/start' ? 1 : 0;
        if (method === 'turn/start' && prompts > 1) {
          this.begin();
        } else if (method === 'turn/interrupt') {
          this.send(this.turn().parser?.interrupt() ?? []);
        }
      } else if (stringField(entry, 'from') === 'agent' && msg !== undefined) {
        const isAnswer = method === undefined && this.ids.has(msg.id);
        this.accept(isAnswer ? { ...msg, id: this.ids.get(msg.id) } : msg);
      }
    }
    return this.turns.map((turn) => turn.summary());
  }

  private begin(): void {
    const turn = new Turn();
    turn.parser = codexAppServerBridge.createParser(
      contextFor(codexAppServerBridge, {
        resume: this.resume,
        isContinuation: this.turns.length > 0,
        notes: this.notes,
        send: (message) => this.send([message]),
      }),
    );
    this.turns.push(turn);
    this.send(turn.parser.open());
  }

  private turn(): Turn {
    const turn = this.turns.at(-1);
    if (turn === undefined) {
      throw new Error('no turn has begun');
    }
    return turn;
  }

  private accept(message: unknown): void {
    const turn = this.turn();
    const step = turn.parser?.accept(message) ?? { out: [] };
    const questions = turn.take(step);
    this.send(step.send ?? []);
    for (const request of questions) {
      const decision = this.decisions.get(Number(request.requestId));
      if (decision !== undefined) {
        request.reply(
          decision.startsWith('accept') ? { kind: 'allow' } : { kind: 'deny', message: '' },
        );
      }
    }
  }

  private send(messages: readonly unknown[]): void {
    for (const message of messages) {
      const method = stringField(message, 'method');
      const id = isRecord(message) ? message.id : undefined;
      if (method === undefined) {
        this.turn().answers.push(
          stringField(recordField(message, 'result'), 'decision') ?? 'error',
        );
      } else if (id !== undefined) {
        const recordedId = this.recorded.get(method)?.shift();
        if (recordedId === undefined) {
          this.accept({ id, result: {} });
        } else {
          this.ids.set(recordedId, id);
        }
      }
    }
  }
}

/** An exit as the transport tells it. */
export function exitOf(code: number | null, stderrTail: string): ChildExit {
  return { code, signal: code === null ? 'SIGKILL' : null, stderrTail };
}
