import { JsonLinesDecoder } from '../../src/base/jsonLines';
import { isRecord, recordField, stringField } from '../../src/base/guard';
import type { NormalizedEvent } from '../../src/events/normalizedEvent';
import type {
  Observation,
  PermissionAnswer,
  PermissionRequest,
} from '../../src/events/observation';
import type { Bridge, ExchangeParser } from '../../src/runtime/contract';

/** Cuts the bytes of one stretch of a child's output into chunks. */
export type Rechunk = (bytes: Uint8Array) => Iterable<Uint8Array>;

export const inOneChunk: Rechunk = (bytes) => [bytes];

export function* byteByByte(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at++) {
    yield bytes.subarray(at, at + 1);
  }
}

/**
 * Plays a recording of a real agent (test/fixtures) through a bridge and gives what came out as readable lines: one turn per
 * prompt, deltas of one block joined. The recorded decisions are given as answers; `send` lines show what the bridge made of them.
 */
export function replayRecording(recording: string, bridge: Bridge, rechunk: Rechunk): string {
  const entries = recording
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));
  const replay = new Replay(bridge, recordedDecisions(entries), rechunk);
  for (const entry of entries) {
    replay.accept(entry);
  }
  return replay.end();
}

class Replay {
  private readonly lines: string[] = [];
  private readonly decoder: JsonLinesDecoder;
  private readonly encoder = new TextEncoder();
  private pending = '';
  private parser: ExchangeParser | undefined;
  private isOver = false;
  private turns = 0;
  private lateCount = 0;
  private resume: string | undefined;
  private isContinuation = false;
  private openText: { readonly key: string; text: string } | undefined;

  constructor(
    private readonly bridge: Bridge,
    private readonly decisions: ReadonlyMap<string, PermissionAnswer>,
    private readonly rechunk: Rechunk,
  ) {
    this.decoder = new JsonLinesDecoder({
      onMessage: (message) => this.message(message),
      onInvalidLine: (excerpt) => this.say(`not JSON: ${excerpt}`),
    });
  }

  accept(entry: unknown): void {
    const msg = recordField(entry, 'msg');
    switch (stringField(entry, 'from')) {
      case 'launch':
        this.flush();
        this.launch(isRecord(entry) && Array.isArray(entry.cmd) ? entry.cmd.map(String) : []);
        return;
      case 'agent':
        this.pending += `${msg === undefined ? (stringField(entry, 'raw') ?? '') : JSON.stringify(msg)}\n`;
        return;
      case 'client':
        if (stringField(msg, 'type') === 'user') {
          this.flush();
          this.begin(JSON.stringify(recordField(msg, 'message')?.content).slice(0, 60));
        } else if (stringField(recordField(msg, 'request'), 'subtype') === 'interrupt') {
          this.flush();
          this.parser?.interrupt();
          this.say('interrupt');
        }
        return;
      case 'exit':
        this.flush();
        return;
      default:
        return;
    }
  }

  end(): string {
    this.flush();
    this.closeText();
    this.closeTurn();
    return `${this.lines.join('\n')}\n`;
  }

  private launch(command: readonly string[]): void {
    const at = command.indexOf('--resume');
    const joined = command.find((arg) => arg.startsWith('--resume='));
    this.resume =
      joined === undefined
        ? at === -1
          ? undefined
          : command[at + 1]
        : joined.slice('--resume='.length);
    this.isContinuation = false;
    const prompt = command[command.indexOf('-p') + 1];
    if (prompt !== undefined && !prompt.startsWith('-')) {
      this.begin(`(in argv) ${prompt}`);
    }
  }

  private begin(prompt: string): void {
    this.closeText();
    this.closeTurn();
    this.turns += 1;
    this.isOver = false;
    this.lines.push(`turn ${this.turns}: ${prompt}`);
    this.parser = this.bridge.createParser({
      model: {
        id: 'm',
        api: 'external',
        provider: this.bridge.adapter,
        model: 'default',
        name: 'M',
      },
      context: {
        systemPrompt: '',
        tools: [],
        messages: [{ role: 'user', text: prompt, createdAtMs: 0 }],
      },
      opts: {
        signal: new AbortController().signal,
        sessionId: 's',
        cwd: '/workspace',
        observe: () => undefined,
      },
      resume: this.resume,
      isContinuation: this.isContinuation,
      notes: new Map(),
      send: (message) => this.say(`send ${JSON.stringify(message)}`),
    });
    this.isContinuation = true;
  }

  private flush(): void {
    const bytes = this.encoder.encode(this.pending);
    this.pending = '';
    for (const chunk of this.rechunk(bytes)) {
      this.decoder.push(chunk);
    }
  }

  private message(message: unknown): void {
    if (this.parser === undefined || this.isOver) {
      this.lateCount += 1;
      return;
    }
    const step = this.parser.accept(message);
    for (const item of step.out) {
      if (item.kind === 'observation') {
        this.observation(item.observation);
      } else {
        this.event(item);
      }
    }
    for (const reply of step.send ?? []) {
      this.say(`send ${JSON.stringify(reply)}`);
    }
    this.isOver = step.isOver === true;
  }

  private event(event: NormalizedEvent): void {
    const nested = event.parentCallId === undefined ? '' : ` (in ${event.parentCallId})`;
    switch (event.kind) {
      case 'text':
      case 'thinking':
        this.text(`${event.kind} ${event.blockId ?? ''}${nested}`, event.delta);
        return;
      case 'tool_call':
        this.say(
          `tool_call ${event.call.id}${nested} ${event.call.name} by ${event.call.executedBy} ${JSON.stringify(event.call.arguments)}`,
        );
        return;
      case 'resume':
        this.say(
          `resume ${event.token}${event.agentVersion === undefined ? '' : ` of version ${event.agentVersion}`}`,
        );
        return;
      case 'finish':
        this.say(`finish ${event.reason}`);
        return;
      case 'failed':
        this.say(`failed ${JSON.stringify(event.failure)}`);
    }
  }

  private observation(observation: Observation): void {
    if (observation.kind === 'permission_request') {
      const { reply: _reply, ...request } = observation.request;
      this.say(`permission_request ${JSON.stringify(request)}`);
      this.decide(observation.request);
      return;
    }
    const { kind, ...rest } = observation;
    this.say(`${kind} ${JSON.stringify(rest)}`);
  }

  private decide(request: PermissionRequest): void {
    const decision = this.decisions.get(request.requestId);
    if (decision !== undefined) {
      request.reply(decision);
    }
  }

  private text(key: string, delta: string): void {
    if (this.openText?.key === key) {
      this.openText.text += delta;
    } else {
      this.closeText();
      this.openText = { key, text: delta };
    }
  }

  private closeText(): void {
    if (this.openText !== undefined) {
      this.lines.push(`  ${this.openText.key}: ${JSON.stringify(this.openText.text)}`);
      this.openText = undefined;
    }
  }

  private closeTurn(): void {
    if (this.turns > 0 && !this.isOver) {
      this.say('(no end)');
    }
    if (this.lateCount > 0) {
      this.say(`(${this.lateCount} late messages)`);
      this.lateCount = 0;
    }
  }

  private say(line: string): void {
    this.closeText();
    this.lines.push(`  ${line}`);
  }
}

/** What the recorded client answered, by the id of the question. */
function recordedDecisions(entries: readonly unknown[]): ReadonlyMap<string, PermissionAnswer> {
  const decisions = new Map<string, PermissionAnswer>();
  for (const entry of entries) {
    const noted =
      stringField(entry, 'raw') === 'decision' ? recordField(entry, 'answer') : undefined;
    const notedId = stringField(entry, 'requestId');
    if (notedId !== undefined && isAnswer(noted)) {
      decisions.set(notedId, noted);
      continue;
    }
    const response = recordField(recordField(entry, 'msg'), 'response');
    const id = stringField(response, 'request_id');
    const answer = recordField(response, 'response');
    if (
      stringField(entry, 'from') !== 'client' ||
      id === undefined ||
      answer === undefined ||
      decisions.has(id)
    ) {
      continue;
    }
    const updated = recordField(answer, 'updatedInput');
    const given = recordField(updated, 'answers');
    const path = stringField(updated, 'file_path');
    const content = stringField(updated, 'content');
    if (stringField(answer, 'behavior') === 'allow') {
      decisions.set(id, {
        kind: 'allow',
        ...(isAnswers(given) ? { answers: given } : {}),
        ...(path === undefined || content === undefined
          ? {}
          : { approved: { path, baseText: '', text: content } }),
      });
    } else if (stringField(answer, 'behavior') === 'deny') {
      decisions.set(id, { kind: 'deny', message: stringField(answer, 'message') ?? '' });
    }
  }
  return decisions;
}

function isAnswer(value: unknown): value is PermissionAnswer {
  return isRecord(value) && (value.kind === 'allow' || value.kind === 'deny');
}

function isAnswers(value: unknown): value is Readonly<Record<string, string>> {
  return isRecord(value) && Object.values(value).every((item) => typeof item === 'string');
}
