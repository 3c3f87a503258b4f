import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordField, stringField } from '../../../src/base/guard';
import { claudeCliBridge } from '../../../src/runtime/bridges/claudeCli';
import { byteByByte, inOneChunk, replayRecording, type Rechunk } from '../../fakes/replayRecording';

const folder = 'test/fixtures/claude-cli';
const golden = join(process.cwd(), 'test/fixtures/golden/claude-cli');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => name.slice(0, -'.jsonl'.length));

function read(name: string): string {
  return readFileSync(join(folder, `${name}.jsonl`), 'utf8');
}

describe('recordings of Claude Code through the bridge', () => {
  it('has a corpus', () => {
    expect(names.length).toBeGreaterThanOrEqual(31);
  });

  it.each(names)('[R78][R79][R80] %s gives its golden text', async (name) => {
    await expect(replayRecording(read(name), claudeCliBridge, inOneChunk)).toMatchFileSnapshot(
      join(golden, `${name}.txt`),
    );
  });

  it.each(names)('%s gives the same at one byte per chunk', (name) => {
    const recording = read(name);
    expect(replayRecording(recording, claudeCliBridge, byteByByte)).toBe(
      replayRecording(recording, claudeCliBridge, inOneChunk),
    );
  });

  it.each(names)('%s is answered in the words that the recorded client used', (name) => {
    const lines = (text: string): readonly unknown[] =>
      text
        .split('\n')
        .flatMap((line): readonly unknown[] => (line === '' ? [] : [JSON.parse(line)]));
    const recorded = lines(read(name)).flatMap((entry) => {
      const msg = recordField(entry, 'msg');
      return stringField(entry, 'from') === 'client' &&
        stringField(msg, 'type') === 'control_response'
        ? [msg]
        : [];
    });
    const sent = replayRecording(read(name), claudeCliBridge, inOneChunk)
      .split('\n')
      .flatMap((line) => (line.startsWith('  send ') ? [line.slice('  send '.length)] : []))
      .flatMap(lines);
    const comparable = (message: unknown): unknown =>
      JSON.parse(
        JSON.stringify(message, (key, value: unknown) =>
          key === 'interrupt' || key === 'updatedPermissions' ? undefined : value,
        ),
      );
    expect(sent.map(comparable)).toEqual(recorded.map(comparable));
  });

  it('gives the same however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 }),
        (name, sizes) => {
          const cut: Rechunk = function* (bytes) {
            for (let at = 0, turn = 0; at < bytes.length; turn++) {
              const size = sizes[turn % sizes.length] ?? 1;
              yield bytes.subarray(at, at + size);
              at += size;
            }
          };
          const recording = read(name);
          expect(replayRecording(recording, claudeCliBridge, cut)).toBe(
            replayRecording(recording, claudeCliBridge, inOneChunk),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
