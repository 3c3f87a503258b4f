import { describe, expect, it } from 'vitest';
import { TypingLog } from '../../../src/host/changes/typingLog';

const key = 'file:///w/app/a.ts';

function place() {
  let nowMs = 0;
  const log = new TypingLog(() => nowMs);
  return { log, wait: (ms: number) => (nowMs += ms) };
}

describe('what a person typed, when a document is saved', () => {
  it('[R233] is all of it where nobody takes part in the save, so that it was never announced', () => {
    const { log } = place();
    log.changed(key);
    log.typed(key, 'typed\n');
    expect(log.saved(key, 'typed\n')).toBe('typed\n');
    log.changed(key);
    expect(log.saved(key, 'typed, not seen\n')).toBe('typed, not seen\n');
    expect(log.saved(key, 'untouched\n')).toBe('untouched\n');
  });

  it('[R233] is all of it where an announced save did not come about and the next is not announced', () => {
    const { log } = place();
    log.changed(key);
    log.typed(key, 'typed\n');
    log.changed(key);
    log.saving(key, 'typed  \n');
    log.typed(key, 'typed more\n');
    expect(log.saved(key, 'typed more\n')).toBe('typed more\n');
  });

  it('[R233] is not what changed right before the save was announced, or after', () => {
    const { log, wait } = place();
    log.typed(key, 'typed;\n');
    log.changed(key);
    wait(100);
    log.changed(key);
    expect(log.hasUnseen(key)).toBe(true);
    log.saving(key, 'formatted;\n');
    expect(log.saved(key, 'formatted;\n\n')).toBe('typed;\n');
    log.saving(key, 'as it was\n');
    expect(log.saved(key, 'formatted after\n')).toBe('as it was\n');
  });

  it('[R233] is what changed long before the save, whoever was not seen to do it', () => {
    const { log, wait } = place();
    log.changed(key);
    wait(10_000);
    log.saving(key, 'by another extension\n');
    expect(log.saved(key, 'by another extension\n')).toBe('by another extension\n');
  });

  it('[R233] is nothing where all of the unsaved part was made by saving', () => {
    const { log } = place();
    log.changed(key);
    log.saving(key, 'formatted\n');
    expect(log.saved(key, 'formatted\n')).toBeUndefined();
  });
});
