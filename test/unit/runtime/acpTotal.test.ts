import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRecord, stringField } from '../../../src/base/guard';
import { toolOk } from '../../../src/events/toolCall';
import { createAcpBridge } from '../../../src/runtime/bridges/acp';
import { unifiedDiff } from '../../../src/runtime/bridges/acpContent';
import { acpProfiles } from '../../../src/runtime/bridges/acpProfiles';
import { quoteWord, shellLine } from '../../../src/runtime/bridges/acpShell';
import { AcpTerminal } from '../../../src/runtime/bridges/acpTerminals';

const names = ['gemini-cli', 'OpenCode', '@agentclientprotocol/claude-agent-acp', 'x'] as const;

const fieldNames = [
  'sessionUpdate',
  'toolCallId',
  'content',
  'rawInput',
  'rawOutput',
  'status',
  'kind',
  'title',
  'locations',
  'options',
  'toolCall',
  'update',
  'path',
  'command',
  'entries',
  'cost',
  '_meta',
  '__proto__',
] as const;

const words = fc.constantFrom(
  'tool_call',
  'tool_call_update',
  'plan',
  'agent_message_chunk',
  'usage_update',
  'config_option_update',
  'completed',
  'in_progress',
  'edit',
  'execute',
  'diff',
  'c1',
  'c2',
);

const oddValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    words,
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...fieldNames), tie('value'), { maxKeys: 6 }),
  ),
})).value;

const oddMessage = fc.oneof(
  oddValue,
  fc.record({
    method: fc.constantFrom(
      'session/update',
      'session/request_permission',
      'elicitation/create',
      'fs/read_text_file',
      'fs/write_text_file',
      'terminal/create',
      'terminal/output',
      '$/cancel_request',
    ),
    id: fc.option(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('0', '')), {
      nil: undefined,
    }),
    params: oddValue,
  }),
  fc.record({
    method: fc.constant('session/update'),
    params: fc.record({
      sessionId: fc.constant('S'),
      update: fc.record(
        { sessionUpdate: words, toolCallId: words, status: words, content: oddValue, kind: words },
        { requiredKeys: [] },
      ),
    }),
  }),
);

describe('an ACP agent that says anything', () => {
  it('[R77] no message makes the bridge throw or end the turn twice', () => {
    const [profile] = acpProfiles;
    if (profile === undefined) {
      throw new Error('no profile');
    }
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(oddMessage, { maxLength: 25 }),
        (name, messages) => {
          const ids = new Map<string, unknown>();
          const note = (message: unknown): void => {
            if (isRecord(message)) {
              ids.set(stringField(message, 'method') ?? '', message.id);
            }
          };
          const parser = createAcpBridge(profile).createParser({
            model: { id: 'm', api: 'external', provider: 'acp', model: 'default', name: 'M' },
            context: { systemPrompt: '', tools: [], messages: [] },
            opts: {
              signal: new AbortController().signal,
              sessionId: 's',
              cwd: '/w',
              observe: () => undefined,
              delegate: () => Promise.resolve(toolOk('')),
            },
            resume: undefined,
            isContinuation: false,
            notes: new Map(),
            send: note,
          });
          parser.open().forEach(note);
          const replies: readonly unknown[] = [
            {
              id: ids.get('initialize'),
              result: { protocolVersion: 1, agentInfo: { name, version: '1' } },
            },
            { id: 2, result: { sessionId: 'S' } },
            ...messages,
            { id: 3, result: { stopReason: 'end_turn' } },
            ...messages,
          ];
          let ends = 0;
          for (const message of replies) {
            const step = parser.accept(message);
            const kinds = step.out.map(({ kind }) => kind);
            ends += kinds.filter((kind) => kind === 'finish' || kind === 'failed').length;
          }
          expect(ends).toBe(1);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a command for our terminal', () => {
  /** What a POSIX shell makes of one quoted word. */
  function unquoted(word: string): string {
    return word
      .split(/('[^']*'|\\')/)
      .map((part) => (part === "\\'" ? "'" : part.replace(/^'([^']*)'$/, '$1')))
      .join('');
  }

  it('every word reaches the program as it is, and nothing of it is read by the shell', () => {
    fc.assert(
      fc.property(fc.string(), (word) => {
        const quoted = quoteWord(word);
        expect(unquoted(quoted)).toBe(word);
        const bare = quoted.replace(/'[^']*'|\\'/g, '');
        expect(bare).toMatch(/^[A-Za-z0-9_@%+:,./=-]*$/);
      }),
    );
  });

  it('a program’s name that looks like an assignment is quoted', () => {
    expect(shellLine({ command: 'A=b', args: ['c'] })).toEqual({
      kind: 'line',
      command: "'A=b' c",
    });
  });

  it('one string is a line of shell already, as the question shows it', () => {
    expect(shellLine({ command: 'npm test | tail -3' })).toEqual({
      kind: 'line',
      command: 'npm test | tail -3',
    });
  });

  it('output is capped in bytes, at a whole character, and says so', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 8 }),
        fc.integer({ min: 0, max: 40 }),
        (parts, limit) => {
          const terminal = new AcpTerminal(limit);
          for (const part of parts) {
            terminal.append(part);
          }
          const all = parts.join('');
          const { output, truncated } = terminal.output();
          expect(new TextEncoder().encode(String(output)).length).toBeLessThanOrEqual(limit);
          expect(all.endsWith(String(output))).toBe(true);
          expect(truncated).toBe(new TextEncoder().encode(all).length > limit);
        },
      ),
    );
  });
});

describe('a diff for a card', () => {
  it('counts the lines that it shows', () => {
    const lines = fc
      .array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 })
      .map((parts) => parts.map((part) => `${part}\n`).join(''));
    fc.assert(
      fc.property(lines, lines, (oldText, newText) => {
        const diff = unifiedDiff([{ path: 'p', oldText, newText }]);
        if (oldText === newText) {
          expect(diff).toBe('');
          return;
        }
        const [head, ...rest] = diff.trimEnd().split('\n').slice(2);
        const counts = /^@@ -\d+,(\d+) \+\d+,(\d+) @@$/.exec(head ?? '');
        const body = diff.split('\n').slice(3, -1);
        expect(rest.length).toBeLessThanOrEqual(body.length);
        expect(Number(counts?.[1])).toBe(body.filter((line) => !line.startsWith('+')).length);
        expect(Number(counts?.[2])).toBe(body.filter((line) => !line.startsWith('-')).length);
      }),
    );
  });
});
