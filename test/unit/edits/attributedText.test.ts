import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttributedText } from '../../../src/edits/attributedText';
import { characterChanges } from '../../../src/edits/characterChanges';
import { applyDecisions } from '../../../src/edits/hunks';

type Who = 'command' | 'formatter';
const isSame = (a: Who, b: Who): boolean => a === b;
const runs = 1500;

/** Each writes letters of its own, so that a text tells who wrote what. */
const letters = { base: 'b', user: 'u', command: 'c', formatter: 'f' } as const;
const actor = fc.constantFrom('user' as const, 'command' as const, 'formatter' as const);
const step = fc.record({
  who: actor,
  from: fc.nat(60),
  length: fc.nat(12),
  lines: fc.array(fc.nat(3), { maxLength: 3 }),
  hasEnd: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const baseText = fc
  .array(fc.nat(4), { maxLength: 8 })
  .map((lengths) => lengths.map((length) => `${'b'.repeat(length)}\n`).join(''));

function play(base: string, steps: readonly Step[]): AttributedText<Who> {
  return steps.reduce((text, { who, from, length, lines, hasEnd }) => {
    const { current } = text;
    const start = Math.min(from, current.length);
    const words = lines.map((count) => letters[who].repeat(count)).join('\n');
    return text.after(
      {
        start,
        end: Math.min(current.length, start + length),
        text: hasEnd && words !== '' ? `${words}\n` : words,
      },
      who === 'user' ? undefined : who,
    );
  }, AttributedText.of<Who>(base));
}

const writtenBy = (text: string, ...who: readonly (keyof typeof letters)[]): string =>
  text.replace(new RegExp(`[^${who.map((one) => letters[one]).join('')}]`, 'g'), '');

describe('a text with changes that wait', () => {
  it('[R233] holds the file as it is, whoever changed it in whatever order', () => {
    fc.assert(
      fc.property(baseText, fc.array(step, { maxLength: 12 }), (base, steps) => {
        let expected = base;
        let text = AttributedText.of<Who>(base);
        for (const one of steps) {
          const start = Math.min(one.from, expected.length);
          const words = one.lines.map((count) => letters[one.who].repeat(count)).join('\n');
          const end = Math.min(expected.length, start + one.length);
          const put = one.hasEnd && words !== '' ? `${words}\n` : words;
          text = text.after({ start, end, text: put }, one.who === 'user' ? undefined : one.who);
          expected = expected.slice(0, start) + put + expected.slice(end);
          expect(text.current).toBe(expected);
        }
      }),
      { numRuns: runs },
    );
  });

  it('[R233] never has what the user typed in a change that waits, and always has what the others wrote', () => {
    fc.assert(
      fc.property(baseText, fc.array(step, { maxLength: 12 }), (base, steps) => {
        const text = play(base, steps);
        for (const piece of text.changed.filter(({ kind }) => kind === 'added')) {
          expect(writtenBy(piece.text, 'user', 'base')).toBe('');
          expect(writtenBy(piece.text, piece.by)).toBe(piece.text.replaceAll('\n', ''));
        }
        expect(writtenBy(text.accepted, 'command', 'formatter')).toBe('');
        expect(writtenBy(text.accepted, 'user').length).toBeGreaterThanOrEqual(
          writtenBy(text.current, 'user').length,
        );
      }),
      { numRuns: runs },
    );
  });

  it('[R234] loses, when one origin is undone, exactly what that origin wrote', () => {
    fc.assert(
      fc.property(
        baseText,
        fc.array(step, { maxLength: 12 }),
        fc.constantFrom('command' as const, 'formatter' as const),
        (base, steps, who) => {
          const text = play(base, steps);
          const other = who === 'command' ? 'formatter' : 'command';
          const undone = text.undoing(({ by }) => by === who);
          expect(writtenBy(undone.current, who)).toBe('');
          expect(writtenBy(undone.current, other)).toBe(writtenBy(text.current, other));
          expect(undone.accepted).toBe(text.accepted);
          expect(undone.changed.every(({ by }) => by === other)).toBe(true);
          expect(undone.undoing(() => true).current).toBe(text.accepted);
          expect(text.keeping(() => true).accepted).toBe(text.current);
          expect(text.keeping(({ by }) => by === who).current).toBe(text.current);
        },
      ),
      { numRuns: runs },
    );
  });

  it('[R234] has hunks of whole lines that lead from the accepted text to the file, any of them', () => {
    fc.assert(
      fc.property(baseText, fc.array(step, { maxLength: 10 }), (base, steps) => {
        const text = play(base, steps);
        const hunks = text.hunks(isSame);
        const all = hunks.map(({ hunk }) => hunk);
        expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
        expect(
          applyDecisions(
            text.accepted,
            all,
            all.map(({ id }) => id),
          ),
        ).toBe(text.current);
        for (const { hunk, pieces } of hunks) {
          const undone = text.undoing((piece) => pieces.includes(piece));
          const rest = all.filter(({ id }) => id !== hunk.id).map(({ id }) => id);
          expect(undone.current).toBe(applyDecisions(text.accepted, all, rest));
        }
      }),
      { numRuns: runs },
    );
  });

  it('[R233] keeps the id of a hunk while the user types around it', () => {
    const text = AttributedText.of<Who>('one\ntwo\n').after(
      { start: 4, end: 7, text: 'TWO' },
      'command',
    );
    const [before] = text.hunks(isSame);
    const [after] = text.after({ start: 0, end: 0, text: 'zero\n' }).hunks(isSame);
    expect(after?.hunk).toEqual({ ...before?.hunk, oldStart: 3, newStart: 3 });
    expect(after?.hunk).toMatchObject({ oldText: 'two\n', newText: 'TWO\n' });
  });

  it('[R233] tells neighbouring lines of two origins apart, and names both where they share a line', () => {
    const lines = AttributedText.of<Who>('one\n')
      .after({ start: 4, end: 4, text: 'two\n' }, 'command')
      .after({ start: 8, end: 8, text: 'three\n' }, 'formatter');
    expect(lines.hunks(isSame).map(({ hunk, origins }) => [hunk.newText, origins])).toEqual([
      ['two\n', ['command']],
      ['three\n', ['formatter']],
    ]);
    const shared = AttributedText.of<Who>('one\n')
      .becoming('one two \n', 'command')
      .becoming('one two\n', 'formatter')
      .becoming('ONE two\n', 'formatter');
    expect(shared.hunks(isSame).map(({ hunk, origins }) => [hunk.newText, origins])).toEqual([
      ['ONE two\n', ['formatter', 'command']],
    ]);
    expect(shared.undoing(({ by }) => by === 'command').current).toBe('ONE\n');
  });

  it('[R234] takes a removal back when the user writes the text again, rather than having it twice', () => {
    const text = AttributedText.of<Who>('one\ntwo\nthree\n')
      .becoming('one\nthree\n', 'command')
      .becoming('one\ntwo\nthree\n');
    expect(text.changed).toEqual([]);
    expect(text.accepted).toBe('one\ntwo\nthree\n');
  });

  it('[R234] keeps a line that is written above a changed one a line of its own, also when the change is undone', () => {
    const changed = AttributedText.of<Who>('one\ntwo\n').becoming('ONE\ntwo\n', 'command');
    const typed = changed.becoming('mine\nONE\ntwo\n');
    expect(typed.accepted).toBe('mine\none\ntwo\n');
    expect(
      typed.hunks(isSame).map(({ hunk }) => [hunk.newStart, hunk.oldText, hunk.newText]),
    ).toEqual([[2, 'one\n', 'ONE\n']]);
    const formatted = changed.becoming('// f\nONE\ntwo\n', 'formatter');
    expect(formatted.undoing(({ by }) => by === 'command').current).toBe('// f\none\ntwo\n');
    expect(formatted.undoing(({ by }) => by === 'formatter').current).toBe('ONE\ntwo\n');
  });

  it('[R233] follows whole texts like single changes: what the user saves beside a command’s lines is no news', () => {
    fc.assert(
      fc.property(baseText, baseText, baseText, (base, command, user) => {
        const text = AttributedText.of<Who>(base).becoming(command, 'command').becoming(user);
        expect(text.current).toBe(user);
        expect(text.undoing(() => true).current).toBe(text.accepted);
        expect(AttributedText.from(text.pieces).current).toBe(user);
      }),
      { numRuns: runs },
    );
  });
});

describe('the changes between two texts', () => {
  it('lead from one to the other, in order, without cutting a character in two', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', '\n', '\r\n', '😀', '😁', '\t', ''), { maxLength: 30 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        let at = 0;
        const parts: string[] = [];
        for (const change of characterChanges(before, after)) {
          expect(change.start).toBeGreaterThanOrEqual(at);
          parts.push(before.slice(at, change.start), change.text);
          expect(/[\ud800-\udbff]$/.test(before.slice(0, change.start))).toBe(false);
          expect(/^[\udc00-\udfff]/.test(before.slice(change.end))).toBe(false);
          at = change.end;
        }
        expect([...parts, before.slice(at)].join('')).toBe(after);
      }),
      { numRuns: runs },
    );
  });
});
