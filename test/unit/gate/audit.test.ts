import { describe, expect, it } from 'vitest';
import { AuditLog, type AuditSubject, type DecisionEntry } from '../../../src/gate/audit';
import { FakeClock } from '../../fakes/fakeClock';
import { MemoryAudit } from '../../fakes/memoryAudit';

function setUp(
  redact: (text: string) => string = (text) => text.replaceAll('sk-secret', '[redacted]'),
  isStrict?: () => boolean,
) {
  const sink = new MemoryAudit();
  const clock = new FakeClock(Date.UTC(2026, 4, 6, 7, 8, 9));
  const shown: string[] = [];
  const audit = new AuditLog({
    sink,
    clock,
    redact,
    onFirstFailure: (message) => shown.push(message),
    ...(isStrict === undefined ? {} : { isStrict }),
  });
  return { sink, clock, shown, audit };
}

const subject: AuditSubject = {
  sessionId: 's',
  turnId: 't',
  callId: 'c',
  tool: 'run_command',
  modelId: 'm',
  executedBy: 'host',
};
const entry: DecisionEntry = {
  decision: 'allow',
  by: 'user',
  reason: 'allowed by you',
  effects: [{ kind: 'command', command: 'curl -H sk-secret', cwd: '/w', cwdClass: 'inside' }],
  arguments: { command: 'curl -H sk-secret' },
  mode: 'ask',
};

describe('audit records', () => {
  it('hold a command without what was found out about its words', async () => {
    const { audit, sink } = setUp();
    const command = 'curl -H sk-secret';
    const words = command.split(' ');
    await audit.decision(subject, {
      ...entry,
      effects: [
        {
          kind: 'command',
          command,
          cwd: '/w',
          cwdClass: 'inside',
          analysis: { shell: 'bash', plain: [words], wordsToCover: [1], parts: [words] },
        },
      ],
    });
    const text = JSON.stringify(sink.records);
    expect(text).toContain('"kind":"command"');
    expect(text).not.toContain('analysis');
    expect(text).not.toContain('sk-secret');
  });

  it('[R175] keep how a call was permitted and how it ended apart, with whose call it was', async () => {
    const { audit, sink } = setUp();
    await audit.decision(
      { ...subject, executedBy: 'child', bridge: 'claude-cli' },
      { ...entry, arguments: { a: 1 }, effects: [{ kind: 'none' }] },
    );
    await audit.outcome(subject, {
      outcome: 'error',
      durationMs: 12.4,
      resultChars: 3,
      detail: 'exit 1',
    });
    const head = {
      at: '2026-05-06T07:08:09.000Z',
      sessionId: 's',
      turnId: 't',
      callId: 'c',
      tool: 'run_command',
      modelId: 'm',
    };
    expect(sink.records).toEqual([
      {
        ...head,
        executedBy: 'child',
        bridge: 'claude-cli',
        kind: 'decision',
        decision: 'allow',
        by: 'user',
        reason: 'allowed by you',
        effects: [{ kind: 'none' }],
        arguments: '{"a":1}',
        mode: 'ask',
      },
      {
        ...head,
        executedBy: 'host',
        kind: 'outcome',
        outcome: 'error',
        durationMs: 12,
        resultChars: 3,
        detail: 'exit 1',
      },
    ]);
  });

  it('[R125] name the model, or unknown', async () => {
    const { audit, sink } = setUp();
    await audit.decision({ ...subject, modelId: '' }, entry);
    await audit.outcome(
      { ...subject, modelId: '' },
      { outcome: 'ok', durationMs: 0, resultChars: 0 },
    );
    expect(sink.records.map(({ modelId }) => modelId)).toEqual(['unknown', 'unknown']);
  });

  it('[R178] have secrets taken out of every text and long values cut at 4096 characters with a mark', async () => {
    const { audit, sink } = setUp();
    const long = `${'x'.repeat(4090)}sk-secret${'y'.repeat(5000)}`;
    await audit.decision(subject, {
      ...entry,
      reason: 'because sk-secret',
      arguments: { key: 'sk-secret', deep: [{ long }] },
    });
    await audit.outcome(subject, {
      outcome: 'error',
      durationMs: 1,
      resultChars: 1,
      detail: `sk-secret ${'z'.repeat(5000)}`,
    });
    const text = JSON.stringify(sink.records);
    expect(text).not.toContain('sk-secret');
    expect(text).not.toContain('sk-se');
    expect(sink.decisions[0]?.arguments).toContain('"key":"[redacted]"');
    expect(sink.decisions[0]?.arguments).toMatch(/x… \[\d+ more characters\]$/);
    expect(sink.decisions[0]?.arguments.length).toBeLessThan(4096 + 40);
    expect(sink.outcomes[0]?.detail).toMatch(/^\[redacted\] z+… \[\d+ more characters\]$/);
    expect(sink.outcomes[0]?.detail?.length).toBeLessThan(4150);
  });

  it('leave a text out rather than write it unredacted', async () => {
    const { audit, sink } = setUp(() => {
      throw new Error('broken pattern');
    });
    await audit.decision(subject, entry);
    expect(JSON.stringify(sink.records)).not.toContain('curl');
    expect(sink.decisions[0]?.arguments).toBe('[redaction failed]');
  });

  it('are written also for arguments that JSON cannot hold', async () => {
    const { audit, sink } = setUp();
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    await audit.decision(subject, { ...entry, arguments: { size: 10n } });
    await audit.decision(subject, { ...entry, arguments: cyclic });
    expect(sink.decisions[0]?.arguments).toBe('[not serialisable]');
    expect(sink.decisions[1]?.arguments).toContain('[too deep]');
  });

  it('[R178] hold effects without secrets in any field, and without what only the gate needs', async () => {
    const { audit, sink } = setUp();
    await audit.decision(subject, {
      ...entry,
      effects: [
        {
          kind: 'read',
          path: '/w/sk-secret',
          target: '/w/sk-secret',
          pathClass: 'inside',
          relative: 'sk-secret',
        },
        {
          kind: 'command',
          command: 'ls sk-secret',
          cwd: '/w',
          cwdClass: 'inside',
          analysis: { shell: 'bash', plain: [['ls', 'sk-secret']], parts: [['ls', 'sk-secret']] },
        },
        { kind: 'network', url: 'https://x/?key=sk-secret' },
      ],
    });
    expect(JSON.stringify(sink.records)).not.toContain('sk-secret');
    expect(sink.decisions[0]?.effects[0]).toMatchObject({ relative: '[redacted]' });
    expect(sink.decisions[0]?.effects[1]).toEqual({
      kind: 'command',
      command: 'ls [redacted]',
      cwd: '/w',
      cwdClass: 'inside',
    });
  });

  it('[R179] that cannot be written are counted and told once, and nothing fails', async () => {
    const { audit, sink, shown, clock } = setUp();
    sink.behaviour = 'fails';
    await audit.decision(subject, entry);
    await audit.outcome(subject, { outcome: 'ok', durationMs: 0, resultChars: 0 });
    expect(audit.failureCount).toBe(2);
    expect(shown).toEqual([expect.stringMatching(/disk full.*Tool calls go on/)]);
    sink.behaviour = 'hangs';
    const hanging = audit.decision(subject, entry);
    await clock.advance(10_000);
    await hanging;
    expect(audit.failureCount).toBe(3);
    expect(shown).toHaveLength(1);
  });

  it('[R179] that cannot be written stop the call in strict mode, in a clear sentence', async () => {
    let isStrict = true;
    const { audit, sink, shown, clock } = setUp(undefined, () => isStrict);
    expect(await audit.decision(subject, entry)).toBeUndefined();
    sink.behaviour = 'fails';
    expect(await audit.decision(subject, entry)).toMatch(
      /audit log cannot be written.*patchbay\.audit\.strict.*Check the disk/,
    );
    expect(shown).toEqual([expect.stringMatching(/disk full\. Tool calls are denied until/)]);
    sink.behaviour = 'hangs';
    const hanging = audit.decision(subject, entry);
    await clock.advance(10_000);
    expect(await hanging).toMatch(/cannot be written/);
    isStrict = false;
    sink.behaviour = 'fails';
    expect(await audit.decision(subject, entry)).toBeUndefined();
    expect(audit.failureCount).toBe(3);
  });

  it('[R179] are strict when it cannot be asked whether they are, and survive a teller that fails', async () => {
    const sink = new MemoryAudit();
    sink.behaviour = 'fails';
    const broken = (): never => {
      throw new Error('broken');
    };
    const audit = new AuditLog({
      sink,
      clock: new FakeClock(),
      redact: (text) => text,
      onFirstFailure: broken,
      isStrict: broken,
    });
    expect(await audit.decision(subject, entry)).toMatch(/cannot be written/);
    await audit.outcome(subject, { outcome: 'ok', durationMs: 0, resultChars: 0 });
    expect(audit.failureCount).toBe(2);
  });
});
