import { describe, expect, it } from 'vitest';
import { RowMemory } from '../../webview/rowMemory';

describe('what rows know beyond their items', () => {
  it('stays while the same session is shown, and is of no other session', () => {
    const memory = new RowMemory();
    memory.show('one');
    memory.flags.set('editing:1.1', true);
    memory.texts.set('answer:q:0:words', 'half');
    memory.show('one');
    expect([memory.flags.get('editing:1.1'), memory.texts.size]).toEqual([true, 1]);
    memory.show('two');
    expect([memory.flags.size, memory.texts.size]).toEqual([0, 0]);
    memory.show('one');
    expect(memory.flags.get('editing:1.1')).toBeUndefined();
  });
});
