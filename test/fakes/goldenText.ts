import { replay, type ReplayLine } from '../../src/headless/replay';
import type { ReplayDialectName } from '../../src/headless/replayDialect';
import type { NormalizedEvent } from '../../src/events/normalizedEvent';
import type { Observation } from '../../src/events/observation';

export interface Replayed {
  /** What came out, for people to review: one turn after the other, deltas of one block joined. */
  readonly text: string;
  readonly exitCode: number;
  readonly lines: readonly ReplayLine[];
  /** What the bridge said to the agent. */
  readonly sent: readonly unknown[];
}

/** Plays a recording through the whole of the headless `replay`. */
export async function replayed(
  dialect: ReplayDialectName,
  recording: string,
  nextChunkBytes: () => number = () => 64 * 1024,
): Promise<Replayed> {
  const golden = new GoldenText();
  const lines: ReplayLine[] = [];
  const sent: unknown[] = [];
  const exitCode = await replay({
    dialect,
    recording: new TextEncoder().encode(recording),
    nextChunkBytes,
    emit: (line) => {
      lines.push(line);
      golden.line(line);
    },
    onSend: (message) => {
      sent.push(message);
      golden.sent(message);
    },
  });
  return { text: golden.end(exitCode), exitCode, lines, sent };
}

class GoldenText {
  private readonly lines: string[] = [];
  private readonly sends: string[] = [];
  private turns = 0;
  private isInTurn = false;
  private openText: { readonly key: string; text: string } | undefined;

  line(line: ReplayLine): void {
    if ('event' in line) {
      this.event(line.event);
    } else if ('observation' in line) {
      this.observation(line.observation);
    } else if ('permission' in line) {
      const { decision, reason } = line.permission;
      // Of calls that nobody was asked about the audit tells, at a time of its own.
      if (reason !== 'run by the child without asking') {
        this.say(`decided ${decision}: ${reason}`);
      }
    } else if ('terminal' in line) {
      this.say(`terminal ${JSON.stringify(line.terminal)}`);
      this.isInTurn = false;
    } else if ('error' in line) {
      this.say(`error ${line.error}`);
    }
  }

  /** Texts come a moment later than what is sent, when many come at once: here they always go first. */
  sent(message: unknown): void {
    this.sends.push(`  send ${JSON.stringify(message)}`);
  }

  private say(line: string): void {
    this.closeText();
    this.beginTurn();
    this.lines.push(...this.sends.splice(0), `  ${line}`);
  }

  end(exitCode: number): string {
    this.closeText();
    this.lines.push(...this.sends.splice(0), `exit status ${exitCode}`);
    return `${this.lines.join('\n')}\n`;
  }

  private beginTurn(): void {
    if (!this.isInTurn) {
      this.isInTurn = true;
      this.turns += 1;
      this.lines.push(`turn ${this.turns}`);
    }
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
      this.say(`permission_request ${JSON.stringify(observation.request)}`);
      return;
    }
    const { kind, ...rest } = observation;
    this.say(`${kind} ${JSON.stringify(rest)}`);
  }

  private text(key: string, delta: string): void {
    if (this.openText?.key === key) {
      this.openText.text += delta;
    } else {
      this.closeText();
      this.beginTurn();
      this.openText = { key, text: delta };
    }
  }

  private closeText(): void {
    if (this.openText !== undefined) {
      this.lines.push(`  ${this.openText.key}: ${JSON.stringify(this.openText.text)}`);
      this.openText = undefined;
    }
  }
}
