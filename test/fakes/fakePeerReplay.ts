import { toDisposable } from '../../src/base/disposable';
import { JsonLinesDecoder } from '../../src/base/jsonLines';
import { isRecord, recordField, stringField } from '../../src/base/guard';
import type { Bridge, ExchangeParser, ParseStep } from '../../src/runtime/contract';
import type { Rechunk } from './replayRecording';

/** What came out of a recording of pi: readable lines, and the number of ends of each turn. */
export interface PeerReplay {
  readonly text: string;
  readonly terminals: readonly number[];
}

/**
 * Plays a recording of `pi --mode rpc` through a bridge: one turn per recorded prompt. Our commands are matched to the
 * recorded ones by name and order; one that the recording lacks is answered with an empty success.
 */
export function replayPeer(recording: string, bridge: Bridge, rechunk: Rechunk): PeerReplay {
  const player = new Player(bridge, rechunk, recording);
  return player.play();
}

class Player {
  private readonly lines: string[] = [];
  private readonly terminals: number[] = [];
  private readonly entries: readonly unknown[];
  private readonly decoder: JsonLinesDecoder;
  private readonly notes = new Map<string, unknown>();
  /** Open commands of ours. */
  private asked: { readonly id: string; readonly command: string }[] = [];
  private parser: ExchangeParser | undefined;
  private at = 0;
  private joined: { readonly key: string; text: string } | undefined;

  constructor(
    private readonly bridge: Bridge,
    private readonly rechunk: Rechunk,
    recording: string,
  ) {
    this.entries = recording
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line));
    this.decoder = new JsonLinesDecoder({
      onMessage: (message) => this.hear(message),
      onInvalidLine: (excerpt) => this.say(`not JSON: ${excerpt}`),
    });
  }

  play(): PeerReplay {
    for (const [index, entry] of this.entries.entries()) {
      this.at = index;
      const msg = recordField(entry, 'msg');
      const from = stringField(entry, 'from');
      if (from === 'client' && stringField(msg, 'type') === 'prompt') {
        this.begin(entry);
      } else if (from === 'agent' && msg !== undefined) {
        const bytes = new TextEncoder().encode(`${JSON.stringify(msg)}\n`);
        for (const chunk of this.rechunk(bytes)) {
          this.decoder.push(chunk);
        }
      }
    }
    this.flush();
    return { text: `${this.lines.join('\n')}\n`, terminals: this.terminals };
  }

  private begin(entry: unknown): void {
    const prompt = stringField(recordField(entry, 'msg'), 'message') ?? '';
    this.say(`turn ${this.terminals.length + 1}: ${prompt}`);
    this.asked = [];
    const isContinuation = this.terminals.length > 0;
    this.terminals.push(0);
    this.parser = this.bridge.createParser({
      model: { id: 'm', api: 'external', provider: 'pi', model: 'default', name: 'M' },
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
      resume: undefined,
      isContinuation,
      notes: this.notes,
      form: 'rpc',
      send: (message) => this.sent([message]),
      // Time stands still in a recording.
      later: () => toDisposable(() => undefined),
    });
    this.sent(this.parser.open());
  }

  private sent(messages: readonly unknown[]): void {
    for (const message of messages) {
      const command = stringField(message, 'type') ?? '';
      this.asked.push({ id: stringField(message, 'id') ?? '', command });
    }
    for (const { id, command } of [...this.asked]) {
      const isRecorded = this.entries
        .slice(this.at)
        .some((entry) => isAnswer(entry, command) && stringField(entry, 'from') === 'agent');
      if (!isRecorded) {
        this.asked = this.asked.filter((open) => open.id !== id);
        this.step({ id, type: 'response', command, success: true, data: {} });
      }
    }
  }

  private hear(message: unknown): void {
    if (stringField(message, 'type') !== 'response') {
      this.step(message);
      return;
    }
    const open = this.asked.find(({ command }) => command === stringField(message, 'command'));
    if (open !== undefined && isRecord(message)) {
      this.asked = this.asked.filter((item) => item !== open);
      this.step({ ...message, id: open.id });
    }
  }

  private step(message: unknown): void {
    const step: ParseStep = this.parser?.accept(message) ?? { out: [] };
    for (const item of step.out) {
      if (item.kind === 'text' || item.kind === 'thinking') {
        const key = `${item.kind} ${item.blockId ?? ''}`;
        if (this.joined?.key === key) {
          this.joined.text += item.delta;
        } else {
          this.flush();
          this.joined = { key, text: item.delta };
        }
      } else {
        this.say(JSON.stringify(item.kind === 'observation' ? item.observation : item));
      }
      if (item.kind === 'finish' || item.kind === 'failed') {
        this.terminals.push((this.terminals.pop() ?? 0) + 1);
      }
    }
    this.sent(step.send ?? []);
  }

  private flush(): void {
    if (this.joined !== undefined) {
      this.lines.push(`${this.joined.key}: ${JSON.stringify(this.joined.text)}`);
      this.joined = undefined;
    }
  }

  private say(line: string): void {
    this.flush();
    this.lines.push(line);
  }
}

function isAnswer(entry: unknown, command: string): boolean {
  const msg = recordField(entry, 'msg');
  return stringField(msg, 'type') === 'response' && stringField(msg, 'command') === command;
}
