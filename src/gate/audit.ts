import { withDeadline, type Clock } from '../base/clock';
import { isRecord } from '../base/guard';
import type { JsonObject } from '../base/json';
import { errorMessage } from '../base/patchbayError';
import type { AuditRecord, AuditSink, Effect, PermissionMode } from './contract';

export interface AuditLogOptions {
  readonly sink: AuditSink;
  readonly clock: Clock;
  /** Takes secrets out of a text. When it throws the text is left out whole. */
  readonly redact: (text: string) => string;
  /** Called for the first record that could not be written, with a sentence for people; later ones are only counted. */
  readonly onFirstFailure: (message: string) => void;
}

/** Whose call a record is about. */
export interface AuditSubject {
  readonly sessionId: string;
  readonly turnId: string;
  readonly callId: string;
  readonly tool: string;
  /** '' becomes `unknown`. */
  readonly modelId: string;
  readonly executedBy: 'host' | 'child';
  readonly bridge?: string | undefined;
}

export interface DecisionEntry {
  readonly decision: 'allow' | 'deny';
  readonly by: string;
  readonly reason: string;
  readonly effects: readonly Effect[];
  readonly arguments: unknown;
  readonly mode: PermissionMode;
}

export interface OutcomeEntry {
  readonly outcome: (AuditRecord & { readonly kind: 'outcome' })['outcome'];
  readonly durationMs: number;
  readonly resultChars: number;
  readonly resultDigest?: string | undefined;
  readonly detail?: string | undefined;
}

/**
 * Builds the records of the audit log and hands them to the sink. Never rejects: a sink that fails or hangs is counted
 * in `failureCount` and told once, and the call goes on.
 */
export class AuditLog {
  private failures = 0;

  constructor(private readonly options: AuditLogOptions) {}

  get failureCount(): number {
    return this.failures;
  }

  /** To be awaited before the effect. */
  async decision(subject: AuditSubject, entry: DecisionEntry): Promise<void> {
    await this.write(() => ({
      ...this.head(subject),
      kind: 'decision',
      decision: entry.decision,
      by: this.clean(entry.by),
      reason: this.clean(entry.reason),
      effects: entry.effects.map((effect) => this.cleanEffect(effect)),
      arguments: this.argumentsText(entry.arguments),
      mode: entry.mode,
    }));
  }

  async outcome(subject: AuditSubject, entry: OutcomeEntry): Promise<void> {
    await this.write(() => ({
      ...this.head(subject),
      kind: 'outcome',
      outcome: entry.outcome,
      durationMs: Math.max(0, Math.round(entry.durationMs)),
      resultChars: entry.resultChars,
      ...(entry.resultDigest === undefined ? {} : { resultDigest: entry.resultDigest }),
      ...(entry.detail === undefined ? {} : { detail: this.clean(entry.detail) }),
    }));
  }

  private async write(build: () => AuditRecord): Promise<void> {
    try {
      const { clock, sink } = this.options;
      const outcome = await withDeadline(clock, sink.write(build()), sinkTimeoutMs);
      if (outcome.kind !== 'value') {
        this.noteFailure('it does not answer');
      }
    } catch (error) {
      this.noteFailure(errorMessage(error));
    }
  }

  private noteFailure(why: string): void {
    this.failures += 1;
    if (this.failures === 1) {
      this.options.onFirstFailure(
        `The audit log cannot be written: ${why}. Tool calls go on; further failures are only counted. Check the disk and the log's folder.`,
      );
    }
  }

  private head(subject: AuditSubject): Omit<AuditRecord, 'kind'> {
    return {
      at: new Date(this.options.clock.nowMs()).toISOString(),
      sessionId: subject.sessionId,
      turnId: subject.turnId,
      callId: this.clean(subject.callId),
      tool: this.clean(subject.tool),
      modelId: subject.modelId === '' ? 'unknown' : this.clean(subject.modelId),
      executedBy: subject.executedBy,
      ...(subject.bridge === undefined ? {} : { bridge: subject.bridge }),
    };
  }

  private cleanEffect(effect: Effect): Effect {
    switch (effect.kind) {
      case 'read':
      case 'write':
        return { ...effect, path: this.clean(effect.path), target: this.clean(effect.target) };
      case 'command':
        // Without the analysis: it follows from the command, and its words are not redacted.
        return {
          kind: 'command',
          command: this.clean(effect.command),
          cwd: this.clean(effect.cwd),
          cwdClass: effect.cwdClass,
        };
      case 'network':
        return { ...effect, url: this.clean(effect.url) };
      case 'mcp':
        return { ...effect, server: this.clean(effect.server), tool: this.clean(effect.tool) };
      case 'unknown':
        return { ...effect, description: this.clean(effect.description) };
      case 'question':
      case 'none':
      default:
        return effect;
    }
  }

  /** Each value is redacted whole and cut after that, so that a cut cannot split a secret out of recognition. */
  private argumentsText(value: unknown): string {
    let text: string | undefined;
    try {
      text = JSON.stringify(this.cleanValue(value, 0));
    } catch {
      // Cyclic, or a value JSON does not know: the record stays, without the arguments.
    }
    return text === undefined ? '[not serialisable]' : cut(this.redact(text), maxArgumentsChars);
  }

  private cleanValue(value: unknown, depth: number): unknown {
    if (typeof value === 'string') {
      return this.clean(value);
    }
    if (depth > maxDepth) {
      return '[too deep]';
    }
    if (Array.isArray(value)) {
      return value.map((item) => this.cleanValue(item, depth + 1));
    }
    if (isRecord(value)) {
      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => [name, this.cleanValue(item, depth + 1)]),
      );
    }
    return value;
  }

  private clean(text: string): string {
    return cut(this.redact(text), maxValueChars);
  }

  private redact(text: string): string {
    try {
      return this.options.redact(text);
    } catch {
      // Better no text than an unredacted one.
      return '[redaction failed]';
    }
  }
}

/** Arguments as a person reads them in a prompt: complete, indented. */
export function toInputText(input: JsonObject): string {
  try {
    return JSON.stringify(input, undefined, 2);
  } catch {
    // Shown as it is: a call that cannot be shown is denied by whoever sees this.
    return '[not serialisable]';
  }
}

const maxValueChars = 4096;
const maxArgumentsChars = 8 * maxValueChars;
const maxDepth = 32;
const sinkTimeoutMs = 5000;

function cut(text: string, maxChars: number): string {
  return text.length <= maxChars
    ? text
    : `${text.slice(0, maxChars)}… [${text.length - maxChars} more characters]`;
}
