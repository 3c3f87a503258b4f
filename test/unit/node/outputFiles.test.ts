import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { OutputFiles } from '../../../src/node/outputFiles';
import { OutputStore } from '../../../src/tools/outputStore';
import { eventually, Workbench } from '../../fakes/realChildren';

const bench = new Workbench();
afterAll(() => bench.remove());

describe('outputs that were too long for a model', () => {
  it('[R203] are read again by another window, without secrets, for their owner only', async () => {
    const folder = join(bench.path, 'outputs');
    const id = put(new OutputStore({ shelf: shelf(folder) }), 'one', 'a known-secret in a log');
    const path = join(folder, 'one', `${id}.txt`);
    await eventually('it is on the disk', () => existsSync(path));
    const again = new OutputStore({ shelf: shelf(folder) });
    expect(await again.find('one', id)).toBe('a [redacted] in a log');
    expect(await again.find('two', id)).toBeUndefined();
    expect(await again.find('one', '../one/x')).toBeUndefined();
    expect(readFileSync(path, 'utf8')).not.toContain('known-secret');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'one')).mode & 0o777).toBe(0o700);
  });

  it('go with their session, and one that is missing is just not there', async () => {
    const folder = join(bench.path, 'removed');
    const files = shelf(folder);
    const store = new OutputStore({ shelf: files, maxTotalChars: 10 });
    await files.keep('one', 'output-1', 'first');
    await files.keep('one', 'output-2', 'second');
    await files.keep('two', 'output-3', 'third');
    rmSync(join(folder, 'one', 'output-1.txt'));
    expect(await store.find('one', 'output-1')).toBeUndefined();
    expect(await store.find('one', 'output-2')).toBe('second');
    await store.removeSession('one');
    await store.removeSession('one');
    expect(readdirSync(folder)).toEqual(['two']);
    expect(await store.find('one', 'output-2')).toBeUndefined();
  });

  it('are bounded on the disk and in memory, the oldest go first', async () => {
    const folder = join(bench.path, 'bounded');
    const files = new OutputFiles({ folder, redact: (text) => text, maxBytes: 250 });
    const store = new OutputStore({ shelf: files, maxTotalChars: 150 });
    const ids = ['a', 'b', 'c', 'd'].map((letter) => put(store, 'one', letter.repeat(100)));
    await files.find('one', 'anything'); // stands behind the writes
    expect(readdirSync(join(folder, 'one'))).toHaveLength(2);
    expect(store.get('one', ids[2] ?? '')).toBeUndefined();
    expect(await store.find('one', ids[2] ?? '')).toBe('c'.repeat(100));
    expect(await store.find('one', ids[3] ?? '')).toBe('d'.repeat(100));
    expect(await store.find('one', ids[0] ?? '')).toBeUndefined();
  });

  it('stand beside whole results of earlier calls, which the conversation has shortened', async () => {
    const store = new OutputStore({
      resultOf: (sessionId, callId) => Promise.resolve(`${sessionId} ${callId}`),
    });
    expect(await store.find('one', 'call-1')).toBe('one call-1');
    const broken = new OutputStore({ resultOf: () => Promise.reject(new Error('gone')) });
    expect(await broken.find('one', 'call-1')).toBeUndefined();
  });
});

const shelf = (folder: string): OutputFiles =>
  new OutputFiles({ folder, redact: (text) => text.replaceAll('known-secret', '[redacted]') });

const put = (store: OutputStore, sessionId: string, text: string): string =>
  store.put(sessionId, text);
