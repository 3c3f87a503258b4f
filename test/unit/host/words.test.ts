import { describe, expect, it } from 'vitest';
import type { Effect, PermissionQuestion } from '../../../src/gate/contract';
import { promptMessage } from '../../../src/host/promptMessage';
import { fenceFor } from '../../../src/base/markdownFence';
import { selectionText } from '../../../src/host/selectionText';
import { runtimeText, waitingText } from '../../../src/host/statusText';

function question(
  effects: readonly Effect[],
  more: Partial<PermissionQuestion> = {},
): PermissionQuestion {
  return {
    id: 'q',
    digest: 'd',
    sessionId: 's',
    callId: 'c',
    asker: 'Claude Code',
    toolName: 'Bash',
    effects,
    reason: 'commands always ask',
    inputText: '{}',
    createdAtMs: 0,
    ...more,
  };
}
const command = (text: string): Effect => ({
  kind: 'command',
  command: text,
  cwd: '/w',
  cwdClass: 'inside',
});

describe('a question as a notification', () => {
  it('can be allowed there when it shows the whole effect', () => {
    expect(promptMessage(question([command('npm test')]))).toEqual({
      text: 'Claude Code wants to run "npm test" in /w. It asks because: commands always ask.',
      canAllow: true,
    });
  });

  it.each([
    ['a long command', [command('x'.repeat(300))]],
    ['a second line', [command('ls\nrm -rf /')]],
    ['a hidden character', [command('ls \u202e')]],
    ['two effects', [command('ls'), command('pwd')]],
    ['no effect that words can show', [{ kind: 'unknown', description: 'x' } as const]],
    ['an MCP call, whose input is not in it', [{ kind: 'mcp', server: 's', tool: 't' } as const]],
  ])('cannot be allowed there with %s', (_what, effects) => {
    expect(promptMessage(question(effects)).canAllow).toBe(false);
  });

  it('cannot be answered there when it is a question of the agent', () => {
    const asked = question([{ kind: 'question' }], {
      questions: [{ question: 'Which?', options: [] }],
    });
    expect(promptMessage(asked)).toEqual({
      text: 'Claude Code has a question for you.',
      canAllow: false,
    });
  });

  it('makes no link of the words of an agent', () => {
    const { text } = promptMessage(
      question([command('echo [Allow](command:patchbay.approveAll)')]),
    );
    expect(text).not.toContain('](');
  });
});

describe('the status bar', () => {
  const state = {
    runtimeName: 'Claude Code',
    modelName: 'Default',
    mode: 'accept-edits',
    isBusy: false,
    promptCount: 0,
    pendingHunks: 0,
    pendingFiles: 0,
  } as const;

  it('says who works in which mode, for eyes and ears', () => {
    expect(runtimeText(state)).toEqual({
      text: '$(comment-discussion) Claude Code · Accept edits',
      spoken: 'Patchbay: Claude Code, Default, mode Accept edits',
    });
    expect(runtimeText({ ...state, isBusy: true }).spoken).toContain('working');
  });

  it('asks for attention only while something waits', () => {
    expect(waitingText(state)).toBeUndefined();
    expect(waitingText({ ...state, promptCount: 1, pendingHunks: 3, pendingFiles: 2 })).toEqual({
      text: '$(bell-dot) 1 question, 3 edits to review',
      spoken: 'Patchbay waits for you: 1 question and 3 edits to review in 2 files',
    });
  });
});

describe('a selection for the composer', () => {
  const selected = {
    label: 'src/a.ts',
    languageId: 'typescript',
    firstLine: 3,
    lastLine: 4,
    text: 'const a = 1;\nconst b = a;\n',
    problems: [{ lineOneBased: 4, message: "'b' is\nnever used" }],
  };

  it('names path and lines and quotes the text', () => {
    expect(selectionText(selected, 'add')).toBe(
      'src/a.ts (lines 3-4):\n\n```typescript\nconst a = 1;\nconst b = a;\n```\n\n',
    );
  });

  it('asks for an explanation, or for a fix with the problems that the editor reports', () => {
    expect(selectionText(selected, 'explain')).toMatch(/^Explain src\/a\.ts \(lines 3-4\):/);
    expect(selectionText(selected, 'fix')).toContain(
      "The editor reports:\n\n- line 4: 'b' is never used\n",
    );
    expect(selectionText({ ...selected, problems: [] }, 'fix')).toMatch(
      /^Fix src\/a\.ts \(lines 3-4\):/,
    );
  });

  it('quotes in a fence that the text cannot end', () => {
    expect(['x', '```', 'a ````` b'].map(fenceFor)).toEqual(['```', '````', '``````']);
    expect(fenceFor('` `` '.repeat(200_000))).toBe('```');
  });
});
