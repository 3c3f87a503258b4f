import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import { silentLogger } from '../../../src/base/logger';
import { createSourceControlHook } from '../../../src/host/sourceControlHook';
import { settle } from '../../fakes/fakeClock';
import { createBench } from '../../fakes/orchestratorBench';

const files = { '/w/app/a.ts': 'a\n' };

describe('the source control after a write', () => {
  it('[R159] looks again at the repository of the written file, and no call waits for it', async () => {
    const bench = createBench({ files });
    const looks: string[] = [];
    const ends: Deferred<void>[] = [];
    bench.hooks.add(
      createSourceControlHook(
        (path) => ({
          root: '/w/app',
          refresh: () => {
            looks.push(`${path}: ${bench.files.disk(path) ?? ''}`);
            const end = new Deferred<void>();
            ends.push(end);
            return end.promise;
          },
        }),
        silentLogger,
      ),
    );
    for (const content of ['b\n', 'c\n', 'd\n']) {
      expect((await bench.run('write_file', { path: 'a.ts', content })).ok).toBe(true);
    }
    expect(looks).toEqual(['/w/app/a.ts: b\n']);
    ends[0]?.resolve();
    await settle();
    expect(looks).toEqual(['/w/app/a.ts: b\n', '/w/app/a.ts: d\n']);
    ends[1]?.resolve();
    await settle();
    expect(looks).toHaveLength(2);
    await bench.run('write_file', { path: 'a.ts', content: 'e\n' });
    expect(looks).toHaveLength(3);
  });

  it('[R159] is left alone where there is none, and its failures are nobody’s', async () => {
    let looks = 0;
    for (const repository of [
      undefined,
      {
        root: '/w/app',
        refresh: () => {
          looks += 1;
          return Promise.reject(new Error('no git'));
        },
      },
    ]) {
      const bench = createBench({ files });
      bench.hooks.add(createSourceControlHook(() => repository, silentLogger));
      for (const content of ['b\n', 'c\n']) {
        const result = await bench.run('write_file', { path: 'a.ts', content });
        await settle();
        expect(result.ok).toBe(true);
        expect(result.output).not.toContain('git');
      }
    }
    expect(looks).toBe(2);
  });
});
