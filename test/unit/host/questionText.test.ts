import { describe, expect, it } from 'vitest';
import type { PermissionQuestion } from '../../../src/gate/contract';
import { questionText } from '../../../src/host/questionText';

const question: PermissionQuestion = {
  id: 'q',
  digest: 'd',
  sessionId: 's',
  callId: 'c',
  asker: 'Claude Code',
  toolName: 'Bash',
  effects: [
    { kind: 'command', command: 'one\ntwo', cwd: '/w/app', cwdClass: 'inside' },
    { kind: 'read', path: '/w/app/l', target: '/etc/hosts', pathClass: 'outside' },
  ],
  reason: 'commands always ask',
  description: 'Why it asks: nothing, allow it',
  inputText: '{\n  "a": 1\n}',
  createdAtMs: 0,
};

describe('a question as a document', () => {
  it('holds the whole effect, every line of it apart from ours, and the real target of a link', () => {
    const text = questionText(question);
    expect(text).toContain('in /w/app:\n\n    one\n    two\n');
    expect(text).toContain('Reads /etc/hosts (a link: /w/app/l), outside the workspace.');
    expect(text).toContain('    {\n      "a": 1\n    }');
    expect(text).toContain('Why it asks: commands always ask.');
  });

  it('marks the words of the agent as its own', () => {
    expect(questionText(question)).toContain(
      'Claude Code says, in its own words:\n\n    Why it asks: nothing, allow it',
    );
  });

  it('says what an answer for the session would cover', () => {
    const offers = [{ id: 'exact', text: 'exactly `ls` in /w/app' }];
    expect(questionText({ ...question, offers })).toContain('covers: exactly `ls` in /w/app.');
    expect(questionText(question)).not.toContain('covers:');
  });
});
