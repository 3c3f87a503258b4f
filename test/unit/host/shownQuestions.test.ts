import { describe, expect, it } from 'vitest';
import { realAnswers, shownQuestions } from '../../../src/host/shownQuestions';

const redact = (text: string): string => text.replaceAll(/key-\d/g, '[redacted]');

const questions = [
  { question: 'Use key-1?', header: 'key-1', options: [{ label: 'key-1', description: 'key-1' }] },
  { question: 'Use key-2?', options: [{ label: 'no' }] },
];

describe('questions to the user', () => {
  it('[R178] are shown without secrets, and stay apart', () => {
    const shown = shownQuestions(questions, redact);
    expect(JSON.stringify(shown)).not.toContain('key-');
    expect(new Set(shown.map(({ question }) => question)).size).toBe(2);
  });

  it('get their answers by the words that the agent asked with', () => {
    const [first, second] = shownQuestions(questions, redact).map(({ question }) => question);
    expect(
      realAnswers(questions, redact, { [first ?? '']: '[redacted]', [second ?? '']: 'never' }),
    ).toEqual({ 'Use key-1?': 'key-1', 'Use key-2?': 'never' });
  });

  it('keep an answer to a question that nobody asked as it is, for the gate to refuse', () => {
    expect(realAnswers(questions, redact, { other: 'yes' })).toEqual({ other: 'yes' });
  });
});
