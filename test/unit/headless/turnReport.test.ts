import { describe, expect, it } from 'vitest';
import { TurnReport } from '../../../src/headless/turnReport';

const notice = (text: string) => ({ kind: 'notice', level: 'info', code: 'x', text }) as const;
const piece = (blockId: string | undefined, delta: string) =>
  ({ kind: 'text', delta, ...(blockId === undefined ? {} : { blockId }) }) as const;

describe('what the terminal line sums up', () => {
  it('each block has its own text, however the pieces of two blocks alternate', () => {
    const report = new TurnReport();
    for (const [blockId, delta] of [
      ['a', 'A1'],
      ['b', 'B1'],
      ['a', 'A2'],
      [undefined, ' plain'],
      ['b', 'B2'],
      [undefined, ' text'],
    ] as const) {
      report.event(piece(blockId, delta));
    }
    expect(report.failed('').text).toBe('A1A2B1B2 plain text');
  });

  it('a block that was taken back and comes again has its new text only, behind what came in between', () => {
    const report = new TurnReport();
    report.event(piece('a', 'half'));
    report.event(piece('b', 'between '));
    report.observation({ kind: 'retract', blockId: 'a' });
    report.event(piece('a', 'whole'));
    expect(report.failed('').text).toBe('between whole');
  });

  it('[R77] very many notices are counted at the end', () => {
    const report = new TurnReport();
    for (let count = 0; count < 20_000; count += 1) {
      report.observation(notice(`n${count}`));
    }
    const { notices } = report.failed('');
    expect(notices).toHaveLength(201);
    expect(notices[0]).toBe('n0');
    expect(notices.at(-1)).toBe('19800 more notices were left out.');
    expect(report.failed('').notices).toEqual(notices);
  });
});
