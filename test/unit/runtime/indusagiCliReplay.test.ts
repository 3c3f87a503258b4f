import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { indusagiCliBridge } from '../../../src/runtime/bridges/indusagiCli';
import { replayPeer } from '../../fakes/fakePeerReplay';
import { byteByByte, inOneChunk, type Rechunk } from '../../fakes/replayRecording';

const folder = 'test/fixtures/pi-rpc';
const golden = join(process.cwd(), 'test/fixtures/golden/pi-rpc');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => name.slice(0, -'.jsonl'.length));

function read(name: string): string {
  return readFileSync(join(folder, `${name}.jsonl`), 'utf8');
}

describe('recordings of pi through the bridge', () => {
  it('has a corpus', () => {
    expect(names.length).toBeGreaterThanOrEqual(11);
  });

  it.each(names)('%s gives its golden text and exactly one end per turn', async (name) => {
    const replay = replayPeer(read(name), indusagiCliBridge, inOneChunk);
    expect(replay.terminals.length).toBeGreaterThan(0);
    expect(new Set(replay.terminals)).toEqual(new Set([1]));
    await expect(replay.text).toMatchFileSnapshot(join(golden, `${name}.txt`));
  });

  it.each(names)('%s gives the same at one byte per chunk', (name) => {
    const recording = read(name);
    expect(replayPeer(recording, indusagiCliBridge, byteByByte)).toEqual(
      replayPeer(recording, indusagiCliBridge, inOneChunk),
    );
  });

  it('gives the same however the bytes are cut', () => {
    const recording = read('thinking-text');
    const whole = replayPeer(recording, indusagiCliBridge, inOneChunk);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (sizes) => {
        const cut: Rechunk = function* (bytes) {
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const size = sizes[turn % sizes.length] ?? 1;
            yield bytes.subarray(at, at + size);
            at += size;
          }
        };
        expect(replayPeer(recording, indusagiCliBridge, cut)).toEqual(whole);
      }),
      { numRuns: 15 },
    );
  });
});
