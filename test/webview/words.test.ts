import { describe, expect, it } from 'vitest';
import { TranscriptStore } from '../../src/transcript/transcriptStore';
import { createTurn } from '../../src/transcript/turn';
import { gaugeLevel, gaugeText, gaugeTitle, usedShare } from '../../webview/contextWords';
import { ago, byteSize, counted, duration, shortCount } from '../../webview/words';

describe('words', () => {
  it('writes times as people say them', () => {
    expect([0, 400, 4200, 59_400, 60_000, 80_000, 3_600_000, 7_500_000].map(duration)).toEqual([
      '1 s',
      '1 s',
      '4 s',
      '59 s',
      '1 min',
      '1 min 20 s',
      '1 h',
      '2 h 5 min',
    ]);
  });

  it('writes counts and sizes short', () => {
    expect([0, 999, 1000, 12_345, 123_456, 1_234_567].map(shortCount)).toEqual([
      '0',
      '999',
      '1k',
      '12.3k',
      '123k',
      '1.2M',
    ]);
    expect([12, 1024, 1231, 200_000, 3_145_728].map(byteSize)).toEqual([
      '12 B',
      '1 KB',
      '1.2 KB',
      '195 KB',
      '3 MB',
    ]);
    expect([counted(1, 'hunk'), counted(3, 'hunk')]).toEqual(['1 hunk', '3 hunks']);
  });

  it('says how long ago something was, and the date when that is long', () => {
    const nowMs = Date.UTC(2026, 5, 15, 12);
    const hour = 3_600_000;
    expect(
      [0, 5 * 60_000, 3 * hour, 30 * hour, 72 * hour, 60 * 24 * hour].map((ms) =>
        ago(nowMs - ms, nowMs),
      ),
    ).toEqual(['just now', '5 min ago', '3 h ago', 'yesterday', '3 days ago', '2026-04-16']);
  });
});

describe('the gauge of the context', () => {
  it('[R198] shows the ratio of the window, above 100 % too', () => {
    const store = TranscriptStore.fromTurns([
      createTurn({ role: 'user', content: 'long', tokens: 25_000 }),
    ]);
    const context = {
      usedTokens: store.tokenCount,
      windowTokens: 20_000,
      basis: 'reported',
    } as const;
    expect(usedShare(context)).toBe(1.25);
    expect(usedShare(context)).toBe(store.budgetRatio(context.windowTokens));
    expect(gaugeText(context)).toBe('125\u00a0%');
    expect(gaugeLevel(context)).toBe('full');
    expect(gaugeTitle(context)).toBe('Context: 25,000 tokens of 20,000');
  });

  it('[R198] has no ratio of a window of 0 or one that nobody told, and shows the tokens alone', () => {
    for (const context of [
      { usedTokens: 12_345, windowTokens: 0, basis: 'estimated' },
      { usedTokens: 12_345, basis: 'estimated' },
    ] as const) {
      expect(usedShare(context)).toBeUndefined();
      expect(gaugeLevel(context)).toBe('unknown');
      expect(gaugeText(context)).toBe('12.3k');
    }
    expect(gaugeText(undefined)).toBeUndefined();
  });
});
