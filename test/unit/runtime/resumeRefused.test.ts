import { describe, expect, it } from 'vitest';
import { isRecord, stringField } from '../../../src/base/guard';
import type { Message } from '../../../src/events/message';
import type { ChildExit } from '../../../src/runtime/contract';
import { acpDialect } from '../../dialects/acp';
import { claudeCliDialect } from '../../dialects/claudeCli';
import { codexAppServerDialect } from '../../dialects/codexAppServer';
import { codexExecDialect } from '../../dialects/codexExec';
import type { Dialect } from '../../dialects/dialect';
import { peerExchangeDialect } from '../../dialects/peerExchange';
import { peerRpcDialect } from '../../dialects/peerRpc';
import { terminals } from '../../fakes/dialectStage';
import { ExchangeLab, textOf } from '../../fakes/exchangeLab';

const token = 'token-of-a-session-that-is-gone';

/** What a child says or does that does not know the token, when it hears a message; undefined: as it always would. */
type Refusal = (
  message: unknown,
) => { readonly says: readonly unknown[]; readonly exit?: Partial<ChildExit> } | undefined;

const idOf = (message: unknown): unknown => (isRecord(message) ? message.id : undefined);
const noConversation = `No conversation found with session ID: ${token}`;

/** As the real programs refuse: Claude Code 2.1.329 and 1.0.128, Codex 0.169.0, an ACP agent, pi 0.73.1, a peer. */
const refusals: readonly (readonly [string, Dialect, Refusal | Partial<ChildExit>])[] = [
  [
    'Claude Code with a result',
    claudeCliDialect,
    (message) =>
      stringField(message, 'type') === 'user'
        ? {
            says: [
              {
                type: 'result',
                subtype: 'error_during_execution',
                is_error: true,
                errors: [noConversation],
              },
            ],
            exit: { code: 1, stderrTail: noConversation },
          }
        : undefined,
  ],
  [
    'an older Claude Code without a word',
    claudeCliDialect,
    { code: 1, stderrTail: noConversation },
  ],
  [
    'codex app-server',
    codexAppServerDialect,
    (message) =>
      stringField(message, 'method') === 'thread/resume'
        ? {
            says: [
              {
                id: idOf(message),
                error: { code: -32600, message: `no rollout found for thread id ${token}` },
              },
            ],
          }
        : undefined,
  ],
  [
    'codex exec without a word',
    codexExecDialect,
    {
      code: 1,
      stderrTail: `Error: thread/resume: thread/resume failed: no rollout found for thread id ${token} (code -32600)`,
    },
  ],
  [
    'an ACP agent',
    acpDialect,
    (message) =>
      stringField(message, 'method') === 'session/resume'
        ? {
            says: [
              {
                jsonrpc: '2.0',
                id: idOf(message),
                error: { code: -32603, message: 'Internal error', data: { details: 'gone' } },
              },
            ],
          }
        : undefined,
  ],
  [
    'pi, which makes a new session for a file that is gone',
    peerRpcDialect,
    (message) =>
      stringField(message, 'type') === 'get_state'
        ? {
            says: [
              {
                id: idOf(message),
                type: 'response',
                command: 'get_state',
                success: true,
                data: { sessionFile: token, messageCount: 0, pendingMessageCount: 0 },
              },
            ],
          }
        : undefined,
  ],
  [
    'a peer of the bridge dialect',
    peerExchangeDialect,
    (message) =>
      stringField(message, 'method') === 'runExchange'
        ? {
            says: [
              {
                jsonrpc: '2.0',
                id: idOf(message),
                error: { code: -32000, message: 'session not found' },
              },
            ],
          }
        : undefined,
  ],
];

const history: readonly Message[] = [
  { role: 'user', text: 'the first words', createdAtMs: 0 },
  {
    role: 'assistant',
    content: [{ kind: 'text', text: 'the first answer' }],
    api: 'external',
    provider: 'p',
    model: 'm',
    stopReason: 'stop',
    createdAtMs: 1,
  },
  { role: 'user', text: 'the new question', createdAtMs: 2 },
];

describe('a token that the agent does not know any more', () => {
  it.each(refusals)(
    '[R108] of %s: one fresh child is told what was said, and its answer is the answer',
    async (_name, dialect, refusal) => {
      const child = dialect.child();
      const gone = dialect.child();
      const saved: string[] = [];
      const lab = new ExchangeLab(
        dialect.bridge,
        (message, transport) => {
          if (lab.transports.length > 1) {
            const said = child.hear(message);
            queueMicrotask(() => transport.emit(...said));
            return;
          }
          const refused = typeof refusal === 'function' ? refusal(message) : undefined;
          const said = refused?.says ?? gone.hear(message);
          queueMicrotask(() => {
            transport.emit(...said);
            if (refused?.exit !== undefined) {
              transport.exit(refused.exit);
            }
          });
        },
        {
          resumeStore: () => ({
            find: () => undefined,
            save: (link) => void saved.push(link.resumeToken),
          }),
        },
      );
      const turn = lab.run('', { resume: token, messages: history });
      await lab.pass();
      if (typeof refusal !== 'function') {
        lab.transport.exit(refusal);
      }
      await lab.pass();
      await lab.pass();
      expect(lab.starts.map(({ resume }) => resume)).toEqual([token, undefined]);
      lab.transport.emit(...child.hello(), ...child.text('here'), ...child.finish());
      const message = await turn.message;
      expect([message.stopReason, textOf(message), terminals(turn.log)]).toEqual([
        'stop',
        'here',
        1,
      ]);
      const notices = turn.log.filter(
        (item) => item.kind === 'notice' && item.code === 'resume_rejected',
      );
      expect(notices).toHaveLength(1);
      const told = JSON.stringify([lab.starts[1]?.launch, lab.transport.sent]);
      expect(told).toContain('the first words');
      expect(told).toContain('the first answer');
      expect(told).toContain('the new question');
      expect(told).not.toContain(token);
      expect(JSON.stringify(lab.transports[0]?.sent)).not.toContain('the first words');
      expect(lab.transports[0]?.isOpen).toBe(false);
      expect(saved).not.toContain(token);
      expect(saved).toContain(dialect.resumeToken);
    },
  );
});
