import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { replayCodex, type ReplayedTurn } from '../../fakes/codexReplay';

const ok = (count: number, name = 'shell'): readonly string[] =>
  Array.from({ length: count }, () => `${name}: ok`);
const accepted = (count: number): readonly string[] =>
  Array.from({ length: count }, () => 'accept');

interface Expected {
  readonly text: string;
  readonly thinking?: string;
  readonly calls?: readonly string[];
  readonly answers?: readonly string[];
  readonly changed?: readonly string[];
  readonly inputTokens?: number;
  readonly end?: string;
}

const hello = { text: 'Hello from the scripted model. The answer is 42.', inputTokens: 1200 };
const first = { text: 'I will remember the word: heliotrope.', inputTokens: 1200 };
const second = { text: 'The word was heliotrope.', inputTokens: 1200 };
const greeting = {
  text: 'Hello! **How** can I help?\n\n- one\n- two\n',
  thinking: 'The user greets me. I should answer shortly and politely.',
  inputTokens: 1200,
};
const written = {
  text: 'I will write the file.The file made.txt is written.',
  thinking: 'A new file is wanted.',
  calls: ['apply_patch: ok'],
  changed: ['/workspace/made.txt'],
  inputTokens: 2400,
};
const edited = {
  text: 'Now the edit.notes.md now says blue.',
  calls: ['shell: ok', 'apply_patch: ok'],
  changed: ['/workspace/notes.md'],
  inputTokens: 3600,
};
const looked = {
  text: 'Let me look.The command printed patchbay-ok.',
  thinking: 'I need to look at the directory.',
  calls: ok(1),
  inputTokens: 2400,
};
const failed = { text: 'It failed with exit code 3.', calls: ['shell: exit 3'], inputTokens: 2400 };
const read = { text: 'I have read notes.md.', calls: ok(1), inputTokens: 2400 };
const parallel = {
  text: 'Three things at once.All three done.',
  calls: ok(3),
  inputTokens: 2400,
};
const steps = {
  text: 'Step 1.Step 2.Step 3.Step 4.Step 5.Five steps done.',
  calls: ok(5),
  inputTokens: 7200,
};
const recovered = { text: 'Recovered after the fault.', inputTokens: 1200 };

const appServer: Readonly<Record<string, readonly Expected[]>> = {
  'file-change-accept': [{ ...written, answers: accepted(1) }],
  'file-change-danger': [written],
  'file-change-decline': [
    { ...written, calls: ['apply_patch: denied'], changed: [], answers: ['decline'] },
  ],
  'file-change-on-request': [{ ...written, answers: accepted(1) }],
  'file-edit-accept': [{ ...edited, answers: accepted(2) }],
  'interrupt-mid-text': [
    {
      text: 'A slow answer that goes on and o',
      thinking: 'Thinking slowly about this.',
      end: 'aborted',
    },
    { text: 'Second try, fast.', inputTokens: 1200 },
  ],
  'plain-text': [hello],
  'resume-1-first': [first],
  'resume-2-second': [second],
  'shell-accept-for-session': [{ ...steps, answers: accepted(5) }],
  'shell-write-accept': [
    {
      text: 'I will create the file with a command.Done, or you said no.',
      calls: ok(1),
      answers: accepted(1),
      inputTokens: 2400,
    },
  ],
  'thinking-text': [greeting],
  'tool-fails': [{ ...failed, answers: accepted(1) }],
  'tool-parallel': [{ ...parallel, answers: accepted(3) }],
  'tool-read': [{ ...read, answers: accepted(1) }],
  'tool-shell': [{ ...looked, answers: accepted(1) }],
  'two-turns': [first, second],
};

const exec: Readonly<Record<string, readonly Expected[]>> = {
  ephemeral: [{ text: '(scenario exhausted)', inputTokens: 1200 }],
  'fault-429': [recovered],
  'plain-text': [hello],
  'resume-1-first': [first],
  // The counts are of the whole thread: nothing is told of this turn.
  'resume-2-second': [{ text: second.text }],
  'stdin-prompt': [hello],
  'thinking-text': [greeting],
  'tool-edit-danger': [edited],
  'tool-fails': [failed],
  'tool-loop': [steps],
  'tool-parallel': [parallel],
  'tool-read': [read],
  'tool-shell': [looked],
  'tool-write-workspace-write': [written],
};

function facts(turn: ReplayedTurn): object {
  const { text, thinking, calls, answers, changed, inputTokens, ends, late } = turn;
  return { text, thinking, calls, answers, changed, inputTokens, ends, late };
}

function whole(expected: Expected): object {
  return {
    text: expected.text,
    thinking: expected.thinking ?? '',
    calls: expected.calls ?? [],
    answers: expected.answers ?? [],
    changed: expected.changed ?? [],
    inputTokens: expected.inputTokens,
    ends: [expected.end ?? 'stop'],
    late: 0,
  };
}

describe.each([
  ['codex-app-server', appServer, ['queries']],
  ['codex-exec', exec, []],
] as const)('recordings of %s', (dialect, table, withoutTurn) => {
  it('are all in the table', () => {
    const files = readdirSync(`test/fixtures/${dialect}`).map((name) => name.replace('.jsonl', ''));
    expect([...Object.keys(table), ...withoutTurn].toSorted()).toEqual(files.toSorted());
  });

  it.each(Object.keys(table))(
    '%s gives its text, calls and answers, and one end per turn with nothing after it',
    (name) => {
      const turns = replayCodex(dialect, name);
      expect(turns.map(facts)).toEqual((table[name] ?? []).map(whole));
    },
  );

  it.each(Object.keys(table))('[R83] %s tells one token per turn, the same in all', (name) => {
    const tokens = replayCodex(dialect, name).map((turn) => turn.tokens);
    expect(tokens.map((told) => told.length)).toEqual(tokens.map(() => 1));
    expect(new Set(tokens.flat()).size).toBe(1);
  });
});

describe('what the recordings of the app-server ask', () => {
  it('puts the text of a new file into the question about it', () => {
    const [turn] = replayCodex('codex-app-server', 'file-change-accept');
    expect(
      turn?.questions.map(({ intents, takesWholeEditsOnly }) => [intents, takesWholeEditsOnly]),
    ).toEqual([
      [
        [
          {
            kind: 'write',
            path: '/workspace/made.txt',
            change: { kind: 'content', content: 'first line\nsecond line\n' },
          },
        ],
        true,
      ],
    ]);
  });

  it('puts the hunks of an edit into the question about it', () => {
    const [turn] = replayCodex('codex-app-server', 'file-edit-accept');
    expect(turn?.questions.at(-1)?.intents).toEqual([
      {
        kind: 'write',
        path: '/workspace/notes.md',
        change: { kind: 'patch', hunks: '@@ -2,2 +2,2 @@\n \n-colour: red\n+colour: blue\n' },
      },
    ]);
  });

  it('puts the exact command and its folder into the question about it, and why', () => {
    const [turn] = replayCodex('codex-app-server', 'shell-write-accept');
    expect(
      turn?.questions.map(({ requestId, intents, description }) => [
        requestId,
        intents,
        description,
      ]),
    ).toEqual([
      [
        '0',
        [
          {
            kind: 'command',
            command: '/bin/bash -lc "printf \\"made by shell\\\\n\\" > /workspace/shell-made.txt"',
            cwd: '/workspace',
          },
        ],
        'create a file',
      ],
    ]);
  });
});
