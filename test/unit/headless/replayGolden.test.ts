import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordField, stringField } from '../../../src/base/guard';
import type { ReplayDialectName } from '../../../src/headless/replayDialect';
import { replayed } from '../../fakes/goldenText';

const folder = join(process.cwd(), 'test/fixtures');

/** How many recordings there are at least, so that a corpus that went missing is noticed. */
const corpora: readonly (readonly [ReplayDialectName, number])[] = [
  ['claude-cli', 40],
  ['codex-app-server', 18],
  ['codex-exec', 14],
  ['acp', 51],
  ['pi-rpc', 11],
];

const namesOf = (dialect: ReplayDialectName): readonly string[] =>
  readdirSync(join(folder, dialect))
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => name.slice(0, -'.jsonl'.length));

const read = (dialect: ReplayDialectName, name: string): string =>
  readFileSync(join(folder, dialect, `${name}.jsonl`), 'utf8');

describe.each(corpora)('recordings of %s, played', (dialect, count) => {
  const names = namesOf(dialect);

  it('are all there', () => {
    expect(names.length).toBeGreaterThanOrEqual(count);
  });

  it.each(names)('%s gives its golden text', async (name) => {
    const { text } = await replayed(dialect, read(dialect, name));
    await expect(text).toMatchFileSnapshot(join(folder, 'golden/replay', dialect, `${name}.txt`));
  });

  it.each(names)('%s gives the same at one byte per chunk', async (name) => {
    const recording = read(dialect, name);
    const whole = await replayed(dialect, recording);
    expect((await replayed(dialect, recording, () => 1)).text).toBe(whole.text);
  });

  it('[R95] give the same however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 }),
        async (name, sizes) => {
          const recording = read(dialect, name);
          let chunk = 0;
          const cut = await replayed(dialect, recording, () => sizes[chunk++ % sizes.length] ?? 1);
          expect(cut.text).toBe((await replayed(dialect, recording)).text);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('end each turn once, with nothing behind it', async () => {
    for (const name of names) {
      const { lines } = await replayed(dialect, read(dialect, name));
      const ends = lines.flatMap((line, index) => ('terminal' in line ? [index] : []));
      const kinds = lines.map((line) =>
        'event' in line && (line.event.kind === 'finish' || line.event.kind === 'failed')
          ? 'end'
          : 'terminal' in line
            ? 'terminal'
            : '',
      );
      expect([name, kinds.filter((kind) => kind !== '')]).toEqual([
        name,
        ends.flatMap(() => ['end', 'terminal']),
      ]);
      expect([name, ends.at(-1) ?? -1]).toEqual([name, ends.length === 0 ? -1 : lines.length - 1]);
    }
  });
});

describe('what the recorded client of Claude Code answered', () => {
  const answersIn = (messages: readonly unknown[]): readonly unknown[] =>
    messages.flatMap((message) => {
      const response = recordField(message, 'response');
      const given = recordField(response, 'response');
      const behavior = stringField(given, 'behavior');
      const id = stringField(response, 'request_id');
      return behavior === undefined
        ? []
        : [behavior === 'deny' ? { id, behavior } : { id, behavior, input: given?.updatedInput }];
    });

  it.each(namesOf('claude-cli').filter((name) => name !== 'prompt-open-interrupted'))(
    '%s is answered by the bridge in the same words',
    async (name) => {
      const recording = read('claude-cli', name);
      const recorded = recording
        .split('\n')
        .filter((line) => line !== '')
        .map((line): unknown => JSON.parse(line))
        .filter((entry) => stringField(entry, 'from') === 'client')
        .map((entry) => recordField(entry, 'msg'));
      const { sent } = await replayed('claude-cli', recording);
      expect(answersIn(sent)).toEqual(answersIn(recorded));
    },
  );
});
