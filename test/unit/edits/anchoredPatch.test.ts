import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyAnchoredHunks } from '../../../src/edits/anchoredPatch';
import { applyUnifiedHunks } from '../../../src/edits/unifiedPatch';

const base = 'class A {\n  run() {\n    go();\n  }\n}\nclass B {\n  run() {\n    go();\n  }\n}\n';
const patched = (text: string) => ({ kind: 'patched', text });
const message = (text: string, hunks: string): string => {
  const outcome = applyAnchoredHunks(text, hunks);
  return outcome.kind === 'failed' ? outcome.message : '';
};

describe('hunks whose places are lines and not numbers', () => {
  it('go behind their anchor, the outer one first', () => {
    expect(applyUnifiedHunks(base, '@@ class B {\n   run() {\n-    go();\n+    stop();\n')).toEqual(
      patched(base.replace(/go\(\);(?=[^g]*$)/, 'stop();')),
    );
    expect(
      applyAnchoredHunks(base, '@@ class B {\n@@ run() {\n-    go();\n+    stop();\n'),
    ).toEqual(patched(base.replace(/go\(\);(?=[^g]*$)/, 'stop();')));
  });

  it('fail where they fit twice without an anchor, and say what to add', () => {
    expect(message(base, '@@\n-    go();\n+    stop();\n')).toContain(
      'several places (lines 3, 8)',
    );
  });

  it('are looked for behind the hunk before', () => {
    expect(applyAnchoredHunks('a\nb\na\nb\n', ' a\n-b\n+B\n a\n@@\n-b\n+C\n')).toEqual(
      patched('a\nB\na\nC\n'),
    );
    expect(message('a\nb\n', '@@\n-b\n+B\n@@\n-a\n+A\n')).toMatch(/^Hunk 2 of 2: /);
  });

  it('at the end of the file fit there only', () => {
    expect(applyAnchoredHunks('x\ny\nx\n', '@@\n-x\n+z\n*** End of File\n')).toEqual(
      patched('x\ny\nz\n'),
    );
    expect(message('x\ny\n', '@@\n-x\n+z\n*** End of File\n')).toContain('at the end of the file');
  });

  it('with nothing but new lines go behind the anchor, or to the end', () => {
    expect(applyAnchoredHunks('a\nb\n', '@@ a\n+x\n')).toEqual(patched('a\nx\nb\n'));
    expect(applyAnchoredHunks('a\nb\n', '@@\n+x\n')).toEqual(patched('a\nb\nx\n'));
    expect(applyAnchoredHunks('', '@@\n+x\n')).toEqual(patched('x\n'));
  });

  it('keep line endings, byte order mark and a missing final line break', () => {
    expect(applyAnchoredHunks('\uFEFFa\r\nb\r\nc', '@@\n-b\n+B\n+B2\n')).toEqual(
      patched('\uFEFFa\r\nB\r\nB2\r\nc'),
    );
    expect(applyAnchoredHunks('a\nb', '@@\n a\n-b\n+B\n')).toEqual(patched('a\nB'));
    expect(applyAnchoredHunks('a\nb', '@@\n b\n+c\n')).toEqual(patched('a\nb\nc'));
  });

  it('fit where only blanks at the ends of lines differ, and leave those of the context', () => {
    expect(applyAnchoredHunks('a  \nb\t\nc\n', '@@\n a\n-b\n+B\n')).toEqual(patched('a  \nB\nc\n'));
    expect(message('  a\n', '@@\n-a\n+b\n')).toContain('The nearest place is line 1:\n  a');
  });

  it('fail with the anchor that is not there, with a line without a mark, and with nothing to do', () => {
    expect(message('a\n', '@@ q\n-x\n+y\n')).toContain('there is no line "q"');
    expect(message('a\n', '@@\n-a\n+b\nc\n')).toContain('this one does not: c');
    expect(message('a\n', '@@\n a\n')).toContain('adds and removes nothing');
  });

  it('make the new text from the old one wherever their lines are single', () => {
    const lines = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(lines, fc.array(fc.integer({ min: 0, max: 2 })), (numbers, actions) => {
        const old = numbers.map((number) => `line ${String(number)}`);
        const marked = old.flatMap((line, at) => {
          const action = actions[at] ?? 0;
          return action === 0
            ? [` ${line}`]
            : action === 1
              ? [`-${line}`]
              : [`-${line}`, `+new ${line}`];
        });
        fc.pre(marked.some((line) => !line.startsWith(' ')));
        const text = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
        expect(applyAnchoredHunks(text(old), `@@\n${text(marked)}`)).toEqual(
          patched(
            text(marked.filter((line) => !line.startsWith('-')).map((line) => line.slice(1))),
          ),
        );
      }),
      { numRuns: 2000, seed: 32 },
    );
  }, 60_000);

  it('are found in time that grows with the file, however often its lines repeat', () => {
    const many = 'same\n'.repeat(100_000);
    const hunk = `@@\n${' same\n'.repeat(50_000)}-other\n+x\n`;
    expect(message(many, hunk)).toContain('do not occur');
  }, 10_000);
});
