import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/base/json';
import { toolError, toolOk, type ToolResult } from '../../../src/events/toolCall';
import { cacheableTools, ResultCache } from '../../../src/tools/resultCache';
import { MemoryFiles } from '../../fakes/memoryFiles';
import { createBench } from '../../fakes/orchestratorBench';

const path = '/w/app/a.ts';

function setUp(limits: { maxEntries?: number; maxBytes?: number } = {}) {
  const files = new MemoryFiles({ files: { [path]: 'one', '/w/app/b.ts': 'two' } });
  const cache = new ResultCache({ files, ...limits });
  const put = async (
    result: ToolResult,
    args: JsonObject = { path },
    where = path,
  ): Promise<boolean> => {
    const lookup = await cache.lookup('read_file', where, args);
    if (lookup.kind === 'miss') {
      await cache.store(lookup.ticket, result);
    }
    return lookup.kind === 'miss';
  };
  const get = async (args: JsonObject = { path }, where = path, tool = 'read_file') => {
    const lookup = await cache.lookup(tool, where, args);
    return lookup.kind === 'hit' ? lookup.result : lookup.kind;
  };
  return { files, cache, put, get };
}

describe('the result cache', () => {
  it('[R145] takes only tools on the list, and the list names existing tools', async () => {
    const { cache, get } = setUp();
    expect(cacheableTools).toEqual(['read_file']);
    const names = createBench()
      .registry.list()
      .map(({ name }) => name);
    expect(cacheableTools.filter((name) => !names.includes(name))).toEqual([]);
    expect(await get({ path }, path, 'list_files')).toBe('off');
    expect(cache.stats()).toEqual({ hits: 0, misses: 0, hitRate: 0, size: 0 });
  });

  it('[R146] gives a result back for the same file, time and arguments in any order, and for nothing else', async () => {
    const { files, put, get } = setUp();
    await put(toolOk('x'), { path, startLine: 2, lineCount: 3 });
    expect(await get({ lineCount: 3, startLine: 2, path: 'a.ts' })).toEqual(toolOk('x'));
    expect(await get({ path, startLine: 2 })).toBe('miss');
    expect(await get({ path, startLine: 3, lineCount: 3 })).toBe('miss');
    expect(await get({ path, startLine: 2, lineCount: 3 }, '/w/app/b.ts')).toBe('miss');
    files.putSilently(path, 'one');
    expect(await get({ path, startLine: 2, lineCount: 3 })).toBe('miss');
  });

  it('[R147] tells apart paths and sizes that other keys would mix up', async () => {
    const stat = { kind: 'file', sizeBytes: 3, mtimeMs: 1.5, isReadOnly: false } as const;
    let now: {
      readonly kind: 'file';
      readonly sizeBytes: number;
      readonly mtimeMs: number;
      readonly isReadOnly: boolean;
    } = stat;
    let change: (path: string | undefined) => void = () => undefined;
    const cache = new ResultCache({
      files: {
        stat: () => Promise.resolve(now),
        onDidChange: (listener) => {
          change = listener;
          return { dispose: () => undefined };
        },
      },
    });
    const put = async (where: string) => {
      const lookup = await cache.lookup('read_file', where, {});
      if (lookup.kind === 'miss') {
        await cache.store(lookup.ticket, toolOk(where));
      }
    };
    const kindOf = async (where: string) => (await cache.lookup('read_file', where, {})).kind;
    for (const where of ['C:\\a:b\\c.ts', 'C:\\a', '/a:b', '/a', '/a/b', '/%61']) {
      await put(where);
    }
    expect(cache.stats().size).toBe(6);
    expect(await kindOf('c:\\a')).toBe('hit');
    change('/a');
    expect(await kindOf('/a')).toBe('miss');
    expect(await kindOf('/a/b')).toBe('hit');
    expect(await kindOf('/a:b')).toBe('hit');
    change('c:\\a:b\\c.ts');
    expect(await kindOf('C:\\a:b\\c.ts')).toBe('miss');
    now = { ...stat, sizeBytes: 4 };
    expect(await kindOf('/a/b')).toBe('miss');
    now = { ...stat, mtimeMs: 1.25 };
    expect(await kindOf('/a/b')).toBe('miss');
  });

  it('[R148] stores only what did not change between before and after the read', async () => {
    const { files, cache, get } = setUp();
    const lookup = await cache.lookup('read_file', path, { path });
    files.putSilently(path, 'changed while it was read');
    if (lookup.kind === 'miss') {
      await cache.store(lookup.ticket, toolOk('one'));
    }
    expect(cache.stats().size).toBe(0);
    expect(await get()).toBe('miss');
  });

  it('[R153] stores nothing that was announced as changed during the read, and drops what changes later', async () => {
    const { files, cache, put, get } = setUp();
    const lookup = await cache.lookup('read_file', path, { path });
    files.announce(path);
    if (lookup.kind === 'miss') {
      await cache.store(lookup.ticket, toolOk('one'));
    }
    expect(cache.stats().size).toBe(0);
    await put(toolOk('one'));
    files.announce('/w/app/b.ts');
    expect(await get()).toEqual(toolOk('one'));
    files.announce(path);
    expect(await get()).toBe('miss');
    await put(toolOk('one'));
    files.announce(undefined);
    expect(await get()).toBe('miss');
  });

  it('[R153] never serves or keeps an open document with unsaved changes', async () => {
    const bench = createBench({ files: { [path]: 'saved\n' } });
    const read = async () => {
      const { output, details } = await bench.run('read_file', { path });
      return [output, details?.outcome];
    };
    await read();
    expect(await read()).toEqual(['saved\n', 'cache_hit']);
    bench.files.type(path, 'typed\n');
    expect(await read()).toEqual(['typed\n', undefined]);
    expect(await read()).toEqual(['typed\n', undefined]);
    await bench.files.save(path);
    expect(await read()).toEqual(['typed\n', undefined]);
    expect(await read()).toEqual(['typed\n', 'cache_hit']);
  });

  it('[R149] does not cache without a path or when the file cannot be looked at', async () => {
    const { files, cache } = setUp();
    expect((await cache.lookup('read_file', undefined, {})).kind).toBe('off');
    expect((await cache.lookup('read_file', '/w/app/none.ts', {})).kind).toBe('off');
    files.stat = () => Promise.reject(new Error('EIO'));
    expect((await cache.lookup('read_file', path, {})).kind).toBe('off');
    expect(cache.stats()).toMatchObject({ hits: 0, misses: 0 });
  });

  it('[R124] does not keep an error', async () => {
    const { put, cache } = setUp();
    await put(toolError('no'));
    expect(cache.stats().size).toBe(0);
  });

  it('[R150] is not changed by whoever changes a result', async () => {
    const { put, get } = setUp();
    const details = { summary: 'before' };
    await put({ ok: true, output: 'x', details });
    details.summary = 'after';
    const first = await get();
    expect(first).toEqual(toolOk('x', { summary: 'before' }));
    Object.assign(first, { output: 'changed' });
    expect(await get()).toEqual(toolOk('x', { summary: 'before' }));
  });

  it('[R151] keeps the 100 used last', async () => {
    const { put, get, cache } = setUp();
    for (let line = 1; line <= 100; line++) {
      await put(toolOk(String(line)), { path, startLine: line });
    }
    expect(await get({ path, startLine: 1 })).toEqual(toolOk('1'));
    await put(toolOk('101'), { path, startLine: 101 });
    expect(cache.stats().size).toBe(100);
    expect(await get({ path, startLine: 1 })).toEqual(toolOk('1'));
    expect(await get({ path, startLine: 2 })).toBe('miss');
    expect(await get({ path, startLine: 3 })).toEqual(toolOk('3'));
  });

  it('[R151] keeps within its bytes too', async () => {
    const { put, get, cache } = setUp({ maxBytes: 10_000 });
    for (let line = 1; line <= 4; line++) {
      await put(toolOk('x'.repeat(1500)), { path, startLine: line });
    }
    expect(cache.stats().size).toBe(3);
    expect(await get({ path, startLine: 1 })).toBe('miss');
    await put(toolOk('x'.repeat(20_000)), { path, startLine: 5 });
    expect(cache.stats().size).toBe(3);
  });

  it('[R154] counts hits and misses and gives the rate', async () => {
    const bench = createBench({ files: { [path]: 'x' } });
    expect(bench.cache.stats()).toEqual({ hits: 0, misses: 0, hitRate: 0, size: 0 });
    for (let i = 0; i < 4; i++) {
      await bench.run('read_file', { path });
      await bench.run('list_files', { path: '.' });
    }
    expect(bench.cache.stats()).toEqual({ hits: 3, misses: 1, hitRate: 0.75, size: 1 });
    expect(
      bench.sink.outcomes.filter(({ tool }) => tool === 'read_file').map(({ outcome }) => outcome),
    ).toEqual(['ok', 'cache_hit', 'cache_hit', 'cache_hit']);
  });

  it('[R155] is shared by all sessions, each of which is still asked', async () => {
    const bench = createBench({ files: { '/etc/hosts': 'h' }, answer: { kind: 'allowOnce' } });
    await bench.run('read_file', { path: '/etc/hosts' }, { sessionId: 's1' });
    const other = await bench.run('read_file', { path: '/etc/hosts' }, { sessionId: 's2' });
    expect(other.details?.outcome).toBe('cache_hit');
    expect(bench.asked.map(({ sessionId }) => sessionId)).toEqual(['s1', 's2']);
  });

  it('lets go of its listener', async () => {
    const { cache, files, put } = setUp();
    await put(toolOk('x'));
    cache.dispose();
    expect(cache.stats().size).toBe(0);
    files.announce(path);
  });
});
