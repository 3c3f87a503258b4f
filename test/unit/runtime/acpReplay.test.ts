import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { arrayField, isRecord, recordField, stringField } from '../../../src/base/guard';
import type { NormalizedEvent } from '../../../src/events/normalizedEvent';
import type { Observation } from '../../../src/events/observation';
import { toolOk } from '../../../src/events/toolCall';
import { createAcpBridge } from '../../../src/runtime/bridges/acp';
import { acpProfiles } from '../../../src/runtime/bridges/acpProfiles';
import type { ExchangeParser } from '../../../src/runtime/contract';

type Said = NormalizedEvent | Observation;

interface Turn {
  readonly said: Said[];
  readonly recordedText: string[];
  readonly recordedCalls: Set<string>;
}

const folder = fileURLToPath(new URL('../../fixtures/acp', import.meta.url));
const recordings = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
const [generic] = acpProfiles;

/** Plays the agent's lines of one recording through the generic bridge; requests are matched by method and order. */
class Replay {
  readonly turns: Turn[] = [];
  readonly chosen: string[] = [];
  readonly info: unknown[] = [];
  private readonly notes = new Map<string, unknown>();
  private readonly recordedMethods = new Map<unknown, string>();
  private readonly asked = new Map<string, unknown[]>();
  private readonly decisions = new Map<string, boolean>();
  private parser: ExchangeParser | undefined;
  private isOver = true;

  constructor(private readonly entries: readonly unknown[]) {
    for (const entry of entries) {
      const msg = recordField(entry, 'msg');
      const outcome = recordField(recordField(msg, 'result'), 'outcome');
      if (stringField(entry, 'from') === 'client' && outcome !== undefined) {
        const optionId = stringField(outcome, 'optionId') ?? '';
        this.decisions.set(
          String(msg?.id),
          !/reject|cancel/.test(optionId) && stringField(outcome, 'outcome') === 'selected',
        );
      }
    }
  }

  async run(): Promise<void> {
    for (const entry of this.entries) {
      const msg = recordField(entry, 'msg');
      const method = stringField(msg, 'method');
      if (stringField(entry, 'from') === 'client' && method !== undefined) {
        this.recordedMethods.set(msg?.id, method);
        if (this.isOver && (method === 'initialize' || method === 'session/prompt')) {
          this.begin(method === 'session/prompt');
        }
      } else if (stringField(entry, 'from') === 'agent' && msg !== undefined) {
        this.hear(msg);
      }
      for (let round = 0; round < 8; round += 1) {
        await Promise.resolve();
      }
    }
  }

  private begin(isContinuation: boolean): void {
    const resumed = this.entries.flatMap((entry) => {
      const msg = recordField(entry, 'msg');
      return ['session/load', 'session/resume'].includes(stringField(msg, 'method') ?? '')
        ? [stringField(recordField(msg, 'params'), 'sessionId')]
        : [];
    })[0];
    if (generic === undefined) {
      throw new Error('no profile');
    }
    this.isOver = false;
    this.turns.push({ said: [], recordedText: [], recordedCalls: new Set() });
    this.parser = createAcpBridge(generic).createParser({
      model: { id: 'm', api: 'external', provider: 'acp', model: 'default', name: 'M' },
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
        onAgentInfo: (info) => this.info.push(info),
        delegate: () => Promise.resolve(toolOk('')),
      },
      resume: resumed,
      isContinuation,
      notes: this.notes,
      send: (message) => this.sent(message),
    });
    this.parser.open().forEach((message) => this.sent(message));
  }

  /** What the bridge says: requests wait for the recorded answer; settings that the recording lacks are granted. */
  private sent(message: unknown): void {
    const method = stringField(message, 'method');
    const id = isRecord(message) ? message.id : undefined;
    const optionId = stringField(
      recordField(recordField(message, 'result'), 'outcome'),
      'optionId',
    );
    if (optionId !== undefined) {
      this.chosen.push(optionId);
    }
    if (method === undefined || id === undefined) {
      return;
    }
    if (method.startsWith('session/set_')) {
      this.accept({ jsonrpc: '2.0', id, result: {} });
      return;
    }
    this.asked.set(method, [...(this.asked.get(method) ?? []), id]);
  }

  private hear(msg: Readonly<Record<string, unknown>>): void {
    const method = stringField(msg, 'method');
    if (method === undefined) {
      // Some recordings load a session that the bridge takes up without its history.
      const asked = this.recordedMethods.get(msg.id) ?? '';
      const ours =
        this.asked.get(asked)?.shift() ??
        (asked === 'session/load' ? this.asked.get('session/resume')?.shift() : undefined);
      if (ours !== undefined) {
        this.accept({ ...msg, id: ours });
      }
      return;
    }
    const turn = this.turns.at(-1);
    const update = recordField(recordField(msg, 'params'), 'update');
    const isPrompting = (this.asked.get('session/prompt')?.length ?? 0) > 0;
    if (turn !== undefined && isPrompting && update !== undefined) {
      const kind = stringField(update, 'sessionUpdate') ?? '';
      const text = stringField(recordField(update, 'content'), 'text') ?? '';
      if (kind === 'agent_message_chunk' && !text.startsWith('[MODE_UPDATE]')) {
        turn.recordedText.push(text);
      }
      const callId = stringField(update, 'toolCallId');
      if (callId !== undefined) {
        turn.recordedCalls.add(callId);
      }
    }
    this.accept(msg);
  }

  private accept(message: unknown): void {
    if (this.isOver || this.parser === undefined) {
      return;
    }
    const step = this.parser.accept(message);
    const said = this.turns.at(-1)?.said;
    for (const item of step.out) {
      if (item.kind !== 'observation') {
        said?.push(item);
        continue;
      }
      said?.push(item.observation);
      if (item.observation.kind === 'permission_request') {
        const { request } = item.observation;
        queueMicrotask(() =>
          request.reply(
            this.decisions.get(request.requestId) === true
              ? { kind: 'allow' }
              : { kind: 'deny', message: 'no' },
          ),
        );
      }
    }
    this.isOver = step.isOver === true;
    step.send?.forEach((reply) => this.sent(reply));
  }
}

function load(name: string): Replay {
  const lines = readFileSync(`${folder}/${name}`, 'utf8').split('\n');
  return new Replay(lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line)));
}

const isTerminal = (item: Said): boolean => item.kind === 'finish' || item.kind === 'failed';

function textOf(turn: Turn): string {
  return turn.said.map((item) => (item.kind === 'text' ? item.delta : '')).join('');
}

/** Recordings without a prompt: settings only, and a session that the agent did not know. */
const withoutPrompt = /-(modes-and-models|load-2-second)\.jsonl$/;

describe('every recorded ACP transcript', () => {
  it.each(recordings.filter((name) => !/gemini-load-2|gemini-resume|modes-and/.test(name)))(
    '[R95] ends each turn of %s once, with its whole text and a result for each call',
    async (name) => {
      const replay = load(name);
      await replay.run();
      expect(replay.turns.length).toBeGreaterThan(0);
      for (const turn of replay.turns) {
        expect(turn.said.filter(isTerminal)).toEqual([{ kind: 'finish', reason: 'stop' }]);
        expect(isTerminal(turn.said.at(-1) ?? { kind: 'text', delta: '' })).toBe(true);
        expect(textOf(turn)).toBe(turn.recordedText.join(''));
        const calls = turn.said.flatMap((item) => (item.kind === 'tool_call' ? [item.call] : []));
        const ids = calls.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        expect([...turn.recordedCalls].filter((id) => !ids.includes(id))).toEqual([]);
        expect(calls.every(({ executedBy }) => executedBy === 'child')).toBe(true);
        const results = turn.said.flatMap((item) =>
          item.kind === 'tool_result' ? [item.callId] : [],
        );
        expect([...results].sort()).toEqual([...ids].sort());
      }
      expect(replay.chosen.filter((optionId) => optionId.includes('always'))).toEqual([]);
    },
  );

  it('there are recordings of all three agents', () => {
    expect(recordings.length).toBeGreaterThan(40);
    expect(recordings.filter((name) => withoutPrompt.test(name))).toHaveLength(6);
  });

  it('[R108] a session that gemini-cli does not know is a refused token', async () => {
    const replay = load('gemini-load-2-second.jsonl');
    await replay.run();
    const [said = []] = replay.turns.map((turn) => turn.said);
    expect(said.map((item) => (item.kind === 'failed' ? item.failure.code : item.kind))).toEqual([
      'resume_rejected',
    ]);
  });

  it.each(['opencode', 'claude-agent-acp', 'gemini'])(
    'the models of %s reach the picker',
    async (agent) => {
      const replay = load(`${agent}-modes-and-models.jsonl`);
      await replay.run();
      const models = replay.info.flatMap((info) => arrayField(info, 'models') ?? []);
      expect(models.length).toBeGreaterThan(2);
    },
  );

  it.each([
    ['opencode', { kind: 'content', content: '# Notes\n\ncolour: blue\n' }],
    ['gemini', { kind: 'content', content: '# Notes\n\ncolour: blue\n' }],
    [
      'claude-agent-acp',
      { kind: 'edits', edits: [{ search: 'colour: red', replace: 'colour: blue' }] },
    ],
  ])('an edit of %s is a change of exactly that file', async (agent, change) => {
    const replay = load(`${agent}-tool-edit-allowed.jsonl`);
    await replay.run();
    const asked = replay.turns[0]?.said.flatMap((item) =>
      item.kind === 'permission_request' ? [item.request] : [],
    );
    expect(asked?.map(({ intents }) => intents)).toEqual([
      [{ kind: 'write', path: '/workspace/notes.md', change }],
    ]);
    expect(asked?.[0]?.takesWholeEditsOnly).toBe(true);
    const diffs = replay.turns[0]?.said.flatMap((item) =>
      item.kind === 'tool_result' && item.result.details?.diff !== undefined
        ? [item.result.details.diff]
        : [],
    );
    expect(diffs).toHaveLength(1);
    expect(diffs?.[0]).toContain('-colour: red\n+colour: blue');
  });

  it.each(['opencode', 'claude-agent-acp', 'gemini'])(
    'a command of %s is asked with its whole text and its folder',
    async (agent) => {
      const replay = load(`${agent}-tool-shell-rejected.jsonl`);
      await replay.run();
      const said = replay.turns[0]?.said ?? [];
      const asked = said.flatMap((item) =>
        item.kind === 'permission_request' ? item.request.intents : [],
      );
      expect(asked).toEqual([
        {
          kind: 'command',
          command: 'printf "made by shell\\n" > /workspace/shell-made.txt',
          cwd: '/workspace',
        },
      ]);
      const results = said.flatMap((item) => (item.kind === 'tool_result' ? [item.result] : []));
      expect(results.map(({ details }) => details?.outcome)).toEqual(['denied']);
    },
  );
});
