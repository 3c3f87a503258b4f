import { describe, expect, it } from 'vitest';
import type { NormalizedEvent } from '../../../src/events/normalizedEvent';
import { TextMerger } from '../../../src/runtime/textMerger';

function merger(): { readonly merger: TextMerger; readonly passed: NormalizedEvent[] } {
  const passed: NormalizedEvent[] = [];
  return { merger: new TextMerger((event) => passed.push(event)), passed };
}

describe('merging the pieces of a text', () => {
  it('makes one event of what comes in one task, at its end', async () => {
    const { merger: texts, passed } = merger();
    texts.add({ kind: 'text', delta: 'a', blockId: '1' });
    texts.add({ kind: 'text', delta: 'b', blockId: '1' });
    expect(passed).toEqual([]);
    await Promise.resolve();
    expect(passed).toEqual([{ kind: 'text', delta: 'ab', blockId: '1' }]);
    texts.add({ kind: 'text', delta: 'c', blockId: '1' });
    await Promise.resolve();
    expect(passed).toHaveLength(2);
  });

  it('keeps blocks, kinds and sub-agents apart, in order, and what carries a proof alone', () => {
    const { merger: texts, passed } = merger();
    const events = [
      { kind: 'text', delta: 'a', blockId: '1' },
      { kind: 'text', delta: 'b', blockId: '2' },
      { kind: 'thinking', delta: 'c', blockId: '2' },
      { kind: 'thinking', delta: 'd', blockId: '2', parentCallId: 'x' },
      { kind: 'thinking', delta: '', blockId: '2', parentCallId: 'x', signature: 's' },
      { kind: 'thinking', delta: 'e', blockId: '2', parentCallId: 'x' },
    ] as const;
    events.forEach((event) => texts.add(event));
    texts.flush();
    texts.flush();
    expect(passed).toEqual(events);
  });
});
